//! Hears events. What announces or ends an effect is durable before the engine goes on; the rest is
//! written along with it, so that a run which finds nothing to change waits for the disk once, at its end.

use rusqlite::{OptionalExtension, Transaction, config::DbConfig, params};

use super::{Inner, Journal, errors, quiet::Entry, standing};
use crate::{
    effect::{Image, Judgement},
    engine::{Body, Deed, Event, Sink, event::Outcome},
    error::Result,
    graph::Unit,
};

/// Events that may be lost with the process: lines of output and the like.
const MOST_PENDING: usize = 256;

/// A journal as one of the sinks of a run.
pub struct JournalSink<'a>(pub &'a Journal);

impl Sink for JournalSink<'_> {
    fn hear(&mut self, event: &Event) -> Result<()> {
        let mut inner = self.0.inner();
        let standings = inner.tally.hear(event);
        let entries = inner.quiet.hear(event);
        inner.pending.extend(entries);
        if let Some(standings) = standings {
            inner.pending.push(Entry::Standings(Box::new(event.clone()), standings));
        }
        let written = match Durable::of(&event.body) {
            Durable::Now => {
                inner.waited = true;
                flush(&mut inner)
            }
            Durable::AtTheEnd => flush(&mut inner).and_then(|()| leave_log(&inner)),
            Durable::WhenConvenient { seen_at_once } => {
                match seen_at_once || inner.pending.len() >= MOST_PENDING {
                    // For other processes to see.
                    true => inner.lazily(flush),
                    false => Ok(()),
                }
            }
        };
        written.map_err(|error| errors::of(&self.0.path, &error))
    }
}

/// When the disk has to have an event.
enum Durable {
    /// Before anything else is done.
    Now,
    /// With all before it, at the end of the run.
    AtTheEnd,
    /// Together with the next one that has to be; a machine that goes down before that loses it.
    WhenConvenient {
        /// Whether other processes are to see it, which needs no disk.
        seen_at_once: bool,
    },
}

impl Durable {
    fn of(body: &Body) -> Self {
        match body {
            Body::Intended { .. }
            | Body::Done { .. }
            | Body::EffectFailed { .. }
            | Body::Settled { .. }
            | Body::Recorded { .. } => Self::Now,
            Body::RunFinished { .. } => Self::AtTheEnd,
            Body::RunStarted { .. } => Self::WhenConvenient { seen_at_once: true },
            Body::UnitStarted { .. }
            | Body::Checked { .. }
            | Body::Output { .. }
            | Body::Verified { .. }
            | Body::UnitFinished { .. }
            | Body::UnitSkipped { .. }
            | Body::Leftovers { .. } => Self::WhenConvenient { seen_at_once: false },
        }
    }
}

/// After a run without effects the log stays beside the journal, where the next run goes on with it: to bring it in
/// would wait for the disk twice. SQLite brings it in by itself when it has become long.
fn leave_log(inner: &Inner) -> rusqlite::Result<()> {
    let leave = !inner.waited;
    inner.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave).map(drop)
}

fn flush(inner: &mut Inner) -> rusqlite::Result<()> {
    let pending = std::mem::take(&mut inner.pending);
    let written = inner.transaction(|transaction| {
        pending.iter().try_for_each(|entry| match entry {
            Entry::Event(event) => write(transaction, event),
            Entry::Quiet(events) => write_quiet(transaction, events),
            Entry::Standings(end, standings) => standing::write(transaction, end, standings),
        })
    });
    if written.is_err() {
        inner.pending = pending;
    }
    written
}

/// All of a target in one row.
fn write_quiet(transaction: &Transaction<'_>, events: &[Event]) -> rusqlite::Result<()> {
    let Some(first) = events.first() else { return Ok(()) };
    let sql = "SELECT id FROM runs WHERE name = ?1";
    let run: i64 = transaction.prepare_cached(sql)?.query_row([&first.run], |row| row.get(0))?;
    transaction
        .prepare_cached("INSERT INTO quiet (run, seq, bodies) VALUES (?1, ?2, ?3)")?
        .execute(params![run, first.seq, pack(events)?])
        .map(drop)
}

/// Fast, and enough for what is mostly the same words again.
const LEVEL: i32 = 1;

