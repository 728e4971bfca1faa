//! The tables, and how an older journal becomes a newer one. Migrations are only ever added at the end.

use std::{path::Path, sync::LazyLock};

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::{BUSY, errors};
use crate::error::Result;

static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(include_str!("schema-1.sql")),
        M::up(include_str!("schema-2.sql")),
        M::up(include_str!("schema-3.sql")),
    ])
});

/// How many migrations this version knows.
const NEWEST: i64 = 3;

/// Says `phoenix` in the file's header, so that no other database is taken for a journal.
const APPLICATION: i32 = 0x5048_4f45;

/// Makes the connection durable and the schema the newest. A file that a newer version has written, or
/// that is no journal, is not touched.
pub(super) fn prepare(path: &Path, connection: &mut Connection) -> Result<()> {
    let look = || -> rusqlite::Result<(i32, i64, i64)> {
        connection.busy_timeout(BUSY)?;
        let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
        let application =
            connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        Ok((application, pragma("user_version")?, pragma("page_count")?))
    };
    let (application, version, pages) = look().map_err(|error| errors::of(path, &error))?;
    if pages > 0 && application != APPLICATION {
        return Err(errors::foreign(path));
    }
    if version > NEWEST {
        return Err(errors::newer(path, version, NEWEST));
    }
    let settle = || -> rusqlite::Result<()> {
        // It would be written, and waited for, each time.
        if application != APPLICATION {
            connection.pragma_update(None, "application_id", APPLICATION)?;
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)
    };
    settle().map_err(|error| errors::of(path, &error))?;
    if version < NEWEST {
        MIGRATIONS.to_latest(connection).map_err(|error| errors::migration(path, &error))?;
    }
    Ok(())
}
