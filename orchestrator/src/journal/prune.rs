//! Forgets old runs. What a rollback still needs goes only if that was asked for in so many words.

use jiff::Timestamp;
use rusqlite::params;

use super::{Journal, RunRow};
use crate::error::Result;

/// Which runs stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// So many of the newest.
    Newest(usize),
    /// Those that began at this time or later.
    Since(Timestamp),
}

/// What pruning did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The runs that are gone.
    pub removed: Vec<RunRow>,
    /// Old ones that stayed, because they can still be rolled back.
    pub needed: Vec<RunRow>,
    /// Old ones that stayed, because something that they began is not settled yet.
    pub in_doubt: Vec<RunRow>,
}

/// Contents that are younger may belong to a run that has not referred to them yet: one day.
const FRESH_MS: i64 = 24 * 60 * 60 * 1000;

/// Whether a rollback of this run would still have something to do, as far as the journal knows.
fn is_needed(run: &RunRow) -> bool {
    run.in_force > 0
}

impl Journal {
    /// Removes runs that are older than what is kept. Those that can still be rolled back stay, unless
    /// `even_needed`; those with something in doubt always stay.
    ///
    /// # Errors
    /// When the journal cannot be read or written.
    pub fn prune(&self, keep: Keep, even_needed: bool) -> Result<Pruned> {
        let doubtful: Vec<String> = self.query(|connection| {
            let sql = "SELECT DISTINCT runs.name FROM effects JOIN runs ON runs.id = effects.run
                       WHERE effects.settled = 0";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect()
        })?;
        let mut pruned = Pruned::default();
        for (place, run) in self.runs()?.into_iter().enumerate() {
            let old = match keep {
                Keep::Newest(number) => place >= number,
                Keep::Since(since) => run.started < since,
            };
            if !old {
                continue;
            }
            if doubtful.contains(&run.run) {
                pruned.in_doubt.push(run);
            } else if is_needed(&run) && !even_needed {
                pruned.needed.push(run);
            } else {
                pruned.removed.push(run);
            }
        }
        self.transaction(|transaction| {
            for run in &pruned.removed {
                transaction.execute("DELETE FROM runs WHERE name = ?1", params![run.run])?;
            }
            let sql = "DELETE FROM contents
                       WHERE kept_ms < ?1 AND digest NOT IN (SELECT digest FROM refers)";
            transaction.execute(sql, [Timestamp::now().as_millisecond() - FRESH_MS])
        })?;
        Ok(pruned)
    }
}
