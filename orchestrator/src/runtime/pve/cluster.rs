//! What the cluster looks after by itself.

use std::{fs, io, path::Path};

use crate::{
    error::{Error, ErrorKind, Result},
    runtime::failed,
};

/// Refuses a container that is a resource of the HA manager: it would be restarted by others meanwhile, and may be
/// moved to a node that has no profile for it.
///
/// # Errors
/// `CONTAINER-HA-MANAGED`, or when the cluster's file cannot be read.
pub(super) fn require_not_managed(cluster: &Path, container: &str) -> Result<()> {
    let path = cluster.join("ha/resources.cfg");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(failed(format!("`{}` could not be read", path.display())).cause(error));
        }
    };
    let Some(state) = managed(&text, container) else { return Ok(()) };
    let message = format!("container `{container}` is managed by HA, which wants it to be {state}");
    Err(Error::new(ErrorKind::Unreachable, "CONTAINER-HA-MANAGED", message)
        .cause("HA restarts what goes down, and may move it to a node without its profile")
        .hint(format!(
            "Run phoenix-orch on the other nodes for the host first, then here between `ha-manager set ct:{container} --state ignored` and `--state {state}`."
        )))
}

/// The state that HA wants of a container, if HA looks after it. The file has sections: `ct: ID`, and its
/// properties indented below. Pure.
fn managed(text: &str, container: &str) -> Option<String> {
    let mut ours = false;
    let mut state = None;
    for line in text.lines() {
        if line.starts_with(char::is_whitespace) && !line.trim().is_empty() {
            if ours && let Some(("state", value)) = line.trim().split_once(char::is_whitespace) {
                state = Some(value.trim().to_owned());
            }
        } else if let Some((kind, name)) = line.split_once(':') {
            ours = kind.trim() == "ct" && name.trim() == container;
            if ours {
                // What HA takes when nothing is said.
                state = Some("started".to_owned());
            }
        }
    }
    state.filter(|state| state != "ignored")
}

#[cfg(test)]
mod tests {
    use super::managed;

    #[test]
    fn only_the_containers_own_section_counts() {
        let text = "vm: 101\n\tstate started\n\nct: 102\n\tgroup a\n\tstate stopped\n\nct: 103\n\nct: 104\n\tstate ignored\n\nvm: 105\n\tstate started\n";
        for (container, state) in [
            ("101", None),
            ("102", Some("stopped")),
            ("103", Some("started")),
            ("104", None),
            ("105", None),
            ("10", None),
        ] {
            assert_eq!(managed(text, container).as_deref(), state, "{container}");
        }
    }
}
