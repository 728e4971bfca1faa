//! How the fleet stands, for people and as a document: the worst first, what is as it should be folded.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    style::{self, BAD, BOLD, GOOD, QUIET, WARN, count, duration, paint},
    view::View,
};
use crate::{
    status::{Health, Look, Target},
    transport::printable,
};

/// Wide enough for the longest word.
const WORD: usize = 13;

/// The whole look, with times of the host's zone.
pub fn status(look: &Look, view: View) -> String {
    in_zone(look, view, &TimeZone::system())
}

pub(super) fn in_zone(look: &Look, view: View, zone: &TimeZone) -> String {
    let folded = |target: &&Target| target.health == Health::Converged && !view.is_verbose();
    let (converged, mut rest): (Vec<_>, Vec<_>) = look.targets.iter().partition(folded);
    rest.sort_by(|a, b| b.health.cmp(&a.health).then_with(|| a.target.cmp(&b.target)));
    let mut text: String = rest.iter().map(|target| one(target, view, zone)).collect();
    if !converged.is_empty() && !view.is_quiet() {
        let names: Vec<String> = converged.iter().map(|target| printable(&target.target)).collect();
        let label = format!("{} ", word(Health::Converged));
        text += &view.folded(&label, &margin(), &view.names(&names));
    }
    text + &closing(look, view)
}

fn one(target: &Target, view: View, zone: &TimeZone) -> String {
    let time =
        |at: Timestamp| at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let name = paint(BOLD, &printable(&target.target));
    let when = match (target.health, target.last_good) {
        // Nobody knows when it became so, but that it was between these two.
        (Health::Drifted, Some(good)) if time(good) < time(target.since) => {
            format!("between {} and {}", time(good), time(target.since))
        }
        _ => format!("since {}", time(target.since)),
    };
    let label = format!("{} {name}  ", word(target.health));
    let mut text = view.folded(&label, &margin(), &style::words(QUIET, &when));
    if !target.reason.is_empty() {
        text += &view.folded(&margin(), &margin(), &printable(&target.reason));
    }
    if let (true, Some(last)) = (view.is_verbose(), &target.last_run) {
        let how = last.failure.as_deref().map_or("well", |_| "with a failure");
        let words = format!(
            "last run {}, {}: ended {how} after {}",
            printable(&last.run),
            time(last.ended),
            duration(last.took_ms)
        );
        text += &view.folded(&margin(), &margin(), &style::words(QUIET, &words));
    }
    text
}

fn margin() -> String {
    " ".repeat(WORD + 1)
}

fn word(health: Health) -> String {
    let (style, word) = match health {
        Health::Converged => (GOOD, "converged"),
        Health::NotConfined => (WARN, "not confined"),
        Health::Drifted => (WARN, "drifted"),
        Health::Failed => (BAD, "failed"),
        Health::Unreachable => (BAD, "unreachable"),
    };
    paint(style, &format!("{word:>WORD$}"))
}

fn closing(look: &Look, view: View) -> String {
    let of = |health| look.targets.iter().filter(|target| target.health == health).count();
    let counts: Vec<String> = Health::ALL
        .into_iter()
        .rev()
        .filter(|health| *health == Health::Converged || of(*health) > 0)
        .map(|health| format!("{} {}", of(health), health.word().replace('_', " ")))
        .collect();
    let words = format!("{}: {}", count(look.targets.len(), "target"), counts.join(", "));
    let changes: usize = look.targets.iter().map(|target| target.changes).sum();
    let changes = match changes {
        0 => String::new(),
        changes => {
            format!(" {} to be made; `phoenix-orch plan` shows them.", count(changes, "change"))
        }
    };
    let took = duration(look.took_ms);
    view.folded("", "", &format!("{words}.{changes} Looked in {took}."))
}

