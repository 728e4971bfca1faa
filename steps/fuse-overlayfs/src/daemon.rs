//! Our keys in Docker's `daemon.json`.

use phoenix_sdk::{Bytes, Evidence, Machine, Probe, Result, argv, shown};
use serde_json::{Value, json};

use crate::DRIVER;

pub(crate) const PATH: &str = "/etc/docker/daemon.json";

pub(crate) const READ: Probe = Probe::new(
    "daemon-json",
    argv!["cat", "/etc/docker/daemon.json"],
    "Docker's configuration, as a program in the container reads it",
);

/// The second key keeps Docker 29 from choosing containerd's store over the driver.
pub(crate) fn keys() -> [(&'static str, Value); 2] {
    [("/storage-driver", json!(DRIVER)), ("/features/containerd-snapshotter", json!(false))]
}

/// What the file says, as far as this step reads it. A broken file says nothing: that it is broken has
/// been found out where our keys were compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Daemon {
    pub(crate) driver: Option<String>,
    pub(crate) data_root: Option<String>,
}

impl Daemon {
    pub(crate) fn read(content: Option<&Bytes>) -> Self {
        let text = content.map(|bytes| &bytes.0[..]).unwrap_or_default();
        let document: Value = serde_json::from_slice(text).unwrap_or_default();
        let text = |key| document.get(key).and_then(Value::as_str).map(str::to_owned);
        // `graph` is what Docker called the folder before 17.05, and it still understands it.
        Self { driver: text("storage-driver"), data_root: text("data-root").or(text("graph")) }
    }
}

/// That both keys are in the file which a program in the container sees.
pub(crate) fn evidence(machine: &Machine<'_>) -> Result<Evidence> {
    let seen = machine.probe(&READ, &[])?;
    let document: Value = serde_json::from_slice(&seen.stdout.0).unwrap_or_default();
    let found: Vec<_> = keys()
        .iter()
        .map(|(pointer, _)| match document.pointer(pointer) {
            Some(value) => shown::name(&value.to_string()),
            None => "nothing".to_owned(),
        })
        .collect();
    Ok(Evidence::equal(
        "`daemon.json` names the driver and leaves containerd's store off",
        READ.argv.join(" "),
        keys().map(|(_, value)| value.to_string()).join(", "),
        found.join(", "),
    ))
}

#[cfg(test)]
mod tests {
    use super::Daemon;

    #[test]
    fn what_is_read() {
        for (text, driver, root) in [
            ("", None, None),
            ("{", None, None),
            ("[1]", None, None),
            (r#"{"storage-driver": "vfs", "graph": "/srv/d"}"#, Some("vfs"), Some("/srv/d")),
            (
                r#"{"storage-driver": 7, "data-root": "/srv/e", "graph": "/x"}"#,
                None,
                Some("/srv/e"),
            ),
        ] {
            let read = Daemon::read(Some(&text.into()));
            assert_eq!(
                (read.driver.as_deref(), read.data_root.as_deref()),
                (driver, root),
                "{text}"
            );
        }
    }
}
