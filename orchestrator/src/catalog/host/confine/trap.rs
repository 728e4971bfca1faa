//! What happens at a system call that is not allowed: the process says which, and ends.

use std::{ffi::c_void, io, mem, ptr};

/// What the process writes, before the number. The orchestrator reads it from the error output.
const WORDS: &str = "phoenix-orch: forbidden system call ";

/// 128 and the signal's number, as a shell would say it.
pub(in super::super) const EXIT: i32 = 128 + libc::SIGSYS;

/// The part of `siginfo_t` that belongs to SIGSYS, as the kernel lays it out on 64-bit machines.
#[repr(C)]
struct Info {
    signal: i32,
    error: i32,
    code: i32,
    padding: i32,
    address: *const c_void,
    system_call: i32,
}

/// Installs the handler. The filters keep a step from taking it away.
pub(super) fn install() -> io::Result<()> {
    // SAFETY: all zeroes is a valid `sigaction`; the handler makes system calls only.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = handle as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        match libc::sigaction(libc::SIGSYS, &raw const action, ptr::null_mut()) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

extern "C" fn handle(_signal: i32, info: *const Info, _context: *const c_void) {
    // SAFETY: the kernel gives a valid `siginfo_t`, and this one is for SIGSYS.
    let number = unsafe { (*info).system_call };
    let mut line = [b'0'; WORDS.len() + 11];
    line[..WORDS.len()].copy_from_slice(WORDS.as_bytes());
    let (mut rest, mut end) = (number.unsigned_abs(), line.len() - 1);
    line[end] = b'\n';
    while rest > 0 {
        end -= 1;
        line[end] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    // SAFETY: both are plain system calls, the only thing that is allowed in a handler.
    unsafe {
        libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len());
        libc::_exit(EXIT);
    }
}

/// The system call that a process was ended for, from what it wrote last.
pub(in super::super) fn forbidden_call(last_words: &str) -> Option<String> {
    let number = last_words.lines().rev().find_map(|line| line.strip_prefix(WORDS))?;
    let number: usize = number.trim().parse().ok()?;
    Some(match syscalls::Sysno::new(number) {
        Some(call) => format!("`{}`", call.name()),
        None => format!("number {number}"),
    })
}

#[cfg(test)]
mod tests {
    use super::forbidden_call;

    #[test]
    fn the_call_is_named() {
        let words = "hello\nphoenix-orch: forbidden system call 00000000257\n";
        assert_eq!(forbidden_call(words).as_deref(), Some("`openat`"));
        let unknown = "phoenix-orch: forbidden system call 0000099999";
        assert_eq!(forbidden_call(unknown).as_deref(), Some("number 99999"));
        assert_eq!(forbidden_call("phoenix-orch: forbidden system call of the wild"), None);
        assert_eq!(forbidden_call(""), None);
    }
}
