//! Docker's storage driver: what `daemon.json` asks for, and what the running Docker has.

use phoenix_sdk::FileState;
use semver::Version;
use serde_json::Value;

use super::{
    super::{
        finding::{Condition, Finding},
        host::Host,
        look::{Known, Look},
    },
    docker, fuse,
    runc::version_in,
};

pub(super) const PATH: &str = "/etc/docker/daemon.json";
/// The driver of the running Docker.
pub(super) const RUNNING: &str = "docker info";
pub(super) const WANTED: &str = "fuse-overlayfs";

pub(in super::super) const DAEMON: Condition = Condition::new(
    "DOCTOR-DAEMON-JSON",
    "Docker does not start with a `daemon.json` that is no JSON (comments and trailing commas are none).",
    "Mend it by hand, or remove it if it says nothing: `dockerd --validate` shows the place.",
    None,
);

pub(in super::super) const DRIVER: Condition = Condition::new(
    "DOCTOR-STORAGE-DRIVER",
    "The storage driver decides how layers are put together. Where none fits, Docker silently copies every layer \
     whole (`vfs`, or `native` of containerd): slow, and many times the space. A driver that Docker cannot have keeps \
     it from starting.",
    "Let the step set it: images and containers of the former driver are carried over with `--allow migrate`.",
    Some("fuse-overlayfs"),
);

/// What `daemon.json` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Daemon {
    pub(super) driver: Option<String>,
    snapshotter: Option<bool>,
    pub(super) data_root: Option<String>,
}

/// Nothing for no file; what is wrong with it where it is none that Docker takes.
pub(super) fn read(look: &Look) -> Known<Result<Daemon, String>> {
    let state = look.file(PATH)?;
    let text = match &state {
        FileState::Absent => return Ok(Ok(Daemon::default())),
        FileState::Regular { content, .. } => content.to_text(),
        other => return Err(format!("`{PATH}` is {}", other.kind())),
    };
    if text.trim().is_empty() {
        return Ok(Ok(Daemon::default()));
    }
    Ok(match serde_json::from_str::<Value>(&text) {
        Err(error) => Err(error.to_string()),
        Ok(document) if !document.is_object() => Err("it is not an object".to_owned()),
        Ok(document) => {
            let text = |key| document.get(key).and_then(Value::as_str).map(str::to_owned);
            let snapshotter = document.pointer("/features/containerd-snapshotter");
            Ok(Daemon {
                driver: text("storage-driver").filter(|driver| !driver.is_empty()),
                snapshotter: snapshotter.and_then(Value::as_bool),
                // `graph` is what Docker called the folder before 17.05.
                data_root: text("data-root").or(text("graph")),
            })
        }
    })
}

/// Where Docker keeps its data.
pub(super) fn data_root(look: &Look) -> String {
    let daemon = read(look).ok().and_then(Result::ok).unwrap_or_default();
    let root = daemon.data_root.filter(|root| root.starts_with('/') && !root.contains('\0'));
    root.unwrap_or_else(|| "/var/lib/docker".to_owned())
}

/// The running driver, or nothing if Docker does not run.
pub(super) fn running(look: &Look) -> Known<Option<String>> {
    match look.command(RUNNING)? {
        None => Ok(None),
        // That is the script's own word for it.
        Some(output) if output.exit == 3 => Ok(None),
        Some(output) if output.success() => Ok(Some(output.line())),
        Some(output) => Err(format!("Docker runs and does not answer: {}", output.complaint())),
    }
}

/// Whether Docker has the driver, or is to have it at its next start.
pub(super) fn is_fuse_overlayfs(look: Option<&Look>) -> bool {
    let Some(look) = look else { return false };
    let configured = read(look).ok().and_then(Result::ok).and_then(|daemon| daemon.driver);
    let running = running(look).ok().flatten();
    [configured, running].iter().flatten().any(|driver| driver == WANTED)
}

pub(super) fn judge(inside: &Look, host: &Host) -> Vec<Finding> {
    let daemon = match read(inside) {
        Err(cause) => return vec![DAEMON.unknown(&cause)],
        Ok(Err(fault)) => {
            let seen = format!("`{PATH}`: {fault}");
            return vec![DAEMON.blocks("`daemon.json` is no JSON that Docker takes").seen(seen)];
        }
        Ok(Ok(daemon)) => daemon,
    };
    let version = match version_in(inside, docker::COMMAND) {
        Ok(None) => return vec![DAEMON.fine("`daemon.json` is none, or good JSON")],
        Ok(Some((version, _))) => Some(version),
        // That the version is not known has been said.
        Err(_) => None,
    };
    let driver =
        impossible(&daemon, version.as_ref(), inside).unwrap_or_else(|| match running(inside) {
            Err(cause) => DRIVER.unknown(&cause),
            Ok(running) => chosen(&daemon, running.as_deref(), host),
        });
    vec![DAEMON.fine("`daemon.json` is none, or good JSON"), driver]
}

/// With which settings Docker does not start.
fn impossible(daemon: &Daemon, version: Option<&Version>, inside: &Look) -> Option<Finding> {
    let driver = daemon.driver.as_deref()?;
    let seen = format!("`storage-driver` is `{driver}` in `{PATH}`");
    let version = version.cloned().unwrap_or(Version::new(0, 0, 0));
    if version == Version::new(29, 0, 0)
        && !matches!(driver, "vfs" | "overlay2" | "btrfs")
        && daemon.snapshotter != Some(false)
    {
        let what = "Docker 29.0.0 does not start with this driver";
        return Some(
            DRIVER
                .blocks(what)
                .seen(seen)
                .todo("Upgrade to 29.0.1, or let the step add what helps here."),
        );
    }
    if version.major >= 29 && driver == WANTED && daemon.snapshotter == Some(true) {
        let what = "Docker does not start with this driver and containerd's store together";
        return Some(
            DRIVER.blocks(what).seen(seen).seen("`features.containerd-snapshotter` is true"),
        );
    }
    if driver == WANTED && matches!(inside.command(fuse::COMMAND), Ok(None)) {
        return Some(DRIVER.blocks("the driver's program is not installed").seen(seen));
    }
    None
}

/// The driver that Docker has, against what was asked for.
fn chosen(daemon: &Daemon, running: Option<&str>, host: &Host) -> Finding {
    let configured = daemon.driver.as_deref();
    let Some(running) = running else {
        return match configured {
            Some(driver) => {
                DRIVER.fine(format!("Docker does not run, and is to start on `{driver}`"))
            }
            None if host.wishes.fuse_overlayfs => {
                DRIVER.advises("Docker does not run, and may choose its driver itself")
            }
            None => DRIVER.fine("Docker does not run, and chooses its driver itself"),
        };
    };
    let seen = format!("`docker info` says `{running}`");
    if let Some(configured) = configured.filter(|configured| *configured != running) {
        return DRIVER
            .warns(format!("Docker runs on another driver than `daemon.json` asks for: `{configured}`"))
            .seen(seen)
            .todo("Restart Docker; what is on the present driver is not seen any more then. The step carries it over first.");
    }
    if matches!(running, "vfs" | "native" | "native (containerd)") {
        return DRIVER.warns("Docker copies every layer whole").seen(seen);
    }
    if running != WANTED && host.wishes.fuse_overlayfs {
        return DRIVER.advises("Docker runs on another driver than `fuse-overlayfs`").seen(seen);
    }
    DRIVER.fine("Docker runs on the driver that it was asked to").seen(seen)
}
