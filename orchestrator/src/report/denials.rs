//! What AppArmor denied, for people and as a document.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::TimeZone};
use phoenix_sdk::{Denial, Denials, Mark};
use serde_json::json;

use super::style::{BOLD, GOOD, QUIET, WARN, count, paint};
use crate::transport::printable;

/// The list, the most recent one last, and where a rule can be added.
pub fn denials(seen: &Denials, profile: &str, since: Mark) -> String {
    let mut text = String::new();
    for denial in &seen.denials {
        one(&mut text, denial);
    }
    for why in &seen.incomplete {
        let warning = paint(WARN, "There may be more:");
        let _ = writeln!(text, "{warning} {}.", printable(why));
    }
    let times: u64 = seen.denials.iter().map(|denial| denial.count).sum();
    let (profile, sources) = (printable(profile), seen.sources.join(", "));
    let summary = match seen.denials.len() {
        0 => paint(GOOD, "No denials"),
        many => paint(BOLD, &count(many, "denial")),
    };
    let records = if times == 0 { String::new() } else { format!(" ({})", count_u64(times)) };
    let _ = writeln!(
        text,
        "{summary}{records} of `{profile}` since {}; read: {}.",
        local(since.at_ms),
        printable(&sources)
    );
    if seen.denials.iter().any(|denial| denial.rule.is_some()) {
        text.push_str(
            "To allow something, look first at why it is wanted; then add its rule to `extra_rules` \
             under\n[plugins.apparmor-profile.params] in plugins.toml, and run phoenix-orch again.\n",
        );
    }
    text
}

fn one(text: &mut String, denial: &Denial) {
    let times = match denial.count {
        1 => local(denial.last_ms),
        many => format!("{many} times, last {}", local(denial.last_ms)),
    };
    let place = match &denial.container {
        Some(name) => format!("container `{}`", printable(name)),
        None => "unknown container".to_owned(),
    };
    let _ = writeln!(text, "{}", paint(BOLD, &printable(&denial.attempt)));
    let _ = writeln!(text, "  {} {place}; {times}", paint(QUIET, "where:"));
    if let Some(rule) = &denial.rule {
        let _ = writeln!(text, "  {}  {}", paint(QUIET, "rule:"), printable(rule));
    }
    for note in &denial.notes {
        let _ = writeln!(text, "  {}  {}", paint(QUIET, "note:"), printable(note));
    }
    text.push('\n');
}

fn count_u64(records: u64) -> String {
    if records == 1 { "1 record".to_owned() } else { format!("{records} records") }
}

/// In the host's own time zone, to the second.
fn local(at_ms: u64) -> String {
    let time = i64::try_from(at_ms).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    time.map_or_else(
        || "an unknown time".to_owned(),
        |time| time.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// The same as one JSON document. `format` changes when a reader of the former one would be wrong.
pub fn denials_json(seen: &Denials, since: Mark) -> String {
    json!({
        "format": 1,
        "since_ms": since.at_ms,
        "profiles": seen.profiles,
        "sources": seen.sources,
        "incomplete": seen.incomplete,
        "denials": seen.denials,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{Denial, Denials, Mark};

    use super::{denials, denials_json};

    fn seen() -> Denials {
        Denials {
            denials: vec![Denial {
                profile: "lxc-phoenix-v2".to_owned(),
                attempt: "`runc` tried to unmount `/x/`".to_owned(),
                rule: Some("umount /x/,".to_owned()),
                notes: vec!["a note\u{1b}".to_owned()],
                count: 3,
                ..Denial::default()
            }],
            incomplete: vec!["the kernel lost 2 audit records".to_owned()],
            sources: vec!["the journal".to_owned()],
            ..Denials::default()
        }
    }

    #[test]
    fn a_denial_its_rule_and_what_is_missing() {
        let text =
            anstream::adapter::strip_str(&denials(&seen(), "p", Mark::default())).to_string();
        for wanted in [
            "`runc` tried to unmount `/x/`\n",
            "  where: unknown container; 3 times, last ",
            "  rule:  umount /x/,\n",
            "  note:  a note\\u{1b}\n",
            "There may be more: the kernel lost 2 audit records.\n",
            "1 denial (3 records) of `p` since ",
            "read: the journal.\n",
            "[plugins.apparmor-profile.params]",
        ] {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
        let none = denials(&Denials::default(), "p", Mark::default());
        assert!(none.contains("No denials") && !none.contains("extra_rules"), "{none}");
    }

    #[test]
    fn the_document_is_one_line_with_a_version() {
        let document = denials_json(&seen(), Mark { at_ms: 7, lost: None });
        assert!(document.starts_with(r#"{"format":1,"since_ms":7,"#) && !document.contains('\n'));
        assert!(document.contains(r#""rule":"umount /x/,""#), "{document}");
    }
}
