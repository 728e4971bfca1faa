//! One real unprivileged LXC container.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::config::{self, SHELL_INIT};
use super::disk;
use super::image::Image;
use super::leftovers::{self, Claim, KEPT, PREFIX};
use super::options::{Apt, Init, Network, Options};
use super::rootfs::Rootfs;
use super::{LXC_PATH, subordinate_ids};
use crate::process::{self, Output};

/// Generous, because in the lab the processor may be emulated.
const BOOT_LIMIT: Duration = Duration::from_secs(240);
const EXEC_LIMIT: Duration = Duration::from_secs(300);

const INTERFACES: &[u8] = b"auto lo eth0\niface lo inet loopback\niface eth0 inet dhcp\n";

/// A container that is destroyed when this value is dropped, unless it is permanent.
#[derive(Debug)]
pub struct Container {
    name: String,
    rootfs: Rootfs,
    init: Init,
    /// Absent for a permanent container, which belongs to nobody.
    claim: Option<Claim>,
}

impl Container {
    /// Makes a container for one test, called `phx-<label>-<process>-<number>`, starts it and waits
    /// until it is up. It is destroyed with this value; should the process die before, by the next
    /// process that makes one.
    pub fn create(image: &Image, label: &str, options: &Options) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        leftovers::clean_once();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{label}-{}-{number}", id());
        let claim = Claim::take(&name)?;
        Self::make(image, name, Some(claim), options)
    }

    /// Makes a container whose name is a number of three digits, as on Proxmox, that nobody else has.
    /// It stays stopped, for it is Proxmox's business to start it and to write its configuration.
    /// Otherwise it is as [`Container::create`] makes them.
    pub fn create_numbered(image: &Image, options: &Options) -> Result<Self> {
        leftovers::clean_once();
        let (number, claim) = leftovers::claim_number()?;
        let options = Options { stopped: true, ..options.clone() };
        Self::make(image, number, Some(claim), &options)
    }

    /// Makes a container with exactly this name that stays until somebody destroys it.
    pub fn create_permanent(image: &Image, name: &str, options: &Options) -> Result<Self> {
        Self::make(image, name.to_owned(), None, options)
    }

    /// A permanent container that was made earlier, if there is one with this name.
    pub fn open_permanent(name: &str) -> Option<Self> {
        let folder = Path::new(LXC_PATH).join(name);
        folder.join("config").exists().then(|| Self {
            name: name.to_owned(),
            rootfs: Rootfs::new(folder.join("rootfs")),
            init: Init::Systemd,
            claim: None,
        })
    }

    fn make(image: &Image, name: String, claim: Option<Claim>, options: &Options) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            bail!("containers can only be made by root");
        }
        subordinate_ids::ensure()?;
        let folder = Path::new(LXC_PATH).join(&name);
        // The configuration is written last: without it, an earlier try was interrupted.
        if folder.join("config").exists() {
            bail!("`{}` exists already", folder.display());
        }
        remove(&name)?;
        // From here on a failure drops the value, which removes what was made.
        let container =
            Self { rootfs: Rootfs::new(folder.join("rootfs")), name, init: options.init, claim };
        let made = container.furnish(image, options);
        let result = if options.stopped { made } else { made.and_then(|()| container.start()) };
        if let Err(error) = result {
            if container.claim.is_none() {
                remove(&container.name)?;
            }
            return Err(error)
                .with_context(|| format!("cannot make the container `{}`", container.name));
        }
        Ok(container)
    }

    /// Lays the files down; nothing runs yet.
    fn furnish(&self, image: &Image, options: &Options) -> Result<()> {
        if self.claim.is_some() {
            leftovers::mark(&self.folder())?;
        }
        disk::lay(options.disk, image, &self.folder())?;
        self.write_file("/etc/hostname", format!("{}\n", self.name).as_bytes(), 0o644)?;
        if options.apt == Apt::Unreachable {
            let release = image.release().name();
            let sources = format!("deb http://deb.debian.org/debian {release} main\n");
            self.write_file("/etc/apt/sources.list", sources.as_bytes(), 0o644)?;
        }
        if options.init == Init::Shell {
            self.write_file(SHELL_INIT, include_bytes!("waiting-init.sh"), 0o755)?;
        }
        if options.network == Network::Bridge {
            self.write_file("/etc/network/interfaces", INTERFACES, 0o644)?;
        }
        if let Some(text) = &options.os_release {
            self.write_file("/etc/os-release", text.as_bytes(), 0o644)?;
        }
        let text = config::render(&self.folder(), &self.name, options);
        let path = self.config_path();
        fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// The name, as LXC and phoenix-orch know it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder under `/var/lib/lxc`.
    pub fn folder(&self) -> PathBuf {
        Path::new(LXC_PATH).join(&self.name)
    }

    /// The configuration file.
    pub fn config_path(&self) -> PathBuf {
        self.folder().join("config")
    }

    /// The root folder as the host sees it.
    pub fn rootfs(&self) -> &Path {
        self.rootfs.path()
    }

    /// Runs a command in the container with a cleared environment, for at most five minutes.
    pub fn exec(&self, argv: &[&str]) -> Result<Output> {
        self.exec_within(argv, None, EXEC_LIMIT)
    }

    /// Runs a command in the container and demands success; gives what it printed on stdout.
    pub fn ok(&self, argv: &[&str]) -> Result<String> {
        Ok(self.exec(argv)?.success()?.stdout)
    }

    /// Runs a shell script in the container and demands success; gives what it printed on stdout.
    pub fn script(&self, text: &str) -> Result<String> {
        let argv = ["/bin/sh", "-eu"];
        Ok(self.exec_within(&argv, Some(text.as_bytes()), EXEC_LIMIT)?.success()?.stdout)
    }

    /// Runs a command in the container with this input, and kills it when the time is over.
    pub fn exec_within(
        &self,
        argv: &[&str],
        stdin: Option<&[u8]>,
        limit: Duration,
    ) -> Result<Output> {
        let attach = || {
            let mut command = Command::new("lxc-attach");
            command.args(["--name", &self.name, "--clear-env"]);
            command.args(["--set-var", "LC_ALL=C", "--set-var", "DEBIAN_FRONTEND=noninteractive"]);
            process::capture(command.arg("--").args(argv), stdin, limit)
        };
        match attach()? {
            // Once in some thousand times LXC 5 fails over its own copy in memory, before it does anything.
            output if output.stderr.contains("Failed to rexec as memfd") => attach(),
            output => Ok(output),
        }
    }

    /// Reads a file, also of a container that is stopped.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>> {
        self.rootfs.read(path)
    }

    /// Whether something is at this path, also of a container that is stopped.
    pub fn exists(&self, path: &str) -> Result<bool> {
        self.rootfs.exists(path)
    }

    /// Writes a file owned by the container's root, and the folders above it that are missing.
    pub fn write_file(&self, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
        self.rootfs.write(path, bytes, mode)
    }

    /// LXC's word for what it is doing, such as `RUNNING` or `STOPPED`.
    pub fn state(&self) -> Result<String> {
        state(&self.name)
    }

    /// The host's id of process 1; another one after every start.
    pub fn init_pid(&self) -> Result<u32> {
        let mut command = Command::new("lxc-info");
        let output =
            process::quiet(command.args(["--name", &self.name, "--pid", "--no-humanize"]))?;
        output.stdout.trim().parse().with_context(|| format!("`{}` does not run", self.name))
    }

    /// Starts it and waits until it is up.
    pub fn start(&self) -> Result<()> {
        let log = self.folder().join("lxc.log");
        let mut command = Command::new("lxc-start");
        command.args(["--name", &self.name, "--logpriority", "INFO", "--logfile"]).arg(&log);
        process::quiet(&mut command).and_then(|_| self.wait_until_up()).with_context(|| {
            let log = fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let end = lines[lines.len().saturating_sub(40)..].join("\n");
            format!("`{}` does not start; the end of its log:\n{end}", self.name)
        })
    }

    /// Shuts it down in an orderly way.
    pub fn stop(&self) -> Result<()> {
        process::quiet(Command::new("lxc-stop").args(["--name", &self.name, "--timeout", "30"]))?;
        Ok(())
    }

    /// Waits until process 1 has nothing more to start. Failed units do not matter: some always fail
    /// in an unprivileged container.
    pub fn wait_until_up(&self) -> Result<()> {
        let deadline = Instant::now() + BOOT_LIMIT;
        let mut last = String::new();
        while Instant::now() < deadline {
            let limit = Duration::from_secs(30);
            let up = match self.init {
                Init::Shell => self.exec_within(&["/bin/true"], None, limit)?.code == 0,
                Init::Systemd => {
                    let argv = ["systemctl", "is-system-running"];
                    let output = self.exec_within(&argv, None, limit)?;
                    last = format!("{}{}", output.stdout, output.stderr);
                    matches!(output.stdout.trim_end(), "running" | "degraded")
                }
            };
            if up {
                return Ok(());
            }
            if self.state()? == "STOPPED" {
                bail!("it stopped again at once; systemd said: {last}");
            }
            sleep(Duration::from_millis(50));
        }
        bail!("it is not up after {} s; systemd said: {last}", BOOT_LIMIT.as_secs())
    }

    /// Stops it if need be and removes everything of it, with an error if that fails.
    pub fn destroy(mut self) -> Result<()> {
        let claim = self.claim.take();
        let result = remove(&self.name);
        drop(claim);
        result
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if self.claim.is_none() {
            return;
        }
        if std::env::var_os("PHOENIX_TESTBED_KEEP").is_some() && self.folder().exists() {
            // Without its owner it would be taken for a leftover, so it says itself that it is not.
            let _ = fs::write(self.folder().join(KEPT), "");
            return;
        }
        // Whatever cannot be removed now is tried again as a leftover.
        let _ = remove(&self.name);
    }
}

fn state(name: &str) -> Result<String> {
    let mut command = Command::new("lxc-info");
    let output = process::quiet(command.args(["--name", name, "--state", "--no-humanize"]))?;
    Ok(output.stdout.trim().to_owned())
}

/// Removes a container and everything of it; one that is already gone is fine.
pub(super) fn remove(name: &str) -> Result<()> {
    let folder = Path::new(LXC_PATH).join(name);
    if !folder.exists() {
        return Ok(());
    }
    if folder.join("config").exists() && state(name)? != "STOPPED" {
        process::quiet(Command::new("lxc-stop").args(["--name", name, "--kill"]))?;
    }
    disk::unmount_from(&folder)?;
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove `{}`", folder.display()))
}
