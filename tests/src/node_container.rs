//! A real container of a node.

use std::ops::Deref;

use anyhow::{Context, Result, ensure};
use xtask::process::Output;
use xtask::testbed::{AppArmor, Container, Image, Init, Network, Options};

use crate::Node;

/// Where the testbed puts the script that replaces systemd.
const SHELL_INIT: &str = "lxc.init.cmd: /usr/local/sbin/waiting-init";

/// A container that is destroyed when this value is dropped. All that [`Container`] can do it can do as
/// well, but `start` and `stop` go through `pct`.
#[derive(Debug)]
pub struct NodeContainer<'node> {
    node: &'node Node,
    container: Container,
}

impl<'node> NodeContainer<'node> {
    pub(crate) fn create(node: &'node Node, image: &Image, options: &Options) -> Result<Self> {
        ensure!(options.network == Network::None, "a node has no bridge");
        let container = Container::create_numbered(image, options)?;
        let made = Self { node, container };
        made.set_conf(&first_conf(made.id(), options))?;
        made.write_file("/etc/hostname", format!("ct{}\n", made.id()).as_bytes(), 0o644)?;
        if !options.stopped {
            made.start()?;
        }
        Ok(made)
    }

    /// Its number, which is its name.
    pub fn id(&self) -> &str {
        self.container.name()
    }

    /// The text of its file in `/etc/pve`.
    pub fn conf(&self) -> Result<String> {
        self.node.read(&self.conf_name())
    }

    /// Replaces the text of its file in `/etc/pve`.
    pub fn set_conf(&self, text: &str) -> Result<()> {
        self.node.write(&self.conf_name(), text)
    }

    /// The path of its file below `/etc/pve`.
    pub fn conf_name(&self) -> String {
        format!("lxc/{}.conf", self.id())
    }

    /// Runs `pct VERB ID WORDS...`, whatever comes of it.
    pub fn pct(&self, verb: &str, words: &[&str]) -> Result<Output> {
        self.node.pct(&[&[verb, self.id()], words].concat())
    }

    /// Starts it, and waits until it is up.
    pub fn start(&self) -> Result<()> {
        self.pct("start", &[])?.success()?;
        self.container.wait_until_up().with_context(|| format!("`{}` does not start", self.id()))
    }

    /// Shuts it down.
    pub fn stop(&self) -> Result<()> {
        self.pct("shutdown", &[])?.success().map(drop)
    }
}

impl Deref for NodeContainer<'_> {
    type Target = Container;

    fn deref(&self) -> &Container {
        &self.container
    }
}

impl Drop for NodeContainer<'_> {
    fn drop(&mut self) {
        // As `pct destroy` would. That it cannot be removed, without quorum, is what a test may have wanted.
        let _ = std::fs::remove_file(self.node.path(&self.conf_name()));
    }
}

/// What a new container of Proxmox has in its file, with the wishes of the options.
fn first_conf(id: &str, options: &Options) -> String {
    let (raw, plain): (Vec<&String>, Vec<&String>) =
        options.config.iter().partition(|line| line.starts_with("lxc."));
    let key = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    let mut lines: Vec<String> = [
        "arch: amd64",
        "cores: 1",
        "features: nesting=1",
        &format!("hostname: ct{id}"),
        "memory: 512",
        "ostype: debian",
        &format!("rootfs: local:{id}/subvol-{id}-disk-0.subvol,size=8G"),
        "swap: 0",
        "unprivileged: 1",
    ]
    .map(str::to_owned)
    .into();
    for line in plain {
        lines.retain(|other| key(other) != key(line));
        lines.push(line.clone());
    }
    lines.sort();
    if options.apparmor == AppArmor::Unconfined {
        lines.push("lxc.apparmor.profile: unconfined".to_owned());
    }
    if options.init == Init::Shell {
        lines.push(SHELL_INIT.to_owned());
    }
    if options.read_only_etc {
        let etc = format!("/var/lib/lxc/{id}/rootfs/etc");
        lines.push(format!("lxc.mount.entry: {etc} etc none bind,ro 0 0"));
    }
    lines.extend(raw.into_iter().cloned());
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_replace_what_is_usual() {
        let options = Options {
            config: ["features: fuse=1", "lxc.cap.drop: sys_boot", "onboot: 1"]
                .map(str::to_owned)
                .into(),
            ..Options::default()
        };
        assert_eq!(
            first_conf("7001", &options),
            "arch: amd64\ncores: 1\nfeatures: fuse=1\nhostname: ct7001\nmemory: 512\nonboot: 1\n\
             ostype: debian\nrootfs: local:7001/subvol-7001-disk-0.subvol,size=8G\nswap: 0\n\
             unprivileged: 1\nlxc.cap.drop: sys_boot\n"
        );
    }
}
