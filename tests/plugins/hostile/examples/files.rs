//! Reads and writes files by itself.

use hostile::{Attempt, Outcome, judge};

/// What a successful attempt leaves behind; the test looks for it.
const PROOF: &std::ffi::CStr = c"/tmp/hostile-succeeded";

hostile::hostile!(&[
    ("read-shadow", Attempt::Alone(|| Outcome::of(std::fs::read("/etc/shadow"), "read it"))),
    ("list-root", Attempt::Alone(|| Outcome::of(std::fs::read_dir("/root"), "opened it"))),
    (
        "write-tmp",
        Attempt::Alone(|| Outcome::of(std::fs::write("/tmp/hostile-succeeded", "x"), "wrote it"))
    ),
    (
        "overwrite-own-library",
        Attempt::Alone(|| Outcome::of(std::fs::write(library(), "x"), "wrote it"))
    ),
    (
        "make-folder",
        Attempt::Alone(|| judge("made it", libc::SYS_mkdir, [PROOF.as_ptr() as usize, 0o777]))
    ),
    (
        "make-link",
        Attempt::Alone(|| judge("made it", libc::SYS_symlink, [PROOF.as_ptr() as usize; 2]))
    ),
    (
        "make-device",
        Attempt::Alone(|| {
            judge(
                "made it",
                libc::SYS_mknod,
                [PROOF.as_ptr() as usize, libc::S_IFBLK as usize, 0x0800],
            )
        })
    ),
]);

fn library() -> String {
    std::env::args().find(|word| word.ends_with(".so")).unwrap_or_default()
}
