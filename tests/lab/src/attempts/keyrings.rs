//! The kernel's keyrings.

use super::attempt::{Attempt, Group};
use super::sys::{c, call};

const KEYCTL_JOIN_SESSION_KEYRING: usize = 1;
const KEYCTL_GET_KEYRING_ID: usize = 0;
const PROCESS_KEYRING: usize = -2_isize as usize;
const USER_KEYRING: usize = -4_isize as usize;

pub(super) const GROUP: Group = Group {
    name: "keyrings",
    attempts: &[
        Attempt {
            id: "keyring-join",
            tries: "joins a new session keyring",
            act: || {
                call(libc::SYS_keyctl, [KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0])?;
                Ok("it was joined".to_owned())
            },
        },
        Attempt {
            id: "keyring-user",
            tries: "finds the keyring that all of its user's processes share",
            act: || {
                call(libc::SYS_keyctl, [KEYCTL_GET_KEYRING_ID, USER_KEYRING, 0, 0, 0])?;
                Ok("it was found".to_owned())
            },
        },
        Attempt {
            id: "key-add",
            tries: "adds a key to its process",
            act: || {
                let (kind, name) = (c("user"), c("phx"));
                let (kind, name) = (kind.as_ptr() as usize, name.as_ptr() as usize);
                call(libc::SYS_add_key, [kind, name, name, 3, PROCESS_KEYRING])?;
                Ok("it was added".to_owned())
            },
        },
        Attempt {
            id: "key-request",
            tries: "asks for a key, for which the host may run a program",
            act: || {
                let (kind, name) = (c("user"), c("phx-no-such-key"));
                call(
                    libc::SYS_request_key,
                    [kind.as_ptr() as usize, name.as_ptr() as usize, 0, 0, 0],
                )
                .map(|_| "it was found".to_owned())
                .or_else(|error| match error.raw_os_error() {
                    // The kernel has searched, so the call itself is open.
                    Some(libc::ENOKEY) => Ok("the keyrings were searched".to_owned()),
                    _ => Err(error),
                })
            },
        },
    ],
};
