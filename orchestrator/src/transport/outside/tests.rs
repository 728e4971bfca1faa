//! Looks at a process that has a root of its own: as a container, but for the users.

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use phoenix_sdk::FileState;
use rustix::{
    fs::{CWD, FileType, Mode, makedev, mknodat},
    mount::{MountFlags, UnmountFlags, mount, unmount},
    net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket},
};

use super::Outside;
use crate::transport::{Read, Seen};

struct Rooted {
    folder: tempfile::TempDir,
    init: Child,
}

impl Rooted {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let busybox =
            ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
        fs::create_dir_all(folder.path().join("proc")).unwrap();
        fs::copy(busybox.expect("busybox-static is installed"), folder.path().join("busybox"))
            .unwrap();
        let mut init = Command::new("chroot");
        let init =
            init.arg(folder.path()).args(["/busybox", "sh", "-c", "echo; exec /busybox sleep 600"]);
        let mut init = init.stdout(Stdio::piped()).spawn().unwrap();
        // Its root is its own once it has said something.
        std::io::Read::read_exact(init.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        Self { folder, init }
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    fn outside(&self) -> Arc<Outside> {
        let number = self.init.id();
        Arc::new(Outside::find(|| Some(number)).unwrap())
    }

    fn file(&self, path: &str) -> Option<FileState> {
        match self.outside().view().unwrap().read(&Read::File { path: path.to_owned() }) {
            Some(Seen::File(state)) => Some(state),
            None => None,
            other => panic!("{other:?}"),
        }
    }

    fn text(&self, path: &str) -> Option<String> {
        self.file(path)?.content().map(|content| content.to_text())
    }
}

impl Drop for Rooted {
    fn drop(&mut self) {
        self.init.kill().ok();
        self.init.wait().ok();
        unmount(self.at("proc"), UnmountFlags::DETACH).ok();
    }
}

#[test]
fn no_way_leads_out_of_the_root() {
    let container = Rooted::new();
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), "of the host").unwrap();
    let path = secret.path().to_str().unwrap();
    fs::create_dir_all(container.at("etc")).unwrap();
    fs::write(container.at("etc/hostname"), "inside").unwrap();
    symlink("/", container.at("all")).unwrap();
    symlink("../../../../../../..", container.at("up")).unwrap();
    assert_eq!(container.text("/all/etc/hostname").as_deref(), Some("inside"));
    assert_eq!(container.text("/up/etc/hostname").as_deref(), Some("inside"));
    assert_eq!(container.text("/../../etc/hostname").as_deref(), Some("inside"));
    for way in [path.to_owned(), format!("/up{path}"), format!("/all{path}"), format!("/..{path}")]
    {
        assert_eq!(container.file(&way), Some(FileState::Absent), "{way}");
    }
    symlink(path, container.at("last")).unwrap();
    assert_eq!(container.file("/last"), Some(FileState::Symlink { target: path.to_owned() }));
    for none in ["", "etc/hostname", "/etc/\0"] {
        assert_eq!(container.file(none), None, "{none:?}");
    }
}

#[test]
fn files_of_the_kernel_and_ways_through_them_are_left_to_whoever_enters() {
    let container = Rooted::new();
    mount("proc", container.at("proc"), "proc", MountFlags::empty(), None).unwrap();
    fs::write(container.at("etc"), "").unwrap();
    symlink("/proc/self/mountinfo", container.at("mounts")).unwrap();
    symlink("/proc/self", container.at("way")).unwrap();
    for path in [
        "/proc/version",
        "/proc/self/root/etc/hostname",
        "/proc/1/root/etc",
        "/proc",
        "/proc/4194305",
        "/proc/self/mountinfo",
        "/way/mountinfo",
        "/way/no/such",
    ] {
        assert_eq!(container.file(path), None, "{path}");
    }
    let folder = |path: &str| Read::Folder { path: path.to_owned() };
    let view = container.outside().view().unwrap();
    for path in ["/proc", "/proc/self", "/way", "/proc/4194305"] {
        assert_eq!(view.read(&folder(path)), None, "{path}");
    }
    assert_eq!(view.followed("/mounts", 1 << 20), None);
    for path in ["/no/such", "/etc/below", "/no"] {
        assert_eq!(container.file(path), Some(FileState::Absent), "{path}");
        assert_eq!(view.read(&folder(path)), Some(Seen::Folder(None)), "{path}");
    }
    assert_eq!(container.text("/etc").as_deref(), Some(""));
}

#[test]
fn nothing_happens_to_what_is_no_file() {
    let container = Rooted::new();
    mknodat(CWD, container.at("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let null = makedev(1, 3);
    mknodat(CWD, container.at("null"), FileType::CharacterDevice, Mode::RUSR, null).unwrap();
    assert_eq!(container.file("/pipe"), Some(FileState::Other));
    assert!(matches!(container.file("/null"), Some(FileState::Device { major: 1, minor: 3, .. })));
    let view = container.outside().view().unwrap();
    for path in ["/pipe", "/null", "/", "/absent"] {
        assert_eq!(view.content(path, 9), None, "{path}");
        assert!(view.connect(path, Duration::from_secs(1)).is_none(), "{path}");
    }
    fs::write(container.at("ten"), "0123456789").unwrap();
    assert_eq!(view.content("/ten", 9), None);
    assert_eq!(view.content("/ten", 10).unwrap(), b"0123456789");
}

#[test]
fn a_socket_is_the_one_in_the_container_or_none() {
    let container = Rooted::new();
    let hosts = tempfile::tempdir().unwrap();
    let (inside, outside) = (container.at("socket"), hosts.path().join("socket"));
    let _listening = (UnixListener::bind(&inside).unwrap(), UnixListener::bind(&outside).unwrap());
    symlink(&outside, container.at("theirs")).unwrap();
    let view = container.outside().view().unwrap();
    let limit = Duration::from_secs(1);
    assert!(view.connect("/socket", limit).is_some());
    assert!(view.connect("/theirs", limit).is_none());
    assert!(view.connect(outside.to_str().unwrap(), limit).is_none());
    // Somebody who never accepts, and whose queue is full, costs no time.
    let deaf = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    bind(&deaf, &SocketAddrUnix::new(container.at("deaf")).unwrap()).unwrap();
    listen(&deaf, 0).unwrap();
    let waiting: Vec<_> = (0..9).map_while(|_| view.connect("/deaf", limit)).collect();
    assert!(!waiting.is_empty() && waiting.len() < 9, "{}", waiting.len());
}

#[test]
fn who_has_ended_is_not_looked_at_any_more() {
    let mut container = Rooted::new();
    let outside = container.outside();
    assert!(Arc::clone(&outside).view().is_some());
    container.init.kill().unwrap();
    container.init.wait().unwrap();
    assert!(!outside.lives() && outside.view().is_none());
    assert!(Outside::find(|| None).is_none());
    // Somebody else by the time the descriptor was made.
    let mut answers = [Some(std::process::id()), Some(1)].into_iter().cycle();
    let answers = std::cell::RefCell::new(&mut answers);
    assert!(Outside::find(|| answers.borrow_mut().next().flatten()).is_none());
}
