//! What became of one unit: what it changed and why, what it failed at, and its evidence.

use maud::{Markup, html};
use phoenix_sdk::Evidence;

use super::{
    super::style::count,
    diff::diff,
    story::{Chapter, Doing, Fate, Story, finished},
    words::{lines, outcome, prose, said, took},
};
use crate::{
    engine::{
        event::{Failure, Outcome},
        state::{End, UnitState},
    },
    graph::draw::{Tone, icon},
    transport::printable,
};

/// Of what commands print, the end is what matters; `runs show -v` has all of it.
const OUTPUT: usize = 400;

pub(super) fn unit(story: &Story, at: usize) -> Markup {
    let end = story.end(at);
    let (tone, word, more) = outcome(end);
    let (chapter, state) = (story.chapter(at), story.state.units.get(&story.state.order[at]));
    html! {
        article.unit id={ "unit-" (at) } aria-labelledby={ "unit-" (at) "-h" } {
            h4 id={ "unit-" (at) "-h" } {
                (printable(&story.state.order[at].step)) " "
                span class={ "badge " (tone.class()) } { (icon(tone)) (word) }
            }
            p.quiet {
                @if !more.is_empty() { (prose(&more)) " " }
                (when(story, at))
            }
            @if let Some(Outcome::Failed { error }) = finished(end) { (failure(error)) }
            @if let Some(state) = state { (warnings(state)) }
            @if let Some(chapter) = chapter { (changes(story, chapter, end)) (evidence(chapter)) (rest(chapter)) }
            @if let Some(state) = state { (notes(state)) }
        }
    }
}

fn when(story: &Story, at: usize) -> Markup {
    html! {
        @if let Some((from, to)) = story.work(at) {
            "Began " (took(from)) " after the run did, and took " (took(to - from)) "."
        }
    }
}

/// An error as everywhere: code, message, causes, hints.
pub(super) fn failure(failure: &Failure) -> Markup {
    let error = &failure.error;
    html! {
        div.failure {
            p { strong { (printable(&error.code)) } ": " (prose(&error.message)) }
            @if !error.causes.is_empty() || !error.hints.is_empty() {
                dl {
                    @for cause in &error.causes { dt { "Cause" } dd { (prose(cause)) } }
                    @for hint in &error.hints { dt { "Hint" } dd { (prose(hint)) } }
                }
            }
        }
    }
}

fn warnings(state: &UnitState) -> Markup {
    html! { @for text in &state.warnings { (warning(text, "")) } }
}

/// A warning, and what is said behind it.
pub(super) fn warning(text: &str, more: &str) -> Markup {
    html! { p.warning { (icon(Tone::Warn)) span { strong { "Warning: " } (prose(text)) (more) } } }
}

fn changes(story: &Story, chapter: &Chapter, end: Option<&End>) -> Markup {
    let rounds = chapter.changes.iter().any(|doing| doing.round > 1);
    html! {
        @if !chapter.changes.is_empty() {
            h5 { (count(chapter.changes.len(), "change")) }
            ol.changes {
                @for doing in &chapter.changes { (change(story, doing, end, rounds)) }
            }
        }
    }
}

fn change(story: &Story, doing: &Doing, end: Option<&End>, rounds: bool) -> Markup {
    let (tone, word) = fate(story, doing, end);
    html! {
        li {
            p.what {
                (icon(tone))
                span {
                    (prose(&doing.summary)) " "
                    span.quiet { "(" (word) @if rounds { ", round " (doing.round) } ")" }
                }
            }
            @if !doing.deed.why().is_empty() { p.why { "Why: " (prose(doing.deed.why())) } }
            @if let Some(consent) = doing.consent { p.why { "Needs consent: " code { "--allow " (consent) } } }
            @if let Fate::Done(left) = &doing.fate {
                @for line in left { p.why { strong { "Left as it is: " } (prose(line)) } }
            }
            @if let Fate::Failed(error) = &doing.fate && !repeats(end, error) { (failure(error)) }
            @if let Some(text) = &doing.diff { (diff(text)) }
        }
    }
}

/// The unit has mostly failed because of that very error, which is told above.
fn repeats(end: Option<&End>, error: &Failure) -> bool {
    matches!(finished(end), Some(Outcome::Failed { error: told }) if told.error.code == error.error.code && told.error.message == error.error.message)
}

fn fate(story: &Story, doing: &Doing, end: Option<&End>) -> (Tone, &'static str) {
    match &doing.fate {
        Fate::Wanted if story.only_looks() => (Tone::Warn, "would be done"),
        Fate::Wanted if end.is_none() => (Tone::Skipped, "not begun yet"),
        Fate::Wanted => (Tone::Skipped, "not begun"),
        Fate::Begun => (Tone::Warn, "begun, and its end was not seen"),
        Fate::Done(left) if left.is_empty() => (Tone::Good, "done"),
        Fate::Done(_) => (Tone::Warn, "done in part"),
        Fate::Failed(_) => (Tone::Bad, "failed"),
    }
}

fn evidence(chapter: &Chapter) -> Markup {
    html! {
        @if !chapter.evidence.is_empty() {
            h5 { "Evidence" }
            ul.evidence { @for one in &chapter.evidence { (claim(one)) } }
        }
    }
}

fn claim(evidence: &Evidence) -> Markup {
    let (tone, word) =
        if evidence.holds { (Tone::Good, "holds") } else { (Tone::Bad, "does not hold") };
    html! {
        li {
            p.what { (icon(tone)) span { (prose(&evidence.claim)) " " span.quiet { "(" (word) ")" } } }
            dl {
                dt { "Expected" } dd { (said(&evidence.expected)) }
                dt { "Observed" } dd { (said(&evidence.observed)) }
                dt { "Looked at" } dd { (said(&evidence.how)) }
            }
        }
    }
}

fn rest(chapter: &Chapter) -> Markup {
    let hidden = chapter.output.len().saturating_sub(OUTPUT);
    html! {
        @if !chapter.recorded.is_empty() {
            h5 { "Documents" }
            ul { @for name in &chapter.recorded { li { code { (printable(name)) } } } }
        }
        @if !chapter.output.is_empty() {
            details.log {
                summary { "Output of commands: " (count(chapter.output.len(), "line")) }
                @if hidden > 0 { p.quiet { "The first " (count(hidden, "line")) " are left out here." } }
                (lines(chapter.output[hidden..].iter().map(String::as_str)))
            }
        }
    }
}

fn notes(state: &UnitState) -> Markup {
    html! {
        @if !state.notes.is_empty() {
            details.log {
                summary { "Fine already: " (state.notes.len()) }
                ul { @for note in &state.notes { li { (prose(note)) } } }
            }
        }
    }
}
