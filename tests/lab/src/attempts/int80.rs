//! The same calls through the entry for 32-bit programs, which a filter may have forgotten.

use std::io::{Error, Result};

use super::attempt::{Attempt, Group};
use super::sys::scratch;

// The numbers of the 32-bit table; those since 2019 are the same in all tables.
const MOUNT: u32 = 21;
const KEYCTL: u32 = 288;
const ADD_KEY: u32 = 286;
const OPEN_TREE: u32 = 428;
const FSOPEN: u32 = 430;
const MOUNT_SETATTR: u32 = 442;
const CWD: u32 = -100_i32 as u32;

/// A page below 4 GiB, where a 32-bit call can find its strings.
struct Low {
    page: *mut u8,
    used: usize,
}

impl Low {
    fn new() -> Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT;
        // SAFETY: asks for new memory at a place of the kernel's choice.
        let page = unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, -1, 0) };
        if page == libc::MAP_FAILED {
            return Err(Error::last_os_error());
        }
        Ok(Self { page: page.cast(), used: 0 })
    }

    /// Puts bytes and a zero behind them on the page; gives their address.
    fn put(&mut self, bytes: &[u8]) -> Result<u32> {
        if self.used + bytes.len() + 16 > 4096 {
            return Err(Error::other("the page is full"));
        }
        // SAFETY: the range lies within the page, as just checked, which starts out zero.
        let place = unsafe { self.page.add(self.used) };
        // SAFETY: as above, and the two cannot overlap.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len()) };
        self.used = (self.used + bytes.len() + 8) & !7;
        u32::try_from(place as usize).map_err(Error::other)
    }
}

#[cfg(target_arch = "x86_64")]
fn call(number: u32, arguments: [u32; 5]) -> Result<u32> {
    let [a, b, c, d, e] = arguments;
    let result: u32;
    // SAFETY: the kernel reads only the page that the caller prepared, and keeps every register but
    // rax and, in old kernels, r8 to r11. rbx belongs to the compiler and is put back.
    unsafe {
        std::arch::asm!(
            "xchg rbx, {first}",
            "int 0x80",
            "xchg rbx, {first}",
            first = inout(reg) u64::from(a) => _,
            inlateout("eax") number => result,
            in("ecx") b, in("edx") c, in("esi") d, in("edi") e,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
        );
    }
    let signed = result as i32;
    if (-4095..0).contains(&signed) { Err(Error::from_raw_os_error(-signed)) } else { Ok(result) }
}

#[cfg(not(target_arch = "x86_64"))]
fn call(_: u32, _: [u32; 5]) -> Result<u32> {
    Err(Error::other("this processor has no such entry"))
}

pub(super) const GROUP: Group = Group {
    name: "32-bit entry",
    attempts: &[
        Attempt {
            id: "int80-fsopen",
            tries: "opens a fresh proc by the new mount API",
            act: || {
                let mut low = Low::new()?;
                let kind = low.put(b"proc")?;
                call(FSOPEN, [kind, 0, 0, 0, 0])?;
                Ok("it was opened".to_owned())
            },
        },
        Attempt {
            id: "int80-open-tree",
            tries: "copies the mount of /proc",
            act: || {
                let mut low = Low::new()?;
                let path = low.put(b"/proc")?;
                call(OPEN_TREE, [CWD, path, 1, 0, 0])?;
                Ok("it was copied".to_owned())
            },
        },
        Attempt {
            id: "int80-setattr",
            tries: "makes /proc/sys writable",
            act: || {
                let mut low = Low::new()?;
                let path = low.put(b"/proc/sys")?;
                let mut attributes = [0; 32];
                attributes[8] = 1;
                let attributes = low.put(&attributes)?;
                call(MOUNT_SETATTR, [CWD, path, 0, attributes, 32])?;
                Ok("the mount is writable".to_owned())
            },
        },
        Attempt {
            id: "int80-mount",
            tries: "mounts a fresh proc elsewhere by the classic call",
            act: || {
                let mut low = Low::new()?;
                let (kind, place) = (low.put(b"proc")?, low.put(scratch("/mnt")?.as_bytes())?);
                call(MOUNT, [kind, place, kind, 0, 0])?;
                Ok("it was mounted".to_owned())
            },
        },
        Attempt {
            id: "int80-keyctl",
            tries: "joins a new session keyring",
            act: || call(KEYCTL, [1, 0, 0, 0, 0]).map(|_| "it was joined".to_owned()),
        },
        Attempt {
            id: "int80-add-key",
            tries: "adds a key to its process",
            act: || {
                let mut low = Low::new()?;
                let (kind, name) = (low.put(b"user")?, low.put(b"phx")?);
                // -2 is the keyring of the process, which ends with it.
                call(ADD_KEY, [kind, name, name, 3, -2_i32 as u32])?;
                Ok("it was added".to_owned())
            },
        },
    ],
};
