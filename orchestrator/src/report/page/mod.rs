//! A run as one page: `runs show RUN --html FILE`. It needs nothing but itself: no network, no script, no font.
//!
//! Everything in it comes from the run's events, and much of that from containers. So all text is escaped by the
//! templates, control characters are shown and not obeyed, and a policy in the page's head forbids whatever could be
//! loaded or run.

mod diff;
mod graph;
mod head;
mod next;
mod story;
#[cfg(test)]
mod tests;
mod timeline;
mod unit;
mod words;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::{
    story::Story,
    words::{moment, prose},
};
use crate::{
    engine::Event,
    graph::draw::{self, icon},
    journal::RunRow,
    transport::printable,
};

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded and nothing runs, whatever a container has said.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// Up to so many targets are unfolded from the beginning.
const UNFOLDED: usize = 3;

/// The page of a run with these events.
pub fn page(run: &RunRow, events: &[Event]) -> String {
    let story = Story::of(events);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (head::title(&story, run)) }
                style { (PreEscaped(STYLE)) (PreEscaped(draw::STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (head::head(&story, run))
                main id="main" {
                    (head::summary(&story, run))
                    (inherited(&story))
                    (graph::section(&story))
                    (timeline::section(&story))
                    (targets(&story))
                }
                (foot(&story))
            }
        }
    };
    page.into_string()
}

/// What earlier runs had left behind.
fn inherited(story: &Story) -> Markup {
    html! {
        @if !story.inherited.is_empty() {
            section id="inherited" aria-labelledby="inherited-h" {
                h2 id="inherited-h" { "Left behind by earlier runs" }
                ul { @for (target, text) in &story.inherited { li { strong { (printable(target)) } ": " (prose(text)) } } }
            }
        }
    }
}

fn targets(story: &Story) -> Markup {
    let targets = story.targets();
    html! {
        section id="targets" aria-labelledby="targets-h" {
            h2 id="targets-h" { "Target by target" }
            @if targets.len() > 1 {
                nav aria-label="Targets" {
                    ul.chips {
                        @for (at, (name, units)) in targets.iter().enumerate() {
                            @let (tone, words) = head::target(story, units);
                            li { a href={ "#target-" (at) } title=(words) { (icon(tone)) (printable(name)) } }
                        }
                    }
                }
            }
            @for (at, (name, units)) in targets.iter().enumerate() {
                @let (tone, words) = head::target(story, units);
                // What needs a look is open; what went as ever is folded where there is much.
                details.target id={ "target-" (at) } open[targets.len() <= UNFOLDED || tone >= draw::Tone::Warn] {
                    summary {
                        h3 { (icon(tone)) (printable(name)) }
                        span.quiet { (words) }
                    }
                    @for &unit in units { (unit::unit(story, unit)) }
                }
            }
        }
    }
}

fn foot(story: &Story) -> Markup {
    html! {
        footer {
            p {
                "Told by the journal of phoenix-orch"
                @if let Some((began, _)) = story.span { ", of a run that began on " (moment(began)) }
                ". Times are the host's. Differences and outputs may hold secrets: pass the page on with care."
            }
        }
    }
}
