//! What `fleet` found, for people: a table for each number of containers, and a chart. Pure.

use std::fmt::Write as _;

use super::{
    chart::{Bar, Panel},
    competitor::Missing,
    fleet::{Counts, Record, Row},
    statistics::Spread,
};

/// A cell of the table takes so many characters.
const REASON: usize = 160;

/// As Markdown.
pub(crate) fn markdown(record: &Record) -> String {
    let mut text = format!("{}, {}\n", record.date, record.machine.line(&record.commit));
    for fleet in &record.fleets {
        let _ = writeln!(
            text,
            "\n| {}, {} rounds | wall | CPU | peak memory | processes | entries | wall, to the floor | CPU, to the \
             floor | wall, to ours | CPU, to ours |\n|---|---|---|---|---|---|---|---|---|---|",
            containers(fleet.containers),
            fleet.rounds
        );
        for row in &fleet.rows {
            let Row { name, memory_mib, to_floor, to_ours, .. } = row;
            let count = |of: fn(&Counts) -> usize| {
                row.counts.as_ref().map(|counts| of(counts).to_string()).unwrap_or_default()
            };
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {memory_mib:.1} MiB | {} | {} | {} | {} | {} | {} |",
                time(row.wall_ms),
                time(row.cpu_ms),
                count(|counts| counts.processes),
                count(|counts| counts.entries),
                factor(to_floor.wall),
                factor(to_floor.cpu),
                factor(to_ours.wall),
                factor(to_ours.cpu),
            );
        }
        text.extend(record.missing.iter().map(|missing| missing_row(missing, 10)));
    }
    text
}

/// As an SVG: how long each takes.
pub(crate) fn chart(record: &Record) -> String {
    let panel = |fleet: &super::fleet::Fleet| Panel {
        title: containers(fleet.containers),
        bars: fleet
            .rows
            .iter()
            .map(|row| Bar {
                name: row.name,
                value: row.wall_ms,
                is_ours: row.name.starts_with("phoenix-orch"),
            })
            .collect(),
    };
    let panels: Vec<Panel<'_>> = record.fleets.iter().map(panel).collect();
    super::chart::svg("Time to see that nothing is to be changed (logarithmic)", &panels)
}

fn containers(count: usize) -> String {
    format!("{count} container{}", if count == 1 { "" } else { "s" })
}

/// A row of so many columns that says why somebody has no figures, as far as the first line does; the record has all of it.
pub(crate) fn missing_row(Missing { name, reason }: &Missing, columns: usize) -> String {
    let line = reason.lines().next().unwrap_or_default();
    let reason = line.chars().take(REASON).collect::<String>().replace('|', "\\|");
    format!("| {name} | missing: {reason} |{}\n", " |".repeat(columns.saturating_sub(2)))
}

/// The median in milliseconds or seconds, and from the smallest to the largest.
pub(crate) fn time(Spread { median, min, max }: Spread) -> String {
    if median < 1000.0 {
        let digits = usize::from(median < 100.0);
        return format!("**{median:.digits$} ms** ({min:.digits$} - {max:.digits$})");
    }
    let [median, min, max] = [median, min, max].map(|ms| ms / 1000.0);
    format!("**{median:.2} s** ({min:.2} - {max:.2})")
}

/// The median as a factor.
pub(crate) fn factor(Spread { median, .. }: Spread) -> String {
    if median < 10.0 { format!("{median:.2}") } else { format!("{median:.0}") }
}

#[cfg(test)]
mod tests {
    use super::{factor, time};
    use crate::bench::statistics::Spread;

    #[test]
    fn figures_have_the_digits_that_mean_something() {
        let spread = |median| Spread { median, min: median / 2.0, max: median * 2.0 };
        assert_eq!(time(spread(46.74)), "**46.7 ms** (23.4 - 93.5)");
        assert_eq!(time(spread(139.2)), "**139 ms** (70 - 278)");
        assert_eq!(time(spread(13_512.0)), "**13.51 s** (6.76 - 27.02)");
        assert_eq!([1.294, 96.4].map(|value| factor(spread(value))), ["1.29", "96"]);
    }
}
