//! Asks the orchestrator for what a step for containers must not have.

use hostile::{Attempt, Outcome, PROBES};
use phoenix_sdk::{Change, CheckReport, Context, Kind, Others, Result, Subject};

/// What a successful attempt leaves behind, in the container or on the host.
const PROOF: &str = "/tmp/hostile-succeeded";

hostile::hostile!(&[
    ("change", Attempt::Asking(|cx, _| Outcome::of_request(cx.perform(&file(PROOF)), "made it"))),
    ("change-more", Attempt::Asking(change_more)),
    ("take-back", Attempt::Asking(|cx, _| Outcome::of_request(cx.take_back(), "took back"))),
    ("record", Attempt::Asking(record)),
    ("run-undeclared", Attempt::Asking(run_undeclared)),
    (
        "run-on-host",
        Attempt::Asking(|cx, _| Outcome::of_request(cx.host().probe(&PROBES[0], &[]), "ran"))
    ),
    (
        "look-at-shadow",
        Attempt::Asking(|cx, _| Outcome::of_request(cx.host().file("/etc/shadow"), "seen"))
    ),
    ("look-at-others", Attempt::Asking(look_at_others)),
    (
        "hook-of-host",
        Attempt::Reporting(|| {
            option("lxc.hook.pre-start", "/bin/touch /tmp/hostile-succeeded")
        })
    ),
    ("mount-of-host", Attempt::Reporting(|| option("lxc.mount.entry", "/root mnt none bind 0 0"))),
    (
        "mount-of-host-relative",
        Attempt::Reporting(|| { option("lxc.mount.entry", "root mnt none bind 0 0") })
    ),
    (
        "mount-of-another",
        Attempt::Reporting(|| { option("lxc.mount.entry", "/var/lib/lxc mnt none rbind 0 0") })
    ),
    (
        "option-with-line",
        Attempt::Reporting(|| {
            option("lxc.environment", "A=b\nlxc.hook.pre-start = /bin/touch /tmp/hostile-succeeded")
        })
    ),
    ("idmap", Attempt::Reporting(|| option("lxc.idmap", "u 0 0 65536"))),
]);

fn file(path: &str) -> Change {
    let content = Some("x".into());
    Change::new(Kind::File { path: path.to_owned(), content, mode: None, owner: None })
}

fn option(key: &str, value: &str) -> CheckReport {
    let (key, value) = (key.to_owned(), value.to_owned());
    let change = Change::new(Kind::ContainerOption { key, value, others: Others::Kept });
    CheckReport { changes: vec![change], ..CheckReport::default() }
}

/// What was announced, with something else behind it.
fn change_more(cx: &Context<'_>, changes: &[Change]) -> Result<Outcome> {
    changes.iter().try_for_each(|change| cx.perform(change))?;
    Outcome::of_request(cx.perform(&file(PROOF)), "made it")
}

/// Another container's files, from the host's side. That there are others is no secret.
fn look_at_others(cx: &Context<'_>, _changes: &[Change]) -> Result<Outcome> {
    for name in cx.host().folder("/var/lib/lxc")?.unwrap_or_default() {
        let path = format!("/var/lib/lxc/{name}/rootfs/etc/shadow");
        if name != cx.target().name && cx.host().file(path)?.content().is_some() {
            return Ok(Outcome::Succeeded(format!("seen that of {name}")));
        }
    }
    Ok(Outcome::Held("there are no others".to_owned()))
}

fn record(cx: &Context<'_>, _changes: &[Change]) -> Result<Outcome> {
    Outcome::of_request(cx.record("../../etc/passwd", "x"), "kept it")
}

fn run_undeclared(cx: &Context<'_>, _changes: &[Change]) -> Result<Outcome> {
    let argv = vec!["touch".to_owned(), PROOF.to_owned()];
    Outcome::of_request(cx.machine().observe(Subject::Command { argv }), "ran it")
}
