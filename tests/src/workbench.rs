//! A temporary folder with a `plugins.toml`, and phoenix-orch run on it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use tempfile::TempDir;
use xtask::process::{self, Output};

use crate::product;

/// No run may take longer; those that hang are killed and fail with what they had printed.
const LIMIT: Duration = Duration::from_secs(600);

/// A folder of its own for one test.
#[derive(Debug)]
pub struct Workbench {
    folder: TempDir,
}

impl Workbench {
    /// A workbench whose `plugins.toml` has this content; bytes, because it may be broken on purpose.
    pub fn new(plugins_toml: impl AsRef<[u8]>) -> Result<Self> {
        let bench = Self::empty()?;
        bench.write("plugins.toml", plugins_toml)?;
        Ok(bench)
    }

    /// A workbench with the repository's own catalogue, where AppArmor is optional if the kernel has
    /// none.
    pub fn with_repository_catalogue() -> Result<Self> {
        Self::new(xtask::catalogue::for_this_kernel()?)
    }

    /// A workbench without any file.
    pub fn empty() -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        Ok(Self { folder })
    }

    /// The folder, which is also the current folder of every run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of the `plugins.toml`, whether it exists or not.
    pub fn config(&self) -> PathBuf {
        self.folder().join("plugins.toml")
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.folder().join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(path)
    }

    /// The runs in the journal, the newest first, as `runs list` gives them.
    pub fn runs(&self) -> Result<Vec<Value>> {
        let list = self.run(&["runs", "list", "--output", "json"])?.expect_code(0)?;
        serde_json::from_str(list.stdout()).context("`runs list` gave no JSON")
    }

    /// Takes every run back that changed something and was not taken back yet, the newest first.
    pub fn take_all_back(&self) -> Result<()> {
        for run in self.runs()? {
            let open =
                run["verb"] == "run" && run["changes"] != 0 && run["taken_back_by"].is_null();
            if open && let Some(name) = run["run"].as_str() {
                self.run(&["rollback", name, "--allow", "restart"])?.expect_code(0)?;
            }
        }
        Ok(())
    }

    /// Runs phoenix-orch with these words, as a user without a terminal would; it finds the
    /// `plugins.toml` because it is in the current folder.
    pub fn run(&self, arguments: &[&str]) -> Result<Finished> {
        self.run_within(arguments, LIMIT)
    }

    /// The same, killed when the time is over.
    pub fn run_within(&self, arguments: &[&str], limit: Duration) -> Result<Finished> {
        let mut command = self.command()?;
        Ok(Finished(process::capture(command.args(arguments), None, limit)?))
    }

    /// The command itself, for tests that start it in another way or in another environment.
    pub fn command(&self) -> Result<Command> {
        let mut command = self.command_through(product::binary()?)?;
        command.args(self.state_words());
        Ok(command)
    }

    /// Another program in the same surroundings, for tests that start phoenix-orch through it.
    pub fn command_through(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut command = Command::new(program);
        command.current_dir(self.folder());
        // What the developer has set for themselves must not decide a test.
        for name in ["PHOENIX_ORCH_CONFIG", "RUST_LOG", "RUST_BACKTRACE", "NO_COLOR", "COLUMNS"] {
            command.env_remove(name);
        }
        // Nor must their language: in a locale without UTF-8 trees are drawn in ASCII.
        command.env("LC_ALL", "C.UTF-8");
        Ok(command)
    }

    /// The words that keep phoenix-orch's own state in this folder.
    pub fn state_words(&self) -> [OsString; 2] {
        ["--state-dir".into(), self.folder().join("state").into()]
    }
}

/// A run that has ended by itself.
#[derive(Debug, Clone)]
pub struct Finished(Output);

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self(output)
    }
}

impl Finished {
    /// The exit code.
    pub fn code(&self) -> i32 {
        self.0.code
    }

    /// What it wrote to stdout.
    pub fn stdout(&self) -> &str {
        &self.0.stdout
    }

    /// What it wrote to stderr.
    pub fn stderr(&self) -> &str {
        &self.0.stderr
    }

    /// How long it took.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// The same run if it ended with this exit code, else an error with all that it printed.
    pub fn expect_code(self, code: i32) -> Result<Self> {
        if self.code() == code {
            Ok(self)
        } else {
            Err(anyhow!("exit code {code} was expected: {}", self.0))
        }
    }

    /// The events of a run with `--output json`: one JSON value a line, and nothing else on stdout.
    pub fn events(&self) -> Result<Vec<Value>> {
        self.stdout()
            .lines()
            .map(|line| {
                serde_json::from_str(line).with_context(|| format!("not a JSON event: {line}"))
            })
            .collect()
    }
}
