//! The tree as a FUSE file system.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use rustix::io::Errno;

use super::tree::{Attributes, Tree, What};

/// Nothing is remembered by the kernel, because modes change with the quorum.
const NOT_AT_ALL: Duration = Duration::ZERO;

/// `root:www-data`.
const OWNER: (u32, u32) = (0, 33);

/// Serves a tree that others may change meanwhile.
#[derive(Debug)]
pub struct ClusterFiles(Arc<Mutex<Tree>>);

impl ClusterFiles {
    /// Serves this tree.
    pub fn new(tree: Arc<Mutex<Tree>>) -> Self {
        Self(tree)
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attr(&self, number: u64) -> Result<FileAttr, Errno> {
        Ok(attr(number, self.tree().attributes(number)?))
    }
}

fn kind(what: What) -> FileType {
    match what {
        What::Folder => FileType::Directory,
        What::File => FileType::RegularFile,
        What::Link => FileType::Symlink,
    }
}

fn attr(number: u64, attributes: Attributes) -> FileAttr {
    let Attributes { what, mode, size, modified } = attributes;
    FileAttr {
        ino: INodeNo(number),
        size,
        blocks: size.div_ceil(512),
        atime: modified,
        mtime: modified,
        ctime: modified,
        crtime: modified,
        kind: kind(what),
        perm: mode,
        nlink: if what == What::Folder { 2 } else { 1 },
        uid: OWNER.0,
        gid: OWNER.1,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

/// A name of the tree. There are no others than UTF-8 in a cluster.
fn text(name: &OsStr) -> Result<&str, Errno> {
    name.to_str().ok_or(Errno::INVAL)
}

fn errno(error: Errno) -> fuser::Errno {
    fuser::Errno::from_i32(error.raw_os_error())
}

fn empty(reply: ReplyEmpty, result: Result<(), Errno>) {
    match result {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(errno(error)),
    }
}

fn entry(reply: ReplyEntry, result: Result<FileAttr, Errno>) {
    match result {
        Ok(attr) => reply.entry(&NOT_AT_ALL, &attr, Generation(0)),
        Err(error) => reply.error(errno(error)),
    }
}

impl Filesystem for ClusterFiles {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = text(name).and_then(|name| self.tree().lookup(parent.0, name));
        entry(reply, found.and_then(|number| self.attr(number)));
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attr(ino.0) {
            Ok(attr) => reply.attr(&NOT_AT_ALL, &attr),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let change = || {
            let mut tree = self.tree();
            tree.writable()?;
            if uid.is_some() || gid.is_some() || mode.is_some_and(|mode| mode & 0o7777 != 0o640) {
                return Err(Errno::PERM);
            }
            if let Some(size) = size {
                tree.resize(ino.0, size, SystemTime::now())?;
            }
            Ok(attr(ino.0, tree.attributes(ino.0)?))
        };
        match change() {
            Ok(attr) => reply.attr(&NOT_AT_ALL, &attr),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        match self.tree().target(ino.0) {
            Ok(target) => reply.data(target.as_bytes()),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        let made =
            text(name).and_then(|name| self.tree().make_folder(parent.0, name, SystemTime::now()));
        entry(reply, made.and_then(|number| self.attr(number)));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, text(name).and_then(|name| self.tree().unlink(parent.0, name)));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, text(name).and_then(|name| self.tree().remove_folder(parent.0, name)));
    }

    fn symlink(&self, _: &Request, _: INodeNo, _: &OsStr, _: &Path, reply: ReplyEntry) {
        reply.error(fuser::Errno::ENOSYS);
    }

    fn link(&self, _: &Request, _: INodeNo, _: INodeNo, _: &OsStr, reply: ReplyEntry) {
        reply.error(fuser::Errno::EPERM);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let renamed = || {
            if !flags.is_empty() {
                return Err(Errno::INVAL);
            }
            self.tree().rename((parent.0, text(name)?), (newparent.0, text(newname)?))
        };
        empty(reply, renamed());
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.tree().read(ino.0, offset, size as usize) {
            Ok(bytes) => reply.data(bytes),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.tree().write(ino.0, offset, data, SystemTime::now()) {
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX)),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.ok();
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let list = match self.tree().list(ino.0) {
            Ok(list) => list,
            Err(error) => return reply.error(errno(error)),
        };
        for (position, (number, what, name)) in (1..).zip(list) {
            if position > offset && reply.add(INodeNo(number), position, kind(what), name) {
                break;
            }
        }
        reply.ok();
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        _: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let made =
            text(name).and_then(|name| self.tree().create(parent.0, name, SystemTime::now()));
        match made.and_then(|number| self.attr(number)) {
            Ok(attr) => {
                reply.created(&NOT_AT_ALL, &attr, Generation(0), FileHandle(0), FopenFlags::empty())
            }
            Err(error) => reply.error(errno(error)),
        }
    }
}
