//! Ways out by control groups.

use super::attempt::{Attempt, Group};
use super::sys::{mount, open_to_write, scratch};

pub(super) const GROUP: Group = Group {
    name: "control groups",
    attempts: &[
        Attempt {
            id: "cgroup1",
            tries: "mounts a hierarchy of version 1, whose release agent the host would run",
            act: || {
                let place = scratch("/mnt")?;
                mount("cgroup", &place, "cgroup", 0, "none,name=phx")?;
                open_to_write(format!("{place}/release_agent"))
            },
        },
        Attempt {
            id: "cgroup1-memory",
            tries: "mounts a controller of version 1",
            act: || {
                mount("cgroup", &scratch("/mnt")?, "cgroup", 0, "rdma")?;
                Ok("it was mounted".to_owned())
            },
        },
        Attempt {
            id: "cgroup2-elsewhere",
            tries: "mounts the hierarchy of version 2 elsewhere",
            act: || {
                mount("cgroup2", &scratch("/mnt")?, "cgroup2", 0, "")?;
                Ok("it was mounted".to_owned())
            },
        },
        Attempt {
            id: "own-limit",
            tries: "changes the limits that the host set for the container",
            act: || open_to_write("/sys/fs/cgroup/memory.max"),
        },
    ],
};
