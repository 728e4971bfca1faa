//! One edit of a container's configuration, as a change wants it.

use phoenix_sdk::{Kind, Others};

/// What is to become of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit<'a> {
    /// It has this value.
    Set {
        /// `lxc.mount.entry`.
        key: &'a str,
        /// Without the key.
        value: &'a str,
        /// What becomes of its other values.
        others: Others,
    },
    /// It does not have this value.
    Remove {
        /// Empty for a line that is none of a configuration.
        key: &'a str,
        /// The whole of a line that has no key.
        value: &'a str,
    },
}

impl<'a> Edit<'a> {
    /// The edit that a change of this kind is, if it is one.
    pub fn of(kind: &'a Kind) -> Option<Self> {
        match kind {
            Kind::ContainerOption { key, value, others } => {
                Some(Self::Set { key, value, others: *others })
            }
            Kind::ContainerOptionAbsent { key, value } => Some(Self::Remove { key, value }),
            _ => None,
        }
    }
}
