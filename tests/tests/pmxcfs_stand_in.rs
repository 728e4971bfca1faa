//! `/etc/pve` of a node in a test takes and refuses what pmxcfs takes and refuses.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::thread;

use anyhow::Result;
use phoenix_tests::Node;
use rustix::fs::{Mode, OFlags};

/// The number of the error that somebody got.
fn number<T>(result: io::Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.raw_os_error())
}

const EPERM: Option<i32> = Some(1);
const EACCES: Option<i32> = Some(13);
const EEXIST: Option<i32> = Some(17);
const EFBIG: Option<i32> = Some(27);
const ENOSYS: Option<i32> = Some(38);

fn node() -> Result<Node> {
    Node::enter_with(&[
        ("lxc/100.conf", "arch: amd64\n"),
        ("ha/resources.cfg", "ct: 100\n\tstate started\n"),
        ("nodes/other/qemu-server/200.conf", "memory: 512\n"),
    ])
}

#[test]
fn only_the_thread_that_entered_is_there() -> Result<()> {
    // Its first thread is as outside as all other tests are.
    let outside = thread::scope(|scope| {
        let (entered, wait) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let inside = scope.spawn(move || -> Result<bool> {
            let node = node()?;
            entered.send(())?;
            // The sender goes away when the others have looked.
            let _ = ended.recv();
            Ok(node.path(".members").exists() && Path::new("/usr/local/sbin/pct").exists())
        });
        let seen = wait.recv().map(|()| {
            Path::new("/etc/pve/.members").exists() || Path::new("/usr/local/sbin/pct").exists()
        });
        drop(end);
        let inside = inside.join().expect("no panic in there")?;
        assert!(inside, "who entered sees nothing");
        anyhow::Ok(seen?)
    })?;
    assert!(!outside, "who did not enter sees the node");
    Ok(())
}

#[test]
fn modes_owners_and_what_is_refused() -> Result<()> {
    let node = node()?;
    let conf = node.path("lxc/100.conf");
    let here = node.path(&format!("nodes/{}/lxc/100.conf", node.name()));
    assert_eq!(fs::read(&here)?, fs::read(&conf)?);
    assert_eq!(fs::read_link(node.path("local"))?, Path::new("nodes").join(node.name()));
    assert!(node.read("ha/resources.cfg")?.starts_with("ct: 100"));

    let new = node.path("lxc/100.conf.tmp.1");
    let mut file = File::options().write(true).create_new(true).open(&new)?;
    file.write_all(b"arch: amd64\nmemory: 1\n")?;
    file.sync_all()?;
    let about = file.metadata()?;
    assert_eq!((about.mode() & 0o7777, about.uid(), about.gid()), (0o640, 0, 33));
    assert_eq!(fs::metadata(node.path("lxc/"))?.mode() & 0o7777, 0o755);

    let mode = |mode| fs::set_permissions(&new, Permissions::from_mode(mode));
    assert_eq!(number(mode(0o600)), EPERM);
    mode(0o640)?;
    assert_eq!(number(chown(&new, Some(0), Some(0))), EPERM);
    assert_eq!(number(fs::hard_link(&new, node.path("lxc/b"))), EPERM);
    assert_eq!(number(symlink("a", node.path("lxc/c"))), ENOSYS);
    let unnamed = OFlags::TMPFILE | OFlags::RDWR;
    let unnamed = rustix::fs::open(node.path("lxc/"), unnamed, Mode::from_raw_mode(0o600));
    assert_eq!(unnamed.unwrap_err(), rustix::io::Errno::NOTSUP);
    assert_eq!(number(file.set_len((1 << 20) + 1)), EFBIG);
    assert_eq!(number(fs::write(node.path("lxc/big"), vec![b'x'; 1_100_000])), EFBIG);
    assert_eq!(number(File::create(node.path("lxc/200.conf"))), EEXIST);
    assert_eq!(number(fs::rename(&new, node.path("lxc/200.conf"))), EEXIST);

    fs::rename(&new, &conf)?;
    assert_eq!(node.read("lxc/100.conf")?, "arch: amd64\nmemory: 1\n");
    assert!(!new.exists());
    Ok(())
}

#[test]
fn without_quorum_nothing_is_written() -> Result<()> {
    let node = node()?;
    let conf = node.path("lxc/100.conf");
    let open = File::options().write(true).open(&conf)?;
    assert!(node.read(".members")?.contains("\"quorate\": 1"));

    node.lose_quorum()?;
    assert!(node.read(".members")?.contains("\"quorate\": 0"));
    assert_eq!(fs::metadata(&conf)?.mode() & 0o7777, 0o440);
    assert_eq!(fs::metadata(node.path("lxc/"))?.mode() & 0o7777, 0o555);
    assert_eq!(node.read("lxc/100.conf")?, "arch: amd64\n");
    for refused in [
        fs::write(&conf, ""),
        (&open).write_all(b"x"),
        File::create(node.path("lxc/100.conf.tmp.1")).map(drop),
        fs::rename(&conf, node.path("lxc/101.conf")),
        fs::remove_file(&conf),
        fs::create_dir(node.path("nodes/third")),
    ] {
        assert_eq!(number(refused), EACCES);
    }
    let set = node.pct(&["set", "100", "--memory", "600"])?;
    assert_ne!(set.code, 0);
    assert!(set.stderr.contains("Permission denied"), "{set}");

    node.regain_quorum()?;
    node.pct(&["set", "100", "--memory", "600"])?.success()?;
    assert_eq!(node.read("lxc/100.conf")?, "arch: amd64\nmemory: 600\n");
    assert_eq!(fs::metadata(&conf)?.mode() & 0o7777, 0o640);
    Ok(())
}
