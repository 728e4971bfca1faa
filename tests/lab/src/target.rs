//! The container under test, an existing one, as the host reaches it: through `lxc-attach` only.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use xtask::process::{self, Output};
use xtask::testbed::LXC_PATH;

const STOP_LIMIT: Duration = Duration::from_secs(60);
const BOOT_LIMIT: Duration = Duration::from_secs(180);

/// Configuration given to one start only, over what the container's file says.
pub(crate) type Overrides<'a> = &'a [(&'a str, &'a str)];

/// One container, by its LXC name.
#[derive(Debug)]
pub(crate) struct Target {
    name: String,
    /// What the last start of ours was given.
    overrides: RefCell<Vec<(String, String)>>,
}

impl Target {
    /// Finds it; it need not run.
    pub(crate) fn open(name: &str) -> Result<Self> {
        let target = Self { name: name.to_owned(), overrides: RefCell::default() };
        if !target.folder().join("config").exists() {
            bail!("there is no container `{name}` under `{LXC_PATH}`");
        }
        Ok(target)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn folder(&self) -> PathBuf {
        Path::new(LXC_PATH).join(&self.name)
    }

    /// Runs a shell script in the container as root, with nothing on its input; only a command that cannot be run at all, or
    /// does not end in time, is an error.
    pub(crate) fn script(&self, text: &str, limit: Duration) -> Result<Output> {
        let mut output = self.run(&["/bin/sh", "-euc", text], None, limit)?;
        // In messages the script's text would only hide what it printed.
        output.command = format!("a script in {}", self.name);
        Ok(output)
    }

    /// Runs a command in the container as root with a cleared environment.
    pub(crate) fn run(
        &self,
        argv: &[&str],
        stdin: Option<&[u8]>,
        limit: Duration,
    ) -> Result<Output> {
        let mut command = Command::new("lxc-attach");
        command.args(["--name", &self.name, "--clear-env"]);
        command.args(["--set-var", "LC_ALL=C", "--set-var", "HOME=/root"]);
        process::capture(command.arg("--").args(argv), stdin, limit)
    }

    /// Copies a program of the host into the container, executable, owned by the container's root.
    pub(crate) fn install(&self, program: &Path, place: &str) -> Result<()> {
        let bytes =
            fs::read(program).with_context(|| format!("cannot read `{}`", program.display()))?;
        let script = format!(
            "mkdir -p \"$(dirname {place})\"; rm -f {place}; cat > {place}; chmod 755 {place}"
        );
        let argv = ["/bin/sh", "-euc", &script];
        self.run(&argv, Some(&bytes), Duration::from_secs(60))?.success()?;
        Ok(())
    }

    /// A value of the configuration that is in force, or none where nothing sets it.
    pub(crate) fn config(&self, key: &str) -> Result<Option<String>> {
        let mut command = Command::new("lxc-info");
        let output = process::quiet(command.args(["--name", &self.name, "--config", key]))?;
        let value = output.stdout.split_once('=').map(|(_, value)| value.trim().to_owned());
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// LXC's word for what it is doing, such as `RUNNING`.
    pub(crate) fn state(&self) -> Result<String> {
        let mut command = Command::new("lxc-info");
        let output = process::quiet(command.args(["--name", &self.name, "--state", "-H"]))?;
        Ok(output.stdout.trim().to_owned())
    }

    /// The host's id of process 1.
    pub(crate) fn init_pid(&self) -> Result<u32> {
        let mut command = Command::new("lxc-info");
        let output = process::quiet(command.args(["--name", &self.name, "--pid", "-H"]))?;
        output.stdout.trim().parse().with_context(|| format!("`{}` does not run", self.name))
    }

    /// The AppArmor label of process 1, as the host sees it, without the mode.
    pub(crate) fn label(&self) -> Result<String> {
        let path = format!("/proc/{}/attr/apparmor/current", self.init_pid()?);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{path}`"))?;
        let text = text.trim_end_matches(['\n', '\0']);
        Ok(text.split_once(" (").map_or(text, |(label, _)| label).to_owned())
    }

    /// Stops it, killing what does not end by itself; one that does not run is fine.
    pub(crate) fn stop(&self) -> Result<()> {
        if self.state()? == "STOPPED" {
            return Ok(());
        }
        let mut command = Command::new("lxc-stop");
        command.args(["--name", &self.name, "--timeout", "40"]);
        process::capture(&mut command, None, STOP_LIMIT)?.success()?;
        Ok(())
    }

    /// Starts it and waits until systemd has nothing more to do; gives the time that this took.
    pub(crate) fn start(&self, overrides: Overrides<'_>) -> Result<Duration> {
        let pairs = overrides.iter().map(|(key, value)| (key.to_string(), value.to_string()));
        *self.overrides.borrow_mut() = pairs.collect();
        self.start_again()
    }

    /// Stops it and starts it with what the last start was given.
    pub(crate) fn reboot(&self) -> Result<Duration> {
        self.stop()?;
        self.start_again()
    }

    fn start_again(&self) -> Result<Duration> {
        let log = self.folder().join("phoenix-lab.log");
        let begin = Instant::now();
        // A log file is only ever appended to, and an old end of it would explain nothing.
        let _ = fs::remove_file(&log);
        let mut command = Command::new("lxc-start");
        command.args(["--name", &self.name, "--logpriority", "INFO", "--logfile"]).arg(&log);
        for (key, value) in self.overrides.borrow().iter() {
            command.args(["-s", &format!("{key}={value}")]);
        }
        process::capture(&mut command, None, STOP_LIMIT)
            .and_then(Output::success)
            .and_then(|_| self.wait_until_settled())
            .with_context(|| {
                let log = fs::read_to_string(&log).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let end = lines[lines.len().saturating_sub(15)..].join("\n");
                format!("`{}` does not start; the end of its log:\n{end}", self.name)
            })?;
        Ok(begin.elapsed())
    }

    /// Stops it and starts it anew.
    pub(crate) fn restart(&self, overrides: Overrides<'_>) -> Result<Duration> {
        self.stop()?;
        self.start(overrides)
    }

    fn wait_until_settled(&self) -> Result<()> {
        let deadline = Instant::now() + BOOT_LIMIT;
        let mut last = String::new();
        while Instant::now() < deadline {
            // With `--wait` systemd itself tells when the boot is over; before its socket is there
            // the command fails at once.
            let argv = ["systemctl", "is-system-running", "--wait"];
            if let Ok(output) = self.run(&argv, None, BOOT_LIMIT) {
                last = format!("{}{}", output.stdout, output.stderr);
                if matches!(output.stdout.trim(), "running" | "degraded") {
                    return Ok(());
                }
            }
            if self.state()? == "STOPPED" {
                bail!("it stopped again at once; systemd said: {last}");
            }
            sleep(Duration::from_millis(200));
        }
        bail!("not up after {} s; systemd said: {last}", BOOT_LIMIT.as_secs())
    }
}
