//! The proof: the daemon's answer, and a container that really runs.

use phoenix_sdk::{
    Context, Evidence, Machine, Output, Probe, Result, StepError, VerifyReport, argv, shown,
};

use crate::denied;

/// The script; kept apart so that it can be read, and tried, by itself.
const SCRIPT: &str = include_str!("workload.sh");

pub(crate) const DRIVER: Probe = Probe::new(
    "docker-driver",
    argv!["docker", "info", "--format", "{{.Driver}} {{json .SecurityOptions}}"],
    "The storage driver of the running Docker, and how it confines containers",
);
pub(crate) const ENABLED: Probe = Probe::new(
    "docker-at-boot",
    argv!["systemctl", "is-enabled", "docker.service"],
    "Whether Docker starts at boot",
);
pub(crate) const INSTALLED: Probe = Probe::new(
    "dpkg",
    argv!["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package}\\n"],
    "What dpkg knows of some packages",
);
pub(crate) const WORKLOAD: Probe = Probe::new(
    "workload",
    argv!["/bin/sh", "-c", SCRIPT, "phoenix-verify"],
    "Runs a container from an image made on the spot, without a registry, and removes both",
)
.within(120);
pub(crate) const JOURNAL: Probe = Probe::new(
    "docker-journal",
    argv!["journalctl", "-u", "docker", "-n", "20", "--no-pager", "-o", "cat"],
    "What Docker said last",
);

/// The script's stages, and what each of them proves.
const STAGES: [(&str, &str); 4] = [
    ("root", "a root file system for the trial can be made"),
    ("import", "Docker makes an image of it"),
    ("run", "Docker runs a container of it that can write"),
    ("remove", "container and image are gone again"),
];

/// All evidence but that of the repository.
pub(crate) fn gather(
    machine: &Machine<'_>,
    own: &str,
    packages: &[String],
) -> Result<VerifyReport> {
    let driver = machine.probe(&DRIVER, &[])?;
    let answers = driver.success();
    let seen = shown::output(&driver);
    let (seen, options) = seen.split_once(' ').filter(|_| answers).unwrap_or((&seen, ""));
    // What is denied is asked for last: a record needs a moment from the kernel to the log.
    let since = machine.mark()?;
    let trial = answers
        .then(|| machine.probe(&WORKLOAD, &[]))
        .transpose()
        .map_err(|error| denied::causes(error, machine, own, since))?;
    let enabled = machine.probe(&ENABLED, &[])?;
    let mut report = VerifyReport::default()
        .with(installed(machine, packages)?)
        .with(Evidence::equal(
            "Docker starts at boot",
            ENABLED.argv.join(" "),
            "enabled",
            shown::name(&enabled.line()),
        ))
        .with(Evidence::equal(
            "Docker answers, and keeps its layers on fuse-overlayfs",
            DRIVER.argv.join(" "),
            "fuse-overlayfs",
            seen,
        ));
    let Some(trial) = trial else {
        report.warnings.extend(journal(machine).map(|line| format!("Docker's journal: {line}")));
        return Ok(report);
    };
    report.evidence.extend(workload(&trial));
    denied::add(report, machine, own, since, options)
}

/// The error with Docker's own reason behind it.
pub(crate) fn with_journal(cx: &Context<'_>, error: StepError) -> StepError {
    journal(&cx.machine()).fold(error, StepError::cause)
}

/// The last lines of Docker's journal. It is an addition to what is known already, so a journal that
/// cannot be read adds nothing.
fn journal(machine: &Machine<'_>) -> impl Iterator<Item = String> + use<> {
    let output = machine.probe(&JOURNAL, &[]).ok().filter(Output::success);
    let text = output.map(|output| output.stdout.to_text()).unwrap_or_default();
    let lines = text.lines().map(shown::sentence).filter(|line| !line.is_empty());
    let mut lines: Vec<_> = lines.collect();
    lines.drain(..lines.len().saturating_sub(5));
    lines.into_iter()
}

fn installed(machine: &Machine<'_>, packages: &[String]) -> Result<Evidence> {
    let more: Vec<_> = packages.iter().map(String::as_str).collect();
    let text = machine.probe(&INSTALLED, &more)?.stdout.to_text();
    let is_there = |name: &&str| text.lines().any(|line| line == format!("installed {name}"));
    let there: Vec<_> = more.iter().copied().filter(is_there).collect();
    Ok(Evidence::equal(
        "Docker's packages are installed completely",
        "dpkg-query",
        more.join(", "),
        there.join(", "),
    ))
}

fn workload(output: &Output) -> Vec<Evidence> {
    let mut evidence = Evidence::of_stages(output, "a trial container without network", &STAGES);
    if !evidence.iter().all(|stage| stage.holds) {
        return evidence;
    }
    let text = output.stdout.to_text();
    let root = text.lines().find_map(|line| line.strip_prefix("root ")).unwrap_or("unknown");
    evidence.push(Evidence::equal(
        "the container's root is a fuse-overlayfs mount",
        "/proc/self/mountinfo in the trial container",
        "fuse.fuse-overlayfs",
        shown::name(root),
    ));
    evidence
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{Bytes, Output};

    use super::workload;

    #[test]
    fn docker_s_own_message_is_the_evidence() {
        let output = |exit, stdout: &str| Output {
            exit,
            stdout: stdout.into(),
            stderr: Bytes::from("noise\n"),
        };
        let failed = "stage root\nstage import\nfailed run: docker: permission denied: unknown.\n";
        let seen = workload(&output(1, failed));
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[2].observed, "docker: permission denied: unknown.");
        let all = "stage root\nstage import\nroot vfs\nstage run\nstage remove\n";
        let seen = workload(&output(0, all));
        assert_eq!((seen.len(), seen[4].holds, &*seen[4].observed), (5, false, "vfs"));
        assert_eq!(workload(&output(124, ""))[0].observed, "noise");
    }
}
