//! What `doctor` found, for people and as a document.

use std::{collections::BTreeSet, fmt::Write as _};

use anstyle::Style;
use serde_json::{Value, json};

use super::style::{BAD, BOLD, GOOD, QUIET, WARN, count, paint};
use crate::{
    doctor::{Examined, Finding, Severity},
    graph::HOST,
    transport::printable,
};

/// Wider lines are hard to read.
const WIDEST: usize = 100;
/// Below what a finding says.
const MARGIN: &str = "          ";

/// Each target's findings, the worst first, and what they come to. What is fine is shown only if asked for.
pub fn doctor(all: &[Examined], verbose: bool) -> String {
    let width = textwrap::termwidth().min(WIDEST);
    let mut text = String::new();
    for examined in all {
        let _ = writeln!(text, "{}", paint(BOLD, &title(&examined.target)));
        let (fine, rest): (Vec<_>, Vec<_>) =
            examined.findings.iter().partition(|finding| finding.severity == Severity::Fine);
        for finding in rest {
            one(&mut text, finding, width);
        }
        for finding in fine.iter().filter(|_| verbose) {
            one(&mut text, finding, width);
        }
        if !verbose && !fine.is_empty() {
            let more = format!("{} as it should be", count(fine.len(), "condition"));
            let _ = writeln!(text, "{} {}", label(GOOD, "fine"), paint(QUIET, &more));
        }
        text.push('\n');
    }
    text.push_str(&summary(all, width));
    text
}

fn title(target: &str) -> String {
    if target == HOST { "host".to_owned() } else { format!("container {}", printable(target)) }
}

fn one(text: &mut String, finding: &Finding, width: usize) {
    let (style, word) = match finding.severity {
        Severity::Blocks => (BAD, "blocks"),
        Severity::Warns => (WARN, "warns"),
        Severity::Advice => (BOLD, "advice"),
        Severity::Fine => (GOOD, "fine"),
    };
    let what = printable(&finding.what);
    let first = format!("{} ", label(style, word));
    // The label's escape sequences take no room on the terminal.
    folded(text, &first, &what, width);
    let mut line = |name: &str, words: &str| {
        let name = format!("{MARGIN}{} ", paint(QUIET, &format!("{name:<5}")));
        folded(text, &name, &printable(words), width);
    };
    for seen in &finding.seen {
        line("seen", seen);
    }
    if finding.severity != Severity::Fine {
        line("why", finding.condition.why);
        line("do", &finding.todo);
        match finding.step {
            Some(step) => line("step", &format!("`{step}` does that")),
            None => line("step", "none of the steps does that"),
        }
        line("code", finding.condition.code);
    }
}

/// A label of nine columns.
fn label(style: Style, word: &str) -> String {
    format!("{}", paint(style, &format!("{word:>9}")))
}

/// Words behind a label, folded so that they stay below each other.
fn folded(text: &mut String, label: &str, words: &str, width: usize) {
    let bare = anstream::adapter::strip_str(label).to_string();
    let indent = " ".repeat(bare.len());
    let room = width.saturating_sub(bare.len()).max(20);
    for (at, line) in textwrap::wrap(words, room).iter().enumerate() {
        let _ = writeln!(text, "{}{line}", if at == 0 { label } else { &indent });
    }
}

/// How many of each, and what to do next.
fn summary(all: &[Examined], width: usize) -> String {
    let of = |severity| findings(all).filter(|finding| finding.severity == severity).count();
    let (blocks, warns, advice) = (of(Severity::Blocks), of(Severity::Warns), of(Severity::Advice));
    let counts = format!(
        "{blocks} {}, {warns} {}, {advice} for advice, {} fine.",
        if blocks == 1 { "blocks" } else { "block" },
        if warns == 1 { "warns" } else { "warn" },
        of(Severity::Fine)
    );
    let (style, word) = match (blocks, warns) {
        (0, 0) => (GOOD, "Nothing stands in the way:"),
        (0, _) => (WARN, "Nothing stands in the way:"),
        _ => (BAD, "Docker does not run properly everywhere:"),
    };
    let mut text = String::new();
    folded(&mut text, &format!("{} ", paint(style, word)), &counts, width.max(64));
    let bad = || findings(all).filter(|finding| finding.severity <= Severity::Warns);
    let steps: BTreeSet<&str> = bad().filter_map(|finding| finding.step).collect();
    if !steps.is_empty() {
        let steps: Vec<String> = steps.iter().map(|step| format!("`{step}`")).collect();
        let mended = bad().filter(|finding| finding.step.is_some()).count();
        let words = format!(
            "{mended} of what blocks or warns is mended by {}; `phoenix-orch plan --features docker` shows how.",
            steps.join(", ")
        );
        folded(&mut text, "", &words, width);
    }
    text
}

fn findings(all: &[Examined]) -> impl Iterator<Item = &Finding> {
    all.iter().flat_map(|examined| &examined.findings)
}

/// The same as one JSON document. `format` changes when a reader of the former one would be wrong.
pub fn doctor_json(all: &[Examined]) -> String {
    let of = |severity| findings(all).filter(|finding| finding.severity == severity).count();
    let targets: Vec<Value> = all
        .iter()
        .map(|examined| {
            let findings: Vec<Value> = examined.findings.iter().map(document).collect();
            json!({ "target": examined.target, "findings": findings })
        })
        .collect();
    json!({
        "format": 1,
        "targets": targets,
        "counts": {
            "blocks": of(Severity::Blocks),
            "warns": of(Severity::Warns),
            "advice": of(Severity::Advice),
            "fine": of(Severity::Fine),
        },
    })
    .to_string()
}

fn document(finding: &Finding) -> Value {
    let fine = finding.severity == Severity::Fine;
    json!({
        "code": finding.condition.code,
        "severity": finding.severity,
        "what": finding.what,
        "seen": finding.seen,
        "why": finding.condition.why,
        "todo": if fine { None } else { Some(&finding.todo) },
        "step": if fine { None } else { finding.step },
    })
}
