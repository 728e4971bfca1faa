//! A running container as the host sees it: its files and its sockets, without entering it. Nothing in the container
//! notices, and no process is started, so a look costs microseconds where `lxc-attach` costs milliseconds.
//!
//! Whoever rules in the container may have put anything at any path. So every path is resolved by the kernel below
//! the container's root (`openat2` with `RESOLVE_IN_ROOT`), nothing is opened before it is known what it is, and
//! what is not an ordinary thing on an ordinary file system is not looked at from here at all: [`View`] then says nothing, and
//! whoever asked enters the container, where its own rights decide.

mod connect;
mod file_system;
mod ids;
mod listen;

#[cfg(test)]
mod tests;

use std::{
    io,
    net::TcpListener,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    sync::Arc,
    time::Duration,
};

use phoenix_sdk::{FileState, Permissions};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{AtFlags, Mode, OFlags, ResolveFlags, StatxFlags, open, openat2, statx},
    process::{Pid, PidfdFlags, pidfd_open},
};

use super::{
    Read, Seen, errors,
    place::{self, LOOK},
};
use ids::Ids;

/// What the kernel shows for users and groups that have no number in a container.
const NOBODY: u32 = 65_534;
/// The group and everybody else may read.
const FOR_ALL: u32 = 0o044;

/// A container's init, held by a descriptor that its number's next owner does not answer to.
pub(super) struct Outside {
    init: u32,
    process: OwnedFd,
    users: Ids,
    groups: Ids,
}

impl Outside {
    /// The container whose init this asks for. It is asked twice: whoever is its init before and after the
    /// descriptor was made is the one that the descriptor stands for.
    pub(super) fn find(init: impl Fn() -> Option<u32>) -> Option<Self> {
        let number = init()?;
        let pid = Pid::from_raw(i32::try_from(number).ok()?)?;
        let process = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        let users = Ids::of(number, "uid_map")?;
        let groups = Ids::of(number, "gid_map")?;
        (init()? == number).then_some(Self { init: number, process, users, groups })
    }

    /// The container as it is now, unless its init has ended. It must not be kept: what it holds open keeps the
    /// container's file systems busy when it stops.
    pub(super) fn view(self: Arc<Self>) -> Option<View> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(format!("/proc/{}/root", self.init), flags, Mode::empty()).ok()?;
        // Whose root that is, is certain only if init still lives now.
        self.lives().then_some(View { root, container: self })
    }

    pub(super) fn lives(&self) -> bool {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        matches!(poll(&mut [PollFd::new(&self.process, PollFlags::IN)], Some(&at_once)), Ok(0))
    }
}

/// A container for the time of one look.
pub struct View {
    root: OwnedFd,
    container: Arc<Outside>,
}

impl View {
    /// What a read gives, if that can be told from here. No command is run.
    pub(super) fn read(&self, read: &Read) -> Option<Seen> {
        match read {
            Read::File { path } => self.file(path).map(Seen::File),
            Read::Folder { path } => self.folder(path).map(Seen::Folder),
            Read::Exec { .. } => None,
        }
    }

    /// What is at a path, if that can be told from here.
    pub(crate) fn file(&self, path: &str) -> Option<FileState> {
        let Some(place) = self.place(path, LOOK)? else {
            return self.is_absent(path).then_some(FileState::Absent);
        };
        let state = place::state(place.as_fd()).ok()?;
        match state.content() {
            Some(_) if !self.is_own(&place) => None,
            _ => self.translated(state),
        }
    }

    /// The names in a folder, if that can be told from here; among them nothing if there is no such folder.
    pub(crate) fn folder(&self, path: &str) -> Option<Option<Vec<String>>> {
        match self.place(path, LOOK.difference(OFlags::NOFOLLOW))? {
            Some(place) if !self.is_own(&place) => None,
            Some(place) => place::names(place.as_fd()).ok().map(Some),
            None => self.is_absent(path).then_some(None),
        }
    }

    /// All of a regular file that is no larger than this, in bytes.
    pub(crate) fn content(&self, path: &str, limit: u64) -> Option<Vec<u8>> {
        let place = self.place(path, LOOK)??;
        place::content(place.as_fd(), limit).ok()?.ok()
    }

