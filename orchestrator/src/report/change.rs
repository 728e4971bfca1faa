//! One planned change: what kind of change it is, what and why, what it takes, and the difference in texts.

use phoenix_sdk::Kind;

use super::{
    danger::is_danger,
    style::{self, GOOD, QUIET, WARN, count, diff, duration, paint, size},
    view::View,
};
use crate::{
    effect::Installation,
    engine::{
        Deed,
        event::{Forecast, Planned},
    },
    transport::printable,
};

/// Longer differences are cut, unless all is wanted.
const LONGEST_DIFF: usize = 24;
/// To this many lines, then.
const CUT_TO: usize = 16;

/// Behind this margin, over several lines.
pub(super) fn change(planned: &Planned, margin: &str, view: View) -> String {
    let mark = match is_danger(planned) {
        true => paint(WARN, "!"),
        false => paint(GOOD, mark(planned)),
    };
    let needs = planned.consent.map(|consent| format!("needs --allow {consent}"));
    let remarks =
        needs.into_iter().chain(planned.forecast.map(takes)).collect::<Vec<_>>().join("; ");
    let mut words = printable(&planned.summary);
    if !remarks.is_empty() {
        let style = if planned.consent.is_some() { WARN } else { QUIET };
        words += &format!(" {}", style::words(style, &format!("({remarks})")));
    }
    let mut text = view.folded(&format!("{margin}{mark} "), &format!("{margin}  "), &words);
    let why = planned.deed.why();
    if !why.is_empty() {
        let margin = format!("{margin}  ");
        text += &view.folded(&margin, &margin, &style::words(QUIET, &printable(why)));
    }
    if let Some(difference) = &planned.diff {
        text += &cut(difference, &format!("{margin}    "), view);
    }
    text
}

/// What it will take.
fn takes(forecast: Forecast) -> String {
    match forecast {
        Forecast::Installation(Installation { packages, download, disk }) => {
            let packages = count(usize::try_from(packages).unwrap_or(usize::MAX), "package");
            format!("{packages}, {} to download, {} on disk", size(download), size(disk))
        }
        Forecast::LastTook(millis) => {
            format!("{} without service, as the last time", duration(millis))
        }
    }
}

/// `+` brings something, `-` takes it away, `~` changes what is there.
fn mark(planned: &Planned) -> &'static str {
    match &planned.deed {
        Deed::Change(change) => match &change.kind {
            Kind::Absent { .. } | Kind::ContainerOptionAbsent { .. } => "-",
            Kind::File { content: None, .. } => "~",
            _ if planned.diff.as_deref().is_some_and(takes_lines_away) => "~",
            _ => "+",
        },
        Deed::Restore(_) => "~",
    }
}

fn takes_lines_away(diff: &str) -> bool {
    diff.lines().any(|line| line.starts_with('-') && !line.starts_with("--- "))
}

fn cut(difference: &str, margin: &str, view: View) -> String {
    let lines = difference.lines().count();
    if lines <= LONGEST_DIFF || view.is_verbose() {
        return diff(difference, margin, view);
    }
    let head: String = difference.lines().take(CUT_TO).map(|line| format!("{line}\n")).collect();
    let more = format!("{} more lines (-v shows them)", lines - CUT_TO);
    let more = paint(QUIET, &format!("{} {more}", view.draw("…", "...")));
    format!("{}{margin}{more}\n", diff(&head, margin, view))
}
