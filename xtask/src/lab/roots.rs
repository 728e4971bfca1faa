//! The disk with the container images, which becomes `/var/lib/lxc` of the virtual machine.
//!
//! The images are built on the user's machine, at its own speed, and with everything that Docker needs
//! in a package repository inside. They lie in `.stock/<image>/<number>`, each more than once: a new
//! container takes one by moving it, which costs nothing; the last one is copied.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{cache, disk};
use crate::testbed::{self, Flavor, Release};
use crate::{process, say};

/// The folder of the disk that the images are in; the name hides it from LXC's own tools.
pub(super) const STOCK: &str = ".stock";

const COPIES: u32 = 2;

/// The cached disk.
#[derive(Debug, Clone)]
pub struct Roots {
    folder: PathBuf,
}

impl Roots {
    /// The disk with all images that are built already, and the plain Debian 12 one in any case.
    pub fn ensure() -> Result<Self> {
        testbed::Image::ensure_flavor(Release::Bookworm, Flavor::Networked)?;
        let images = built();
        let hashes: Vec<String> = images.iter().map(testbed::Image::hash).collect();
        let hash = cache::hash(hashes.iter().map(String::as_str));
        let folder = cache::ensure("roots", &hash, |folder| {
            let names: Vec<String> = images.iter().map(testbed::Image::name).collect();
            let what = format!("making the disk with the container images {}", names.join(", "));
            say::timed(&what, || build(&images, folder))
        })?;
        Ok(Self { folder })
    }

    /// The disk, which nobody may write to.
    pub(super) fn disk(&self) -> PathBuf {
        self.folder.join("disk.raw")
    }
}

/// The images for the lab that are there.
fn built() -> Vec<testbed::Image> {
    let flavors = [Flavor::Networked, Flavor::Docker];
    let all = Release::ALL.into_iter().flat_map(|release| {
        flavors.into_iter().map(move |flavor| testbed::Image::planned(release, flavor))
    });
    all.filter(testbed::Image::is_built).collect()
}

fn build(images: &[testbed::Image], folder: &Path) -> Result<()> {
    let top = folder.join("top");
    for image in images {
        let stock = top.join(STOCK).join(image.name());
        fs::create_dir_all(&stock)
            .with_context(|| format!("cannot create `{}`", stock.display()))?;
        for number in 1..=COPIES {
            let mut command = Command::new("cp");
            command.args(["--archive", "--reflink=auto", "--no-target-directory"]);
            process::quiet(command.arg(image.root()).arg(stock.join(number.to_string())))?;
        }
    }
    disk::from_folder(&top, "phoenix-lxc", &folder.join("disk.raw"))?;
    fs::remove_dir_all(&top).with_context(|| format!("cannot remove `{}`", top.display()))
}
