//! The lock that everybody holds who changes a guest.

use std::fs::{File, OpenOptions, create_dir_all};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::failure::Failure;
use super::voice::Voice;

const FOLDER: &str = "/run/lock/lxc";

const PATIENCE: Duration = Duration::from_secs(10);

/// Held until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _file: File,
}

/// Waits for the lock, at most ten seconds.
pub(super) fn take(id: u32, voice: Voice) -> Result<Held, Failure> {
    let path = format!("{FOLDER}/pve-config-{id}.lock");
    let file = create_dir_all(FOLDER)
        .and_then(|()| OpenOptions::new().append(true).create(true).open(&path))
        .map_err(|error| Failure::system(&format!("can't open lock file '{path}'"), &error))?;
    let begin = Instant::now();
    let mut told = false;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(Errno::WOULDBLOCK) if begin.elapsed() < PATIENCE => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(Failure::new(format!("can't lock file '{path}' - got timeout"), 4));
            }
            Err(error) => {
                return Err(Failure::system(&format!("can't lock file '{path}'"), &error.into()));
            }
        }
        if !told {
            voice.remark("trying to acquire lock...");
            told = true;
        }
        sleep(Duration::from_millis(2));
    }
    if told {
        voice.remark(" OK");
    }
    Ok(Held { _file: file })
}
