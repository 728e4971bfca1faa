//! Bare system calls: no library of ours or of the system stands between an attempt and the kernel.

use std::io;

use crate::Outcome;

/// Makes a system call. Pointers are passed as numbers.
///
/// # Errors
/// The kernel's.
pub fn system_call<const N: usize>(number: i64, arguments: [usize; N]) -> io::Result<i64> {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&arguments);
    let [a, b, c, d, e, f] = all;
    // SAFETY: none is claimed. The kernel checks what it is given; if it did harm to this process, the
    // process would be all that is harmed.
    match unsafe { libc::syscall(number, a, b, c, d, e, f) } {
        -1 => Err(io::Error::last_os_error()),
        answer => Ok(answer),
    }
}

/// Makes a system call that no step may make, and judges the answer.
pub fn judge<const N: usize>(what: &str, number: i64, arguments: [usize; N]) -> Outcome {
    Outcome::of(system_call(number, arguments), what)
}
