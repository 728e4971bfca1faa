//! Asks the kernel for what would undo the confinement, or for parts of it with a history of holes.

use hostile::{Attempt, Outcome, judge, system_call};

const NOTHING: &std::ffi::CStr = c"none";
const ROOT: &std::ffi::CStr = c"/";

hostile::hostile!(&[
    (
        "raise-limit",
        Attempt::Alone(|| {
            let most = [libc::RLIM_INFINITY; 2];
            judge("raised", libc::SYS_setrlimit, [libc::RLIMIT_AS as usize, most.as_ptr() as usize])
        })
    ),
    (
        "raise-limit-of-process",
        Attempt::Alone(|| {
            let most = [libc::RLIM_INFINITY; 2];
            let (which, most) = (libc::RLIMIT_DATA as usize, most.as_ptr() as usize);
            judge("raised", libc::SYS_prlimit64, [0, which, most, 0])
        })
    ),
    (
        "mount",
        Attempt::Alone(|| {
            let (kind, place) = (c"tmpfs".as_ptr() as usize, ROOT.as_ptr() as usize);
            judge("mounted", libc::SYS_mount, [NOTHING.as_ptr() as usize, place, kind, 0, 0])
        })
    ),
    (
        "unmount",
        Attempt::Alone(|| judge("unmounted", libc::SYS_umount2, [ROOT.as_ptr() as usize, 2]))
    ),
    (
        "change-root",
        Attempt::Alone(|| judge("changed", libc::SYS_chroot, [ROOT.as_ptr() as usize]))
    ),
    (
        "unshare",
        Attempt::Alone(|| judge("has it", libc::SYS_unshare, [libc::CLONE_NEWUSER as usize]))
    ),
    ("enter-namespace", Attempt::Alone(|| judge("entered", libc::SYS_setns, [2, 0]))),
    ("become-root", Attempt::Alone(|| judge("is root", libc::SYS_setuid, [0]))),
    ("get-capabilities", Attempt::Alone(get_capabilities)),
    (
        "be-dumpable",
        Attempt::Alone(|| judge("is", libc::SYS_prctl, [libc::PR_SET_DUMPABLE as usize, 1]))
    ),
    (
        "outlive-orchestrator",
        Attempt::Alone(|| { judge("will", libc::SYS_prctl, [libc::PR_SET_PDEATHSIG as usize, 0]) })
    ),
    (
        "bpf",
        Attempt::Alone(|| {
            // A map of type "array": key of 4 bytes, value of 4 bytes, one entry.
            let map = [2_u32, 4, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0];
            judge("has a map", libc::SYS_bpf, [0, map.as_ptr() as usize, size_of_val(&map)])
        })
    ),
    ("keyring", Attempt::Alone(|| judge("has it", libc::SYS_keyctl, [0, -3_isize as usize, 1]))),
    (
        "perf",
        Attempt::Alone(|| {
            // Of the type "software", and 128 bytes long.
            let event = [1_u64 | 128 << 32; 1].into_iter().chain([0; 15]).collect::<Vec<_>>();
            judge(
                "measures",
                libc::SYS_perf_event_open,
                [event.as_ptr() as usize, 0, usize::MAX, usize::MAX, 0],
            )
        })
    ),
    (
        "io-uring",
        Attempt::Alone(|| {
            let parameters = [0_u64; 32];
            judge("has it", libc::SYS_io_uring_setup, [1, parameters.as_ptr() as usize])
        })
    ),
    ("userfaultfd", Attempt::Alone(|| judge("has it", libc::SYS_userfaultfd, [1]))),
    (
        "type-on-terminal",
        Attempt::Alone(|| {
            judge("typed", libc::SYS_ioctl, [2, libc::TIOCSTI as usize, c"x".as_ptr() as usize])
        })
    ),
    (
        "escape-trap",
        Attempt::Alone(|| {
            // The kernel's own form of it: an action, flags, a restorer, a mask.
            let ignore = [libc::SIG_IGN, 0, 0, 0];
            judge(
                "ignores it",
                libc::SYS_rt_sigaction,
                [libc::SIGSYS as usize, ignore.as_ptr() as usize, 0, 8],
            )
        })
    ),
    ("other-architecture", Attempt::Alone(other_architecture)),
]);

fn get_capabilities() -> Outcome {
    // Version 3 of the header, for this process; all of them.
    let (header, all) = ([0x2008_0522_u32, 0], [u32::MAX; 6]);
    Outcome::of(
        system_call(libc::SYS_capset, [header.as_ptr() as usize, all.as_ptr() as usize]),
        "has them",
    )
}

/// The numbers of the 32-bit system calls are other ones.
fn other_architecture() -> Outcome {
    #[cfg(target_arch = "x86_64")]
    {
        let mut number: i64 = 20;
        // SAFETY: 20 is `getpid`, which takes nothing and changes nothing but the answer's register.
        unsafe {
            std::arch::asm!("int 0x80", inout("rax") number, out("r8") _, out("r9") _, out("r10") _, out("r11") _)
        };
        if number > 0 {
            return Outcome::Succeeded(format!("is {number}"));
        }
    }
    Outcome::Held("there is none".to_owned())
}
