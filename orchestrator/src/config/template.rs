//! A plugins.toml for this host: the one that comes with phoenix-orch, with what was found here in its comments. No
//! setting differs: whatever was found would be found again, and what is only a guess is the administrator's to say.

use super::names::is_container_name;

/// The catalogue that comes with phoenix-orch.
const SHIPPED: &str = include_str!("../../../plugins.toml");

/// The lines that say more on a host that is known.
const APPARMOR: &str = "apparmor = \"required\"\n";
const RUNTIME: &str = "# runtime = \"pve\"\n";
const CONTAINERS: &str = "# containers = [101, 102]\n";

/// More names than this are not one line any more.
const IN_ONE_LINE: usize = 8;

/// What was found on a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// What manages the containers, `lxc` or `pve`; nothing where neither is there.
    pub runtime: Option<&'static str>,
    /// The containers; nothing where they could not be listed.
    pub containers: Option<Vec<String>>,
    /// Whether the kernel runs with AppArmor.
    pub apparmor: bool,
}

/// The text of a file for this host.
pub fn template(found: &Surroundings) -> String {
    let mut text = SHIPPED.to_owned();
    let apparmor = if found.apparmor {
        "# The kernel of this host runs with AppArmor."
    } else {
        "# The kernel of this host runs without AppArmor. With \"required\", plan and run say so and stop; \"optional\" lets them\n\
         # go on, and no container is confined then."
    };
    put(&mut text, APPARMOR, &format!("{apparmor}\n{APPARMOR}"));
    if let Some(runtime) = found.runtime {
        let lines = format!("# On this host: \"{runtime}\".\n# runtime = \"{runtime}\"\n");
        put(&mut text, RUNTIME, &lines);
    }
    if let Some(containers) = &found.containers {
        put(&mut text, CONTAINERS, &listed(containers));
    }
    text
}

fn put(text: &mut String, line: &str, lines: &str) {
    *text = text.replacen(line, lines, 1);
}

/// The containers, as a list that only has to be uncommented.
fn listed(containers: &[String]) -> String {
    let entry = |name: &&String| match name.parse::<u32>() {
        Ok(number) if number.to_string() == **name => (*name).clone(),
        _ => format!("\"{name}\""),
    };
    let entries: Vec<_> =
        containers.iter().filter(|name| is_container_name(name)).map(|name| entry(&name)).collect();
    match entries.len() {
        0 => format!("# There were none when this file was written.\n{CONTAINERS}"),
        1..=IN_ONE_LINE => format!(
            "# All of this host, when this file was written:\n# containers = [{}]\n",
            entries.join(", ")
        ),
        _ => {
            let lines = entries.chunks(IN_ONE_LINE);
            let lines: String =
                lines.map(|names| format!("#     {},\n", names.join(", "))).collect();
            format!(
                "# All of this host, when this file was written:\n# containers = [\n{lines}# ]\n"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Manifest, parse_text};
    use super::*;

    fn parse(text: &str) -> Manifest {
        parse_text(Path::new("plugins.toml"), text).unwrap()
    }

    fn changed(text: &str) -> Vec<&str> {
        let old: Vec<_> = SHIPPED.lines().collect();
        text.lines().filter(|line| !old.contains(line)).collect()
    }

    #[test]
    fn every_line_that_says_more_is_in_the_shipped_file_once() {
        for line in [APPARMOR, RUNTIME, CONTAINERS] {
            assert_eq!(SHIPPED.matches(&format!("\n{line}")).count(), 1, "{line}");
        }
    }

    #[test]
    fn nothing_but_comments_differs() {
        let many: Vec<String> = (100..120).map(|number| number.to_string()).collect();
        for containers in [None, Some(vec![]), Some(vec!["web".into(), "007".into()]), Some(many)] {
            for (runtime, apparmor) in [(None, false), (Some("lxc"), true), (Some("pve"), true)] {
                let containers = containers.clone();
                let text = template(&Surroundings { runtime, containers, apparmor });
                assert!(changed(&text).iter().all(|line| line.starts_with("# ")), "{text}");
                let (ours, shipped) = (parse(&text), parse(SHIPPED));
                assert_eq!(format!("{:?}", ours.policy), format!("{:?}", shipped.policy));
                assert_eq!(ours.targets, shipped.targets);
                assert_eq!(ours.features, shipped.features);
            }
        }
    }

    #[test]
    fn what_was_found_needs_only_to_be_uncommented() {
        let text = template(&Surroundings {
            runtime: Some("lxc"),
            containers: Some(vec!["db".into(), "101".into(), "007".into(), "a\u{1b}\"b".into()]),
            apparmor: false,
        });
        insta::assert_snapshot!(changed(&text).join("\n"), @r#"
        # The kernel of this host runs without AppArmor. With "required", plan and run say so and stop; "optional" lets them
        # go on, and no container is confined then.
        # On this host: "lxc".
        # runtime = "lxc"
        # All of this host, when this file was written:
        # containers = ["db", 101, "007"]
        "#);
        let on = text
            .replace("# runtime = \"lxc\"", "runtime = \"lxc\"")
            .replace("# containers = [\"db\"", "containers = [\"db\"");
        let targets = parse(&on).targets;
        assert_eq!(targets.runtime.as_deref(), Some("lxc"));
        assert_eq!(targets.containers.unwrap(), ["db", "101", "007"]);
    }
}
