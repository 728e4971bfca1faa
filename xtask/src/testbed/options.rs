//! What is special about one container; the default is a healthy Debian container without network.

/// How a container differs from the default one.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What runs as process 1.
    pub init: Init,
    /// What the root file system lies on.
    pub disk: Disk,
    /// Where packages come from.
    pub apt: Apt,
    /// How it is connected.
    pub network: Network,
    /// How LXC is told to confine it.
    pub apparmor: AppArmor,
    /// Whether `/etc` is mounted read-only.
    pub read_only_etc: bool,
    /// The text of `/etc/os-release`, for distributions that nobody knows.
    pub os_release: Option<String>,
    /// Lines added to the end of the container's configuration, such as a user would have written.
    pub config: Vec<String>,
    /// Whether the container stays stopped after it was made.
    pub stopped: bool,
}

/// What runs as process 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Init {
    /// Systemd.
    #[default]
    Systemd,
    /// A shell script that waits, as in containers made from application images.
    Shell,
}

/// What the root file system lies on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Disk {
    /// An overlay over the shared image: made at once, gone when the machine restarts. Docker's own
    /// `overlay2` does not work on it, all other drivers do. Where the host cannot do it, a folder.
    #[default]
    Overlay,
    /// A copy of the image in a folder on the host's disk, as in real life; takes a few seconds.
    Folder,
    /// The image's own folder is moved away; it must be on the same file system as `/var/lib/lxc`.
    Taken,
    /// A small memory file system of this many MiB in all, that can be filled. The image itself takes
    /// about 280 MiB of it.
    Memory(u32),
}

/// Where packages come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Apt {
    /// A repository inside the container, that has Docker and its dependencies.
    #[default]
    Inside,
    /// Debian's mirror, which cannot be reached: the container has no network.
    Unreachable,
}

/// How a container is connected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Network {
    /// Not at all.
    #[default]
    None,
    /// By a veth pair on LXC's own bridge `lxcbr0`, with an address by DHCP. Needs an image that has a
    /// DHCP client.
    Bridge,
}

/// How LXC is told to confine a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AppArmor {
    /// By the profile that LXC generates, with nesting allowed.
    #[default]
    Generated,
    /// Not at all: what many a guide advises when Docker does not start.
    Unconfined,
}
