//! Runs, read back.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Journal, errors};
use crate::{
    effect::Image,
    engine::{Effect, Effects, Event},
    error::{Error, ErrorKind, Result},
};

/// One run, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RunRow {
    /// Its name.
    pub run: String,
    /// `run`, `verify` or `rollback`.
    pub verb: String,
    /// When it began, by the host's clock.
    pub started: Timestamp,
    /// When it ended; nothing if it still runs or was cut off.
    pub finished: Option<Timestamp>,
    /// Its exit code.
    pub exit: Option<u8>,
    /// How many effects it had, those that failed included.
    pub changes: u64,
    /// Of a rollback: the run that it took back.
    pub takes_back: Option<String>,
    /// How many of them are in force: of units that no rollback has brought back since.
    pub in_force: u64,
    /// The last rollback of this run, if nothing of it is in force any more.
    pub taken_back_by: Option<String>,
}

/// What the events of one target may take, in bytes: 64 of them, of which a check has notes for a step's every claim.
const LARGEST_ROW: usize = 64 << 20;

const COLUMNS: &str = "SELECT name, verb, started_ms, finished_ms, exit, changes, takes_back,
    (SELECT count(*) FROM effects WHERE effects.run = runs.id AND taken_back = 0),
    (SELECT name FROM runs AS other WHERE other.takes_back = runs.name
     ORDER BY other.id DESC LIMIT 1) FROM runs";

fn row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let time = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let in_force = row.get(7)?;
    let taken_back_by: Option<String> = row.get(8)?;
    Ok(RunRow {
        run: row.get(0)?,
        verb: row.get(1)?,
        started: time(row.get(2)?),
        finished: row.get::<_, Option<i64>>(3)?.map(time),
        exit: row.get(4)?,
        changes: row.get(5)?,
        takes_back: row.get(6)?,
        in_force,
        taken_back_by: taken_back_by.filter(|_| in_force == 0),
    })
}

impl Journal {
    /// All runs, the newest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn runs(&self) -> Result<Vec<RunRow>> {
        self.query(|connection| {
            let mut statement = connection.prepare(&format!("{COLUMNS} ORDER BY id DESC"))?;
            let rows = statement.query_map([], row)?;
            rows.collect()
        })
    }

    /// One run; `last` is the newest that changed something, or tried to.
    ///
    /// # Errors
    /// `RUN-UNKNOWN` when there is none.
    pub fn run(&self, name: &str) -> Result<RunRow> {
        let found = self.query(|connection| {
            match name {
                "last" => {
                    let sql = format!("{COLUMNS} WHERE changes > 0 ORDER BY id DESC LIMIT 1");
                    connection.query_row(&sql, [], row)
                }
                name => connection.query_row(&format!("{COLUMNS} WHERE name = ?1"), [name], row),
            }
            .optional()
        })?;
        found.ok_or_else(|| {
            let message = match name {
                "last" => "no run has changed anything yet, so there is no last one".to_owned(),
                name => format!("there is no run `{}`", crate::transport::printable(name)),
            };
            Error::new(ErrorKind::Usage, "RUN-UNKNOWN", message)
                .hint("`phoenix-orch runs list` shows those that there are; `last` is the newest that changed something.")
        })
    }

    /// When the newest run with this verb began.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn last_started(&self, verb: &str) -> Result<Option<Timestamp>> {
        let started: Option<i64> = self.query(|connection| {
            let sql = "SELECT started_ms FROM runs WHERE verb = ?1 ORDER BY id DESC LIMIT 1";
            connection.query_row(sql, [verb], |row| row.get(0)).optional()
        })?;
        Ok(started.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
    }

    /// All events of a run, in their order.
    ///
    /// # Errors
    /// `JOURNAL-BROKEN` when one cannot be understood.
    pub fn events(&self, name: &str) -> Result<Vec<Event>> {
        let mut events = self.loud_events(name)?;
        events.extend(self.quiet_events(name)?);
        events.sort_by_key(|event| event.seq);
        Ok(events)
    }

    /// How many rows a run has: those of one event each, and those of a target each in which nothing was changed.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn rows(&self, name: &str) -> Result<(usize, usize)> {
        self.query(|connection| {
            let sql = "SELECT (SELECT count(*) FROM events WHERE run = runs.id),
                              (SELECT count(*) FROM quiet WHERE run = runs.id)
                       FROM runs WHERE name = ?1";
            let counted = connection
                .query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            Ok(counted.unwrap_or_default())
        })
    }

    /// Those that have a row each.
    pub(super) fn loud_events(&self, name: &str) -> Result<Vec<Event>> {
        let bodies: Vec<String> = self.query(|connection| {
            let sql = "SELECT body FROM events WHERE run = (SELECT id FROM runs WHERE name = ?1)
                       ORDER BY seq";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([name], |row| row.get(0))?;
            rows.collect()
        })?;
        let event = |body: String| {
            serde_json::from_str(&body)
                .map_err(|error| errors::unreadable(&self.path, name, &error))
        };
        bodies.into_iter().map(event).collect()
    }

    /// Those of targets in which nothing was changed.
    fn quiet_events(&self, name: &str) -> Result<Vec<Event>> {
        let packed: Vec<Vec<u8>> = self.query(|connection| {
            let sql = "SELECT bodies FROM quiet WHERE run = (SELECT id FROM runs WHERE name = ?1)
                       ORDER BY seq";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([name], |row| row.get(0))?;
            rows.collect()
        })?;
        let mut events = Vec::new();
        for packed in packed {
            let bodies = zstd::bulk::decompress(&packed, LARGEST_ROW)
                .map_err(|error| errors::unreadable(&self.path, name, &error))?;
            let bodies: Vec<Event> = serde_json::from_slice(&bodies)
                .map_err(|error| errors::unreadable(&self.path, name, &error))?;
            events.extend(bodies);
        }
        Ok(events)
    }

    /// The effects of a run, with what later runs found of those that it left in doubt.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub fn effects(&self, name: &str) -> Result<Vec<Effect>> {
        let mut effects = Effects::default();
        // Nothing was done where it was quiet.
        self.loud_events(name)?.iter().for_each(|event| effects.fold(event));
        let found: Vec<(u64, String)> = self.query(|connection| {
            let sql = "SELECT number, found FROM effects WHERE found IS NOT NULL
                       AND run = (SELECT id FROM runs WHERE name = ?1)";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map(params![name], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })?;
        for (number, image) in found {
            let image: Image = serde_json::from_str(&image)
                .map_err(|error| errors::unreadable(&self.path, name, &error))?;
            effects.settle(number, &image);
        }
        Ok(effects.iter().cloned().collect())
    }
}