fn pack(events: &[Event]) -> rusqlite::Result<Vec<u8>> {
    let text = phoenix_sdk::boundary::Doc::write(&events);
    zstd::bulk::compress(text.as_str().as_bytes(), LEVEL)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn write(transaction: &Transaction<'_>, event: &Event) -> rusqlite::Result<()> {
    let at = event.at.as_millisecond();
    if let Body::RunStarted { verb, takes_back, .. } = &event.body {
        transaction.execute(
            "INSERT INTO runs (name, verb, started_ms, takes_back) VALUES (?1, ?2, ?3, ?4)",
            params![event.run, verb, at, takes_back],
        )?;
    }
    let sql = "SELECT id FROM runs WHERE name = ?1";
    let run: i64 = transaction.prepare_cached(sql)?.query_row([&event.run], |row| row.get(0))?;
    let body = phoenix_sdk::boundary::Doc::write(event);
    transaction
        .prepare_cached("INSERT INTO events (run, seq, body) VALUES (?1, ?2, ?3)")?
        .execute(params![run, event.seq, body.as_str()])?;
    match &event.body {
        Body::Intended { unit, effect, deed, before, expected } => {
            transaction.execute(
                "INSERT INTO effects (run, number, step, target) VALUES (?1, ?2, ?3, ?4)",
                params![run, effect, unit.step, unit.target],
            )?;
            transaction.execute("UPDATE runs SET changes = changes + 1 WHERE id = ?1", [run])?;
            refer(transaction, run, before)?;
            expected.iter().try_for_each(|image| refer(transaction, run, image))?;
            if let Deed::Restore(restore) = &**deed {
                refer(transaction, run, &restore.from)?;
                refer(transaction, run, &restore.to)?;
            }
        }
        Body::Done { effect, after, .. } => {
            end(transaction, run, *effect)?;
            refer(transaction, run, after)?;
        }
        Body::EffectFailed { effect, after, .. } => {
            end(transaction, run, *effect)?;
            after.iter().try_for_each(|image| refer(transaction, run, image))?;
        }
        Body::Settled { of, effect, after, found, .. } => {
            // What somebody has changed since is not what the run left: a rollback must not take it for that.
            let image = (*found != Judgement::Conflict)
                .then(|| phoenix_sdk::boundary::Doc::write(after).as_str().to_owned());
            // What never happened is not in force.
            let nothing = *found == Judgement::AsBefore;
            let sql = "UPDATE effects SET settled = 1, found = ?3, taken_back = ?4
                       WHERE number = ?2 AND run = (SELECT id FROM runs WHERE name = ?1)";
            transaction.execute(sql, params![of, effect, image, nothing])?;
            // The run that was cut off refers to it as well: its rollback needs it.
            let sql = "SELECT id FROM runs WHERE name = ?1";
            let dead: i64 = transaction.query_row(sql, [of], |row| row.get(0))?;
            refer(transaction, run, after)?;
            refer(transaction, dead, after)?;
        }
        Body::UnitFinished {
            unit,
            outcome: Outcome::Changed { .. } | Outcome::Unchanged | Outcome::Irrevocable,
            ..
        } => {
            taken_back(transaction, run, unit)?;
        }
        Body::Recorded { content, .. } => {
            let sql = "INSERT OR IGNORE INTO refers (run, digest) VALUES (?1, ?2)";
            transaction.execute(sql, params![run, content.as_str()])?;
        }
        Body::RunFinished { exit, .. } => {
            let sql = "UPDATE runs SET finished_ms = ?2, exit = ?3 WHERE id = ?1";
            transaction.execute(sql, params![run, at, exit])?;
        }
        _ => {}
    }
    Ok(())
}

fn end(transaction: &Transaction<'_>, run: i64, effect: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE effects SET settled = 1 WHERE run = ?1 AND number = ?2";
    transaction.execute(sql, params![run, effect]).map(drop)
}

/// A unit of a rollback has ended well: the effects that it took back are not in force any more, and if they
/// were those of a rollback, what that had taken back is.
fn taken_back(transaction: &Transaction<'_>, run: i64, unit: &Unit) -> rusqlite::Result<()> {
    let before = |run: i64| {
        let sql = "SELECT other.id FROM runs JOIN runs AS other ON other.name = runs.takes_back
                   WHERE runs.id = ?1";
        transaction.query_row(sql, [run], |row| row.get::<_, i64>(0)).optional()
    };
    let mut taken_back = true;
    let mut next = before(run)?;
    while let Some(run) = next {
        let sql = "UPDATE effects SET taken_back = ?4
                   WHERE run = ?1 AND step = ?2 AND target = ?3";
        transaction.execute(sql, params![run, unit.step, unit.target, taken_back])?;
        taken_back = !taken_back;
        next = before(run)?;
    }
    Ok(())
}

fn refer(transaction: &Transaction<'_>, run: i64, image: &Image) -> rusqlite::Result<()> {
    for digest in image.contents() {
        let sql = "INSERT OR IGNORE INTO refers (run, digest) VALUES (?1, ?2)";
        transaction.execute(sql, params![run, digest.as_str()])?;
    }
    Ok(())
}
