//! Where contents are kept until a rollback needs them, by their SHA-256.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::Result;

/// The SHA-256 of some contents, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Of these contents.
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keeps contents. The journal is the one of real runs.
pub trait Vault: Send + Sync {
    /// Keeps these contents; they are durable no later than the next event that must be.
    ///
    /// # Errors
    /// When they cannot be kept; what depends on them must not be done then.
    fn keep(&self, content: &[u8]) -> Result<Digest>;

    /// Contents that were kept once.
    ///
    /// # Errors
    /// When they are not there any more, or are not what they were.
    fn fetch(&self, digest: &Digest) -> Result<Vec<u8>>;
}

/// Contents that are a text; what is no UTF-8 is replaced.
pub(super) fn text(vault: &dyn Vault, digest: &Digest) -> Result<String> {
    Ok(String::from_utf8_lossy(&vault.fetch(digest)?).into_owned())
}
