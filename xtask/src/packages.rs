//! The Debian packages that the chores need on this machine.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{process, say};

mod backports;

/// A package, and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    /// Its name in Debian.
    pub name: &'static str,
    /// Why we need it, as the end of a sentence.
    pub why: &'static str,
}

const QEMU: &[Package] = &[
    Package { name: "qemu-system-x86", why: "runs the lab's virtual machine" },
    Package { name: "qemu-utils", why: "makes the disks that it writes to" },
];

/// What the test bed stands on.
pub const TESTBED: &[Package] = &[
    Package { name: "lxc", why: "runs the unprivileged containers" },
    Package { name: "mmdebstrap", why: "builds the root of the containers" },
];

/// What the lab stands on besides QEMU, which [`ensure_qemu`] brings.
pub const LAB: &[Package] = &[
    Package { name: "e2fsprogs", why: "makes the disks of the lab" },
    Package { name: "openssh-client", why: "is the way into the lab" },
];

/// What the tests need besides.
pub const TESTS: &[Package] = &[
    Package { name: "apparmor", why: "has the parser that compiles the profile" },
    Package { name: "bsdutils", why: "has `script`, a terminal for those who are asked on one" },
    Package { name: "busybox-static", why: "is the other shell that sessions must work with" },
    Package { name: "chromium", why: "shows the report's page as an administrator's browser does" },
    Package { name: "e2fsprogs", why: "has `chattr`, for files that even root cannot change" },
    Package { name: "fonts-dejavu-core", why: "gives that browser a font" },
    Package { name: "minisign", why: "signs libraries, whose signatures are then verified" },
    Package { name: "poppler-utils", why: "reads what the page says when it is printed" },
    Package { name: "procps", why: "finds processes that must not be left behind" },
    Package { name: "strace", why: "counts how often a container is entered" },
];

/// What takes pictures of terminals.
pub const PICTURES: &[Package] = &[
    Package { name: "fonts-dejavu-core", why: "gives the terminal a font" },
    Package { name: "imagemagick", why: "takes the pictures" },
    Package { name: "xdotool", why: "types the answers" },
    Package { name: "xterm", why: "is the terminal" },
    Package { name: "xvfb", why: "is a display for it" },
];

/// What judges the Debian package.
pub const PACKAGE: &[Package] = &[
    Package {
        name: "binutils",
        why: "strips what is packaged, and tells which C library it needs",
    },
    Package { name: "lintian", why: "judges the Debian package" },
];

/// What the benchmarks need besides.
pub const BENCH: &[Package] = &[
    Package {
        name: "python3-venv",
        why: "keeps the tools that are compared with away from the machine",
    },
    Package { name: "strace", why: "counts processes, and how often a container is entered" },
];

/// Installs those of `wanted` that are missing, and says which and why.
///
/// The package lists are only fetched anew when the installation fails without that: a fresh machine
/// has no lists at all, and an old one has lists that name versions which are gone.
pub fn ensure(wanted: &[Package]) -> Result<()> {
    let missing = missing(wanted)?;
    if missing.is_empty() {
        return Ok(());
    }
    say::timed(&format!("installing the Debian packages {}", names(&missing)), || {
        for package in &missing {
            say::note(&format!("{} {}", package.name, package.why));
        }
        if install(&missing).is_err() {
            say::note("the package lists are too old or missing: fetching them anew");
            process::quiet(apt_get().arg("update"))?;
            install(&missing)?;
        }
        Ok(())
    })
}

/// Installs QEMU when it is not there: from the machine's own sources if that is possible without
/// removing anything, else from Debian's backports.
pub fn ensure_qemu() -> Result<()> {
    let missing = missing(QEMU)?;
    if missing.is_empty() {
        return Ok(());
    }
    say::timed(&format!("installing the Debian packages {}", names(&missing)), || {
        for package in &missing {
            say::note(&format!("{} {}", package.name, package.why));
        }
        let Err(first) = install(&missing) else { return Ok(()) };
        say::note(
            "this machine's own sources cannot give them: trying Debian's backports, for this",
        );
        say::note("one installation only; the machine's sources stay as they are");
        let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
        backports::install(&names).context(first)
    })
}

/// Those of `wanted` that are not there; an error if we could not install them.
fn missing(wanted: &[Package]) -> Result<Vec<Package>> {
    let mut missing = Vec::new();
    for package in wanted {
        if !is_installed(package.name)? {
            missing.push(*package);
        }
    }
    if !missing.is_empty() && !rustix::process::geteuid().is_root() {
        bail!("the packages {} are missing, and only root can install them", names(&missing));
    }
    Ok(missing)
}

fn is_installed(name: &str) -> Result<bool> {
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", name])
        .output()
        .context("cannot run `dpkg-query`: the test bed needs a Debian machine")?;
    // It fails for a name that dpkg has never heard of, which is the same answer to us.
    Ok(output.status.success() && output.stdout == b"installed")
}

fn install(packages: &[Package]) -> Result<process::Output> {
    let mut command = apt_get();
    command.args(["install", "--yes", "--no-remove", "--no-install-recommends"]);
    process::quiet(command.args(packages.iter().map(|package| package.name)))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    // Another program may hold the lock for a while; waiting is better than failing.
    command.args(["--quiet", "--option", "DPkg::Lock::Timeout=300"]);
    command.env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
    command
}

fn names(packages: &[Package]) -> String {
    packages.iter().map(|package| package.name).collect::<Vec<_>>().join(", ")
}
