//! Preloaded into phoenix-orch by the crash tests (`LD_PRELOAD`): kills the process at a chosen moment of
//! the life of its journal, or lets the disk be full from then on. Every effect stands between two of those
//! moments, so all of them together are "before and after every effect".
//!
//! `PHOENIX_KILLER` is `sync:N` (dies when the journal's N-th transaction is written and about to be
//! synced: what it announces has not begun yet), `begin:N` (dies before the first write of the next: what
//! was announced is done, and nobody has noted it down) or `full:N` (after N transactions there is no
//! space any more).
//! The product knows nothing of this, and its commands do not inherit it.

use std::{
    ffi::{CStr, c_int, c_void},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use libc::{off_t, off64_t, size_t, ssize_t};

#[derive(Clone, Copy, PartialEq)]
enum When {
    Never,
    Begin(u64),
    Sync(u64),
    Full(u64),
}

fn when() -> When {
    static WHEN: OnceLock<When> = OnceLock::new();
    *WHEN.get_or_init(|| {
        // SAFETY: the name ends in NUL, and nobody changes the environment of the product.
        let value = unsafe { libc::getenv(c"PHOENIX_KILLER".as_ptr()) };
        if value.is_null() {
            return When::Never;
        }
        // SAFETY: the environment's strings end in NUL and live as long as the process.
        let text = unsafe { CStr::from_ptr(value) }.to_string_lossy();
        let Some((word, number)) = text.split_once(':') else { return When::Never };
        let Ok(number) = number.parse() else { return When::Never };
        match word {
            "begin" => When::Begin(number),
            "sync" => When::Sync(number),
            "full" => When::Full(number),
            _ => When::Never,
        }
    })
}

/// Whether a descriptor is the journal's write-ahead log.
fn is_log(fd: c_int) -> bool {
    let mut target = [0_u8; 512];
    let link = format!("/proc/self/fd/{fd}\0");
    // SAFETY: the path ends in NUL, and the buffer is as long as is said.
    let length =
        unsafe { libc::readlink(link.as_ptr().cast(), target.as_mut_ptr().cast(), target.len()) };
    usize::try_from(length).is_ok_and(|length| target[..length].ends_with(b"journal.sqlite-wal"))
}

static SYNCS: AtomicU64 = AtomicU64::new(0);

fn die() {
    // SAFETY: a signal to ourselves; nothing after it runs.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}

/// Whether the write may be made.
fn may_write(fd: c_int) -> bool {
    if when() == When::Never || !is_log(fd) {
        return true;
    }
    let transactions = SYNCS.load(Ordering::SeqCst);
    match when() {
        When::Begin(at) if transactions == at => die(),
        When::Full(at) if transactions >= at => return false,
        _ => {}
    }
    true
}

/// As the C library's; the log's may kill or fail.
#[unsafe(no_mangle)]
pub extern "C" fn pwrite64(fd: c_int, from: *const c_void, size: size_t, at: off64_t) -> ssize_t {
    if !may_write(fd) {
        // SAFETY: the address of the thread's own error number.
        unsafe { *libc::__errno_location() = libc::ENOSPC };
        return -1;
    }
    // SAFETY: the caller's arguments, passed on.
    unsafe { libc::syscall(libc::SYS_pwrite64, fd, from, size, at) as ssize_t }
}

/// As the C library's; the log's may kill or fail.
#[unsafe(no_mangle)]
pub extern "C" fn pwrite(fd: c_int, from: *const c_void, size: size_t, at: off_t) -> ssize_t {
    pwrite64(fd, from, size, at)
}

fn before_sync(fd: c_int) {
    if when() != When::Never && is_log(fd) {
        let number = SYNCS.fetch_add(1, Ordering::SeqCst) + 1;
        if when() == When::Sync(number) {
            die();
        }
    }
}

/// As the C library's; the log's are counted.
#[unsafe(no_mangle)]
pub extern "C" fn fdatasync(fd: c_int) -> c_int {
    before_sync(fd);
    // SAFETY: the caller's argument, passed on.
    unsafe { libc::syscall(libc::SYS_fdatasync, fd) as c_int }
}

/// As the C library's; the log's are counted.
#[unsafe(no_mangle)]
pub extern "C" fn fsync(fd: c_int) -> c_int {
    before_sync(fd);
    // SAFETY: the caller's argument, passed on.
    unsafe { libc::syscall(libc::SYS_fsync, fd) as c_int }
}
