//! `CHANGELOG.md` read, and written as Debian wants it. Pure.

use anyhow::{Context, Result, bail};
use jiff::civil::Date;

/// One version and what it brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) version: String,
    pub(super) date: Date,
    /// The points of all its sections, each in one line.
    points: Vec<String>,
}

/// The versions of a changelog, the newest first. What is not released yet has none.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut released = false;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            released = heading != "[Unreleased]";
            if released {
                entries.push(entry(heading).with_context(|| {
                    format!("`{line}` in CHANGELOG.md is not `## [VERSION] - YYYY-MM-DD`")
                })?);
            }
            continue;
        }
        let Some(entry) = entries.last_mut().filter(|_| released) else { continue };
        if let Some(point) = line.strip_prefix("- ") {
            entry.points.push(point.to_owned());
        } else if let (Some(more), Some(point)) = (line.strip_prefix("  "), entry.points.last_mut())
        {
            point.push(' ');
            point.push_str(more.trim());
        }
    }
    if let Some(entry) = entries.iter().find(|entry| entry.points.is_empty()) {
        bail!("version {} in CHANGELOG.md says nothing", entry.version);
    }
    Ok(entries)
}

fn entry(heading: &str) -> Option<Entry> {
    let (version, date) = heading.strip_prefix('[')?.split_once("] - ")?;
    Some(Entry { version: version.to_owned(), date: date.parse().ok()?, points: Vec::new() })
}

/// The text of Debian's changelog.
pub(super) fn debian(entries: &[Entry], package: &str, maintainer: &str) -> Result<String> {
    let mut text = String::new();
    for Entry { version, date, points } in entries {
        let date = date.to_zoned_datetime(jiff::tz::TimeZone::UTC).context("no such day")?;
        let date = date.strftime("%a, %d %b %Y %H:%M:%S %z");
        let points: String = points.iter().map(|point| folded(point)).collect();
        text += &format!(
            "{package} ({version}) stable; urgency=medium\n\n{points}\n -- {maintainer}  {date}\n\n"
        );
    }
    Ok(text)
}

/// A point in lines of at most 79 characters.
fn folded(point: &str) -> String {
    let mut text = String::new();
    let mut line = String::from("  *");
    for word in point.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > 79 {
            text += &line;
            text.push('\n');
            line = String::from("   ");
        }
        line.push(' ');
        line.push_str(word);
    }
    text + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Changelog\n\n- not this\n\n## [Unreleased]\n\n- nor this\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n\
        - One thing,\n  in two lines.\n\n### Fixed\n\n- Another.\n\n## [0.1.0] - 2026-11-29\n\n- The first.\n";

    #[test]
    fn every_point_of_a_released_version_is_in_debians_changelog() {
        let entries = parse(TEXT).unwrap();
        let text = debian(&entries, "x", "A <a@b.example>").unwrap();
        assert_eq!(
            text,
            "x (0.2.0) stable; urgency=medium\n\n  * One thing, in two lines.\n  * Another.\n\n \
             -- A <a@b.example>  Tue, 01 Dec 2026 00:00:00 +0000\n\n\
             x (0.1.0) stable; urgency=medium\n\n  * The first.\n\n \
             -- A <a@b.example>  Sun, 29 Nov 2026 00:00:00 +0000\n\n"
        );
    }

    #[test]
    fn a_long_point_is_folded_and_loses_no_word() {
        let point = "word ".repeat(40);
        let folded = folded(&point);
        assert!(
            folded.lines().count() > 1 && folded.lines().all(|line| line.len() <= 79),
            "{folded}"
        );
        assert_eq!(folded.matches("word").count(), 40);
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for bad in [
            "## 0.1.0 - 2026-11-29\n\n- x\n",
            "## [1] - 2026-02-30\n\n- x\n",
            "## [1] - 2026-01-01\n",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn our_own_begins_with_the_version_that_is_built() {
        let text = std::fs::read_to_string(crate::workspace::root().join("CHANGELOG.md")).unwrap();
        assert_eq!(parse(&text).unwrap()[0].version, env!("CARGO_PKG_VERSION"));
    }
}
