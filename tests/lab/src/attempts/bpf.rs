//! Programs in the kernel, and looking at what it does.

use super::attempt::{Attempt, Group};
use super::sys::{call, call_fd};

const BPF_MAP_CREATE: usize = 0;
const BPF_PROG_LOAD: usize = 5;
const BPF_PROG_GET_NEXT_ID: usize = 11;

pub(super) const GROUP: Group = Group {
    name: "bpf and perf",
    attempts: &[
        Attempt {
            id: "bpf-map",
            tries: "makes a map of BPF",
            act: || {
                // An array of one value of four bytes.
                let attributes: [u32; 8] = [2, 4, 4, 1, 0, 0, 0, 0];
                call_fd(libc::SYS_bpf, [BPF_MAP_CREATE, attributes.as_ptr() as usize, 32, 0, 0])?;
                Ok("it was made".to_owned())
            },
        },
        Attempt {
            id: "bpf-load",
            tries: "loads a program of BPF that does nothing, for a tracepoint",
            act: || {
                // r0 = 0; exit
                let program: [u64; 2] = [0xb7, 0x95];
                let license = super::sys::c("GPL");
                let mut attributes = [0_u64; 16];
                // The type in the low half, the number of instructions in the high one.
                attributes[0] = 5 | (2 << 32);
                attributes[1] = program.as_ptr() as u64;
                attributes[2] = license.as_ptr() as u64;
                call_fd(libc::SYS_bpf, [BPF_PROG_LOAD, attributes.as_ptr() as usize, 72, 0, 0])?;
                Ok("it was loaded".to_owned())
            },
        },
        Attempt {
            id: "bpf-list",
            tries: "lists the host's programs of BPF",
            act: || {
                let attributes = [0_u32; 4];
                call(
                    libc::SYS_bpf,
                    [BPF_PROG_GET_NEXT_ID, attributes.as_ptr() as usize, 12, 0, 0],
                )?;
                Ok("there is one".to_owned())
            },
        },
        Attempt {
            id: "perf-system",
            tries: "watches what the whole machine does",
            act: || perf(-1_isize as usize, 0),
        },
        Attempt {
            id: "perf-self",
            tries: "watches what it does itself in the kernel",
            act: || perf(0, -1_isize as usize),
        },
    ],
};

fn perf(pid: usize, cpu: usize) -> std::io::Result<String> {
    // A software clock, with its size in the second half of the first word.
    let mut attributes = [0_u64; 16];
    attributes[0] = 1 | (128 << 32);
    let none = -1_isize as usize;
    call_fd(libc::SYS_perf_event_open, [attributes.as_ptr() as usize, pid, cpu, none, 0])?;
    Ok("it is watched".to_owned())
}
