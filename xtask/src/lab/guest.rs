//! What this program does inside the virtual machine: it makes containers with the test bed's own code.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::roots::STOCK;
use super::{ContainerWish, Docker};
use crate::process;
use crate::testbed::{AppArmor, Container, Disk, Image, LXC_PATH, Network, Options};

/// Makes and starts a container from the images in stock.
pub fn make(wish: &ContainerWish) -> Result<()> {
    // The boot may not have come so far yet; this waits for it.
    let mut command = std::process::Command::new("systemctl");
    process::quiet(command.args(["start", "lxc-net.service", "lxcfs.service"]))?;

    let name = format!("{}{}", wish.release.name(), wish.flavor().suffix());
    let (root, is_last) = newest(&Path::new(LXC_PATH).join(STOCK).join(&name))?;
    let image = Image::brought(wish.release, wish.flavor(), root);
    let options = Options {
        disk: if is_last { Disk::Folder } else { Disk::Taken },
        network: Network::Bridge,
        apparmor: match wish.docker {
            Docker::None | Docker::FuseOverlayfs => AppArmor::Generated,
            Docker::Vfs => AppArmor::Unconfined,
        },
        stopped: true,
        ..Options::default()
    };
    let container = Container::create_permanent(&image, &wish.name, &options)?;
    let driver = match wish.docker {
        Docker::None => return container.start(),
        Docker::Vfs => "vfs",
        Docker::FuseOverlayfs => "fuse-overlayfs",
    };
    let text = format!("{{\n  \"storage-driver\": \"{driver}\"\n}}\n");
    container.write_file("/etc/docker/daemon.json", text.as_bytes(), 0o644)?;
    container.start()?;
    if wish.docker == Docker::FuseOverlayfs {
        container.script(
            "apt-get update --quiet && apt-get install --quiet --yes fuse-overlayfs\n\
             systemctl reset-failed docker.service && systemctl restart docker.service\n",
        )?;
    }
    Ok(())
}

/// Removes a container; one that is not there is fine.
pub fn remove(name: &str) -> Result<()> {
    Container::open_permanent(name).map_or(Ok(()), Container::destroy)
}

/// The copy with the highest number, and whether it is the last one.
fn newest(stock: &Path) -> Result<(PathBuf, bool)> {
    let list =
        fs::read_dir(stock).with_context(|| format!("no image is in `{}`", stock.display()))?;
    let mut numbers = Vec::new();
    for entry in list {
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    match numbers.iter().max() {
        Some(number) => Ok((stock.join(number.to_string()), numbers.len() == 1)),
        None => bail!("no image is in `{}`", stock.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_copy_is_told_from_others() {
        let stock = tempfile::tempdir().unwrap();
        assert!(newest(stock.path()).is_err());
        for name in ["1", "10", "partial"] {
            fs::create_dir(stock.path().join(name)).unwrap();
        }
        assert_eq!(newest(stock.path()).unwrap(), (stock.path().join("10"), false));
        fs::remove_dir(stock.path().join("10")).unwrap();
        assert_eq!(newest(stock.path()).unwrap(), (stock.path().join("1"), true));
    }
}
