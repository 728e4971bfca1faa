//! How each container was started: the line that an operator can give to a shell to have it again.
//!
//! Nothing here starts anything. A container is more than its definition: what it wrote into its own
//! layer stays on the old driver, and no line brings it along.

mod compose;
mod quote;
mod run;

use std::collections::BTreeMap;

use phoenix_sdk::shown;
use serde_json::Value;

use super::{images::Image, survey::word};

/// What one line brings back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hint {
    /// Names of containers.
    pub(crate) containers: Vec<String>,
    /// Whether one of them runs.
    pub(crate) running: bool,
    /// The line for a shell; complete, whatever its length.
    pub(crate) line: String,
}

/// More than this of one line is not for the terminal; the record has all of it.
const SHOWN: usize = 2000;

impl Hint {
    /// For the operator.
    pub(crate) fn describe(&self, driver: &str) -> String {
        let names = shown::quoted(&self.containers);
        let state = if self.running { ", which runs now," } else { "" };
        let line = if self.line.len() <= SHOWN {
            self.line.as_str()
        } else {
            "see `docker-run-hints.txt` in the run's record, the line is long"
        };
        format!("{names}{state} stays on `{driver}`; to have it on the new driver: {line}")
    }
}

/// One for each container, or for each project of compose. Running ones come first.
pub(crate) fn all(containers: &[Value], images: &[Image]) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    let mut projects: BTreeMap<String, usize> = BTreeMap::new();
    for container in containers {
        let name = name(container);
        let running = container.pointer("/State/Running") == Some(&Value::Bool(true));
        let line = match compose::line(container) {
            Some(line) => line,
            None => {
                let image = images.iter().find(|image| image.id == word(container, "/Image"));
                hints.push(Hint {
                    containers: vec![name],
                    running,
                    line: run::line(container, image),
                });
                continue;
            }
        };
        let at = *projects.entry(line.clone()).or_insert_with(|| {
            hints.push(Hint { containers: Vec::new(), running: false, line });
            hints.len() - 1
        });
        hints[at].containers.push(name);
        hints[at].running |= running;
    }
    hints.sort_by(|one, other| {
        (!one.running, &one.containers).cmp(&(!other.running, &other.containers))
    });
    hints
}

/// The container's name as it may be shown.
pub(crate) fn name(container: &Value) -> String {
    let name = word(container, "/Name").trim_start_matches('/');
    shown::name(if name.is_empty() { word(container, "/Id") } else { name })
}

/// All lines, for the record.
pub(crate) fn document(hints: &[Hint]) -> String {
    hints
        .iter()
        .map(|hint| format!("# {}\n{}\n", hint.containers.join(", "), hint.line))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{all, document};

    #[test]
    fn running_ones_first_and_a_project_once() {
        let labels = json!({
            "com.docker.compose.project": "shop",
            "com.docker.compose.project.working_dir": "/srv/shop",
            "com.docker.compose.project.config_files": "/srv/shop/compose.yaml",
        });
        let container = |name: &str, running: bool, labels: &serde_json::Value| {
            json!({"Name": format!("/{name}"), "State": {"Running": running},
                   "Config": {"Image": "a:1", "Labels": labels}})
        };
        let hints = all(
            &[
                container("stopped\u{1b}[31m", false, &json!({})),
                container("db", false, &labels),
                container("web", true, &labels),
            ],
            &[],
        );
        assert_eq!(hints.len(), 2);
        assert_eq!(
            (&*hints[0].containers, hints[0].running),
            (&["db".into(), "web".into()][..], true)
        );
        assert_eq!(
            document(&hints),
            "# db, web\ncd /srv/shop && docker compose -p shop -f /srv/shop/compose.yaml up -d\n\n\
             # stopped[31m\ndocker run --detach --name $'stopped\\u001b[31m' a:1\n"
        );
    }
}
