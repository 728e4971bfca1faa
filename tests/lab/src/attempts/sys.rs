//! The system calls that the attempts make, as bare as they are, so that nobody in between chooses
//! another one. A failure is the kernel's errno.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{Error, Read, Result, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use libc::{c_int, c_long, c_ulong};

/// A string as the kernel wants it. None of ours has a zero byte in it.
pub(super) fn c(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

/// The result of a system call as libc gives it.
pub(super) fn ok(result: c_long) -> Result<c_long> {
    if result == -1 { Err(Error::last_os_error()) } else { Ok(result) }
}

/// Any system call by its number; pointers are handed over as addresses of what the caller keeps.
pub(super) fn call(number: c_long, arguments: [usize; 5]) -> Result<c_long> {
    let [a, b, c, d, e] = arguments;
    // SAFETY: every caller passes addresses of live values of the type that the call wants, or null;
    // none of the calls keeps them beyond its return.
    ok(unsafe { libc::syscall(number, a, b, c, d, e) })
}

/// A system call whose result is a new file descriptor.
pub(super) fn call_fd(number: c_long, arguments: [usize; 5]) -> Result<OwnedFd> {
    let fd = call(number, arguments)?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) })
}

/// `mount(2)`; an empty text stands for a null pointer.
pub(super) fn mount(
    source: &str,
    target: &str,
    kind: &str,
    flags: c_ulong,
    data: &str,
) -> Result<()> {
    let texts = [c(source), c(target), c(kind), c(data)];
    let pointer =
        |at: usize| if texts[at].is_empty() { std::ptr::null() } else { texts[at].as_ptr() };
    // SAFETY: the pointers are null or lead to strings that live until the end of this function.
    let result =
        unsafe { libc::mount(pointer(0), pointer(1), pointer(2), flags, pointer(3).cast()) };
    ok(result.into()).map(drop)
}

/// Flags that change nothing of what an attempt is about, but that a rule may or may not name. The
/// parser of AppArmor 3 makes of some rules others with such flags, which nobody wrote.
const DRESSES: [c_ulong; 6] = [
    0,
    libc::MS_RDONLY,
    libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC,
    libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC,
    libc::MS_RELATIME,
    libc::MS_SILENT,
];

/// [`mount`] with every dress in turn until one gets through; the first refusal where none does.
pub(super) fn mount_any(source: &str, target: &str, kind: &str, flags: c_ulong) -> Result<()> {
    let mut first = None;
    for dress in DRESSES {
        match mount(source, target, kind, flags | dress, "") {
            Ok(()) => return Ok(()),
            Err(error) => first = first.or(Some(error)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// A bind mount, with all below it where `deep`.
pub(super) fn bind(source: &str, target: &str, deep: bool) -> Result<()> {
    let rec = if deep { libc::MS_REC } else { 0 };
    mount_any(source, target, "", libc::MS_BIND | rec)
}

/// `umount2(2)`, lazy: nothing is in the way of a lazy one.
pub(super) fn umount(target: &str) -> Result<()> {
    let target = c(target);
    // SAFETY: the pointer leads to a string that lives until the end of this function.
    ok(unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) }.into()).map(drop)
}

/// `pivot_root(2)`.
pub(super) fn pivot(new: &str, old: &str) -> Result<()> {
    let (new, old) = (c(new), c(old));
    call(libc::SYS_pivot_root, [new.as_ptr() as usize, old.as_ptr() as usize, 0, 0, 0]).map(drop)
}

/// Namespaces of its own for this process.
pub(super) fn unshare(flags: c_int) -> Result<()> {
    // SAFETY: takes no pointers.
    ok(unsafe { libc::unshare(flags) }.into()).map(drop)
}

/// An empty folder of this process's own, below a place that is on the container's disk.
pub(super) fn scratch(place: &str) -> Result<String> {
    let path = format!("{place}/phx-attempt-{}", std::process::id());
    fs::create_dir_all(&path)?;
    Ok(path)
}

/// Opens for writing, and writes nothing.
pub(super) fn open_to_write(path: impl AsRef<Path>) -> Result<String> {
    OpenOptions::new().write(true).open(&path)?;
    Ok(format!("`{}` was opened for writing", path.as_ref().display()))
}

/// Reads one byte.
pub(super) fn read_byte(path: impl AsRef<Path>) -> Result<String> {
    let mut byte = [0];
    let count = File::open(&path)?.read(&mut byte)?;
    Ok(format!("`{}` was read ({count} byte)", path.as_ref().display()))
}

/// Writes back the value that is there, so nothing changes.
pub(super) fn write_back(path: impl AsRef<Path>) -> Result<String> {
    let value = fs::read(&path)?;
    OpenOptions::new().write(true).open(&path)?.write_all(&value)?;
    Ok(format!("`{}` was written", path.as_ref().display()))
}

/// Opens a path below an open folder for writing.
pub(super) fn open_at_to_write(folder: &OwnedFd, path: &str) -> Result<String> {
    let name = c(path);
    let flags = libc::O_WRONLY | libc::O_CLOEXEC;
    // SAFETY: the pointer leads to a string that lives until the end of this function.
    let fd = ok(unsafe { libc::openat(folder.as_raw_fd(), name.as_ptr(), flags) }.into())?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    drop(unsafe { OwnedFd::from_raw_fd(fd as c_int) });
    Ok(format!("`{path}` was opened for writing below a descriptor"))
}

/// The first entry of a folder, which shows that it can be listed.
pub(super) fn list(path: &str) -> Result<String> {
    let count = fs::read_dir(path)?.count();
    Ok(format!("`{path}` was listed ({count} entries)"))
}

/// For calls that are made with rubbish on purpose: only a refusal counts as one. Any other error
/// means that the question of rights was answered with yes and the rubbish was looked at.
pub(super) fn unless_refused(result: Result<c_long>) -> Result<String> {
    match result {
        Ok(_) => Ok("it was done".to_owned()),
        Err(error) => match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES | libc::ENOSYS) | None => Err(error),
            Some(_) => Ok(format!("the kernel went on to look at the arguments: {error}")),
        },
    }
}
