//! What ran when: a bar for each unit, and where there are many, all bars of a target in one row.

use maud::{Markup, html};

use super::{
    story::Story,
    words::{outcome, took},
};
use crate::{
    graph::draw::{Tone, icon},
    transport::printable,
};

/// More rows than this are hard to read.
const ROWS: usize = 40;
/// About so many marks on the scale.
const MARKS: u64 = 5;

struct Bar {
    from: u64,
    to: u64,
    tone: Tone,
    /// What it stands for, in words.
    about: String,
}

struct Row {
    name: String,
    bars: Vec<Bar>,
}

pub(super) fn section(story: &Story) -> Markup {
    let rows = rows(story);
    let length = story.length().max(1);
    let step = step(length);
    let percent = |at: u64| at as f64 * 100.0 / length as f64;
    html! {
        section id="time" aria-labelledby="time-h" {
            h2 id="time-h" { "What ran when" }
            @if rows.is_empty() { p { "No unit has begun." } }
            @else {
                table.time style={ "--step:" (hundredth(percent(step))) "%" } {
                    thead { tr {
                        th scope="col" { "Unit" }
                        th.scale scope="col" {
                            span.unseen { "When, since the run began" }
                            @for at in (0..=length).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
                                // The last mark needs room for its text.
                                @if percent(at) < 92.0 {
                                    span aria-hidden="true" style={ "left:" (hundredth(percent(at))) "%" } { (mark(at, step)) }
                                }
                            }
                        }
                        th scope="col" { "Took" }
                    } }
                    tbody { @for row in &rows { (shown(row, &percent)) } }
                }
            }
        }
    }
}

fn shown(row: &Row, percent: &dyn Fn(u64) -> f64) -> Markup {
    let tone = row.bars.iter().map(|bar| bar.tone).max().unwrap_or_default();
    let total: u64 = row.bars.iter().map(|bar| bar.to - bar.from).sum();
    html! {
        tr {
            th scope="row" { span.who { (icon(tone)) span { (row.name) } } }
            td.track {
                @for bar in &row.bars {
                    span class={ "bar " (bar.tone.class()) } title=(bar.about)
                        style={ "left:" (hundredth(percent(bar.from))) "%;width:" (hundredth(percent(bar.to - bar.from))) "%" } {
                        span.unseen { (bar.about) "; " }
                    }
                }
            }
            td.number { (took(total)) }
        }
    }
}

fn rows(story: &Story) -> Vec<Row> {
    let began = |at: &usize| story.work(*at).is_some();
    let single = story.state.order.len() <= ROWS;
    let mut rows = Vec::new();
    for (target, units) in story.targets() {
        let units: Vec<usize> = units.into_iter().filter(began).collect();
        let bars = |units: &[usize]| units.iter().filter_map(|&at| bar(story, at)).collect();
        if single {
            rows.extend(units.iter().map(|&at| Row {
                name: format!("{}: {}", printable(target), printable(&story.state.order[at].step)),
                bars: bars(&[at]),
            }));
        } else if !units.is_empty() {
            rows.push(Row { name: printable(target), bars: bars(&units) });
        }
    }
    rows.sort_by_key(|row| row.bars.first().map_or(0, |bar| bar.from));
    rows
}

fn bar(story: &Story, at: usize) -> Option<Bar> {
    let (from, to) = story.work(at)?;
    let (tone, word, _) = outcome(story.end(at));
    let step = printable(&story.state.order[at].step);
    let about = format!("{step}: {word}, from {} to {}", took(from), took(to));
    Some(Bar { from, to, tone, about })
}

/// A round number of milliseconds from one mark to the next.
fn step(length: u64) -> u64 {
    const ROUND: [u64; 22] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000,
        120_000, 300_000, 600_000, 1_200_000, 1_800_000, 3_600_000,
    ];
    let wanted = length / MARKS;
    ROUND
        .into_iter()
        .find(|round| *round >= wanted)
        .unwrap_or_else(|| wanted.next_multiple_of(3_600_000))
}

fn mark(at: u64, step: u64) -> String {
    match step {
        0..1000 => format!("{at} ms"),
        1000..60_000 => format!("{} s", at / 1000),
        _ => format!("{} min", at / 60_000),
    }
}

fn hundredth(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::{MARKS, step};

    #[test]
    fn the_scale_has_a_few_marks_at_round_times() {
        for (length, expected) in [
            (1, 1),
            (40, 10),
            (4200, 1000),
            (72_000, 20_000),
            (3_000_000, 600_000),
            (90_000_000, 18_000_000),
        ] {
            assert_eq!(step(length), expected, "{length}");
            assert!(length / step(length) <= MARKS);
        }
    }
}
