//! QEMU's command line.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};

use super::accelerator::Accelerator;
use super::booted::SNAPSHOT;
use super::image::Image;
use super::roots::Roots;

/// The memory of the virtual machine, in MiB. It takes only what is used.
const MEMORY: &str = "4096";

/// More processors than this help nothing that the lab does.
const MOST_PROCESSORS: usize = 4;

/// The names of a machine's own disks: the system, and `/var/lib/lxc`.
pub(super) const DISKS: [&str; 2] = ["system.qcow2", "lxc.qcow2"];

/// What the disks of a virtual machine are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Drives<'a> {
    /// The cached ones. All that is written goes to unnamed files in the state folder, which are gone
    /// with the process.
    Frozen { image: &'a Image, roots: &'a Roots },
    /// Overlays of its own, in this folder, which are written.
    Own(&'a Path),
}

impl Drives<'_> {
    fn words(&self) -> Vec<String> {
        let (paths, kind) = match self {
            Self::Frozen { image, roots } => {
                ([image.disk(), roots.disk()], "format=raw,snapshot=on")
            }
            Self::Own(folder) => (DISKS.map(|name| folder.join(name)), "format=qcow2"),
        };
        let word = |path: &PathBuf| {
            // A comma in a path is written twice.
            let path = path.to_string_lossy().replace(',', ",,");
            format!("file={path},{kind},if=virtio,cache=unsafe,discard=unmap")
        };
        paths.iter().map(word).collect()
    }
}

/// What a virtual machine is made of.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    pub(super) image: &'a Image,
    pub(super) drives: Drives<'a>,
    pub(super) accelerator: Accelerator,
    /// The port of 127.0.0.1 that leads to its sshd.
    pub(super) port: u16,
    /// The base64 part of the public key that opens it.
    pub(super) key: &'a str,
    /// The folder for the pid file, the console and the unnamed files that hold what it writes.
    pub(super) state: &'a Path,
}

/// A command that starts the virtual machine in a session of its own and ends as soon as it runs.
pub(super) fn daemon(wish: &Wish<'_>) -> Command {
    let mut command = machine(wish);
    command.args(["-monitor", "none", "-daemonize", "-pidfile"]).arg(wish.state.join("pid"));
    if matches!(wish.drives, Drives::Own(_)) {
        command.args(["-loadvm", SNAPSHOT]);
    }
    command
}

/// The virtual machine itself, without any way to talk to QEMU.
pub(super) fn machine(wish: &Wish<'_>) -> Command {
    let processors =
        thread::available_parallelism().map_or(1, |count| count.get().min(MOST_PROCESSORS));
    let mut command = Command::new("qemu-system-x86_64");
    command.args(["-name", "phoenix-lab", "-machine", "q35", "-nodefaults", "-no-reboot"]);
    command.args(["-display", "none"]);
    command.args(wish.accelerator.words());
    command.args(["-smp", &processors.to_string(), "-m", MEMORY]);
    command.arg("-kernel").arg(wish.image.kernel()).arg("-initrd").arg(wish.image.initrd());
    // The mitigations guard against neighbours that this machine does not have.
    let line = format!(
        "root=/dev/vda rw console=ttyS0 quiet apparmor=1 security=apparmor net.ifnames=0 \
         mitigations=off phoenix.lab_key={}",
        wish.key
    );
    command.args(["-append", &line]);
    for drive in wish.drives.words() {
        command.args(["-drive", &drive]);
    }
    command.env("TMPDIR", wish.state);
    // User-mode network: no bridge and no rights on this machine; one port of the loopback leads in.
    let network = format!("user,id=net,hostfwd=tcp:127.0.0.1:{}-:22", wish.port);
    command.args(["-netdev", &network, "-device", "virtio-net-pci,netdev=net,romfile="]);
    command.args(["-device", "virtio-rng-pci", "-serial"]);
    command.arg(format!("file:{}", wish.state.join("console").display()));
    command
}

/// A port of the loopback that is free now. Another program may take it before QEMU does, so a start
/// may have to be tried again.
pub(super) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port of the loopback is free")?;
    Ok(listener.local_addr().context("a port without number")?.port())
}
