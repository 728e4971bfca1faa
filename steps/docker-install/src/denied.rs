//! What AppArmor denied while the trial container ran, and what of it is Docker's own.

use phoenix_sdk::{
    Denial, Denials, Evidence, Machine, Mark, Result, StepError, VerifyReport, shown,
};

/// What the trial container's program calls itself: `workload.sh` gives the shell this name.
const TRIAL: &str = "phoenix-verify";

/// Programs of Docker, as the kernel knows them: at most fifteen bytes.
const DOCKER: &[&str] = &[
    "dockerd",
    "docker",
    "docker-proxy",
    "docker-init",
    "containerd",
    "containerd-shim",
    "ctr",
    "runc",
    "fuse-overlayfs",
    "buildkitd",
    "buildkit-runc",
    // dockerd starts itself under this name, to unpack a layer for example.
    "exe",
];

/// How many denials are shown each for itself.
const SHOWN: usize = 10;

/// Adds what the logs have since the mark: evidence, where the container is confined.
pub(crate) fn add(
    mut report: VerifyReport,
    machine: &Machine<'_>,
    own: &str,
    since: Mark,
    options: &str,
) -> Result<VerifyReport> {
    let seen = machine.denials(since)?;
    report.warnings.extend(own_confinement(options, seen.label.as_deref()));
    let label = shown::sentence(seen.label.as_deref().unwrap_or("none"));
    if seen.profiles.is_empty() {
        return Ok(report.warning(format!(
            "the container is not confined (label `{label}`), so nothing could be denied and nothing is proved of a \
             profile"
        )));
    }
    if label.ends_with("(complain)") {
        return Ok(report.warning(format!(
            "the profile only complains (label `{label}`), so that nothing was denied proves nothing"
        )));
    }
    Ok(judge(report, own, &seen))
}

/// A trial that did not come to an end may have been denied something. It is an addition to what is known
/// already, so logs that cannot be read add nothing.
pub(crate) fn causes(error: StepError, machine: &Machine<'_>, own: &str, since: Mark) -> StepError {
    let seen = machine.denials(since).unwrap_or_default();
    let here = seen.denials.iter().filter(|denial| is_here(denial, own));
    here.take(SHOWN).fold(error, |error, denial| {
        error.cause(format!("denied meanwhile: {}", described(denial)))
    })
}

/// In this container, or nobody knows where.
fn is_here(denial: &Denial, own: &str) -> bool {
    denial.container.as_deref().is_none_or(|name| name == own)
}

fn judge(mut report: VerifyReport, own: &str, seen: &Denials) -> VerifyReport {
    let here = seen.denials.iter().filter(|denial| is_here(denial, own));
    let (docker, others): (Vec<&Denial>, Vec<&Denial>) =
        here.partition(|denial| is_docker(&denial.comm));
    let profiles = shown::quoted(&seen.profiles);
    let incomplete = seen.incomplete.first().map(|why| shown::sentence(why));
    let observed = match (docker.len(), &incomplete) {
        (0, None) => "none".to_owned(),
        (0, Some(why)) => format!("none, and {why}"),
        (many, _) => format!("{many}: {}", listed(&docker)),
    };
    report.evidence.push(Evidence {
        claim: format!("the workload ran without a denial of {profiles}"),
        how: seen.sources.join(", "),
        expected: "none".to_owned(),
        // Records that are missing could be those that matter.
        holds: docker.is_empty() && incomplete.is_none(),
        observed,
    });
    for denial in others.iter().take(SHOWN) {
        report.warnings.push(format!("denied, and not Docker's: {}", described(denial)));
    }
    if others.len() > SHOWN {
        let more = others.len() - SHOWN;
        report.warnings.push(format!("{more} more denials; `phoenix-orch denials` shows all"));
    }
    let reasons = seen.incomplete.iter().skip(1).map(|why| shown::sentence(why));
    report.warnings.extend(reasons.map(|why| format!("there may be more denials: {why}")));
    report
}

