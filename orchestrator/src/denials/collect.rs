//! From the lines of several logs to denials, each once.

use std::collections::{BTreeMap, BTreeSet};

use phoenix_sdk::Denial;

use super::{
    line::{self, Line, Record, Stamp},
    rule,
    source::Piece,
    words,
};
use crate::transport::printable;

/// More records than these are not kept.
const MOST_RECORDS: usize = 20_000;
/// More denials than these are not shown.
const MOST_DENIALS: usize = 1_000;

/// What makes two records the same: the time in milliseconds, and all fields.
type Same = (u64, BTreeMap<String, String>);

/// The records of the wanted profiles in a window.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) records: Vec<Record>,
    parents: BTreeMap<Stamp, u32>,
    pub(super) incomplete: Vec<String>,
}

/// Reads all pieces. A record that several logs have counts once; one that a log has several times, as
/// often as that log has it.
pub(super) fn collect(pieces: &[Piece], profiles: &[String], since_ms: u64) -> Collected {
    let mut collected = Collected::default();
    let mut lost = BTreeSet::new();
    let mut kept: BTreeMap<Same, (usize, Stamp)> = BTreeMap::new();
    for piece in pieces {
        // Without auditd the journal has each record twice: as the kernel's message, with its number, and
        // as an audit record, without.
        let mut here: BTreeMap<Same, ([usize; 2], Stamp)> = BTreeMap::new();
        for line in piece.text.lines() {
            match line::parse(piece.log, line) {
                Some(Line::Denied(record))
                    if record.stamp.at_ms >= since_ms
                        && record.profiles().iter().any(|name| profiles.contains(name)) =>
                {
                    let key = (record.stamp.at_ms, record.fields);
                    let known = here.entry(key).or_insert(([0, 0], record.stamp));
                    known.0[usize::from(record.stamp.serial.is_some())] += 1;
                    known.1 = known.1.max(record.stamp);
                }
                Some(Line::Process { stamp, parent }) if stamp.at_ms >= since_ms => {
                    collected.parents.insert(stamp, parent);
                }
                Some(Line::Lost { at_ms, message }) if at_ms >= since_ms => {
                    lost.insert(without_numbers(&message));
                }
                _ => {}
            }
        }
        for (key, (counts, stamp)) in here {
            let count = counts[0].max(counts[1]);
            let entry = kept.entry(key).or_insert((0, stamp));
            entry.0 = entry.0.max(count);
            // Only a record with its number leads to the process behind it.
            entry.1 = entry.1.max(stamp);
        }
    }
    collected
        .incomplete
        .extend(lost.into_iter().map(|message| format!("the kernel said: {message}")));
    let records = kept.into_iter().flat_map(|((at_ms, fields), (count, stamp))| {
        let stamp = Stamp { at_ms, ..stamp };
        std::iter::repeat_n(Record { stamp, fields }, count)
    });
    collected.records = records.collect();
    let too_many = collected.records.len().saturating_sub(MOST_RECORDS);
    if too_many > 0 {
        collected.records.drain(..too_many);
        collected.incomplete.push(format!("the {too_many} oldest records are left out"));
    }
    collected
}

/// One message about many losses is enough.
fn without_numbers(message: &str) -> String {
    let mut shown = String::new();
    for c in message.chars() {
        match c.is_ascii_digit() {
            true if shown.ends_with('N') => {}
            true => shown.push('N'),
            false => shown.push(c),
        }
    }
    shown
}

impl Collected {
    /// The parent of a record's process, if a log says.
    pub(super) fn parent(&self, record: &Record) -> Option<u32> {
        self.parents.get(&record.stamp).copied()
    }

    /// All processes that could tell where a record is from.
    pub(super) fn processes(&self) -> impl Iterator<Item = u32> + '_ {
        self.records.iter().flat_map(|record| {
            let own = record.get("pid").and_then(|pid| pid.parse().ok());
            [own, self.parent(record)].into_iter().flatten()
        })
    }

    /// The same attempt, by a program of the same name in the same place, is one denial.
    pub(super) fn denials(
        &mut self,
        profiles: &[String],
        owner: impl Fn(&Record, Option<u32>) -> Option<String>,
    ) -> Vec<Denial> {
        let mut found: BTreeMap<(String, String, String, String, Option<String>), Denial> =
            BTreeMap::new();
        for record in &self.records {
            let denied = denial(record, profiles, owner(record, self.parent(record)));
            let what = denied.rule.clone().unwrap_or_else(|| denied.attempt.clone());
            let key = (
                denied.profile.clone(),
                denied.operation.clone(),
                denied.comm.clone(),
                what,
                denied.container.clone(),
            );
            let known = found.entry(key).or_insert_with(|| Denial { count: 0, ..denied.clone() });
            known.count += 1;
            known.first_ms = known.first_ms.min(denied.first_ms);
            known.last_ms = known.last_ms.max(denied.last_ms);
        }
        let mut denials: Vec<Denial> = found.into_values().collect();
        denials.sort_by_key(|denial| (denial.last_ms, denial.first_ms));
        let too_many = denials.len().saturating_sub(MOST_DENIALS);
        if too_many > 0 {
            denials.drain(..too_many);
            self.incomplete.push(format!("the {too_many} oldest denials are left out"));
        }
        denials
    }
}

fn denial(record: &Record, profiles: &[String], container: Option<String>) -> Denial {
    let rule = rule::of(record);
    let own = record.profiles().into_iter().find(|name| profiles.contains(name));
    Denial {
        profile: printable(&own.unwrap_or_default()),
        operation: printable(record.get("operation").unwrap_or("unknown")),
        comm: printable(record.get("comm").unwrap_or("?")),
        attempt: words::attempt(record),
        rule: rule.text,
        notes: rule.notes,
        container,
        count: 1,
        first_ms: record.stamp.at_ms,
        last_ms: record.stamp.at_ms,
    }
}
