//! The seccomp filter in a container's configuration, and whether the running container has it.

use phoenix_sdk::{
    Bytes, Code, Context, Evidence, Machine, Output, Probe, Result, StepError, VerifyReport, argv,
    shown,
};

use crate::seccomp;

pub(crate) const KEY: &str = "lxc.seccomp.profile";
/// What LXC's own `common.conf` selects; our filter has all that it denies.
const STOCK: &str = "/usr/share/lxc/config/common.seccomp";

pub(crate) const ANSWERS: Probe = Probe::new(
    "new-mount-api",
    argv![
        "perl",
        "-e",
        include_str!("new_mount_api.pl"),
        "428",
        "429",
        "430",
        "431",
        "432",
        "433",
        "442",
        "467"
    ],
    "Which system calls of the new mount API the container's filter lets through to the kernel; the arguments are invalid",
);

pub(crate) const OTHER: Code = Code::new(
    "SECCOMP-OTHER",
    "The container's configuration selects a seccomp filter of its own, which lets the new mount API through. AppArmor does \
     not mediate that API, so root in the container could mount around the profile. The filter is left as it is.",
    "Add the lines for `fsopen` and its like from `/etc/lxc/lxc-phoenix-v2.seccomp` to that filter, or remove the line \
     `lxc.seccomp.profile` from the container's configuration. Then run again.",
);
pub(crate) const UNKNOWN: Code = Code::new(
    "SECCOMP-UNKNOWN",
    "Nobody can say whether the container's seccomp filter holds: `perl`, which every Debian and Ubuntu has, does not run in it.",
    "Install `perl-base` in the container, and run again.",
);

/// The value for the configuration: a filter of the user's own that is as strict, or ours.
pub(crate) fn wanted(cx: &Context<'_>) -> Result<String> {
    let values = cx.machine().container_option(KEY)?;
    let Some(last) =
        values.last().filter(|value| ![STOCK, seccomp::PATH].contains(&value.as_str()))
    else {
        return Ok(seccomp::PATH.to_owned());
    };
    let text = cx.host().file(last)?.content().map(Bytes::to_text).unwrap_or_default();
    let open = let_through(&text);
    if open.is_empty() {
        return Ok(last.clone());
    }
    Err(StepError::new(
        "SECCOMP-OTHER",
        format!("`{KEY} = {}` lets the new mount API through", shown::name(last)),
    )
    .cause(format!("it has no `errno` for {}", open.join(", ")))
    .hint(format!("Add these lines from `{}` to it, or remove the option.", seccomp::PATH)))
}

/// Whether the running container was started without the filter: a system call that it refuses gets through
/// to the kernel.
pub(crate) fn is_missing(machine: &Machine<'_>) -> Result<bool> {
    let seen = machine.probe(&ANSWERS, &[])?;
    if seen.success() {
        return Ok(!refusable(&through(&seen)).is_empty());
    }
    Err(StepError::new("SECCOMP-UNKNOWN", "the container's seccomp filter cannot be tried")
        .cause(shown::output(&seen))
        .hint("Install `perl-base` in the container."))
}

/// That the running container has the filter, by trying it; and what the filter cannot stop on this host.
pub(crate) fn prove(machine: &Machine<'_>, report: VerifyReport) -> Result<VerifyReport> {
    let seen = machine.probe(&ANSWERS, &[])?;
    let through = through(&seen);
    let refusable = refusable(&through);
    let observed = match (seen.success(), refusable.is_empty()) {
        (false, _) => shown::output(&seen),
        (true, true) => "none".to_owned(),
        (true, false) => refusable.join(", "),
    };
    let report = report.with(Evidence::equal(
        "no call of the new mount API that the filter refuses reaches the kernel",
        "each system call tried in the container, with invalid arguments",
        "none",
        observed,
    ));
    let open = through.into_iter().filter(|name| !refusable.contains(name));
    Ok(open.fold(report, |report, name| {
        report.warning(format!(
            "`{name}` stays open: the kernel has it, AppArmor does not mediate it, and the host's libseccomp is too old to \
             know it, so LXC passes over its line in the filter"
        ))
    }))
}

/// The calls that got through, by name.
fn through(seen: &Output) -> Vec<&'static str> {
    let text = seen.line();
    let numbers: Vec<_> = text.split_whitespace().collect();
    let known = seccomp::SYSCALLS.iter();
    known
        .filter(|(_, number)| numbers.contains(&&*number.to_string()))
        .map(|(name, _)| *name)
        .collect()
}

/// Those that every libseccomp in use can refuse: that one of the others gets through is not mended by a restart.
fn refusable(through: &[&'static str]) -> Vec<&'static str> {
    through.iter().copied().filter(|name| !seccomp::LATE.contains(name)).collect()
}

/// That the next start has it too.
pub(crate) fn evidence_at_start(cx: &Context<'_>) -> Result<Evidence> {
    let values = cx.machine().container_option(KEY)?;
    let last = values.last().map(String::as_str).unwrap_or_default();
    let text = cx.host().file(last)?.content().map(Bytes::to_text).unwrap_or_default();
    let holds = !last.is_empty() && let_through(&text).is_empty();
    Ok(Evidence {
        claim: format!("the next start has a filter that stops the new mount API (`{KEY}`)"),
        how: "the container's configuration, and the file that it names".to_owned(),
        expected: seccomp::PATH.to_owned(),
        observed: if last.is_empty() { "none".to_owned() } else { shown::name(last) },
        holds,
    })
}

/// System calls of the new mount API that a filter's text does not refuse. LXC reads `name action` lines
/// below a `[all]` or an architecture; only a line for all of them counts.
fn let_through(text: &str) -> Vec<&'static str> {
    let mut all = false;
    let mut refused = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            all = line == "[all]";
        } else if let Some((name, action)) = line.split_once(char::is_whitespace)
            && all
            && action.trim().starts_with("errno")
        {
            refused.push(name);
        }
    }
    let open = seccomp::SYSCALLS.iter().map(|(name, _)| *name);
    open.filter(|name| !refused.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{ANSWERS, let_through};
    use crate::seccomp;

    #[test]
    fn ours_lets_nothing_through_and_others_are_read_line_by_line() {
        assert_eq!(let_through(&seccomp::text()), Vec::<&str>::new());
        assert_eq!(let_through("").len(), seccomp::SYSCALLS.len());
        let commented = seccomp::text().replace("fsopen", "#fsopen");
        assert_eq!(let_through(&commented), ["fsopen"]);
        let one_architecture = seccomp::text().replace("[all]", "[x86_64]");
        assert_eq!(let_through(&one_architecture).len(), seccomp::SYSCALLS.len());
    }

    #[test]
    fn the_probe_tries_every_call_of_the_filter() {
        let tried: Vec<_> = ANSWERS.argv[3..].iter().map(ToString::to_string).collect();
        let numbers = seccomp::SYSCALLS.iter().map(|(_, number)| number.to_string());
        assert_eq!(tried, numbers.collect::<Vec<_>>());
    }
}
