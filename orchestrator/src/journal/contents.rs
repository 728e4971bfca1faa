//! Contents by hash, compressed: what a rollback brings back.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Journal, errors};
use crate::{
    effect::{Digest, Vault},
    error::Result,
};

/// Fast, and enough for text.
const LEVEL: i32 = 3;

impl Vault for Journal {
    fn keep(&self, content: &[u8]) -> Result<Digest> {
        let digest = Digest::of(content);
        let there = self.query(|connection| {
            let sql = "SELECT 1 FROM contents WHERE digest = ?1";
            connection.query_row(sql, [digest.as_str()], |_| Ok(())).optional()
        })?;
        if there.is_none() {
            let packed = zstd::encode_all(content, LEVEL)
                .map_err(|error| errors::state_dir(&self.path, &error))?;
            self.transaction(|transaction| {
                let sql = "INSERT OR IGNORE INTO contents (digest, size, kept_ms, zstd)
                           VALUES (?1, ?2, ?3, ?4)";
                let now = Timestamp::now().as_millisecond();
                transaction.execute(sql, params![digest.as_str(), content.len(), now, packed])
            })?;
        }
        Ok(digest)
    }

    fn fetch(&self, digest: &Digest) -> Result<Vec<u8>> {
        let packed: Option<Vec<u8>> = self.query(|connection| {
            let sql = "SELECT zstd FROM contents WHERE digest = ?1";
            connection.query_row(sql, [digest.as_str()], |row| row.get(0)).optional()
        })?;
        packed
            .and_then(|packed| zstd::decode_all(packed.as_slice()).ok())
            .filter(|content| Digest::of(content) == *digest)
            .ok_or_else(|| errors::lost(&self.path, digest.as_str()))
    }
}
