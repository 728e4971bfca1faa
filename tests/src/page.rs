//! A page of the documentation, followed to the letter: its commands typed, its files written.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use xtask::{
    process::{self, Output},
    workspace,
};

use crate::{Workbench, product, sources};

/// Cargo builds all that a step stands on in here.
const LIMIT: Duration = Duration::from_secs(900);

/// A shell in which `phoenix-orch` and `cargo` are found, in a folder that moves with `cd`.
#[derive(Debug)]
pub struct Shell {
    /// The folder in which it begins.
    pub bench: Workbench,
    /// The folder in which it is.
    pub folder: PathBuf,
}

impl Shell {
    /// A new one, in an empty folder.
    pub fn new() -> Result<Self> {
        let bench = Workbench::empty()?;
        fs::create_dir(bench.folder().join("bin"))?;
        let [option, state] = bench.state_words();
        let words = [product::binary()?.into_os_string(), option, state];
        let words = words.map(|word| process::shell_quoted(&word.to_string_lossy()));
        let script = bench
            .write("bin/phoenix-orch", format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" ")))?;
        fs::set_permissions(script, fs::Permissions::from_mode(0o755))?;
        let folder = bench.folder().to_owned();
        Ok(Self { bench, folder })
    }

    /// Runs one line.
    pub fn run(&mut self, line: &str) -> Result<Output> {
        let ended = self.start(line)?;
        if let (Some(folder), 0) = (line.strip_prefix("cd "), ended.code) {
            self.folder.push(folder);
        }
        Ok(ended)
    }

    fn start(&self, line: &str) -> Result<Output> {
        // The lock file keeps the versions that were tested.
        let lock = self.folder.join("Cargo.lock");
        if self.folder.join("Cargo.toml").exists() && !lock.exists() {
            fs::copy(workspace::root().join("Cargo.lock"), lock)?;
        }
        let mut command = self.bench.command_through("bash")?;
        let cargo = Path::new(env!("CARGO")).parent().context("cargo is in no folder")?;
        let usual = env::var_os("PATH").unwrap_or_default();
        let folders = [self.bench.folder().join("bin"), cargo.to_owned()];
        command.env("PATH", env::join_paths(folders.into_iter().chain(env::split_paths(&usual)))?);
        // What was compiled before is used again, and not optimised: the compiler's time is all that differs.
        sources::share(&mut command)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env_remove("CARGO_TARGET_DIR");
        // A step of somebody else is not held to the warnings of this repository's developers.
        command.env_remove("RUSTFLAGS");
        command.current_dir(&self.folder).args(["-c", line]);
        process::capture(&mut command, None, LIMIT)
    }

    /// What a command that must succeed prints.
    pub fn ok(&mut self, line: &str) -> Result<String> {
        Ok(self.run(line)?.success()?.stdout)
    }
}

/// A fenced block of a page.
struct Block<'a> {
    language: &'a str,
    /// What stands behind it: a file's name, or `fails`.
    info: &'a str,
    text: String,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        if let Some(info) = line.strip_prefix("```") {
            open = !open;
            if open {
                let (language, info) = info.split_once(' ').unwrap_or((info, ""));
                blocks.push(Block { language, info, text: String::new() });
            }
        } else if let (true, Some(block)) = (open, blocks.last_mut()) {
            block.text += line;
            block.text.push('\n');
        }
    }
    blocks
}

/// Types the commands. What the page shows below one must be among what it prints.
fn type_in(shell: &mut Shell, block: &Block<'_>) -> Result<()> {
    let mut commands = block.text.split("$ ").skip(1).peekable();
    while let Some(command) = commands.next() {
        let (line, shown) = command.split_once('\n').unwrap_or((command, ""));
        let ended = shell.run(line)?;
        let must_fail = block.info == "fails" && commands.peek().is_none();
        ensure!((ended.code != 0) == must_fail, "{ended}");
        for line in shown.lines() {
            ensure!(ended.to_string().contains(line), "no line `{line}`: {ended}");
        }
    }
    Ok(())
}

/// A file that is not there yet is written; of one that is, the page shows a part.
fn write_or_compare(shell: &Shell, block: &Block<'_>) -> Result<()> {
    let path = shell.folder.join(block.info);
    if !path.exists() {
        return Ok(fs::write(path, &block.text)?);
    }
    let whole = fs::read_to_string(&path)?;
    ensure!(whole.contains(&block.text), "`{}` is not as the page says:\n{whole}", block.info);
    Ok(())
}

/// Does all that a page says, in its order, and gives how many blocks of commands it has. No block and no
/// command may be one that nothing checks.
pub fn follow(page: &str, shell: &mut Shell) -> Result<usize> {
    let blocks = blocks(page);
    let typed = blocks.iter().flat_map(|block| block.text.lines());
    let typed = typed.filter(|line| line.starts_with("$ ")).count();
    ensure!(page.lines().filter(|line| line.trim_start().starts_with("$ ")).count() == typed);
    for block in &blocks {
        let done = match block.language {
            "console" => type_in(shell, block),
            _ if !block.info.is_empty() => write_or_compare(shell, block),
            _ => bail!("a block that nothing checks:\n{}", block.text),
        };
        done.with_context(|| format!("in the block\n{}", block.text))?;
    }
    Ok(blocks.iter().filter(|block| block.language == "console").count())
}
