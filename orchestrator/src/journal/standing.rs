//! How each target stands, from one run and one look to the next.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use super::{
    Journal,
    tally::{Left, Standings},
};
use crate::{engine::Event, error::Result};

/// What is known of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The target.
    pub target: String,
    /// The features that runs have brought to it, or were to bring.
    pub features: Vec<String>,
    /// The last run that was to change it.
    pub last: Option<LastRun>,
    /// When it was last known to be as wanted.
    pub good: Option<Timestamp>,
    /// What the last look found, and since when every look has found the same.
    pub seen: Option<(String, Timestamp)>,
}

/// The last run on a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastRun {
    /// Its name.
    pub run: String,
    /// When it ended, by the host's clock.
    pub ended: Timestamp,
    /// How long its units on the target took together, in milliseconds.
    pub took_ms: u64,
    /// Why it failed there, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

const COLUMNS: &str = "SELECT target, features, run, ended_ms, took_ms, failure, good_ms, health, since_ms FROM standings";

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn row(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let features: String = row.get(1)?;
    let run: Option<String> = row.get(2)?;
    let last = match run {
        None => None,
        Some(run) => Some(LastRun {
            run,
            ended: time(row.get(3)?),
            took_ms: row.get(4)?,
            failure: row.get(5)?,
        }),
    };
    let seen: (Option<String>, Option<i64>) = (row.get(7)?, row.get(8)?);
    Ok(Standing {
        target: row.get(0)?,
        // Nobody else writes it; what cannot be read is no feature that could be looked at.
        features: serde_json::from_str(&features).unwrap_or_default(),
        last,
        good: row.get::<_, Option<i64>>(6)?.map(time),
        seen: seen.0.zip(seen.1.map(time)),
    })
}

fn of(connection: &Connection, target: &str) -> rusqlite::Result<Option<Standing>> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE target = ?1"))?;
    statement.query_row([target], row).optional()
}

impl Journal {
    /// All targets that a run was to change or a look has found something of, by their names.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn standings(&self) -> Result<Vec<Standing>> {
        self.query(|connection| {
            let mut statement = connection.prepare(&format!("{COLUMNS} ORDER BY target"))?;
            let rows = statement.query_map([], row)?;
            rows.collect()
        })
    }

    /// Notes down what a look has found of these targets: in which health each is, since when, and whether that is as wanted. It
    /// waits for no disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn looked(&self, at: Timestamp, found: &[(&str, &str, Timestamp, bool)]) -> Result<()> {
        let at = at.as_millisecond();
        self.lazily(|transaction| {
            let sql = "INSERT INTO standings (target, health, looked_ms, since_ms, good_ms)
                       VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (target) DO UPDATE SET
                       health = ?2, looked_ms = ?3, since_ms = ?4, good_ms = coalesce(?5, good_ms)";
            let mut statement = transaction.prepare_cached(sql)?;
            for (target, health, since, good) in found {
                let good = good.then_some(at);
                statement.execute(params![target, health, at, since.as_millisecond(), good])?;
            }
            Ok(())
        })
    }
}

/// What the end of a run says.
pub(super) fn write(
    transaction: &Transaction<'_>,
    end: &Event,
    standings: &Standings,
) -> rusqlite::Result<()> {
    match standings {
        Standings::Left { features, targets } => targets
            .iter()
            .try_for_each(|(target, left)| write_left(transaction, end, features, (target, left))),
        Standings::TakenBack { targets } => {
            // What nothing is in force on any more is nobody's to look after.
            let sql = "DELETE FROM standings WHERE target = ?1 AND NOT EXISTS
                       (SELECT 1 FROM effects JOIN runs ON runs.id = effects.run
                        WHERE effects.target = ?1 AND runs.verb = 'run' AND effects.taken_back = 0)";
            targets.iter().try_for_each(|target| transaction.execute(sql, [target]).map(drop))
        }
    }
}

fn write_left(
    transaction: &Transaction<'_>,
    end: &Event,
    features: &[String],
    (target, left): (&str, &Left),
) -> rusqlite::Result<()> {
    let mut all = of(transaction, target)?.unwrap_or_default().features;
    all.extend(features.iter().filter(|name| !all.contains(name)).cloned().collect::<Vec<_>>());
    let features = serde_json::to_string(&all).unwrap_or_else(|_| "[]".to_owned());
    let at = end.at.as_millisecond();
    let good = (left.failure.is_none() && left.open == 0).then_some(at);
    let sql = "INSERT INTO standings (target, features, run, ended_ms, took_ms, failure, good_ms)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (target) DO UPDATE SET
               features = ?2, run = ?3, ended_ms = ?4, took_ms = ?5, failure = ?6,
               good_ms = coalesce(?7, good_ms)";
    transaction
        .prepare_cached(sql)?
        .execute(params![target, features, end.run, at, left.took_ms, left.failure, good])
        .map(drop)
}
