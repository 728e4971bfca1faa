//! Starts programs, and loads others into itself.

use std::{ffi::CString, ptr};

use hostile::{Attempt, Outcome, judge, system_call};

hostile::hostile!(&[
    ("exec", Attempt::Alone(exec)),
    ("exec-from-memory", Attempt::Alone(exec_from_memory)),
    ("fork-bomb", Attempt::Alone(fork_bomb)),
    ("thread-bomb", Attempt::Alone(thread_bomb)),
    ("hoard-threads", Attempt::Alone(hoard_threads)),
    ("load-library", Attempt::Alone(load_library)),
    ("make-code", Attempt::Alone(make_code)),
]);

fn exec() -> Outcome {
    let words = [c"/bin/sh", c"-c", c"echo x > /tmp/hostile-succeeded"].map(|word| word.as_ptr());
    let argv = [words[0], words[1], words[2], ptr::null()];
    judge("ran it", libc::SYS_execve, [words[0] as usize, argv.as_ptr() as usize, 0])
}

fn exec_from_memory() -> Outcome {
    let name = c"program";
    let file = match system_call(libc::SYS_memfd_create, [name.as_ptr() as usize, 0]) {
        Ok(file) => file as usize,
        Err(error) => return Outcome::Held(error.to_string()),
    };
    let script = b"#!/bin/sh\necho x > /tmp/hostile-succeeded\n";
    let written = system_call(libc::SYS_write, [file, script.as_ptr() as usize, script.len()]);
    let argv = [name.as_ptr(), ptr::null()];
    let run =
        [file, c"".as_ptr() as usize, argv.as_ptr() as usize, 0, libc::AT_EMPTY_PATH as usize];
    Outcome::of(written.and_then(|_| system_call(libc::SYS_execveat, run)), "ran it")
}

/// Each child forks on too; all of them stay.
fn fork_bomb() -> Outcome {
    let mut made = 0;
    for _ in 0..10 {
        match system_call(libc::SYS_clone, [libc::SIGCHLD as usize, 0, 0, 0, 0]) {
            Ok(0) => made = 0,
            Ok(_) => made += 1,
            Err(error) if made == 0 => return Outcome::Held(error.to_string()),
            Err(_) => break,
        }
    }
    Outcome::Succeeded(format!("{made} children"))
}

fn thread_bomb() -> Outcome {
    for count in 0..1000 {
        let spawned = std::thread::Builder::new().stack_size(16 << 10).spawn(|| {
            loop {
                std::thread::park();
            }
        });
        if let Err(error) = spawned {
            return Outcome::Held(format!("after {count} threads: {error}"));
        }
    }
    Outcome::Succeeded("1000 threads".to_owned())
}

/// None is left for the call of another unit that comes meanwhile.
fn hoard_threads() -> Outcome {
    let outcome = thread_bomb();
    std::thread::sleep(std::time::Duration::from_secs(2));
    outcome
}

/// The one that it is itself, at the place where the operator has it.
fn load_library() -> Outcome {
    let path = std::env::args().find(|word| word.ends_with(".so")).unwrap_or_default();
    let Ok(path) = CString::new(path) else { return Outcome::Held("no path".to_owned()) };
    // SAFETY: the path ends in NUL; constructors that run are those of this very library.
    match unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) }.is_null() {
        true => Outcome::Held("not found".to_owned()),
        false => Outcome::Succeeded("loaded it".to_owned()),
    }
}

/// Memory that can be written and run.
fn make_code() -> Outcome {
    let rights = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    judge("mapped it", libc::SYS_mmap, [0, 4096, rights as usize, flags as usize, usize::MAX, 0])
}
