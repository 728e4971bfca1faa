//! A guest's configuration file: read, kept in memory, and written again as Proxmox does.

mod keys;
mod parse;
mod section;
#[cfg(test)]
mod tests;
mod text;
mod write;

pub(crate) use keys::is_settable;
pub use keys::{check_features, check_value};
pub use parse::{Parsed, parse};
pub use section::{Conf, Section};
pub use text::{decode, encode};
pub use write::write;
