//! The host that the pictures show: three fresh containers with names that people give.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use xtask::{
    catalogue,
    lab::product,
    process, say,
    testbed::{Container, Image, Options, Release},
    workspace,
};

const NAMES: [&str; 3] = ["web", "db", "ci"];

/// What somebody does between two scenes.
#[derive(Clone, Copy)]
pub(super) enum Happening {
    /// In the configuration of this container's Docker.
    AnotherDriver(&'static str),
    /// This container is shut down.
    Stopped(&'static str),
    /// A word in the catalogue.
    Misspelled,
    /// It is as it was.
    Corrected,
}

/// The containers, and a folder with the catalogue and a `phoenix-orch` that keeps its state there.
pub(super) struct Stage {
    folder: PathBuf,
    catalogue: String,
    containers: Containers,
}

impl Stage {
    /// Makes everything anew. Containers with these names must not be there.
    pub(super) fn set() -> Result<Self> {
        say::timed("building phoenix-orch and its steps", || {
            process::live(workspace::cargo().arg("build"))
        })?;
        let folder = workspace::target().join("pictures");
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove `{}`", folder.display()))?;
        }
        let catalogue = catalogue::for_this_kernel()?;
        let program = workspace::target().join("debug").join(product::BINARY);
        let wrapper = format!(
            "#!/bin/sh\nexec {} --state-dir {} \"$@\"\n",
            process::shell_quoted(&program.to_string_lossy()),
            process::shell_quoted(&folder.join("state").to_string_lossy()),
        );
        let path = folder.join("bin").join(product::BINARY);
        fs::create_dir_all(folder.join("bin"))
            .and_then(|()| fs::create_dir_all(folder.join("state")))
            .and_then(|()| fs::write(folder.join("plugins.toml"), &catalogue))
            .and_then(|()| fs::write(&path, wrapper))
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755)))
            .with_context(|| format!("cannot write into `{}`", folder.display()))?;
        let containers = say::timed("making containers", Containers::make)?;
        Ok(Self { folder, catalogue, containers })
    }

    /// Where commands are started.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn happens(&self, what: Happening) -> Result<()> {
        match what {
            Happening::AnotherDriver(name) => {
                let sed = ["sed", "-i", "s/fuse-overlayfs/vfs/", "/etc/docker/daemon.json"];
                self.containers.named(name)?.ok(&sed).map(drop)
            }
            Happening::Stopped(name) => self.containers.named(name)?.stop(),
            Happening::Misspelled => {
                self.write(&self.catalogue.replacen("\n[features]", "\n[feautres]", 1))
            }
            Happening::Corrected => self.write(&self.catalogue),
        }
    }

    fn write(&self, catalogue: &str) -> Result<()> {
        fs::write(self.folder.join("plugins.toml"), catalogue).context("cannot write plugins.toml")
    }
}

/// Destroyed with this value: they are called as the permanent ones of somebody else.
struct Containers(Vec<Container>);

impl Containers {
    fn make() -> Result<Self> {
        let image = Image::ensure(Release::Bookworm)?;
        let mut made = Self(Vec::new());
        for name in NAMES {
            made.0.push(Container::create_permanent(&image, name, &Options::default())?);
        }
        Ok(made)
    }

    fn named(&self, name: &str) -> Result<&Container> {
        let found = self.0.iter().find(|container| container.name() == name);
        found.with_context(|| format!("no container `{name}`"))
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        for container in self.0.drain(..) {
            if let Err(error) = container.destroy() {
                say::failure(&error);
            }
        }
    }
}
