//! Which file systems are only places where files lie.

use std::os::fd::BorrowedFd;

use rustix::fs::fstatfs;

/// `tmpfs`, which is the kernel's devices too.
const MEMORY: u32 = 0x0102_1994;

/// By the numbers of `linux/magic.h` and of ZFS and bcachefs.
const ORDINARY: [u32; 9] = [
    0x0000_ef53, // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0x2fc1_2fc1, // zfs
    0x794c_7630, // overlay
    MEMORY,
    0xca45_1a4e, // bcachefs
    0xf2f5_2010, // f2fs
    0x7371_7368, // squashfs
];

/// Whether what lies at a place is nothing but stored. Files of the kernel (`/proc`, `/sys`) answer to whoever asks, and a
/// FUSE file system answers with whatever a process in the container thinks of, when it likes to.
pub(super) fn is_ordinary(place: BorrowedFd<'_>) -> bool {
    magic(place).is_some_and(|magic| ORDINARY.contains(&magic))
}

/// Whether what lies at a place is in memory.
pub(super) fn is_memory(place: BorrowedFd<'_>) -> bool {
    magic(place) == Some(MEMORY)
}

fn magic(place: BorrowedFd<'_>) -> Option<u32> {
    // The kernel's type is signed on some machines, and longer on most.
    fstatfs(place).ok().map(|seen| seen.f_type as u32)
}
