//! Containers in the lab, asked for from here.

use anyhow::Result;
use clap::ValueEnum;

use super::roots::STOCK;
use super::{Lab, sync};
use crate::say;
use crate::testbed::{Flavor, Image, LXC_PATH, Release};

/// What is in a container before phoenix-orch sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Docker {
    /// No Docker.
    #[default]
    None,
    /// Docker on the storage driver vfs, and the container not confined at all: what one finds where
    /// somebody gave up.
    Vfs,
    /// Docker on fuse-overlayfs already, for releases that phoenix-orch does not install Docker on.
    FuseOverlayfs,
}

/// A container that somebody wants.
#[derive(Debug, Clone)]
pub struct ContainerWish {
    /// Its name in the lab.
    pub name: String,
    /// What it runs.
    pub release: Release,
    /// What is in it.
    pub docker: Docker,
}

impl ContainerWish {
    /// The image that it is made from.
    pub fn flavor(&self) -> Flavor {
        match self.docker {
            Docker::None => Flavor::Networked,
            Docker::Vfs | Docker::FuseOverlayfs => Flavor::Docker,
        }
    }
}

impl Lab {
    /// Makes and starts a container; its image is built and brought into the lab when it is not there.
    pub fn make_container(&self, wish: &ContainerWish) -> Result<()> {
        let image = Image::ensure_flavor(wish.release, wish.flavor())?;
        let stock = format!("{LXC_PATH}/{STOCK}/{}", image.name());
        if self.capture(&["test", "-d", &format!("{stock}/1")], SHORT)?.code != 0 {
            let what = format!("bringing the container image {} into the lab", image.name());
            say::timed(&what, || {
                // Its name is given to it when it is complete.
                let partial = format!("{stock}/partial");
                self.ok(&["rm", "-rf", &partial])?;
                sync::send(self, image.root(), &partial, std::time::Duration::from_secs(900))?;
                self.ok(&["mv", &partial, &format!("{stock}/1")])?;
                Ok(())
            })?;
        }
        let docker = wish.docker.to_possible_value();
        let docker = docker.as_ref().map_or("none", |value| value.get_name());
        let release = wish.release.name();
        let what = format!("making the container {} ({release}, Docker: {docker})", wish.name);
        say::timed(&what, || {
            let words = ["xtask", "guest", "container", &wish.name, "--release", release];
            self.ok(&[&words[..], &["--docker", docker]].concat()).map(drop)
        })
    }

    /// Removes a container of the lab, if there is one with this name.
    pub fn remove_container(&self, name: &str) -> Result<()> {
        self.ok(&["xtask", "guest", "remove", name]).map(drop)
    }
}

const SHORT: std::time::Duration = std::time::Duration::from_secs(60);
