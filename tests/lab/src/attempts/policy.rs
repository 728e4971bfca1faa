//! The host's AppArmor policy.

use std::io::Result;

use super::attempt::{Attempt, Group};
use super::sys::{list, mount, open_to_write, scratch};

const PLACES: &[&str] =
    &["/sys/kernel/security/apparmor", "/dev/.lxc/sys/kernel/security/apparmor"];

/// Opens a file of the policy interface, wherever it may be.
fn control(name: &str) -> Result<String> {
    // Where securityfs can be mounted it is; else only the places that are there are tried.
    let place = scratch("/mnt")?;
    let mounted = mount("securityfs", &place, "securityfs", 0, "");
    let first = open_to_write(format!("{place}/apparmor/{name}"));
    PLACES
        .iter()
        .fold(first, |result, place| result.or_else(|_| open_to_write(format!("{place}/{name}"))))
        .or_else(|error| mounted.and(Err(error)))
}

pub(super) const GROUP: Group = Group {
    name: "host policy",
    attempts: &[
        Attempt { id: "policy-load", tries: "loads a profile", act: || control(".load") },
        Attempt { id: "policy-replace", tries: "replaces a profile", act: || control(".replace") },
        Attempt { id: "policy-remove", tries: "removes a profile", act: || control(".remove") },
        Attempt {
            id: "policy-list",
            tries: "lists the host's profiles",
            act: || list("/sys/kernel/security/apparmor/policy/profiles"),
        },
        Attempt {
            id: "policy-mode",
            tries: "lets violations pass with a parameter of the module",
            act: || open_to_write("/sys/module/apparmor/parameters/mode"),
        },
    ],
};
