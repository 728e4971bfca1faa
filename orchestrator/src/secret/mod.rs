//! What must not be told, recognised in what is told: credentials in texts and documents, and files whose contents are
//! nobody's business. The log and the support bundle go through here; the type that hides a value from the beginning is
//! [`phoenix_sdk::Secret`].
//!
//! What this module cannot do: know that a word is a secret which looks like any other word and has no telling name
//! beside it. A [`Mask`] is told those that are known.

mod document;
mod mask;
mod name;
mod path;
mod text;

pub use mask::Mask;
pub use name::is_telling;
pub use path::is_private;
