//! Takes all that there is.

use std::{hint::black_box, io::Write as _};

use hostile::{Attempt, Outcome};

hostile::hostile!(&[
    ("allocate", Attempt::Alone(allocate)),
    ("map", Attempt::Alone(map)),
    (
        "spin",
        Attempt::Alone(|| loop {
            std::hint::spin_loop()
        })
    ),
    ("recurse", Attempt::Alone(|| Outcome::Succeeded(format!("came back from {}", recurse(1))))),
    ("print", Attempt::Alone(print)),
]);

/// 10 GB, in pieces that are used.
fn allocate() -> Outcome {
    let hoard: Vec<Vec<u8>> = (0..640).map(|_| vec![1; 16 << 20]).collect();
    Outcome::Succeeded(format!("{} pieces", black_box(hoard).len()))
}

/// 10 GB at once.
fn map() -> Outcome {
    let rights = (libc::PROT_READ | libc::PROT_WRITE) as usize;
    let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as usize;
    hostile::judge("mapped it", libc::SYS_mmap, [0, 10 << 30, rights, flags, usize::MAX, 0])
}

fn recurse(depth: u64) -> u64 {
    let room = black_box([depth; 64]);
    if depth == u64::MAX { depth } else { recurse(depth + 1) + room[7] }
}

/// More than anybody wants to read. It is no harm that it can be printed; that the run goes on is the test.
fn print() -> Outcome {
    let line = [b'x'; 1 << 16];
    for _ in 0..1024 {
        if let Err(error) = std::io::stderr().write_all(&line) {
            return Outcome::Held(error.to_string());
        }
    }
    Outcome::Held("64 MiB were printed, and nobody minds".to_owned())
}
