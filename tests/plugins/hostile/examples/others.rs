//! Turns against other processes: the orchestrator first of all. Which number that has nobody tells a step,
//! so all are tried.

use std::io;

use hostile::{Attempt, Outcome, system_call};

hostile::hostile!(&[
    (
        "trace",
        Attempt::Alone(|| {
            each(|pid| system_call(libc::SYS_ptrace, [libc::PTRACE_SEIZE as usize, pid, 0, 0]))
        })
    ),
    (
        "read-memory",
        Attempt::Alone(|| {
            let mut byte = 0_u8;
            let mine = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
            // What is mapped there is most likely the same library of the system.
            let theirs = libc::iovec { iov_base: libc::getpid as *mut _, iov_len: 1 };
            let (mine, theirs) = (&raw const mine as usize, &raw const theirs as usize);
            each(|pid| system_call(libc::SYS_process_vm_readv, [pid, mine, 1, theirs, 1, 0]))
        })
    ),
    (
        "read-memory-file",
        Attempt::Alone(|| {
            each(|pid| std::fs::File::open(format!("/proc/{pid}/mem")).map(|_| 0))
        })
    ),
    (
        "read-descriptors",
        Attempt::Alone(|| { each(|pid| std::fs::read_dir(format!("/proc/{pid}/fd")).map(|_| 0)) })
    ),
    (
        "take-descriptor",
        Attempt::Alone(|| {
            each(|pid| {
                let handle = system_call(libc::SYS_pidfd_open, [pid, 0])?;
                system_call(libc::SYS_pidfd_getfd, [handle as usize, 0, 0])
            })
        })
    ),
    // A signal that does no harm, should it arrive: this attempt is made by root if all else fails.
    (
        "kill",
        Attempt::Alone(|| each(|pid| system_call(libc::SYS_kill, [pid, libc::SIGURG as usize])))
    ),
    (
        "kill-all",
        Attempt::Alone(|| {
            Outcome::of(
                system_call(libc::SYS_kill, [usize::MAX, libc::SIGURG as usize]),
                "reached some",
            )
        })
    ),
    ("parent", Attempt::Alone(|| Outcome::of(system_call(libc::SYS_getppid, []), "knows it"))),
    (
        "priority",
        Attempt::Alone(|| {
            each(|pid| system_call(libc::SYS_setpriority, [libc::PRIO_PROCESS as usize, pid, 19]))
        })
    ),
]);

/// Tries it on every process but this one.
fn each(attempt: impl Fn(usize) -> io::Result<i64>) -> Outcome {
    let own = std::process::id() as usize;
    let mut last = io::Error::other("there is none");
    for pid in (1..100_000).filter(|pid| *pid != own) {
        match attempt(pid) {
            Ok(_) => return Outcome::Succeeded(format!("process {pid}")),
            // Only whoever may look is told that nothing is there.
            Err(error) if error.raw_os_error() == Some(libc::EFAULT) => {
                return Outcome::Succeeded(format!("process {pid}"));
            }
            Err(error) => last = error,
        }
    }
    Outcome::Held(last.to_string())
}