/// By name: what fails is usually gone before anybody can look at it.
fn is_docker(comm: &str) -> bool {
    comm == TRIAL || DOCKER.contains(&comm) || comm.starts_with("runc:[")
}

fn listed(denials: &[&Denial]) -> String {
    let shown: Vec<String> = denials.iter().take(SHOWN).map(|denial| described(denial)).collect();
    match denials.len() - shown.len() {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

fn described(denial: &Denial) -> String {
    let attempt = shown::sentence(&denial.attempt);
    let times = if denial.count > 1 { format!(" ({} times)", denial.count) } else { String::new() };
    match &denial.rule {
        Some(rule) => format!("{attempt}{times}, which `{}` would allow", shown::sentence(rule)),
        None => format!("{attempt}{times}"),
    }
}

/// The confinement that Docker itself gives to its containers, from the words of `docker info`; a warning
/// where its own profile is not among it.
fn own_confinement(options: &str, label: Option<&str>) -> Option<String> {
    let names: Vec<&str> = options
        .split('"')
        .filter_map(|option| option.strip_prefix("name=")?.split(',').next())
        .collect();
    if names.contains(&"apparmor") {
        return None;
    }
    let given = if names.is_empty() { "none".to_owned() } else { shown::name(&names.join(", ")) };
    let instead = match label {
        None => "nested containers have no AppArmor profile at all".to_owned(),
        Some(label) => format!("nested containers share the label `{}`", shown::sentence(label)),
    };
    Some(format!(
        "Docker's own profile docker-default is not in force here: {instead}; Docker itself confines them by: {given}"
    ))
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{Denial, Denials, VerifyReport};

    use super::{judge, own_confinement};
    use crate::worlds::denial;

    fn judged(denials: Vec<Denial>, incomplete: &[&str]) -> VerifyReport {
        let incomplete = incomplete.iter().map(|why| (*why).to_owned()).collect();
        let profiles = vec!["lxc-phoenix-v2".to_owned()];
        let seen = Denials { profiles, denials, incomplete, ..Denials::default() };
        judge(VerifyReport::default(), "ct", &seen)
    }

    #[test]
    fn docker_s_denials_fail_and_others_warn() {
        let clean = judged(vec![denial("runc", Some("other"))], &[]);
        assert!(clean.holds() && clean.warnings.is_empty());
        assert_eq!(clean.evidence[0].observed, "none");
        for comm in ["runc:[2:INIT]", "fuse-overlayfs", "containerd-shim", "phoenix-verify"] {
            for container in [None, Some("ct")] {
                let failed = judged(vec![denial(comm, container)], &[]);
                assert!(!failed.holds(), "{comm}");
                assert_eq!(
                    failed.evidence[0].observed,
                    format!(
                        "1: `{comm}` tried to unmount `/x/` (2 times), which `umount /x/,` would allow"
                    )
                );
            }
        }
        let boot = judged(vec![denial("(sd-mkdcreds)", None), denial("runcx", None)], &[]);
        assert_eq!((boot.holds(), boot.warnings.len()), (true, 2));
    }

    #[test]
    fn lost_records_are_no_proof() {
        let lost = judged(vec![], &["the kernel lost 2 audit records", "and more"]);
        assert_eq!((lost.holds(), lost.warnings.len()), (false, 1));
        assert_eq!(lost.evidence[0].observed, "none, and the kernel lost 2 audit records");
    }

    #[test]
    fn nothing_is_lost_silently() {
        let options = r#"["name=seccomp,profile=default","name=cgroupns"]"#;
        let said = own_confinement(options, Some("lxc-phoenix-v2 (enforce)")).unwrap();
        assert!(
            said.contains("lxc-phoenix-v2") && said.ends_with("by: seccomp, cgroupns"),
            "{said}"
        );
        assert!(own_confinement("null", None).unwrap().ends_with("by: none"));
        assert_eq!(own_confinement(r#"["name=apparmor","name=seccomp"]"#, None), None);
    }
}
