//! A Proxmox node for one test: `/etc/pve`, `pct`, and real containers with numbers.
//!
//! Nothing of the real Proxmox is here: `tests/pve` stands in for it. Only the thread that entered the node,
//! and what is started from it, sees it; the other tests and the machine itself do not.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::marker::PhantomData;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount,
};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use tempfile::TempDir;
use xtask::process::{self, Output};
use xtask::testbed::{Image, Options};

use crate::node_container::NodeContainer;
use crate::product;

/// Where Proxmox keeps what its nodes share.
pub const CLUSTER: &str = "/etc/pve";

/// A folder in which everybody looks for programs.
const PROGRAMS: &str = "/usr/local/sbin";

const LIMIT: Duration = Duration::from_secs(120);

/// The node. Its thread stays in it to its end, so there is one for each test at most.
#[derive(Debug)]
pub struct Node {
    pmxcfs: Child,
    orders: Option<ChildStdin>,
    answers: RefCell<BufReader<ChildStdout>>,
    _programs: TempDir,
    /// It must not go to a thread that does not see the mounts.
    _here: PhantomData<*const ()>,
}

impl Node {
    /// A node without guests.
    pub fn enter() -> Result<Self> {
        Self::enter_with(&[])
    }

    /// A node that has these files in `/etc/pve`, such as `lxc/100.conf` or `ha/resources.cfg`.
    pub fn enter_with(files: &[(&str, &str)]) -> Result<Self> {
        let contents = tempfile::tempdir().context("cannot create a temporary folder")?;
        for (name, text) in files {
            let path = contents.path().join(name);
            fs::create_dir_all(path.parent().context("a file without a folder")?)?;
            fs::write(path, text)?;
        }
        fs::create_dir_all(CLUSTER).context("cannot create `/etc/pve`")?;
        leave_the_others()?;
        let programs = show_pct()?;
        let mut pmxcfs = Command::new(product::stand_in("pmxcfs")?)
            .args([Path::new(CLUSTER), Path::new(&name()), contents.path()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A Ctrl-C at the terminal is for the test, which then ends this.
            .process_group(0)
            .spawn()
            .context("cannot start pmxcfs")?;
        let orders = pmxcfs.stdin.take();
        let answers = BufReader::new(pmxcfs.stdout.take().context("pmxcfs has no stdout")?);
        let answers = RefCell::new(answers);
        let node = Self { pmxcfs, orders, answers, _programs: programs, _here: PhantomData };
        node.expect("ready")?;
        Ok(node)
    }

    /// The node's name, which is the machine's.
    pub fn name(&self) -> String {
        name()
    }

    /// A real container of this node; started if the options do not say otherwise. The lines of
    /// `options.config` go to its file in `/etc/pve/lxc`: `lxc.` lines to the end of the main part, others
    /// in the place of what a new container of Proxmox has there.
    pub fn container(&self, image: &Image, options: &Options) -> Result<NodeContainer<'_>> {
        NodeContainer::create(self, image, options)
    }

    /// Runs `pct`, whatever comes of it.
    pub fn pct(&self, words: &[&str]) -> Result<Output> {
        process::capture(self.pct_command().args(words), None, LIMIT)
    }

    /// `pct` as a shell of an administrator would start it.
    pub fn pct_command(&self) -> Command {
        let mut command = Command::new(Path::new(PROGRAMS).join("pct"));
        command.env("LC_ALL", "C.UTF-8");
        command
    }

    /// The path of a file in `/etc/pve`.
    pub fn path(&self, name: &str) -> PathBuf {
        Path::new(CLUSTER).join(name)
    }

    /// Reads a file of `/etc/pve`.
    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.path(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))
    }

    /// Writes a file of `/etc/pve`.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// From now on nothing in `/etc/pve` can be written.
    pub fn lose_quorum(&self) -> Result<()> {
        self.order("quorum lost")
    }

    /// Undoes [`Node::lose_quorum`].
    pub fn regain_quorum(&self) -> Result<()> {
        self.order("quorum there")
    }

    fn order(&self, order: &str) -> Result<()> {
        let mut orders = self.orders.as_ref().context("pmxcfs takes no orders any more")?;
        writeln!(orders, "{order}").context("pmxcfs has ended")?;
        self.expect("done")
    }

    fn expect(&self, answer: &str) -> Result<()> {
        let mut line = String::new();
        self.answers.borrow_mut().read_line(&mut line).context("cannot read what pmxcfs says")?;
        ensure!(line.trim_end() == answer, "pmxcfs says `{}` for `{answer}`", line.trim_end());
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It ends when it gets no more orders. Its mount may be in use, so that only we can take it away.
        self.orders = None;
        let _ = self.pmxcfs.wait();
        let _ = unmount(CLUSTER, UnmountFlags::DETACH);
        let _ = unmount(PROGRAMS, UnmountFlags::DETACH);
    }
}

/// A mount namespace for this thread alone.
fn leave_the_others() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("only root can enter a node");
    }
    // SAFETY: the table of open files, about which others could be wrong, stays shared; what is not shared
    // any more, the mounts and the current folder, is no matter of memory.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.context("no mount namespace can be made")?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).context("the mounts cannot be made private")
}

/// Puts `pct` where everybody looks for programs, beside whatever is there.
fn show_pct() -> Result<TempDir> {
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let programs = folder.path().join("programs");
    fs::create_dir(&programs)?;
    fs::copy(product::stand_in("pct")?, programs.join("pct")).context("cannot copy `pct`")?;
    let layers = format!("lowerdir={}:{PROGRAMS}", programs.display());
    let layers = std::ffi::CString::new(layers)?;
    mount("overlay", PROGRAMS, "overlay", MountFlags::RDONLY, layers.as_c_str())
        .with_context(|| format!("`pct` cannot be put into `{PROGRAMS}`"))?;
    Ok(folder)
}

fn name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}