/// The same as one JSON document.
pub fn status_json(look: &Look) -> String {
    format!("{}\n", phoenix_sdk::boundary::Doc::write(look).as_str())
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use insta::assert_snapshot;

    use super::*;
    use crate::{journal::LastRun, report::Detail, status::FORMAT};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn target(name: &str, health: Health, reason: &str) -> Target {
        Target {
            target: name.into(),
            health,
            reason: reason.into(),
            changes: usize::from(health == Health::Drifted) * 2,
            since: at("2026-11-28T03:00:00Z"),
            last_good: Some(at("2026-11-27T03:00:00Z")),
            last_run: Some(LastRun {
                run: "20261127T030000Z-7".into(),
                ended: at("2026-11-27T03:00:00Z"),
                took_ms: 61_500,
                failure: None,
            }),
        }
    }

    pub(in crate::report) fn look() -> Look {
        let mut targets: Vec<Target> = (1..=50)
            .map(|number| target(&format!("web{number:02}"), Health::Converged, ""))
            .collect();
        targets.extend([
            target(
                "db",
                Health::Drifted,
                "docker-install: install `docker.io`, `iptables` and 1 more",
            ),
            target(
                "old",
                Health::Unreachable,
                "fuse-overlayfs: TARGET-STOPPED: container `old` does not run",
            ),
            target("lab", Health::NotConfined, "its init runs unconfined"),
            target("gpu", Health::Failed, "the last run: nvidia: SCRIPT-FAILED: \u{1b}[2J"),
        ]);
        let (version, at) = ("0.1.0".into(), at("2026-11-29T03:00:00Z"));
        Look { format: FORMAT, version, steps: BTreeMap::new(), at, took_ms: 480, targets }
    }

    fn shown(look: &Look, detail: Detail, width: usize) -> String {
        let view = View { detail, width: Some(width), ascii: false };
        anstream::adapter::strip_str(&in_zone(look, view, &TimeZone::UTC)).to_string()
    }

    #[test]
    fn a_fleet() {
        assert_snapshot!(shown(&look(), Detail::Usual, 60), @r"
          unreachable old  since 2026-11-28 03:00
                      fuse-overlayfs: TARGET-STOPPED: container
                      `old` does not run
               failed gpu  since 2026-11-28 03:00
                      the last run: nvidia: SCRIPT-FAILED: \u{1b}[2J
              drifted db  between 2026-11-27 03:00 and 2026-11-28
                      03:00
                      docker-install: install `docker.io`,
                      `iptables` and 1 more
         not confined lab  since 2026-11-28 03:00
                      its init runs unconfined
            converged web01, web02, web03, web04, web05, web06,
                      web07, web08 and 42 more
        54 targets: 1 unreachable, 1 failed, 1 drifted, 1 not
        confined, 50 converged. 2 changes to be made; `phoenix-orch
        plan` shows them. Looked in 480 ms.
        ");
        assert_snapshot!(shown(&look(), Detail::Usual, 80), @r"
          unreachable old  since 2026-11-28 03:00
                      fuse-overlayfs: TARGET-STOPPED: container `old` does not run
               failed gpu  since 2026-11-28 03:00
                      the last run: nvidia: SCRIPT-FAILED: \u{1b}[2J
              drifted db  between 2026-11-27 03:00 and 2026-11-28 03:00
                      docker-install: install `docker.io`, `iptables` and 1 more
         not confined lab  since 2026-11-28 03:00
                      its init runs unconfined
            converged web01, web02, web03, web04, web05, web06, web07, web08 and 42 more
        54 targets: 1 unreachable, 1 failed, 1 drifted, 1 not confined, 50 converged. 2
        changes to be made; `phoenix-orch plan` shows them. Looked in 480 ms.
        ");
        assert_snapshot!(shown(&look(), Detail::Usual, 140), @r"
          unreachable old  since 2026-11-28 03:00
                      fuse-overlayfs: TARGET-STOPPED: container `old` does not run
               failed gpu  since 2026-11-28 03:00
                      the last run: nvidia: SCRIPT-FAILED: \u{1b}[2J
              drifted db  between 2026-11-27 03:00 and 2026-11-28 03:00
                      docker-install: install `docker.io`, `iptables` and 1 more
         not confined lab  since 2026-11-28 03:00
                      its init runs unconfined
            converged web01, web02, web03, web04, web05, web06, web07, web08 and 42 more
        54 targets: 1 unreachable, 1 failed, 1 drifted, 1 not confined, 50 converged. 2 changes to be made; `phoenix-orch plan` shows them. Looked
        in 480 ms.
        ");
    }

    #[test]
    fn more_and_less_of_it() {
        let verbose = shown(&look(), Detail::Verbose, 80);
        assert_eq!(verbose.matches("   converged web").count(), 50, "{verbose}");
        let last = "last run 20261127T030000Z-7, 2026-11-27 03:00: ended well after 1 min 1 s";
        assert!(shown(&look(), Detail::Verbose, 140).contains(last), "{verbose}");
        let quiet = shown(&look(), Detail::Quiet, 80);
        assert!(!quiet.contains("web01") && quiet.contains("drifted db"), "{quiet}");
        let mut fine = look();
        fine.targets.retain(|target| target.health == Health::Converged);
        assert_eq!(
            shown(&fine, Detail::Quiet, 80),
            "50 targets: 50 converged. Looked in 480 ms.\n"
        );
    }

    #[test]
    fn the_document_has_a_version_and_is_one_line() {
        let document = status_json(&look());
        assert!(document.starts_with(r#"{"format":1,"version":"0.1.0","steps":{},"at":"2026-11-29T03:00:00Z","took_ms":480,"targets":[{"target":"web01","health":"converged","#), "{document}");
        assert_eq!(document.lines().count(), 1);
    }
}
