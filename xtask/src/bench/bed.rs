//! Containers in which the product has nothing left to do: one is converged by the product, and the others
//! stand on its root.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context, Result};
use xtask::{
    catalogue,
    lab::product,
    packages, process, say,
    testbed::{Container, Disk, Flavor, Image, Options, RaisedLimits, Release},
    workspace,
};

use super::{competitor, record};

const LABEL: &str = "bench";
const RELEASE: Release = Release::Bookworm;

/// What a benchmark begins with: the product as it is now, and an empty folder with its catalogue.
pub(crate) struct Ready {
    pub(crate) folder: PathBuf,
    pub(crate) commit: String,
    pub(crate) binary: PathBuf,
}

impl Ready {
    /// With what the product needs.
    pub(crate) fn alone() -> Result<Self> {
        product::build_shipped()?;
        let folder = workspace::target().join("bench");
        prepare(&folder)?;
        Ok(Self { folder, commit: record::commit()?, binary: competitor::binary() })
    }

    /// With what containers and other tools need.
    pub(crate) fn against_others() -> Result<Self> {
        packages::ensure(packages::TESTBED)?;
        packages::ensure(packages::BENCH)?;
        Self::alone()
    }
}

/// A host with converged containers.
pub(crate) struct Bed {
    folder: PathBuf,
    containers: Vec<Container>,
    /// What the configuration of a container needs.
    config: Vec<String>,
    _limits: RaisedLimits,
}

impl Bed {
    /// Makes so many containers with the help of this binary, in a folder that [`prepare`] has made.
    pub(crate) fn make(folder: &Path, binary: &Path, count: usize) -> Result<Self> {
        let limits = RaisedLimits::new()?;
        let model = || model(folder, binary);
        let (image, options) = say::timed("converging one container", model)?;
        let make = || (0..count).map(|_| Container::create(&image, LABEL, &options)).collect();
        let containers = say::timed(&format!("making {count} containers like it"), make)?;
        let bed =
            Self { folder: folder.to_owned(), containers, config: options.config, _limits: limits };
        say::timed("making sure that nothing is left to change in them", || {
            process::quiet(bed.command(binary, "run").args(["--allow", "restart"]))?;
            process::quiet(bed.command(binary, "plan").arg("--check"))
        })?;
        Ok(bed)
    }

    /// The names of its containers.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.containers.iter().map(Container::name).collect()
    }

    /// Its containers.
    pub(crate) fn containers(&self) -> &[Container] {
        &self.containers
    }

    /// Another container, in which nothing is done yet, but that its configuration is as it should be: nobody has to
    /// restart it.
    pub(crate) fn fresh(&self, disk: Disk) -> Result<Container> {
        let options = Options { disk, config: self.config.clone(), ..Options::default() };
        Container::create(&Image::ensure_flavor(RELEASE, Flavor::Python)?, LABEL, &options)
    }

    /// A verb of this binary, for all containers.
    pub(crate) fn command(&self, binary: &Path, verb: &str) -> Command {
        self.command_for(binary, verb, &self.names())
    }

    /// A verb of this binary, for some of the containers.
    pub(crate) fn command_for(&self, binary: &Path, verb: &str, names: &[&str]) -> Command {
        command(&self.folder, binary, verb, names)
    }
}

/// Makes the folder anew, with the catalogue in it, and a folder for what phoenix-orch remembers: of steps, it remembers nothing
/// where there is none.
pub(crate) fn prepare(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    let catalogue = catalogue::for_this_kernel()?;
    fs::create_dir_all(folder.join("state"))
        .and_then(|()| fs::write(folder.join("plugins.toml"), catalogue))
        .with_context(|| format!("cannot write into `{}`", folder.display()))
}

/// A verb that takes no targets.
pub(crate) fn targetless(folder: &Path, binary: &Path, words: &[&str]) -> Command {
    with_state(folder, &folder.join("state"), binary, words)
}

/// The same for a phoenix-orch that remembers nothing, and so has to start every step to hear what it is.
pub(crate) fn unacquainted(folder: &Path, binary: &Path, words: &[&str]) -> Command {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    with_state(folder, &folder.join(format!("states/{number}")), binary, words)
}

fn with_state(folder: &Path, state: &Path, binary: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(binary);
    // What the developer has set for themselves must not decide a benchmark.
    for name in ["PHOENIX_ORCH_CONFIG", "RUST_LOG", "NO_COLOR", "COLUMNS"] {
        command.env_remove(name);
    }
    command.arg("--state-dir").arg(state);
    command.arg("--config").arg(folder.join("plugins.toml")).args(words);
    command
}

fn command(folder: &Path, binary: &Path, verb: &str, names: &[&str]) -> Command {
    let words = [verb, "--features", "docker", "--target", &names.join(",")];
    targetless(folder, binary, &words)
}

/// A root in which Docker is as the product wants it, and what its container's configuration needs for that.
fn model(folder: &Path, binary: &Path) -> Result<(Image, Options)> {
    // The root of an overlay could not be taken away from its container.
    let options = Options { disk: Disk::Folder, ..Options::default() };
    let container =
        Container::create(&Image::ensure_flavor(RELEASE, Flavor::Python)?, LABEL, &options)?;
    let path = container.config_path();
    let read =
        || fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()));
    let before = read()?;
    let mut run = command(folder, binary, "run", &[container.name()]);
    process::quiet(run.args(["--allow", "restart"]))?;
    let after = read()?;
    let added = after.lines().filter(|line| !before.lines().any(|old| old == *line));
    let options = Options { config: added.map(str::to_owned).collect(), ..Options::default() };
    container.stop()?;
    let root = folder.join("root");
    // By a program, because the two may lie on different file systems.
    let mut command = Command::new("mv");
    command.arg("--no-target-directory").arg(container.rootfs()).arg(&root);
    process::quiet(&mut command)?;
    container.destroy()?;
    // Docker renames folders of its own when it starts, which an overlay refuses for those of its lower layer.
    let docker = root.join("var/lib/docker");
    fs::remove_dir_all(&docker).with_context(|| format!("cannot remove `{}`", docker.display()))?;
    Ok((Image::brought(RELEASE, Flavor::Bare, root), options))
}
