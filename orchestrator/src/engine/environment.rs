//! Where a run is made, as far as that is known without starting any program: a run that finds nothing to do stays
//! cheap.

use std::{fs::File, io::Read as _};

use phoenix_sdk::Manager;
use serde::{Deserialize, Serialize};

use crate::runtime::Runtime;

/// The host of a run, at its start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The host's name.
    pub host: String,
    /// The kernel's release, as `uname -r` gives it.
    pub kernel: String,
    /// The processor, as `uname -m` gives it.
    pub machine: String,
    /// The distribution in its own words; nothing if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// What manages the containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<Manager>,
}

/// More of it is no os-release.
const LARGEST: u64 = 64 << 10;

impl Environment {
    /// Of this host, on which containers are managed like this.
    pub(super) fn of_this_host(runtime: &dyn Runtime) -> Self {
        let uname = rustix::system::uname();
        let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
        let releases = ["/etc/os-release", "/usr/lib/os-release"];
        Self {
            host: text(uname.nodename()),
            kernel: text(uname.release()),
            machine: text(uname.machine()),
            os: releases.into_iter().find_map(read).as_deref().and_then(pretty_name),
            manager: Some(runtime.manager()),
        }
    }
}

fn read(path: &str) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The distribution's name for people. The file is made of assignments of the shell; nobody escapes anything in this
/// one, and quotes are optional.
fn pretty_name(text: &str) -> Option<String> {
    let value = text.lines().rev().find_map(|line| line.strip_prefix("PRETTY_NAME="))?.trim();
    let bare = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    let value = bare('"').or_else(|| bare('\'')).unwrap_or(value);
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::pretty_name;

    #[test]
    fn the_distribution_is_named_in_its_own_words() {
        for (text, name) in [
            (
                "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
                Some("Debian GNU/Linux 12 (bookworm)"),
            ),
            ("PRETTY_NAME='Alpine Linux v3.20'", Some("Alpine Linux v3.20")),
            ("PRETTY_NAME=Arch\nPRETTY_NAME=Linux", Some("Linux")),
            ("PRETTY_NAME=\"\"", None),
            ("ID=x", None),
        ] {
            assert_eq!(pretty_name(text).as_deref(), name, "{text}");
        }
    }
}
