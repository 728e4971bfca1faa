//! What the engine has remembered from one run to the next.

use rusqlite::{OptionalExtension, params};

use super::{Journal, restarts};
use crate::{
    engine::{Effect, Memory},
    error::Result,
    graph::Unit,
};

/// How many of the runs that changed a target are searched for its last restart.
const LOOKED_BACK: u32 = 10;

impl Memory for Journal {
    fn owes(&self, unit: &Unit) -> Result<bool> {
        let sql = "SELECT 1 FROM owed WHERE step = ?1 AND target = ?2";
        let found = self.query(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_row([&unit.step, &unit.target], |_| Ok(())).optional()
        })?;
        Ok(found.is_some())
    }

    fn owe(&self, units: &[&Unit], run: &str) -> Result<()> {
        self.transaction(|transaction| {
            let sql = "INSERT OR IGNORE INTO owed (step, target, since) VALUES (?1, ?2, ?3)";
            for unit in units {
                transaction.execute(sql, [&unit.step, &unit.target, run])?;
            }
            Ok(())
        })
    }

    fn settle(&self, unit: &Unit) -> Result<()> {
        self.transaction(|transaction| {
            let sql = "DELETE FROM owed WHERE step = ?1 AND target = ?2";
            transaction.execute(sql, [&unit.step, &unit.target]).map(drop)
        })
    }

    fn unverified(&self, unit: &Unit, run: &str) -> Result<Vec<Effect>> {
        let names: Vec<String> = self.query(|connection| {
            let sql = "SELECT name FROM runs WHERE name <> ?3 AND verb = 'run' AND id >=
                       (SELECT runs.id FROM owed JOIN runs ON runs.name = owed.since
                        WHERE owed.step = ?1 AND owed.target = ?2) ORDER BY id";
            let mut statement = connection.prepare(sql)?;
            let rows =
                statement.query_map(params![unit.step, unit.target, run], |row| row.get(0))?;
            rows.collect()
        })?;
        let mut found = Vec::new();
        for name in names {
            let effects = self.effects(&name)?;
            found.extend(effects.into_iter().filter(|effect| effect.unit == *unit));
        }
        Ok(found)
    }

    fn cut_off(&self, target: &str, run: &str) -> Result<Vec<Unit>> {
        self.query(|connection| {
            let sql = "SELECT DISTINCT step FROM runs JOIN effects ON effects.run = runs.id
                       WHERE runs.finished_ms IS NULL AND runs.verb = 'run' AND runs.name <> ?2
                       AND effects.target = ?1 AND effects.taken_back = 0 AND NOT EXISTS
                       (SELECT 1 FROM effects AS later WHERE later.step = effects.step
                        AND later.target = effects.target AND later.run > effects.run)";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement
                .query_map([target, run], |row| Ok(Unit::new(row.get::<_, String>(0)?, target)))?;
            rows.collect()
        })
    }

    fn in_force(&self) -> Result<Vec<(String, String)>> {
        self.query(|connection| {
            let sql = "SELECT DISTINCT runs.name, effects.target
                       FROM effects JOIN runs ON runs.id = effects.run
                       WHERE runs.verb = 'run' AND effects.taken_back = 0";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    fn last_restart(&self, target: &str) -> Result<Option<u64>> {
        let names: Vec<String> = self.query(|connection| {
            let sql = "SELECT DISTINCT runs.name FROM runs JOIN effects ON effects.run = runs.id
                       WHERE effects.target = ?1 ORDER BY runs.id DESC LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![target, LOOKED_BACK], |row| row.get(0))?;
            rows.collect()
        })?;
        for name in names {
            if let Some(took) = restarts::last(&self.loud_events(&name)?, target) {
                return Ok(Some(took));
            }
        }
        Ok(None)
    }

    fn in_doubt(&self, target: &str, run: &str) -> Result<Vec<Effect>> {
        let open: Vec<(String, u64)> = self.query(|connection| {
            let sql =
                "SELECT runs.name, effects.number FROM effects JOIN runs ON runs.id = effects.run
                       WHERE effects.settled = 0 AND effects.target = ?1 AND runs.name <> ?2
                       ORDER BY effects.run, effects.number";
            let mut statement = connection.prepare_cached(sql)?;
            let rows =
                statement.query_map(params![target, run], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })?;
        let mut found = Vec::new();
        for (name, number) in open {
            let effects = self.effects(&name)?;
            found.extend(effects.into_iter().filter(|effect| effect.number == number));
        }
        Ok(found)
    }
}
