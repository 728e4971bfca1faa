//! `docker info` with a template of nothing but fields in JSON, which Docker's `/info` has under the same names. Pure.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

pub(super) const SOCKET: &str = "/run/docker.sock";
/// Which systemd starts Docker by.
pub(super) const SERVICE: &str = "docker.service";
pub(super) const PROGRAM: &str = "/usr/bin/docker";
/// Where the command line is told which Docker to speak to.
pub(super) const SETTINGS: &str = "/root/.docker/config.json";

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
enum Part<'t> {
    Text(&'t str),
    Field(&'t str),
}

/// What `docker info --format TEMPLATE` prints for an answer of `/info` with these fields at least. It is asked for only if
/// the template can be understood.
pub(super) fn shown(
    template: &str,
    ask: impl FnOnce(&[&str]) -> Option<Vec<u8>>,
) -> Option<String> {
    let parts = parts(template)?;
    let fields: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Field(name) => Some(*name),
            Part::Text(_) => None,
        })
        .collect();
    let body = ask(&fields)?;
    let info: BTreeMap<String, &RawValue> = serde_json::from_slice(&body).ok()?;
    // What has gone wrong in Docker is printed besides.
    if info.get("ServerErrors").is_some_and(|errors| errors.get() != "null") {
        return None;
    }
    let mut text = String::new();
    for part in parts {
        text += match part {
            Part::Text(words) => words,
            // One that is not there may have a value all the same, which Docker's client knows.
            Part::Field(name) => info.get(name)?.get(),
        };
    }
    Some(text + "\n")
}

fn parts(template: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (field, after) = behind.split_once("}}")?;
        let name = field.strip_prefix("json .")?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        parts.extend([Part::Text(before), Part::Field(name)]);
        rest = after;
    }
    parts.push(Part::Text(rest));
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::{parts, shown};

    #[test]
    fn fields_are_printed_as_docker_has_written_them() {
        let info = br#"{"Driver":"overlay2","DriverStatus":[["a","<b\u003e"]],"Swarm":{"X":1}}"#;
        let shown = |template: &str| shown(template, |_| Some(info.to_vec()));
        let template = "{{json .Driver}} {{json .DriverStatus}}";
        assert_eq!(shown(template).unwrap(), "\"overlay2\" [[\"a\",\"<b\\u003e\"]]\n");
        assert_eq!(shown("plain").unwrap(), "plain\n");
        assert_eq!(shown("{{json .Missing}}"), None);
    }

    #[test]
    fn nobody_is_asked_for_what_is_not_understood() {
        for template in [
            "{{.Driver}}",
            "{{json .A.B}}",
            "{{json .}}",
            "{{json .A",
            "{{range .A}}{{end}}",
            "{{json .A }}",
        ] {
            assert_eq!(parts(template), None, "{template}");
            let ask = |_: &[&str]| -> Option<Vec<u8>> { panic!("asked for {template}") };
            assert_eq!(shown(template, ask), None);
        }
        for answer in ["", "[]", "{\"A\":", "{\"A\":1,\"ServerErrors\":[\"x\"]}"] {
            assert_eq!(shown("{{json .A}}", |_| Some(answer.into())), None, "{answer}");
        }
    }
}
