//! The page as a text: what is in it, and that nothing in it means anything that we have not meant.

use std::collections::BTreeSet;

use super::page;
use crate::{
    engine::{Body, Event, event::Outcome},
    graph::Unit,
    journal::RunRow,
};

/// A run in which everything has happened that can, with hostile text everywhere.
const EVERYTHING: &str = include_str!("../../../fixtures/run-of-everything.jsonl");

fn everything() -> Vec<Event> {
    EVERYTHING.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn row(events: &[Event]) -> RunRow {
    RunRow {
        run: events[0].run.clone(),
        verb: "run".to_owned(),
        started: events[0].at,
        finished: None,
        exit: None,
        changes: 7,
        takes_back: None,
        in_force: 7,
        taken_back_by: None,
    }
}

fn shown(events: &[Event]) -> String {
    page(&row(events), events)
}

fn bodies(bodies: Vec<Body>) -> Vec<Event> {
    let event = |(seq, body)| Event {
        format: 2,
        run: "r".to_owned(),
        seq,
        at: jiff::Timestamp::from_second(seq as i64).unwrap(),
        body,
    };
    (1..).zip(bodies).map(event).collect()
}

fn started(verb: &str, units: Vec<Unit>, takes_back: Option<&str>) -> Body {
    Body::RunStarted {
        verb: verb.to_owned(),
        version: "0".to_owned(),
        features: vec!["docker".to_owned()],
        units,
        waits_for: Vec::new(),
        environment: None,
        takes_back: takes_back.map(str::to_owned),
    }
}

/// The tags of a page: the name, and each attribute with its value. All text is escaped, so whatever begins with `<` is one.
fn tags(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    // The style is ours, and has no tags.
    let pieces =
        page.split('<').skip(1).map(|piece| piece.split_once('>').unwrap_or((piece, "")).0);
    pieces
        .map(|tag| {
            let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
            let mut attributes = Vec::new();
            while let Some((key, after)) = rest.split_once("=\"") {
                let (value, more) = after.split_once('"').unwrap();
                attributes.push((key.trim().to_owned(), value.to_owned()));
                rest = more;
            }
            attributes.extend(rest.split_whitespace().map(|key| (key.to_owned(), String::new())));
            (name.to_owned(), attributes)
        })
        .collect()
}

#[test]
fn only_our_own_tags_and_attributes_are_in_it() {
    let page = shown(&everything());
    let known = "!DOCTYPE html head meta title style body a header main footer nav section article details summary h1 h2 h3 h4 h5 \
        p span strong code pre time ul ol li dl dt dd div table thead tbody tr th td svg g path rect text desc";
    let known: BTreeSet<&str> = known.split_whitespace().collect();
    let attributes = "html lang charset http-equiv content name class id href title style open datetime tabindex role scope xmlns \
        width height viewBox aria-label aria-labelledby aria-describedby aria-hidden d x y rx transform";
    let attributes: BTreeSet<&str> = attributes.split_whitespace().collect();
    for (name, found) in tags(&page) {
        assert!(known.contains(name.trim_start_matches('/')), "{name}");
        for (key, value) in found {
            assert!(attributes.contains(key.as_str()), "{name} has {key}");
            assert!(key != "href" || value.starts_with('#'), "{name} leads to {value}");
            assert!(
                key != "style"
                    || value
                        .bytes()
                        .all(|byte| b"left:min-width;step.%px0123456789".contains(&byte)),
                "{value}"
            );
        }
    }
    assert!(page.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
    assert!(!page.contains('\u{202e}'));
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
}

#[test]
fn everything_that_happened_is_told() {
    let page = shown(&everything());
    for part in [
        // The head, and what to do next.
        "<title>Run of docker and portainer: failed (20261127T102233Z-4711) · phoenix-orch</title>",
        "17 units: 2 failed, 4 changed, 2 unchanged, 1 verified, 2 ran without a check, 1 without evidence, \
         1 cannot be taken back, 1 kept, 2 skipped; 9 changes, in 22.3 s.",
        "8 (evidence does not hold, or there is none)",
        "phoenix-orch rollback 20261127T102233Z-4711 --plan",
        "phoenix-orch explain APT-DOWNLOAD",
        "phoenix-orch run --features docker,portainer --target web,db,'&quot;&gt;&lt;b&gt;odd',old\n",
        "6.8.12-4-pve (x86_64)",
        "Debian GNU/Linux 12 (bookworm)",
        "Proxmox VE",
        // What earlier runs had left.
        "ended sh \\u{1b}[2J (813), which a killed run had left",
        "run <code>20261126T100000Z-99</code> was cut off; what it was about to do (restart the container) had been done",
        // Changes.
        "(done)",
        "(begun, and its end was not seen, round 2)",
        "(done in part, round 1)",
        "(failed)",
        "(not begun)",
        "Why: Docker keeps its layers on it",
        "<code>--allow restart</code>",
        "Left as it is: ",
        "<span class=\"del\">-lxc.apparmor.profile: unconfined\n</span>",
        "<summary>Difference: 60 added, 0 removed</summary>",
        // Evidence, warnings, documents, output, notes, errors.
        "a layer can be written <span class=\"quiet\">(holds)</span>",
        "<dt>Looked at</dt><dd><code>stat -c %u:%g</code></dd>",
        "<pre><span>0:0\n</span><span>1000:1000\n</span></pre>",
        "(does not hold)",
        "only 512 MB are free in <code>/var/lib/docker</code>",
        "<code>fuse-mounts.txt</code>",
        "Output of commands: 12 lines",
        "Fine already: 2",
        "<dt>Cause</dt><dd>E: \\u{1b}[31mTemporary failure resolving <code>deb.debian.org</code></dd>",
        "<dt>Hint</dt>",
        "because <code>fuse-overlayfs</code> failed on db",
    ] {
        assert!(page.contains(part), "no `{part}`");
    }
    assert!(!page.contains("would be done"), "nothing is only wanted in a run");
    for word in [
        "unchanged",
        "changed",
        "ran",
        "would change",
        "verified",
        "no evidence",
        "stays",
        "kept",
        "failed",
        "skipped",
        "not ended",
    ] {
        assert!(page.contains(&format!("</svg>{word}</span>")), "no unit is {word}");
    }
}

#[test]
fn headings_are_in_order_and_names_are_given_once() {
    let page = shown(&everything());
    let tags = tags(&page);
    let mut level = 0;
    for heading in tags.iter().filter_map(|(name, _)| name.strip_prefix('h')?.parse::<u8>().ok()) {
        assert!(heading <= level + 1, "h{heading} after h{level}");
        level = heading;
    }
    let values = |wanted: &str| -> Vec<&str> {
        let all = tags.iter().flat_map(|(_, attributes)| attributes);
        all.filter(|(key, _)| key == wanted).map(|(_, value)| value.as_str()).collect()
    };
    let ids: BTreeSet<&str> = values("id").into_iter().collect();
    assert_eq!(ids.len(), values("id").len());
    for name in values("aria-labelledby").into_iter().chain(values("aria-describedby")) {
        assert!(ids.contains(name), "nothing is called {name}");
    }
    for link in values("href") {
        assert!(ids.contains(&link[1..]), "{link} leads nowhere");
    }
}

#[test]
fn a_run_of_an_older_version_is_shown_without_what_it_does_not_say() {
    let mut events = everything();
    let new = shown(&events);
    if let Body::RunStarted { waits_for, environment, .. } = &mut events[0].body {
        waits_for.clear();
        *environment = None;
    }
    let old = shown(&events);
    assert!(new.contains("class=\"edge\"") && new.contains("A line leads from a unit"));
    assert!(!old.contains("class=\"edge\"") && old.contains("in the order of each target"));
    assert!(!old.contains("Kernel") && !old.contains("pve1"));
    assert_eq!(old.matches("class=\"node ").count(), new.matches("class=\"node ").count());
}

#[test]
fn nonsense_about_who_waits_for_whom_is_left_out() {
    let mut events = everything();
    if let Body::RunStarted { waits_for, .. } = &mut events[0].body {
        *waits_for = vec![vec![0, 5, 999], vec![0], vec![1]];
        waits_for.resize(40, vec![3]);
    }
    assert!(shown(&events).contains("class=\"edge\""));
}

#[test]
fn fifty_containers_are_drawn_once_and_folded() {
    let units: Vec<Unit> = (100..150)
        .flat_map(|target: u32| ["a", "b"].map(|step| Unit::new(step, target.to_string())))
        .collect();
    let mut told = vec![started("run", units.clone(), None)];
    told.extend(units.iter().cloned().map(|unit| Body::UnitStarted { unit }));
    let ends = units.into_iter().map(|unit| Body::UnitFinished {
        unit,
        outcome: Outcome::Unchanged,
        took_ms: 5,
    });
    told.extend(ends);
    told.push(Body::RunFinished { took_ms: 900, exit: 0 });
    let page = shown(&bodies(told));
    assert!(page.contains("Run of docker: nothing had to be changed"));
    assert!(page.contains("50 containers: 100, 101, 102, 103 and 46 more</text>"));
    assert_eq!(page.matches("class=\"node ").count(), 2);
    assert_eq!(page.matches("<td class=\"track\">").count(), 50, "a row for each target");
    assert!(!page.contains("<details class=\"target\" id=\"target-0\" open"));
}

#[test]
fn a_run_that_was_cut_off_is_not_called_finished() {
    let unit = Unit::new("s", "host");
    let page =
        shown(&bodies(vec![started("run", vec![unit.clone()], None), Body::UnitStarted { unit }]));
    for part in [
        "Run of docker: not ended",
        "Last heard of",
        "none yet",
        "It still works, or was cut off",
        "not ended</span>",
    ] {
        assert!(page.contains(part), "no `{part}`");
    }
    assert!(!page.contains("phoenix-orch verify"));
}

#[test]
fn what_was_taken_back_is_not_to_be_taken_back_again() {
    let events = bodies(vec![
        started("rollback", vec![], Some("before")),
        Body::RunFinished { took_ms: 1, exit: 0 },
    ]);
    let row = RunRow { in_force: 0, taken_back_by: Some("later".to_owned()), ..row(&events) };
    let page = page(&row, &events);
    assert!(page.contains("Rollback of before: finished"));
    assert!(
        page.contains("it was taken back by run <code>later</code>") && !page.contains("--plan")
    );
}
