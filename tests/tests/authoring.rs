//! From nothing to a step on a real container: `new step`, and every command of the page about it.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use phoenix_tests::{Workbench, product, sources};
use xtask::{
    process::{self, Output},
    testbed::{Container, Image, Options, Release},
    workspace,
};

/// Cargo builds all that a step stands on in here.
const LIMIT: Duration = Duration::from_secs(900);

/// A shell in which `phoenix-orch` and `cargo` are found, in a folder that moves with `cd`.
struct Shell {
    bench: Workbench,
    folder: PathBuf,
}

impl Shell {
    fn new() -> Result<Self> {
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

    fn run(&mut self, line: &str) -> Result<Output> {
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

    fn ok(&mut self, line: &str) -> Result<String> {
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

#[test]
fn the_page_leads_from_nothing_to_a_real_container() -> Result<()> {
    let page = fs::read_to_string(workspace::root().join("docs/writing-a-step.md"))?;
    let container =
        Container::create(&Image::ensure(Release::Bookworm)?, "authoring", &Options::default())?;
    let name = container.name();
    let page = page.replace("--target web", &format!("--target {name}"));
    let page = page.replace("web.idle-logout", &format!("{name}.idle-logout"));
    let mut shell = Shell::new()?;
    let blocks = blocks(&page);
    ensure!(blocks.iter().filter(|block| block.language == "console").count() >= 5, "too few");
    let typed = blocks.iter().flat_map(|block| block.text.lines());
    let typed = typed.filter(|line| line.starts_with("$ ")).count();
    ensure!(page.lines().filter(|line| line.trim_start().starts_with("$ ")).count() == typed);
    for block in &blocks {
        let done = match block.language {
            "console" => type_in(&mut shell, block),
            _ if !block.info.is_empty() => write_or_compare(&shell, block),
            _ => bail!("a block that nothing checks:\n{}", block.text),
        };
        done.with_context(|| format!("in the block\n{}", block.text))?;
    }
    // The last run is the second one, and nothing has been taken back.
    ensure!(page.contains("1 unchanged; 0 changes"), "no second run");
    let limit = container.ok(&["bash", "-lc", "echo $TMOUT"])?;
    assert_eq!(limit, "300\n");
    Ok(())
}

#[test]
fn a_step_for_the_host_keeps_its_laws_whatever_it_is_called() -> Result<()> {
    let mut shell = Shell::new()?;
    let long = "x".repeat(63);
    let default = shell.bench.write("rustfmt.toml", "")?;
    for name in ["probe", &long] {
        shell.ok(&format!("phoenix-orch new step {name} --scope host --path {name}"))?;
        for style in [&workspace::root().join("rustfmt.toml"), &default] {
            let style = process::shell_quoted(&style.to_string_lossy());
            shell.ok(&format!(
                "rustfmt --check --config-path {style} {name}/src/lib.rs --edition 2024"
            ))?;
        }
    }
    shell.ok("cd probe")?;
    // With the lints of this repository, which stand in its manifest.
    let manifest = fs::read_to_string(workspace::root().join("Cargo.toml"))?;
    let (_, lints) = manifest.split_once("[workspace.lints.rust]").context("no lints")?;
    let lints = format!("\n[lints.rust]{}", lints.replace("workspace.lints", "lints"));
    let mut own = fs::read_to_string(shell.folder.join("Cargo.toml"))?;
    own.push_str(&lints);
    fs::write(shell.folder.join("Cargo.toml"), own)?;
    shell.ok("cargo clippy --quiet --all-targets -- --deny warnings")?;
    shell.ok("cargo test --quiet")?;
    Ok(())
}

#[test]
fn a_step_in_the_workspace_is_one_of_its_own() -> Result<()> {
    let mut shell = Shell::new()?;
    // A copy, for the tests beside this one build the real one.
    let root = process::shell_quoted(&workspace::root().to_string_lossy());
    shell.ok(&format!("mkdir -p copy/steps && cp -r {root}/sdk {root}/Cargo.lock copy"))?;
    let manifest = fs::read_to_string(workspace::root().join("Cargo.toml"))?;
    let only = |line: &str| match line {
        line if line.starts_with("members") => "members = [\"sdk\", \"steps/*\"]\n".to_owned(),
        line if ["default-members", "phoenix-orch =", "xtask ="]
            .iter()
            .any(|begin| line.starts_with(begin)) =>
        {
            String::new()
        }
        line => format!("{line}\n"),
    };
    shell.bench.write("copy/Cargo.toml", manifest.lines().map(only).collect::<String>())?;
    shell.ok("cd copy/sdk")?;
    shell.ok("phoenix-orch new step idle-logout")?;
    shell.ok("cd ..")?;
    let made = shell.ok("ls -A steps/idle-logout")?;
    assert_eq!(made, "Cargo.toml\nsrc\n");
    shell.ok("cargo clippy --quiet --package idle-logout --all-targets -- --deny warnings")?;
    shell.ok("cargo test --quiet --package idle-logout")?;
    Ok(())
}

#[test]
fn nothing_is_written_where_it_must_not_be() -> Result<()> {
    let bench = Workbench::empty()?;
    bench.run(&["new", "step", "mine"])?.expect_code(0)?;
    let lib = bench.folder().join("mine/src/lib.rs");
    fs::write(&lib, "mine")?;
    for (words, code) in [
        (&["mine"][..], "NEW-EXISTS"),
        (&["Mine"], "CONFIG-NAME"),
        (&["fn"], "NEW-NAME-TAKEN"),
        (&["other", "--path", "missing/other"], "NEW-PLACE"),
        (&["other", "--sdk", "/nowhere"], "NEW-NO-SDK"),
    ] {
        let finished = bench.run(&[&["new", "step"], words].concat())?.expect_code(2)?;
        let text = finished.stderr();
        assert!(text.contains(&format!("error[{code}]")) && text.contains("hint:"), "{text}");
    }
    assert_eq!(fs::read_to_string(lib)?, "mine");
    assert_eq!(fs::read_dir(bench.folder())?.count(), 1);
    Ok(())
}