    /// The same of whatever a symbolic link leads to; among it nothing if nothing is there.
    pub(crate) fn followed(&self, path: &str, limit: u64) -> Option<Option<Vec<u8>>> {
        match self.place(path, LOOK.difference(OFlags::NOFOLLOW))? {
            Some(place) => place::content(place.as_fd(), limit).ok()?.ok().map(Some),
            None => self.is_absent(path).then_some(None),
        }
    }

    /// A connection to a socket, made as the container's root.
    pub(crate) fn connect(&self, path: &str, time_limit: Duration) -> Option<UnixStream> {
        let place = self.place(path, LOOK)??;
        let root = (self.container.users.outside(0)?, self.container.groups.outside(0)?);
        connect::connect(place.as_fd(), root, time_limit).ok()
    }

    /// A listener at the container's own 127.0.0.1, at a port that was free there.
    ///
    /// # Errors
    /// When the container's network cannot be entered, or takes no listener.
    pub(crate) fn listen(&self) -> io::Result<TcpListener> {
        listen::listen(self.container.process.as_fd())
    }

    /// Whether nothing is at a path for certain: the last folder that is there is an ordinary one. Files of the kernel,
    /// such as `/proc/self`, and links that lead to them are there for whoever is inside, and for nobody else.
    fn is_absent(&self, path: &str) -> bool {
        let mut way = String::new();
        let mut is_ordinary = file_system::is_ordinary(self.root.as_fd());
        for name in path.split('/').filter(|name| !name.is_empty()) {
            way = format!("{way}/{name}");
            match self.place(&way, LOOK) {
                Some(None) => return is_ordinary,
                Some(Some(_)) => {}
                None => return false,
            }
            // A link is followed, for what comes next is below what it leads to.
            let Some(Some(place)) = self.place(&way, LOOK.difference(OFlags::NOFOLLOW)) else {
                return false;
            };
            is_ordinary = file_system::is_ordinary(place.as_fd());
        }
        false
    }

    /// Where a path leads within the container: nothing, if that cannot be told; else a place, if something is there.
    fn place(&self, path: &str, flags: OFlags) -> Option<Option<OwnedFd>> {
        errors::validate_path("FILE-READ", path).ok()?;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let opened = openat2(&self.root, path, flags, Mode::empty(), resolve);
        let place = place::found(opened).ok()?;
        match &place {
            Some(place) if !file_system::is_ordinary(place.as_fd()) => None,
            _ => Some(place),
        }
    }

    /// Whether a place is in the container's own tree, or in memory: what the host has mounted there besides may be
    /// closed to the container's root.
    fn is_own(&self, place: &OwnedFd) -> bool {
        let mount = |place: &OwnedFd| {
            let seen = statx(place, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok()?;
            StatxFlags::from_bits_retain(seen.stx_mask)
                .contains(StatxFlags::MNT_ID)
                .then_some(seen.stx_mnt_id)
        };
        let mounts = mount(place).zip(mount(&self.root));
        mounts.is_some_and(|(place, root)| place == root) || file_system::is_memory(place.as_fd())
    }

    /// With the owner as the container sees it. A file of nobody there is only told if everybody may read it.
    fn translated(&self, state: FileState) -> Option<FileState> {
        let Outside { users, groups, .. } = &*self.container;
        let translate = |permissions: Permissions| {
            let Permissions { mode, uid, gid } = permissions;
            let ids = users.inside(uid).zip(groups.inside(gid));
            let (uid, gid) =
                (users.inside(uid).unwrap_or(NOBODY), groups.inside(gid).unwrap_or(NOBODY));
            (ids.is_some(), Permissions { mode, uid, gid })
        };
        Some(match state {
            FileState::Regular { content, permissions } => {
                let (is_known, permissions) = translate(permissions);
                if !is_known && permissions.mode & FOR_ALL != FOR_ALL {
                    return None;
                }
                FileState::Regular { content, permissions }
            }
            FileState::Folder { permissions } => {
                FileState::Folder { permissions: translate(permissions).1 }
            }
            FileState::Device { block, major, minor, permissions } => {
                FileState::Device { block, major, minor, permissions: translate(permissions).1 }
            }
            other => other,
        })
    }
}
