//! The disk, the kernel and the initial file system that every lab starts from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{cache, disk, parsers};
use crate::testbed::host_apt_options;
use crate::{packages, process, say};

/// What plays a Proxmox host, and what one needs to look around in it.
const INSTALLED: &str = "linux-image-amd64,systemd,systemd-sysv,libpam-systemd,dbus,udev,kmod,\
     openssh-server,iproute2,iputils-ping,netbase,ca-certificates,procps,less,jq,strace,acl,\
     lxc,lxcfs,uidmap,dnsmasq-base,iptables,fuse3,apparmor,apparmor-utils,auditd,\
     initramfs-tools,zstd,python3-minimal";

const CUSTOMIZE: &str = include_str!("image.sh");
const EARLY: &str = include_str!("image-early.sh");
const RELEASE: &str = "bookworm";
const SOURCES: [&str; 3] = [
    "deb http://deb.debian.org/debian bookworm main",
    "deb http://deb.debian.org/debian bookworm-updates main",
    "deb http://deb.debian.org/debian-security bookworm-security main",
];

/// The cached image.
#[derive(Debug, Clone)]
pub struct Image {
    folder: PathBuf,
}

impl Image {
    /// The image; built when it is not there yet, which takes about a minute and needs the Debian
    /// mirror.
    pub fn ensure() -> Result<Self> {
        let parsers = parsers::recipe();
        let parts = [INSTALLED, CUSTOMIZE, EARLY, RELEASE, &parsers].into_iter().chain(SOURCES);
        let folder = cache::ensure("image", &cache::hash(parts), |folder| {
            packages::ensure(packages::TESTBED)?;
            say::timed("building the image of the lab's virtual machine", || build(folder))
        })?;
        Ok(Self { folder })
    }

    /// The disk, which nobody may write to.
    pub(super) fn disk(&self) -> PathBuf {
        self.folder.join("disk.raw")
    }

    pub(super) fn kernel(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    pub(super) fn initrd(&self) -> PathBuf {
        self.folder.join("initrd")
    }

    /// The public key that proves that it is this machine that answers.
    pub(super) fn host_key(&self) -> PathBuf {
        self.folder.join("host-key.pub")
    }
}

fn build(folder: &Path) -> Result<()> {
    let root = folder.join("root");
    bootstrap(folder, &root)?;
    parsers::add(&root)?;
    let image = Image { folder: folder.to_owned() };
    copy_only_match(&root.join("boot"), "vmlinuz-", &image.kernel())?;
    copy_only_match(&root.join("boot"), "initrd.img-", &image.initrd())?;
    copy(&root.join("etc/ssh/ssh_host_ed25519_key.pub"), &image.host_key())?;
    disk::from_folder(&root, "phoenix-lab", &image.disk())?;
    fs::remove_dir_all(&root).with_context(|| format!("cannot remove `{}`", root.display()))
}

fn bootstrap(folder: &Path, root: &Path) -> Result<()> {
    let mut command = Command::new("mmdebstrap");
    command.args(["--mode=root", "--variant=minbase", "--format=directory"]);
    command.arg(format!("--include={INSTALLED}"));
    command.arg("--aptopt=Acquire::Languages \"none\"");
    // Nobody reads them here, and they are half of the files.
    for path in ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"] {
        command.arg(format!("--dpkgopt=path-exclude={path}"));
    }
    for option in host_apt_options()? {
        command.arg(format!("--aptopt={option}"));
    }
    for (name, text, hook) in
        [("early.sh", EARLY, "essential"), ("customize.sh", CUSTOMIZE, "customize")]
    {
        let script = folder.join(name);
        fs::write(&script, text).with_context(|| format!("cannot write `{}`", script.display()))?;
        let script = process::shell_quoted(&script.to_string_lossy());
        command.arg(format!("--{hook}-hook=sh {script} \"$1\""));
    }
    process::quiet(command.arg(RELEASE).arg(root).args(SOURCES))?;
    Ok(())
}

fn copy_only_match(folder: &Path, prefix: &str, to: &Path) -> Result<()> {
    let list =
        fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
    for entry in list {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            return copy(&entry.path(), to);
        }
    }
    bail!("there is no `{prefix}*` in `{}`", folder.display())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .with_context(|| format!("cannot copy `{}` to `{}`", from.display(), to.display()))?;
    Ok(())
}
