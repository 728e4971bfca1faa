//! Files outside the kernel's own trees, and device nodes.

use super::{Group, Settings, pattern};

/// The kernel's own trees: whatever is not listed for them elsewhere is not allowed.
pub(super) const KERNEL: [&str; 3] = ["dev", "proc", "sys"];

pub(super) fn groups(_settings: &Settings) -> Vec<Group> {
    let others = pattern::all_but(&KERNEL);
    vec![
        Group::allow(
            "files",
            "Images put files anywhere, so everything but the kernel's own trees is theirs. The pattern spells out all \
             names but dev, proc and sys.",
            &["/ rw,"],
        )
        .and([format!("/{others}{{,/{{,**}}}} rwlkmix,")]),
        Group::allow(
            "devices",
            "The device nodes that LXC and Docker give to every container. A disk or a GPU that was handed to the container \
             needs a parameter.",
            &[
                "/dev/{,**/} r,",
                "/dev/{null,zero,full,random,urandom,tty,tty[0-9]*,console,ptmx,fuse,net/tun} rwk,",
                "/dev/{core,fd,initctl,log,stdin,stdout,stderr} rw,",
                "/dev/pts/{,**} rw,",
                "/dev/{shm,mqueue,hugepages}/{,**} rwlkm,",
            ],
        ),
    ]
}
