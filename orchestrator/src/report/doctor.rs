//! What `doctor` found, for people and as a document.

use std::{collections::BTreeSet, fmt::Write as _};

use anstyle::Style;
use serde_json::{Value, json};

use super::{
    style::{self, BAD, BOLD, GOOD, QUIET, WARN, count, paint},
    view::View,
};
use crate::{
    doctor::{Examined, Finding, Severity},
    graph::HOST,
    transport::printable,
};

/// Below what a finding says.
const MARGIN: &str = "          ";

/// Each target's findings, the worst first, and what they come to. What is fine is shown only if asked for.
pub fn doctor(all: &[Examined], view: View) -> String {
    let verbose = view.is_verbose();
    let mut text = String::new();
    for examined in all {
        let _ = writeln!(text, "{}", paint(BOLD, &title(&examined.target)));
        let (fine, rest): (Vec<_>, Vec<_>) =
            examined.findings.iter().partition(|finding| finding.severity == Severity::Fine);
        for finding in rest {
            text += &one(finding, view);
        }
        for finding in fine.iter().filter(|_| verbose) {
            text += &one(finding, view);
        }
        if !verbose && !fine.is_empty() {
            let more = format!("{} as it should be", count(fine.len(), "condition"));
            let _ = writeln!(text, "{} {}", label(GOOD, "fine"), paint(QUIET, &more));
        }
        text.push('\n');
    }
    text.push_str(&summary(all, view));
    text
}

fn title(target: &str) -> String {
    if target == HOST { "host".to_owned() } else { format!("container {}", printable(target)) }
}

fn one(finding: &Finding, view: View) -> String {
    let (style, word) = match finding.severity {
        Severity::Blocks => (BAD, "blocks"),
        Severity::Warns => (WARN, "warns"),
        Severity::Advice => (BOLD, "advice"),
        Severity::Fine => (GOOD, "fine"),
    };
    let what = printable(&finding.what);
    let mut text = folded(&format!("{} ", label(style, word)), &what, view);
    let mut line = |name: &str, words: &str| {
        let name = format!("{MARGIN}{} ", paint(QUIET, &format!("{name:<5}")));
        text += &folded(&name, &printable(words), view);
    };
    for seen in &finding.seen {
        line("seen", seen);
    }
    if finding.severity != Severity::Fine {
        line("why", finding.why);
        line("do", &finding.todo);
        match finding.step {
            Some(step) => line("step", &format!("`{step}` does that")),
            None => line("step", "none of the steps does that"),
        }
        line("code", finding.condition.code);
    }
    text
}

/// A label of nine columns.
fn label(style: Style, word: &str) -> String {
    paint(style, &format!("{word:>9}"))
}

/// Words behind a label, folded so that they stay below each other.
fn folded(label: &str, words: &str, view: View) -> String {
    let bare = anstream::adapter::strip_str(label).to_string();
    view.folded(label, &" ".repeat(bare.len()), words)
}

/// How many of each, and what to do next.
fn summary(all: &[Examined], view: View) -> String {
    let of = |severity| findings(all).filter(|finding| finding.severity == severity).count();
    let (blocks, warns, advice) = (of(Severity::Blocks), of(Severity::Warns), of(Severity::Advice));
    let counts = format!(
        "{blocks} {}, {warns} {}, {advice} advice, {} fine.",
        if blocks == 1 { "blocks" } else { "block" },
        if warns == 1 { "warns" } else { "warn" },
        of(Severity::Fine)
    );
    let (style, word) = match (blocks, warns) {
        (0, 0) => (GOOD, "Nothing stands in the way:"),
        (0, _) => (WARN, "Nothing stands in the way:"),
        _ => (BAD, "Something stands in the way:"),
    };
    let mut text = view.folded(&format!("{} ", style::words(style, word)), "  ", &counts);
    let bad = || findings(all).filter(|finding| finding.severity <= Severity::Warns);
    let steps: BTreeSet<&str> = bad().filter_map(|finding| finding.step).collect();
    if !steps.is_empty() {
        let steps: Vec<String> = steps.iter().map(|step| format!("`{step}`")).collect();
        let mended = bad().filter(|finding| finding.step.is_some()).count();
        let words = format!(
            "{mended} of what blocks or warns is mended by {}; `phoenix-orch plan --features docker` shows how.",
            steps.join(", ")
        );
        text += &view.folded("", "", &words);
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
        "why": finding.why,
        "todo": if fine { None } else { Some(&finding.todo) },
        "step": if fine { None } else { finding.step },
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use insta::assert_snapshot;

    use super::{
        super::view::{Detail, View},
        doctor, doctor_json,
    };
    use crate::doctor::{Condition, Examined, Finding, Severity};

    fn finding(code: &'static str, severity: Severity, step: Option<&'static str>) -> Finding {
        let condition = Condition {
            code,
            why: "It matters a great deal, and this sentence is long enough to be folded once.",
            remedy: "Mend it with `[plugins.apparmor-profile.params]`.",
            step,
        };
        Finding {
            condition,
            severity,
            what: format!("{code} is not right"),
            seen: vec!["line\u{1b}[2J".to_owned()],
            why: condition.why,
            todo: Cow::Borrowed(condition.remedy),
            step,
        }
    }

    fn examined() -> Vec<Examined> {
        let host = vec![finding("DOCTOR-KERNEL", Severity::Fine, None)];
        let web = vec![
            finding("DOCTOR-NESTING", Severity::Blocks, Some("apparmor-profile")),
            finding("DOCTOR-RUNC", Severity::Advice, None),
        ];
        [("host", host), ("web", web)]
            .map(|(target, findings)| Examined { target: target.to_owned(), findings })
            .to_vec()
    }

    #[test]
    fn for_people() {
        let text = |detail| {
            let view = View { detail, width: Some(70), ascii: false };
            anstream::adapter::strip_str(&doctor(&examined(), view)).to_string()
        };
        assert_snapshot!(text(Detail::Usual), @r#"
        host
             fine 1 condition as it should be

        container web
           blocks DOCTOR-NESTING is not right
                  seen  line\u{1b}[2J
                  why   It matters a great deal, and this sentence is long
                        enough to be folded once.
                  do    Mend it with `[plugins.apparmor-profile.params]`.
                  step  `apparmor-profile` does that
                  code  DOCTOR-NESTING
           advice DOCTOR-RUNC is not right
                  seen  line\u{1b}[2J
                  why   It matters a great deal, and this sentence is long
                        enough to be folded once.
                  do    Mend it with `[plugins.apparmor-profile.params]`.
                  step  none of the steps does that
                  code  DOCTOR-RUNC

        Something stands in the way: 1 blocks, 0 warn, 1 advice, 1 fine.
        1 of what blocks or warns is mended by `apparmor-profile`;
        `phoenix-orch plan --features docker` shows how.
        "#);
        let all = text(Detail::Verbose);
        assert!(all.contains("     fine DOCTOR-KERNEL is not right\n"), "{all}");
    }

    #[test]
    fn the_document_is_one_line_with_a_version() {
        let document = doctor_json(&examined());
        assert!(document.starts_with(r#"{"format":1,"targets":[{"target":"host","#), "{document}");
        assert!(!document.contains('\n') && !document.contains('\u{1b}'), "{document}");
        let counts = r#""counts":{"blocks":1,"warns":0,"advice":1,"fine":1}"#;
        assert!(document.contains(counts), "{document}");
    }
}
