//! The Debian releases that containers can run, and what an image of each is made of.

const MIRROR: &str = "http://deb.debian.org";

/// A Debian release that containers can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
    /// Debian unstable, which has the newest Docker and runc.
    Sid,
}

impl Release {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::Bookworm, Self::Trixie, Self::Sid];

    /// The code name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::Sid => "sid",
        }
    }

    /// Docker and what belongs to it.
    pub(super) const fn docker(self) -> &'static [&'static str] {
        match self {
            Self::Bookworm => &["docker.io", "iptables"],
            // Debian 13 moved the command `docker` into a package of its own.
            Self::Trixie | Self::Sid => &["docker.io", "docker-cli", "iptables"],
        }
    }

    /// What gets an address by DHCP, as in Debian's own installations. Systemd's networkd would wait for
    /// a udev that a container does not have.
    pub(super) const fn network(self) -> &'static [&'static str] {
        match self {
            Self::Bookworm => &["ifupdown", "isc-dhcp-client", "iputils-ping"],
            Self::Trixie | Self::Sid => &["ifupdown", "dhcpcd-base", "iputils-ping"],
        }
    }

    pub(crate) fn sources(self) -> Vec<String> {
        match self {
            // Unstable is updated by itself.
            Self::Sid => vec![format!("deb {MIRROR}/debian sid main")],
            Self::Bookworm | Self::Trixie => stable_sources(self.name()),
        }
    }
}

/// The lists of a stable release with its updates, for apt.
pub(crate) fn stable_sources(name: &str) -> Vec<String> {
    vec![
        format!("deb {MIRROR}/debian {name} main"),
        format!("deb {MIRROR}/debian {name}-updates main"),
        format!("deb {MIRROR}/debian-security {name}-security main"),
    ]
}

/// What an image has beyond a minimal system with systemd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// Nothing; Docker can be installed from the repository inside.
    Bare,
    /// A network by DHCP; Docker can be installed from the repository inside.
    Networked,
    /// A network by DHCP, and Docker is installed already; fuse-overlayfs can be.
    Docker,
    /// What Ansible wants to find in a container; Docker can be installed from the repository inside.
    Python,
}

impl Flavor {
    /// What is appended to the release's name; empty for the bare one.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Bare => "",
            Self::Networked => "-net",
            Self::Docker => "-docker",
            Self::Python => "-python",
        }
    }

    pub(super) fn installed(self, release: Release) -> Vec<&'static str> {
        match self {
            Self::Bare => Vec::new(),
            Self::Networked => release.network().to_vec(),
            Self::Docker => [release.network(), release.docker()].concat(),
            Self::Python => vec!["python3", "python3-apt"],
        }
    }

    /// What can be installed in the container without a network, with all dependencies.
    pub(super) fn installable(self, release: Release) -> Vec<&'static str> {
        let fuse: &[&str] = &["fuse-overlayfs"];
        match self {
            Self::Bare | Self::Networked | Self::Python => [release.docker(), fuse].concat(),
            Self::Docker => fuse.to_vec(),
        }
    }
}
