//! Into a container, as its root.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{Gid, Uid};
use rustix::thread::{
    LinkNameSpaceType, move_into_link_name_space, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
};

/// Moves this process, which has one thread, into the namespaces of that one. Paths mean the container's
/// files from then on, and this cannot be taken back.
pub(super) fn enter(pid: &str) -> io::Result<()> {
    let open = |process: &str, name| File::open(format!("/proc/{process}/ns/{name}"));
    let (files, users, ours) = (open(pid, "mnt")?, open(pid, "user")?, open("self", "user")?);
    move_into_link_name_space(files.as_fd(), Some(LinkNameSpaceType::Mount))?;
    if users.metadata()?.ino() != ours.metadata()?.ino() {
        move_into_link_name_space(users.as_fd(), Some(LinkNameSpaceType::User))?;
        set_thread_groups(&[])?;
        set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT)?;
        set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT)?;
    }
    Ok(())
}
