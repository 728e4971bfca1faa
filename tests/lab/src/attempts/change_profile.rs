//! Getting out of the profile by changing to another one.

use std::io::{Error, Result};

use super::attempt::{Attempt, Group};

fn label() -> Result<String> {
    Ok(std::fs::read_to_string("/proc/thread-self/attr/current")?.trim_end().to_owned())
}

/// Whether nothing confines the container, as the host has said.
fn unconfined() -> bool {
    std::env::var("PHX_LABEL").is_ok_and(|label| label == "unconfined")
}

/// Writes a command to the interface of the own process.
fn command(file: &str, command: &str) -> Result<String> {
    let before = label()?;
    std::fs::write(format!("/proc/thread-self/attr/{file}"), command)?;
    let after = label()?;
    // What is asked for the next program shows in the label only then, so obedience is enough.
    let in_namespace = before == "unconfined" && !unconfined();
    if in_namespace || (before == after && !file.ends_with("exec") && !unconfined()) {
        // In a policy namespace of its own root is `unconfined` from the start, and may become so
        // again; the profile outside the namespace holds all the same.
        return Err(Error::other(format!("obeyed, but the label is still `{after}`")));
    }
    Ok(format!("`{command}` was obeyed: from `{before}` to `{after}`"))
}

pub(super) const GROUP: Group = Group {
    name: "change of profile",
    attempts: &[
        Attempt {
            id: "change-unconfined",
            tries: "changes to unconfined",
            act: || command("current", "changeprofile unconfined"),
        },
        Attempt {
            id: "change-unconfined-lsm",
            tries: "changes to unconfined by the newer interface",
            act: || command("apparmor/current", "changeprofile unconfined"),
        },
        Attempt {
            id: "change-other",
            tries: "changes to another profile of LXC's",
            act: || command("current", "changeprofile lxc-container-default-cgns"),
        },
        Attempt {
            id: "change-lxc-start",
            tries: "changes to the profile of lxc-start, which may do nearly everything",
            act: || command("current", "changeprofile /usr/bin/lxc-start"),
        },
        Attempt {
            id: "change-root-namespace",
            tries: "changes to unconfined in the root namespace of the policy",
            act: || command("current", "changeprofile :root:unconfined"),
        },
        Attempt {
            id: "exec-unconfined",
            tries: "becomes unconfined with its next program",
            act: || command("exec", "exec unconfined"),
        },
        Attempt {
            id: "exec-other",
            tries: "gets LXC's nesting profile with its next program",
            act: || command("exec", "exec lxc-container-default-with-nesting"),
        },
    ],
};
