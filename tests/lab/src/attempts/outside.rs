//! Processes that are not confined by the container's profile. One is there for this purpose: it runs
//! in the container's own namespaces, as its root, but unconfined, as an administrator's
//! `lxc-attach` with elevated privileges does.

use std::io::{Error, Result};

use super::attempt::{Attempt, Group};
use super::sys::{call, list, ok, read_byte};

/// Where the process that is to be attacked has left its id.
pub(super) const VICTIM: &str = "/var/tmp/phx-victim";

fn victim() -> Result<libc::pid_t> {
    let text = std::fs::read_to_string(VICTIM)?;
    text.trim().parse().map_err(|_| Error::other("the process to be attacked is not there"))
}

fn signalled(signal: libc::c_int) -> Result<String> {
    // SAFETY: takes no pointers.
    ok(unsafe { libc::kill(victim()?, signal) }.into())?;
    Ok(format!("it got signal {signal}"))
}

pub(super) const GROUP: Group = Group {
    name: "processes outside",
    attempts: &[
        Attempt {
            id: "signal",
            tries: "sends a signal to an unconfined process, one that does nothing",
            act: || signalled(libc::SIGCONT),
        },
        Attempt {
            id: "signal-window",
            tries: "sends it another one that it ignores",
            act: || signalled(libc::SIGWINCH),
        },
        Attempt {
            id: "ptrace",
            tries: "attaches to an unconfined process as a debugger",
            act: || {
                let pid = victim()?;
                let none = std::ptr::null_mut::<libc::c_void>();
                // SAFETY: the kernel reads nothing of ours for this request.
                ok(unsafe { libc::ptrace(libc::PTRACE_ATTACH, pid, none, none) })?;
                let mut status = 0;
                // SAFETY: the status lives until the end of this function.
                unsafe { libc::waitpid(pid, &raw mut status, 0) };
                // SAFETY: as above; the process goes on.
                unsafe { libc::ptrace(libc::PTRACE_DETACH, pid, none, none) };
                Ok("it was stopped and goes on".to_owned())
            },
        },
        Attempt {
            id: "ptrace-seize",
            tries: "attaches to it without stopping it",
            act: || {
                let none = std::ptr::null_mut::<libc::c_void>();
                // SAFETY: the kernel reads nothing of ours for this request; the end of this process
                // lets go of the other.
                ok(unsafe { libc::ptrace(libc::PTRACE_SEIZE, victim()?, none, none) })?;
                Ok("it is traced".to_owned())
            },
        },
        Attempt {
            id: "memory-of-outside",
            tries: "opens the memory of an unconfined process",
            act: || super::sys::open_to_write(format!("/proc/{}/mem", victim()?)),
        },
        Attempt {
            id: "environment-of-outside",
            tries: "reads the environment of an unconfined process",
            act: || read_byte(format!("/proc/{}/environ", victim()?)),
        },
        Attempt {
            id: "files-of-outside",
            // To count them needs no right over the process.
            tries: "looks at what an unconfined process has open",
            act: || {
                let link = std::fs::read_link(format!("/proc/{}/fd/0", victim()?))?;
                Ok(format!("it is {}", link.display()))
            },
        },
        Attempt {
            id: "root-of-outside",
            tries: "goes through the root of an unconfined process",
            act: || list(&format!("/proc/{}/root/", victim()?)),
        },
        Attempt {
            id: "take-file",
            tries: "takes an open file from an unconfined process",
            act: || {
                let pidfd =
                    super::sys::call_fd(libc::SYS_pidfd_open, [victim()? as usize, 0, 0, 0, 0])?;
                let number = std::os::fd::AsRawFd::as_raw_fd(&pidfd) as usize;
                super::sys::call_fd(libc::SYS_pidfd_getfd, [number, 0, 0, 0, 0])?;
                Ok("it was taken".to_owned())
            },
        },
        Attempt {
            id: "read-memory",
            tries: "asks the kernel to copy memory of an unconfined process",
            act: || {
                let pid = victim()? as usize;
                // Nothing is copied; the question of rights comes first.
                call(libc::SYS_kcmp, [std::process::id() as usize, pid, 1, 0, 0])?;
                Ok("the two were compared".to_owned())
            },
        },
    ],
};
