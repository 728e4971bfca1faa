//! Where Docker in the container keeps its data: the profile knows this folder by its path, so one that it does not
//! know must be named before the container is restarted under it.
//!
//! A path on dockerd's own command line is not looked for here: `fuse-overlayfs` reads that, and the trial of
//! `docker-install` fails for it.

use phoenix_sdk::{Code, FileState, Machine, Probe, Result, StepError, argv, shown};
use serde_json::Value;

use crate::template::{DATA_ROOT, Settings};

const DAEMON_JSON: &str = "/etc/docker/daemon.json";

pub(crate) const RESOLVED: Probe = Probe::new(
    "data-root",
    argv!["readlink", "--canonicalize-missing", "--"],
    "Where a link to Docker's data leads",
);
pub(crate) const UNKNOWN: Code = Code::new(
    "DOCKER-DATA-ROOT",
    "Docker in the container keeps its data in a folder that the profile does not know, so that no Docker container would \
     start under it. Nothing was changed.",
    "Name the folder in `data_roots` under `[plugins.apparmor-profile.params]`, which opens it in all containers of the \
     host, or move Docker's data to `/var/lib/docker`.",
);

/// Requires that the profile knows the folder. The kernel sees it behind all links.
pub(crate) fn require(machine: &Machine<'_>, settings: &Settings) -> Result<()> {
    let mut seen = machine.files([DAEMON_JSON, DATA_ROOT])?.into_iter();
    let daemon = seen.next().transpose()?.unwrap_or(FileState::Absent);
    let usual = seen.next().transpose()?.unwrap_or(FileState::Absent);
    let configured = configured(&daemon);
    let (root, state) = match &configured {
        None => (DATA_ROOT, usual),
        Some(root) => (root.as_str(), machine.file(root.as_str())?),
    };
    let real = match state {
        FileState::Symlink { .. } => machine.probe(&RESOLVED, &[root])?.line(),
        _ => root.to_owned(),
    };
    if settings.knows_data_root(&real) {
        return Ok(());
    }
    let message = format!("Docker keeps its data in `{}`", shown::name(&real));
    Err(StepError::new("DOCKER-DATA-ROOT", message)
        .cause(format!(
            "the profile knows {}",
            shown::quoted(&settings.all_data_roots().map(str::to_owned).collect::<Vec<_>>())
        ))
        .hint("Name it in `data_roots` under `[plugins.apparmor-profile.params]`; nothing was changed."))
}

/// What `daemon.json` says, if it says an absolute path. A broken file says nothing: `fuse-overlayfs` stops for it.
fn configured(daemon: &FileState) -> Option<String> {
    let document: Value = serde_json::from_slice(&daemon.content()?.0).ok()?;
    // `graph` is what Docker called the folder before 17.05, and it still understands it.
    let text = |key| document.get(key).and_then(Value::as_str);
    let path = text("data-root").or(text("graph"))?;
    let path = path.trim_end_matches('/');
    path.starts_with('/').then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::world::regular;

    use super::configured;

    #[test]
    fn only_an_absolute_path_is_one() {
        let of = |text: &str| configured(&regular(text));
        assert_eq!(of(r#"{"data-root": "/srv/docker/"}"#).as_deref(), Some("/srv/docker"));
        assert_eq!(of(r#"{"graph": "/srv/docker"}"#).as_deref(), Some("/srv/docker"));
        for none in ["", "{", "{}", r#"{"data-root": 1}"#, r#"{"data-root": "srv"}"#] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
