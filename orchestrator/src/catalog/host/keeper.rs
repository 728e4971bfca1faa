//! Keeps one process of a step: starts it, hears what it sends, and buries it. One thread each, which lives
//! as long as the process: the kernel ends a process when the thread that started it ends.

use std::{
    fs::File,
    io::{self, Read as _},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::{net::UnixStream, process::CommandExt as _},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, ioctl_fionbio},
    pipe::{PipeFlags, pipe_with},
    process::{Pid, PidfdFlags, geteuid, pidfd_open},
    thread::{UnshareFlags, unshare_unsafe},
};

use phoenix_sdk::boundary::WITHOUT_WORLDS;

use super::{
    Worlds,
    calls::Calls,
    death::Death,
    frame::{Decoder, LARGEST_FROM_STEP},
    lane::Lane,
    lanes,
    process::VERB,
    step_process::{TAKING, TICK},
};
use crate::transport::printable;

/// Users that nobody has: `systemd` leaves these numbers unused, and no container has its users there
/// (<https://systemd.io/UIDS-GIDS/>).
const FIRST_USER: u32 = 0x7000_0000;

/// How much of what a process prints is kept, in bytes.
const LAST_WORDS: usize = 4096;

/// What a process is started with.
pub(super) struct Keeper {
    pub(super) path: PathBuf,
    pub(super) library: File,
    /// Our end of the socket.
    pub(super) socket: UnixStream,
    /// The process's end.
    pub(super) theirs: UnixStream,
    pub(super) worlds: Worlds,
    pub(super) calls: Arc<Calls>,
}

impl Keeper {
    /// Starts the process and keeps it until its end; the calls hear of everything.
    pub(super) fn keep(self) {
        let Self { path, library, mut socket, theirs, worlds, calls } = self;
        let started =
            pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from).and_then(|(output, input)| {
                // Only ours: a step that prints must not be told to come back later.
                ioctl_fionbio(&output, true)?;
                Ok((output, start(&path, library, theirs, input, worlds)?))
            });
        let (output, mut child) = match started {
            Ok(started) => started,
            Err(error) => {
                return calls
                    .end(Death::Nonsense(format!("its process cannot be started: {error}")));
            }
        };
        let mut words =
            Words { path: &path, output: File::from(output), open: true, last: Vec::new() };
        let mut cause = match furnish(&socket, &calls) {
            Ok(()) => hear(&mut socket, &mut words, &calls),
            Err(error) => Some(Death::Nonsense(format!("it has no lanes: {error}"))),
        };
        if cause.is_none() && !ends(&child) {
            cause = Some(Death::Nonsense("it closed its socket and went on".to_owned()));
        }
        // That it is gone already is the only failure.
        let _ = child.kill();
        let status = child.wait();
        words.read();
        let death = match (cause, status) {
            (Some(cause), _) => cause,
            (None, Ok(status)) => Death::Ended(status, words.text()),
            (None, Err(error)) => Death::Nonsense(format!("its end cannot be heard of: {error}")),
        };
        calls.end(death);
    }
}

/// Takes the lanes that the process has made, which is the first that it does. One that is gone before that says why
/// at its end.
fn furnish(socket: &UnixStream, calls: &Calls) -> io::Result<()> {
    let lane = |stream: UnixStream| {
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(TAKING))?;
        Ok(Lane::new(stream, LARGEST_FROM_STEP))
    };
    let streams = lanes::accept(socket)?.unwrap_or_default();
    calls.furnish(streams.into_iter().map(lane).collect::<io::Result<_>>()?);
    Ok(())
}

fn start(
    path: &Path,
    library: File,
    theirs: UnixStream,
    output: OwnedFd,
    worlds: Worlds,
) -> io::Result<Child> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // Limits count what all processes of a user have, so each gets one of its own.
    let user = FIRST_USER + ((std::process::id() & 0xffff) << 8 | number & 0xff);
    if geteuid().is_root() {
        // A process cannot enter such a namespace, it has to be started in it. Without one it goes on.
        // SAFETY: descriptors are not unshared. This thread starts no others.
        let _ = unsafe { unshare_unsafe(UnshareFlags::NEWPID) };
    }
    Command::new("/proc/self/exe")
        .arg0("phoenix-orch")
        .arg(VERB)
        .arg(path)
        .arg(user.to_string())
        .env_clear()
        // Each further arena of the C library would reserve 64 MiB of the address space.
        .env("MALLOC_ARENA_MAX", "2")
        .envs((worlds == Worlds::Left).then_some((WITHOUT_WORLDS, "1")))
        .current_dir("/")
        // Ctrl-C is for the orchestrator.
        .process_group(0)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::from(library))
        .stderr(Stdio::from(output))
        .spawn()
}

/// Whether a process whose socket is closed ends by itself now.
fn ends(child: &Child) -> bool {
    let ended = pidfd_open(Pid::from_child(child), PidfdFlags::empty());
    let limit = Timespec { tv_sec: 1, tv_nsec: 0 };
    ended.is_ok_and(|fd| {
        poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&limit)).is_ok_and(|count| count > 0)
    })
}

/// Hears the process until its socket is closed, or until it has to be ended: then the reason.
fn hear(socket: &mut UnixStream, words: &mut Words<'_>, calls: &Calls) -> Option<Death> {
    let mut decoder = Decoder::new(LARGEST_FROM_STEP);
    let mut piece = vec![0; 64 * 1024];
    loop {
        let mut ready = [
            PollFd::new(&*socket, PollFlags::IN),
            PollFd::from_borrowed_fd(words.output.as_fd(), PollFlags::IN),
        ];
        // A pipe that was closed at the other end would be ready for ever.
        let watched = if words.open { &mut ready[..] } else { &mut ready[..1] };
        match poll(watched, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Some(Death::Nonsense(format!("it cannot be heard: {error}"))),
        }
        let [from_socket, from_words] = ready.map(|fd| !fd.revents().is_empty());
        if from_words {
            words.read();
        }
        if !from_socket {
            continue;
        }
        match socket.read(&mut piece) {
            Ok(0) => return calls.verdict(),
            Ok(count) => decoder.push(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return calls.verdict(),
        }
        loop {
            match decoder.take() {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    if let Err(death) = calls.hear(frame) {
                        return Some(death);
                    }
                }
                Err(garbage) => return Some(Death::Garbage(garbage)),
            }
        }
    }
}

/// What a process prints. It goes to the log, made harmless.
struct Words<'a> {
    path: &'a Path,
    output: File,
    open: bool,
    last: Vec<u8>,
}

impl Words<'_> {
    /// Takes some of what is there; a process may print faster than anybody reads.
    fn read(&mut self) {
        let mut piece = [0; LAST_WORDS];
        for _ in 0..4 {
            match self.output.read(&mut piece) {
                Ok(0) => return self.open = false,
                Ok(count) => self.keep(&piece[..count]),
                Err(_) => return,
            }
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        tracing::debug!(path = %self.path.display(), words = %printable(&String::from_utf8_lossy(piece)));
        self.last.extend_from_slice(piece);
        let surplus = self.last.len().saturating_sub(LAST_WORDS);
        self.last.drain(..surplus);
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.last).into_owned()
    }
}
