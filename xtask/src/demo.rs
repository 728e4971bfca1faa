//! `cargo xtask demo`: the main job of phoenix-orch on this machine, for everyone to see.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use xtask::testbed::{self, Container, Disk, Image, Release};
use xtask::{catalogue, packages, process, say, workspace};

const NAME: &str = "phoenix-demo";

/// What the demo may be asked.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Remove the demo's container instead.
    #[arg(long)]
    destroy: bool,
}

/// Makes the container if there is none, converges it, and shows that a second run changes nothing.
pub(crate) fn run(options: &Options) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("the demo makes an LXC container, and needs root");
    }
    if options.destroy {
        return destroy();
    }
    packages::ensure(packages::TESTBED)?;
    let container = container()?;
    say::timed("building phoenix-orch and its steps (release)", || {
        process::live(workspace::cargo().args(["build", "--release"]).stdin(Stdio::null()))
    })?;
    let config = write_catalogue()?;
    say::timed("first run: Docker on fuse-overlayfs", || orchestrate(&config))?;
    say::timed("second run: nothing is left to change", || orchestrate(&config))?;
    say::timed("asking Docker itself", || {
        let driver = container.ok(&["docker", "info", "--format", "{{.Driver}}"])?;
        say::note(&format!("`docker info` in {NAME} says the driver is {}", driver.trim()));
        Ok(())
    })?;
    say::heading("what now");
    say::note(&format!("look around:    lxc-attach -n {NAME} --clear-env -- docker info"));
    say::note(&format!("its settings:   {}", container.config_path().display()));
    say::note(&format!("the catalogue:  {}", config.display()));
    say::note("remove it:      cargo xtask demo --destroy");
    Ok(())
}

fn container() -> Result<Container> {
    let Some(container) = Container::open_permanent(NAME) else {
        let image = Image::ensure(Release::Bookworm)?;
        return say::timed(&format!("making the unprivileged LXC container {NAME}"), || {
            // A copy, because an overlay would be gone when the machine restarts.
            let options = testbed::Options { disk: Disk::Folder, ..testbed::Options::default() };
            Container::create_permanent(&image, NAME, &options)
        });
    };
    say::heading(&format!("using the container {NAME} that is there already"));
    if container.state()? == "STOPPED" {
        say::timed(&format!("starting {NAME}"), || container.start())?;
    }
    Ok(container)
}

fn destroy() -> Result<()> {
    let Some(container) = Container::open_permanent(NAME) else {
        say::heading(&format!("there is no container {NAME}"));
        return Ok(());
    };
    say::timed(&format!("removing the container {NAME}"), || container.destroy())
}

fn write_catalogue() -> Result<PathBuf> {
    if !catalogue::kernel_has_apparmor() {
        say::heading(
            "this kernel has no AppArmor: the demo's copy of plugins.toml makes it optional, and the \
             container will NOT be confined",
        );
    }
    let path = workspace::target().join("demo/plugins.toml");
    let folder = path.parent().context("the demo's catalogue has no folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    fs::write(&path, catalogue::for_this_kernel()?)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(path)
}

fn orchestrate(config: &Path) -> Result<()> {
    let mut command = Command::new(workspace::target().join("release/phoenix-orch"));
    command.args(["run", "--config"]).arg(config);
    command.args(["--features", "docker", "--target", NAME, "--allow", "restart"]);
    process::live(&mut command)
}
