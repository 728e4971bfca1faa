//! Profiles in the host's kernel, for as long as a test needs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use apparmor_profile::{seccomp, template};
use xtask::process;

const WORK: &str = "/run/phoenix-lab";
const PROFILES: &str = "/etc/apparmor.d";
const PARSER: &str = "apparmor_parser";
const LIMIT: Duration = Duration::from_secs(120);

/// What the product's profile is called.
pub(crate) use template::NAME as OURS;

/// What the old script's profile is called here, so that it does not get in the way of ours.
pub(crate) const OLD: &str = "lxc-phoenix-old";

/// The old script's profile.
pub(crate) fn old_text() -> &'static str {
    include_str!("profiles/old.profile")
}

/// The product's profile: the one that it installed here, else the template with its defaults.
pub(crate) fn our_text() -> Result<String> {
    let installed = Path::new(PROFILES).join(OURS);
    if installed.exists() {
        fs::read_to_string(&installed)
            .with_context(|| format!("cannot read `{}`", installed.display()))
    } else {
        Ok(template::render(&template::Settings::default()))
    }
}

/// The product's seccomp filter, as a file: the installed one, else one made here.
pub(crate) fn our_seccomp() -> Result<String> {
    if Path::new(seccomp::PATH).exists() {
        return Ok(seccomp::PATH.to_owned());
    }
    let path = work("seccomp")?;
    fs::write(&path, seccomp::text())
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(path.display().to_string())
}

/// The program that compiles our profile.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Parser {
    /// Compile our profile with this program for the test, and not with the host's apparmor_parser.
    #[arg(long = "parser", value_name = "PROGRAM")]
    program: Option<PathBuf>,
}

impl Parser {
    /// Loads a profile, in the place of one of the same name: processes under that are then under this.
    pub(crate) fn load(&self, text: &str) -> Result<()> {
        let program = self.program.as_deref().unwrap_or(Path::new(PARSER));
        parse(program, &["--replace", "--skip-cache"], text).map(drop)
    }

    /// Does something while the kernel has our profile as this program compiles it.
    pub(crate) fn with_ours<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.program.is_none() {
            return work();
        }
        self.load(&our_text()?)?;
        let result = work();
        let restored = restore_ours();
        let done = result?;
        restored.map(|()| done)
    }
}

/// Loads a profile as the host's own parser compiles it; see [`Parser::load`].
pub(crate) fn load(text: &str) -> Result<()> {
    Parser::default().load(text)
}

/// How many rules a profile has, with all that it includes.
pub(crate) fn rules(text: &str) -> Result<usize> {
    let whole = parse(Path::new(PARSER), &["--preprocess"], text)?;
    let rule = |line: &&str| {
        let line = line.trim();
        !line.starts_with('#') && !line.starts_with("abi") && line.ends_with(',')
    };
    Ok(whole.lines().filter(rule).count())
}

/// Puts the product's profile back as it is installed, or takes it away where it is not.
pub(crate) fn restore_ours() -> Result<()> {
    if Path::new(PROFILES).join(OURS).exists() { load(&our_text()?) } else { unload(OURS) }
}

/// Takes a profile out of the kernel; one that is not there is fine. No container may use it.
pub(crate) fn unload(name: &str) -> Result<()> {
    let loaded = fs::read_to_string("/sys/kernel/security/apparmor/profiles")
        .context("cannot read which profiles are loaded")?;
    if loaded.lines().any(|line| line.split(' ').next() == Some(name)) {
        parse(Path::new(PARSER), &["--remove"], &format!("profile {name} {{\n}}\n"))?;
    }
    Ok(())
}

fn parse(program: &Path, options: &[&str], text: &str) -> Result<String> {
    let path = work("profile")?;
    fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    let mut command = Command::new(program);
    command.args(options);
    if !Path::new(PROFILES).join("tunables/nesting").exists() {
        // Our profile includes a tunable that the product installs.
        let folder = work("include/tunables/nesting")?;
        fs::write(&folder, "@{apparmor_nesting_profiles} = lxc-phoenix-v2\n")?;
        command.args(["--Include", &format!("{WORK}/include")]);
    }
    Ok(process::capture(command.arg(&path), None, LIMIT)?.success()?.stdout)
}

/// A file of ours, in a folder that is there.
fn work(name: &str) -> Result<PathBuf> {
    let path = Path::new(WORK).join(name);
    let folder = path.parent().unwrap_or(&path);
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    Ok(path)
}
