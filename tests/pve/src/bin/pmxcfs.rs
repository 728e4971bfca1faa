//! Serves `/etc/pve` in the mount namespace it was started in, until its standard input ends.
//!
//! `pmxcfs MOUNTPOINT NODE CONTENTS`: the files of the folder CONTENTS are there at the beginning. It says
//! `ready` when they can be read. Then `quorum lost` and `quorum there` on its standard input do what they
//! say, and are answered with `done`; whatever else is written there ends it. Whoever started it has the
//! other end of that pipe, so it ends with them, however they end.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use fuser::{Config, MountOption, SessionACL, spawn_mount};
use phoenix_pve_stand_in::cluster::{ClusterFiles, Tree, load};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [mountpoint, node, contents] = words.as_slice() else {
        return Err("usage: pmxcfs MOUNTPOINT NODE CONTENTS".into());
    };
    let mut tree = Tree::new(node, SystemTime::now());
    load(&mut tree, Path::new(contents))?;
    let tree = Arc::new(Mutex::new(tree));
    let mut config = Config::default();
    config.acl = SessionACL::All;
    config.mount_options =
        vec![MountOption::FSName("/dev/fuse".to_owned()), MountOption::DefaultPermissions];
    let session = spawn_mount(ClusterFiles::new(Arc::clone(&tree)), mountpoint, &config)?;
    say("ready")?;
    for line in stdin().lock().lines() {
        let quorum = match line?.as_str() {
            "quorum lost" => false,
            "quorum there" => true,
            _ => break,
        };
        tree.lock().unwrap_or_else(PoisonError::into_inner).set_quorum(quorum);
        say("done")?;
    }
    // Whoever still uses the mount keeps it; their next look at it fails, as without pmxcfs.
    let _ = session.umount_and_join();
    Ok(())
}

fn say(word: &str) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{word}")?;
    out.flush()
}
