//! Other calls that act on the whole machine.

use super::attempt::{Attempt, Group};
use super::sys::{c, call, ok, unless_refused};

pub(super) const GROUP: Group = Group {
    name: "machine-wide calls",
    attempts: &[
        Attempt {
            id: "set-time",
            tries: "sets the clock, to what it shows",
            act: || {
                let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                // SAFETY: the time lives until the end of this function.
                ok(unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut time) }.into())?;
                // SAFETY: as above.
                ok(unsafe { libc::clock_settime(libc::CLOCK_REALTIME, &raw const time) }.into())?;
                Ok("it was set".to_owned())
            },
        },
        Attempt {
            id: "kernel-log",
            tries: "asks how long the kernel's log is",
            act: || {
                // SAFETY: takes no buffer for this question.
                ok(unsafe { libc::klogctl(10, std::ptr::null_mut(), 0) }.into())?;
                Ok("it knows".to_owned())
            },
        },
        Attempt {
            id: "kernel-log-level",
            tries: "turns messages of the kernel on the console on, as they are",
            act: || {
                // SAFETY: takes no buffer for this command.
                ok(unsafe { libc::klogctl(7, std::ptr::null_mut(), 0) }.into())?;
                Ok("they are on".to_owned())
            },
        },
        Attempt {
            id: "ports",
            tries: "gets at the processor's input and output",
            act: || {
                // SAFETY: takes no pointers.
                ok(unsafe { libc::iopl(3) }.into())?;
                Ok("it may".to_owned())
            },
        },
        Attempt {
            id: "swap",
            tries: "turns a swap file on, one that does not exist",
            act: || {
                let path = c("/phx-no-such-file");
                unless_refused(call(libc::SYS_swapon, [path.as_ptr() as usize, 0, 0, 0, 0]))
            },
        },
        Attempt {
            id: "open-by-handle",
            tries: "opens a file of the host by its number, as once to leave Docker",
            act: || {
                // Inode 2 of ext4, the root of the host's disk.
                let handle: [u32; 4] = [8, 1, 2, 0];
                let root = std::fs::File::open("/")?;
                let at = std::os::fd::AsRawFd::as_raw_fd(&root) as usize;
                unless_refused(call(
                    libc::SYS_open_by_handle_at,
                    [at, handle.as_ptr() as usize, 0, 0, 0],
                ))
            },
        },
        Attempt {
            id: "accounting",
            tries: "has the kernel write down every process, in a file that does not exist",
            act: || {
                let path = c("/phx-no-such-file");
                unless_refused(call(libc::SYS_acct, [path.as_ptr() as usize, 0, 0, 0, 0]))
            },
        },
    ],
};
