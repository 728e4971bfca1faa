//! A connection to a socket in a container, as its root.

use std::{
    io,
    os::{
        fd::{AsFd as _, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
    thread,
    time::Duration,
};

use rustix::{
    fs::{FileType, fstat},
    net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect as connect_to, socket_with,
    },
    process::{Gid, Uid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

use crate::transport::place;

/// Connects to the very socket at this place. What listens there sees the container's root (`SO_PEERCRED`), and may do no
/// more to us than to any client: each read and write ends with the time limit.
pub(super) fn connect(
    place: BorrowedFd<'_>,
    root: (u32, u32),
    time_limit: Duration,
) -> io::Result<UnixStream> {
    if FileType::from_raw_mode(fstat(place)?.st_mode) != FileType::Socket {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let address = SocketAddrUnix::new(place::link(place))?;
    // A thread of its own, for it never becomes root again: what it was is over with it.
    let connected = thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, || as_root(&address, root))?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that connects panicked")))
    })?;
    let stream = UnixStream::from(connected);
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(time_limit))?;
    stream.set_write_timeout(Some(time_limit))?;
    Ok(stream)
}

fn as_root(address: &SocketAddrUnix, (user, group): (u32, u32)) -> io::Result<OwnedFd> {
    let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
    set_thread_groups(&[])?;
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)?;
    // Somebody may listen who never accepts; one that does not block is refused then.
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect_to(socket.as_fd(), address)?;
    Ok(socket)
}
