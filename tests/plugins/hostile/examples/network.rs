//! Talks to others over sockets.

use hostile::{Attempt, Outcome, judge};

hostile::hostile!(&[
    ("connect-unix", Attempt::Alone(|| socket(libc::AF_UNIX))),
    ("connect-inet", Attempt::Alone(|| socket(libc::AF_INET))),
    ("connect-netlink", Attempt::Alone(|| socket(libc::AF_NETLINK))),
    (
        "send-on-own-socket",
        Attempt::Alone(|| {
            // A message of its own could carry descriptors.
            judge("sent it", libc::SYS_sendmsg, [0, 0, 0])
        })
    ),
]);

/// To have one is enough: where it can connect to is no business of a step.
fn socket(family: i32) -> Outcome {
    let kind = libc::SOCK_DGRAM as usize;
    judge("has a socket", libc::SYS_socket, [family as usize, kind, 0])
}
