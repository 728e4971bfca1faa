//! A listener in a container's network, held by the host: nothing of it is in the container but the port, and it is
//! gone with the last descriptor, however this process ends.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    os::fd::BorrowedFd,
    thread,
};

use rustix::thread::{ThreadNameSpaceType, move_into_thread_name_spaces};

/// Listens in the network of the process behind this descriptor, whatever that network is connected to.
pub(super) fn listen(process: BorrowedFd<'_>) -> io::Result<TcpListener> {
    // A thread of its own, for it never comes back: which network it is in is over with it. A socket stays in the network in
    // which it was made.
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, || {
            move_into_thread_name_spaces(process, ThreadNameSpaceType::NETWORK)?;
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        })?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that listens panicked")))
    })
}
