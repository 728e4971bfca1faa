//! The lanes of a step's process. The process makes them itself, before it gives up making sockets, and hands the other
//! ends over: a descriptor that a program inherits would be inherited by whatever else is started at that moment.

use std::{
    fs::File,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// How many calls run at once in one process; further ones wait.
pub(super) const LANES: usize = 32;

/// What goes with the descriptors: the kernel passes none along with nothing.
const GREETING: [u8; 1] = [b'L'];

/// Makes all lanes, and hands one end of each over through this socket. Gives the other ends, as files: they are read
/// and written, while sockets would be received from and sent to.
///
/// # Errors
/// When there are no more descriptors, or the orchestrator is gone.
pub(super) fn offer(socket: impl AsFd) -> io::Result<Vec<File>> {
    let mut ours = Vec::with_capacity(LANES);
    let mut theirs = Vec::with_capacity(LANES);
    for _ in 0..LANES {
        let (one, other) = UnixStream::pair()?;
        ours.push(File::from(OwnedFd::from(one)));
        theirs.push(other);
    }
    let theirs: Vec<BorrowedFd<'_>> = theirs.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(LANES))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&theirs)) {
        return Err(io::Error::other("the lanes do not fit into a message"));
    }
    sendmsg(socket, &[IoSlice::new(&GREETING)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(ours)
}

/// Takes what [`offer`] hands over: the first that a process sends. Nothing when it is gone before that.
///
/// # Errors
/// When something else came.
pub(super) fn accept(socket: impl AsFd) -> io::Result<Option<Vec<UnixStream>>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(LANES))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0; 1];
    let received = rustix::io::retry_on_intr(|| {
        let into = &mut [IoSliceMut::new(&mut byte)];
        recvmsg(&socket, into, &mut control, RecvFlags::CMSG_CLOEXEC)
    })?;
    if received.bytes == 0 {
        return Ok(None);
    }
    let lanes: Vec<UnixStream> = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .map(UnixStream::from)
        .collect();
    match lanes.len() == LANES && byte == GREETING {
        true => Ok(Some(lanes)),
        false => Err(io::Error::other(format!("{} lanes instead of {LANES}", lanes.len()))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn each_lane_leads_from_one_side_to_the_other() {
        let (here, there) = UnixStream::pair().unwrap();
        let mut theirs = offer(&there).unwrap();
        let mut ours = accept(&here).unwrap().unwrap();
        for (number, (one, other)) in (0..).zip(ours.iter_mut().zip(&mut theirs)) {
            one.write_all(&[number]).unwrap();
            let mut heard = [0];
            other.read_exact(&mut heard).unwrap();
            assert_eq!(heard, [number]);
        }
        drop(there);
        assert!(accept(&here).unwrap().is_none());
    }

    #[test]
    fn anything_else_is_refused() {
        let (here, mut there) = UnixStream::pair().unwrap();
        there.write_all(b"L").unwrap();
        assert!(accept(&here).is_err());
    }
}
