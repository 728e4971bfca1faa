//! Containers that compose made are started by compose.

use serde_json::Value;

use super::quote;

/// The line that brings up the container's project, if it has one whose files are known.
pub(super) fn line(container: &Value) -> Option<String> {
    let labels = container.pointer("/Config/Labels")?;
    let label = |name: &str| {
        let value = labels.get(format!("com.docker.compose.{name}")).and_then(Value::as_str);
        value.filter(|value| !value.is_empty())
    };
    let project = label("project")?;
    let files = label("project.config_files")?;
    // The first compose was a program of its own.
    let old = label("version").is_some_and(|version| version.starts_with("1."));
    let mut words = if old { vec!["docker-compose"] } else { vec!["docker", "compose"] };
    words.extend(["-p", project]);
    files.split(',').for_each(|file| words.extend(["-f", file]));
    if let Some(file) = label("project.environment_file") {
        words.extend(["--env-file", file]);
    }
    words.extend(["up", "-d"]);
    let line = quote::line(words);
    Some(match label("project.working_dir") {
        Some(folder) => format!("cd {} && {line}", quote::word(folder)),
        None => line,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::line;

    #[test]
    fn a_project_in_its_folder() {
        for (labels, expected) in [
            (json!(null), None),
            (json!({"com.docker.compose.project": "p"}), None),
            (
                json!({"com.docker.compose.project": "p",
                       "com.docker.compose.project.config_files": "/a.yaml,/b c.yaml",
                       "com.docker.compose.project.environment_file": "/e",
                       "com.docker.compose.project.working_dir": "/srv/$(reboot)"}),
                Some(
                    "cd '/srv/$(reboot)' && docker compose -p p -f /a.yaml -f '/b c.yaml' --env-file /e up -d",
                ),
            ),
            (
                json!({"com.docker.compose.project": "p", "com.docker.compose.version": "1.29.2",
                       "com.docker.compose.project.config_files": "docker-compose.yml"}),
                Some("docker-compose -p p -f docker-compose.yml up -d"),
            ),
        ] {
            let container = json!({"Config": {"Labels": labels}});
            assert_eq!(line(&container).as_deref(), expected);
        }
    }
}
