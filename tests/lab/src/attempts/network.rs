//! Network families that Docker does not need: each is rarely used kernel code.

use std::io::Result;

use super::attempt::{Attempt, Group};
use super::sys::ok;

const AF_KCM: i32 = 41;
const AF_QIPCRTR: i32 = 42;
const AF_SMC: i32 = 43;
const AF_XDP: i32 = 44;

fn socket(family: i32, kind: i32, protocol: i32) -> Result<String> {
    // SAFETY: takes no pointers.
    let fd = ok(unsafe { libc::socket(family, kind, protocol) }.into())?;
    // SAFETY: the kernel has just made it for us.
    unsafe { libc::close(fd as i32) };
    Ok("the socket was made".to_owned())
}

pub(super) const GROUP: Group = Group {
    name: "network families",
    attempts: &[
        Attempt {
            id: "af-alg",
            tries: "uses the kernel's cryptography",
            act: || socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0),
        },
        Attempt {
            id: "af-vsock",
            tries: "speaks to the hypervisor",
            act: || socket(libc::AF_VSOCK, libc::SOCK_STREAM, 0),
        },
        Attempt {
            id: "af-bluetooth",
            tries: "uses Bluetooth",
            act: || socket(libc::AF_BLUETOOTH, libc::SOCK_RAW, 1),
        },
        Attempt {
            id: "af-can",
            tries: "uses the CAN bus",
            act: || socket(libc::AF_CAN, libc::SOCK_RAW, 1),
        },
        Attempt {
            id: "af-rds",
            tries: "uses RDS",
            act: || socket(libc::AF_RDS, libc::SOCK_SEQPACKET, 0),
        },
        Attempt {
            id: "af-tipc",
            tries: "uses TIPC",
            act: || socket(libc::AF_TIPC, libc::SOCK_STREAM, 0),
        },
        Attempt { id: "af-xdp", tries: "uses XDP", act: || socket(AF_XDP, libc::SOCK_RAW, 0) },
        Attempt { id: "af-kcm", tries: "uses KCM", act: || socket(AF_KCM, libc::SOCK_DGRAM, 0) },
        Attempt {
            id: "af-qipcrtr",
            tries: "uses Qualcomm's router",
            act: || socket(AF_QIPCRTR, libc::SOCK_DGRAM, 0),
        },
        Attempt { id: "af-smc", tries: "uses SMC", act: || socket(AF_SMC, libc::SOCK_STREAM, 0) },
        Attempt {
            id: "af-rxrpc",
            tries: "uses RxRPC",
            act: || socket(libc::AF_RXRPC, libc::SOCK_DGRAM, libc::AF_INET),
        },
        Attempt {
            id: "af-ax25",
            tries: "uses amateur radio",
            act: || socket(libc::AF_AX25, libc::SOCK_DGRAM, 0),
        },
        Attempt {
            id: "af-key",
            tries: "manages keys of IPsec",
            act: || socket(libc::AF_KEY, libc::SOCK_RAW, 2),
        },
        Attempt {
            id: "af-phonet",
            tries: "uses Phonet",
            act: || socket(libc::AF_PHONET, libc::SOCK_DGRAM, 0),
        },
        Attempt {
            id: "af-pppox",
            tries: "uses PPP over others",
            act: || socket(libc::AF_PPPOX, libc::SOCK_STREAM, 0),
        },
        Attempt {
            id: "af-llc",
            tries: "uses LLC",
            act: || socket(libc::AF_LLC, libc::SOCK_STREAM, 0),
        },
    ],
};
