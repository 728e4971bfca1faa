//! What a configuration has by the files that it includes.

use std::{fs, path::Path};

use super::{Lxc, SYNTAX};
use crate::{
    runtime::lines,
    transport::{Read, Reader, Seen},
};

/// Includes in includes are followed so far.
const MAX_DEPTH: usize = 8;

impl Lxc {
    /// The values of a key in a configuration. Those of files that are included below it follow, for they override.
    pub(super) fn effective(&self, text: &str, key: &str) -> Vec<String> {
        self.down_to(MAX_DEPTH, text, key)
    }

    /// The values of a key in an included file or folder. One that cannot be read sets nothing here: LXC
    /// itself refuses to start such a container.
    pub(in crate::runtime) fn included(&self, path: &str, key: &str) -> Vec<String> {
        self.below(MAX_DEPTH, path, key)
    }

    fn below(&self, depth: usize, path: &str, key: &str) -> Vec<String> {
        if depth == 0 {
            return Vec::new();
        }
        let files =
            match self.host.read(&[Read::Folder { path: path.to_owned() }]).map(|mut s| s.pop()) {
                Ok(Some(Ok(Seen::Folder(Some(names))))) => names
                    .iter()
                    .filter(|name| Path::new(name).extension().is_some_and(|end| end == "conf"))
                    .map(|name| format!("{path}/{name}"))
                    .collect(),
                _ => vec![path.to_owned()],
            };
        let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
        texts.flat_map(|text| self.down_to(depth - 1, &text, key)).collect()
    }

    fn down_to(&self, depth: usize, text: &str, key: &str) -> Vec<String> {
        let mut values = lines::values(SYNTAX, text, key);
        for include in lines::includes_below(SYNTAX, text, key) {
            values.extend(self.below(depth, &include, key));
        }
        values
    }
}
