//! The begin of a page: what was done, how it ended, and what to do next.

use maud::{Markup, html};

use super::{
    super::{style::count, wording::ends},
    next::next,
    story::{Story, finished},
    unit::{failure, warning},
    words::{exit, listed, moment, outcome, took},
};
use crate::{
    engine::event::{Failure, Outcome},
    graph::{
        HOST,
        draw::{Tone, icon},
    },
    journal::RunRow,
    transport::printable,
};

/// So many containers are named.
const NAMED: usize = 12;
/// So many different warnings are shown at once.
const WARNED: usize = 8;

pub(super) fn head(story: &Story, run: &RunRow) -> Markup {
    let (tone, word) = end(story);
    html! {
        header.head.(tone.class()) {
            p.eyebrow { "phoenix-orch · run " (printable(&run.run)) }
            h1 { (icon(tone)) span { (subject(story)) ": " (word) } }
            p.lead { (counts(story)) }
        }
    }
}

/// The title of the page.
pub(super) fn title(story: &Story, run: &RunRow) -> String {
    format!("{}: {} ({}) · phoenix-orch", subject(story), end(story).1, printable(&run.run))
}

fn subject(story: &Story) -> String {
    let features = listed(story.features.iter().map(String::as_str), 5);
    match (story.verb.as_str(), &story.takes_back) {
        (_, Some(of)) => format!("Rollback of {}", printable(of)),
        ("verify", _) => format!("Verification of {features}"),
        ("plan", _) => format!("Plan for {features}"),
        _ => format!("Run of {features}"),
    }
}

fn end(story: &Story) -> (Tone, &'static str) {
    let counts = story.state.counts();
    match story.exit {
        None => (Tone::Warn, "not ended"),
        Some(130) => (Tone::Warn, "interrupted"),
        _ if counts.failed > 0 => (Tone::Bad, "failed"),
        Some(0) if counts.unproven + counts.irrevocable + counts.kept > 0 => {
            (Tone::Warn, "finished, with reservations")
        }
        Some(0) if counts.changes == 0 && story.verb == "run" && counts.ran == 0 => {
            (Tone::Same, "nothing had to be changed")
        }
        Some(0) => (Tone::Good, "finished"),
        Some(_) => (Tone::Warn, "finished, with reservations"),
    }
}

fn counts(story: &Story) -> String {
    let counts = story.state.counts();
    let failed = (counts.failed > 0).then(|| format!("{} failed", counts.failed));
    let parts: Vec<String> = failed.into_iter().chain(ends(&counts)).collect();
    let mut text = count(story.state.order.len(), "unit");
    if !parts.is_empty() {
        text += &format!(": {}", parts.join(", "));
    }
    if story.verb != "verify" {
        text += &format!("; {}", count(counts.changes, "change"));
    }
    match story.took_ms {
        Some(millis) => format!("{text}, in {}.", took(millis)),
        None => format!("{text}, until it was last heard of."),
    }
}

pub(super) fn summary(story: &Story, run: &RunRow) -> Markup {
    let targets = story.targets();
    let containers: Vec<&str> =
        targets.iter().map(|(target, _)| *target).filter(|target| *target != HOST).collect();
    html! {
        section id="summary" aria-labelledby="summary-h" {
            h2 id="summary-h" { "At a glance" }
            dl.facts {
                @if let Some((began, last)) = story.span {
                    div { dt { "Began" } dd { (moment(began)) } }
                    div { dt { @if story.exit.is_some() { "Ended" } @else { "Last heard of" } } dd { (moment(last)) } }
                }
                div { dt { "Exit code" } dd {
                    @match story.exit { Some(code) => { (code) " (" (exit(code)) ")" } None => { "none yet" } }
                } }
                @if !story.features.is_empty() {
                    div { dt { "Features" } dd { (listed(story.features.iter().map(String::as_str), NAMED)) } }
                }
                div { dt { "Targets" } dd {
                    @if targets.len() > containers.len() { "the host" @if !containers.is_empty() { " and " } }
                    @if !containers.is_empty() {
                        (count(containers.len(), "container")) ": " (listed(containers.iter().copied(), NAMED))
                    }
                } }
                div { dt { "Run" } dd { code { (printable(&run.run)) } } }
                (place(story))
            }
            (failures(story))
            (warnings(story))
            (next(story, run))
        }
    }
}

/// Where it was made. What the run itself did not write down is not said: today's host may be another one.
fn place(story: &Story) -> Markup {
    html! {
        @if !story.version.is_empty() { div { dt { "phoenix-orch" } dd { (printable(&story.version)) } } }
        @if let Some(environment) = &story.environment {
            div { dt { "Host" } dd { (printable(&environment.host)) } }
            div { dt { "Kernel" } dd { (printable(&environment.kernel)) " (" (printable(&environment.machine)) ")" } }
            @if let Some(os) = &environment.os { div { dt { "Distribution" } dd { (printable(os)) } } }
            @if let Some(manager) = environment.manager {
                div { dt { "Containers by" } dd {
                    @match manager { phoenix_sdk::Manager::Lxc => "LXC", phoenix_sdk::Manager::Pve => "Proxmox VE" }
                } }
            }
        }
    }
}

/// First of all what went wrong; what went wrong in the same way, once.
fn failures(story: &Story) -> Markup {
    let mut failed: Vec<(&Failure, Vec<usize>)> = Vec::new();
    for at in 0..story.state.order.len() {
        let Some(Outcome::Failed { error }) = finished(story.end(at)) else { continue };
        match failed.iter_mut().find(|(known, _)| *known == error) {
            Some((_, places)) => places.push(at),
            None => failed.push((error, vec![at])),
        }
    }
    html! {
        @if !failed.is_empty() {
            h3 { "What failed" }
            ul.failures {
                @for (error, places) in failed {
                    li {
                        ul.places {
                            @for at in places {
                                li { a href={ "#unit-" (at) } { (printable(&story.state.order[at].to_string())) } }
                            }
                        }
                        (failure(error))
                    }
                }
            }
        }
    }
}

/// What the operator must know, each thing once.
fn warnings(story: &Story) -> Markup {
    let mut known: Vec<(&str, usize)> = Vec::new();
    let units = story.state.order.iter().filter_map(|unit| story.state.units.get(unit));
    for text in units.flat_map(|unit| &unit.warnings) {
        match known.iter_mut().find(|(other, _)| other == text) {
            Some((_, number)) => *number += 1,
            None => known.push((text, 1)),
        }
    }
    html! {
        @if !known.is_empty() {
            h3 { "Warnings" }
            @for (text, number) in known.iter().take(WARNED) {
                @let more = if *number > 1 { format!(" (in {number} units)") } else { String::new() };
                (warning(text, &more))
            }
            @if known.len() > WARNED {
                p { (count(known.len() - WARNED, "further warning")) ": see target by target." }
            }
        }
    }
}

/// How a target went: its gravest unit, and how many went how.
pub(super) fn target(story: &Story, units: &[usize]) -> (Tone, String) {
    let mut words: Vec<(&str, usize)> = Vec::new();
    let mut tone = Tone::Plain;
    for &at in units {
        let (one, word, _) = outcome(story.end(at));
        tone = tone.max(if one == Tone::Skipped { Tone::Warn } else { one });
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, number)) => *number += 1,
            None => words.push((word, 1)),
        }
    }
    let words = words.iter().map(|(word, number)| format!("{number} {word}"));
    (tone, words.collect::<Vec<_>>().join(", "))
}
