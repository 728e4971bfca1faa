//! Examples for every verb, shown at the end of its `--help`. A test parses each of them with the command line itself.

use std::fmt::Write as _;

use clap::{Command, builder::StyledStr};

/// A verb by its words, and for each example its command line and what it does.
type Examples = (&'static str, &'static [(&'static str, &'static str)]);

/// All of them. The empty verb is phoenix-orch itself.
const EXAMPLES: &[Examples] = &[
    (
        "",
        &[
            (
                "phoenix-orch doctor --target web",
                "what stands in Docker's way there; changes nothing",
            ),
            (
                "phoenix-orch plan --features docker --target web",
                "what would change; changes nothing",
            ),
            ("phoenix-orch run --features docker --target web", "do it, and prove that it works"),
        ],
    ),
    (
        "plan",
        &[
            (
                "phoenix-orch plan --features docker --target web,db",
                "what would change in two containers",
            ),
            (
                "phoenix-orch plan --features docker --all --check",
                "for a timer: exit code 3 if there is something to change",
            ),
            ("phoenix-orch plan --features docker --target host", "the host's part alone"),
        ],
    ),
    (
        "run",
        &[
            (
                "phoenix-orch run --features docker --target web",
                "at a terminal it asks before it disturbs anything",
            ),
            (
                "phoenix-orch run --features docker --all --allow restart",
                "restarts of containers are allowed beforehand",
            ),
            (
                "phoenix-orch run --features docker --target db --allow restart,migrate",
                "images are carried over to the new storage driver",
            ),
            (
                "phoenix-orch run --features docker --inventory phoenix_lxc_configs.json",
                "the containers of the old scripts",
            ),
            (
                "phoenix-orch run --features docker --all --on-failure rollback --wait 600",
                "what fails is taken back; another run is waited for",
            ),
        ],
    ),
    (
        "verify",
        &[
            ("phoenix-orch verify --features docker --target web", "does Docker really work there"),
            (
                "phoenix-orch verify --features docker --all --output json",
                "the same of all, for a program",
            ),
        ],
    ),
    (
        "status",
        &[
            ("phoenix-orch status", "all that runs were ever to change"),
            (
                "phoenix-orch status --check --quiet",
                "for a monitoring check: exit code 3 if not all is as wanted",
            ),
            (
                "phoenix-orch status --metrics /var/lib/prometheus/node-exporter/phoenix-orch.prom",
                "for node_exporter's textfile collector",
            ),
        ],
    ),
    (
        "bundle",
        &[(
            "phoenix-orch bundle last",
            "an archive to send along with a question, without secrets",
        )],
    ),
    (
        "rollback",
        &[
            ("phoenix-orch rollback last --plan", "what would be taken back; changes nothing"),
            (
                "phoenix-orch rollback last --target web --allow restart",
                "what the last run did in one container",
            ),
        ],
    ),
    (
        "runs",
        &[
            ("phoenix-orch runs list", "which runs there were"),
            ("phoenix-orch runs show last", "the report of the last one again"),
        ],
    ),
    ("runs list", &[("phoenix-orch runs list --output json", "all runs, for a program")]),
    (
        "runs show",
        &[
            ("phoenix-orch runs show last --verbose", "with every line that commands printed"),
            ("phoenix-orch runs show last --html run.html", "as a page to look at and to pass on"),
            (
                "phoenix-orch runs show last --document docker-run-hints.txt",
                "what a step wrote down for you",
            ),
        ],
    ),
    (
        "runs prune",
        &[
            ("phoenix-orch runs prune --keep 50", "all but the newest 50 go"),
            ("phoenix-orch runs prune --older 90d", "those go that are older than 90 days"),
        ],
    ),
    (
        "denials",
        &[
            (
                "phoenix-orch denials --target web --since last-run",
                "what AppArmor denied there since the last run",
            ),
            (
                "phoenix-orch denials --since 2h --output json",
                "of the last two hours, for a program",
            ),
        ],
    ),
    (
        "doctor",
        &[
            ("phoenix-orch doctor", "the host, and the containers that plugins.toml lists"),
            ("phoenix-orch doctor --target web --verbose", "one container, with what is fine too"),
        ],
    ),
    (
        "graph",
        &[
            ("phoenix-orch graph --features docker", "the steps in their order"),
            ("phoenix-orch graph --features docker --format svg", "as a drawing"),
        ],
    ),
    ("config", &[("phoenix-orch config check", "is plugins.toml right")]),
    (
        "config check",
        &[
            ("phoenix-orch config check", "the plugins.toml that every verb would use"),
            (
                "phoenix-orch config check --config ./plugins.toml",
                "another one, before it is put in place",
            ),
        ],
    ),
    (
        "schema",
        &[(
            "phoenix-orch schema > plugins.schema.json",
            "then `#:schema ./plugins.schema.json` as the first line of plugins.toml",
        )],
    ),
    (
        "init",
        &[
            ("phoenix-orch init", "write /etc/phoenix-orch/plugins.toml, unless there is one"),
            ("phoenix-orch init ./plugins.toml", "write it here, to look at"),
        ],
    ),
    (
        "plugins",
        &[
            ("phoenix-orch plugins list", "which steps there are, and may they be loaded"),
            ("phoenix-orch plugins pin --all", "only these very libraries from now on"),
        ],
    ),
    ("plugins list", &[("phoenix-orch plugins list --output json", "all of them, for a program")]),
    (
        "plugins pin",
        &[
            ("phoenix-orch plugins pin docker-install", "after its library was updated"),
            ("phoenix-orch plugins pin --all", "after an installation"),
        ],
    ),
    (
        "plugins check",
        &[(
            "phoenix-orch plugins check ./target/debug/libidle_logout.so",
            "does a step of your own keep the laws of steps",
        )],
    ),
    ("new", &[("phoenix-orch new step idle-logout", "a crate in ./idle-logout, to begin with")]),
    (
        "new step",
        &[
            ("phoenix-orch new step idle-logout", "for each container"),
            (
                "phoenix-orch new step host-banner --scope host --path ./banner",
                "for the host, in a folder of this name",
            ),
        ],
    ),
    ("compat", &[("phoenix-orch compat install-docker 101", "in the place of the old script")]),
    (
        "compat install-docker",
        &[(
            "phoenix-orch compat install-docker 101 --allow restart",
            "the container may be restarted",
        )],
    ),
    (
        "compat setup-apparmor",
        &[("phoenix-orch compat setup-apparmor", "the host's part of the confinement")],
    ),
    (
        "explain",
        &[
            (
                "phoenix-orch explain DOCKER-DRIVER-HIDES-DATA",
                "what an error means, and what to do",
            ),
            ("phoenix-orch explain", "all codes"),
        ],
    ),
];

/// The command line with the examples of each verb behind its help.
pub(super) fn added(command: Command) -> Command {
    added_below(command, "")
}

fn added_below(command: Command, verb: &str) -> Command {
    let command = command.mut_subcommands(|sub| {
        let words = format!("{verb} {}", sub.get_name());
        added_below(sub, words.trim_start())
    });
    let own = EXAMPLES.iter().find(|(of, _)| *of == verb).map(|(_, examples)| *examples);
    let Some(own) = own else { return command };
    let header = *command.get_styles().get_header();
    let mut text = format!("{header}Examples:{header:#}\n");
    for (line, what) in own {
        let _ = writeln!(text, "  {line}\n      {what}");
    }
    if let Some(after) = command.get_after_help() {
        let _ = write!(text, "\n{}", after.ansi());
    }
    command.after_help(StyledStr::from(text.trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{ArgMatches, CommandFactory as _};

    use super::super::Args;
    use super::*;

    /// The words of all verbs, those of verbs below verbs too.
    fn verbs(command: &Command, above: &str, found: &mut Vec<String>) {
        found.push(above.to_owned());
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            verbs(sub, format!("{above} {}", sub.get_name()).trim_start(), found);
        }
    }

    fn verb_of(matches: &ArgMatches) -> String {
        match matches.subcommand() {
            Some((name, below)) => format!("{name} {}", verb_of(below)).trim_end().to_owned(),
            None => String::new(),
        }
    }

    #[test]
    fn every_verb_has_examples_and_nothing_else_has() {
        let mut found = Vec::new();
        verbs(&Args::command(), "", &mut found);
        let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        let have: BTreeSet<&str> = EXAMPLES.iter().map(|(verb, _)| *verb).collect();
        assert_eq!(found, have);
        assert_eq!(EXAMPLES.len(), have.len(), "a verb is there twice");
        assert!(EXAMPLES.iter().all(|(_, examples)| !examples.is_empty()));
    }

    #[test]
    fn every_example_is_a_command_line_of_its_verb() {
        for (verb, examples) in EXAMPLES {
            for (line, _) in *examples {
                let words = line.split_whitespace().take_while(|word| !["|", ">"].contains(word));
                let matches = added(Args::command())
                    .try_get_matches_from(words)
                    .unwrap_or_else(|error| panic!("`{line}`: {error}"));
                let of = verb_of(&matches);
                // A verb that only has others below it shows one of those.
                assert!(
                    of == *verb || of.starts_with(&format!("{verb} ")) || verb.is_empty(),
                    "{line}"
                );
            }
        }
    }

    #[test]
    fn they_stand_behind_the_help_and_before_what_was_there() {
        let mut command = added(Args::command());
        let compat = command.find_subcommand_mut("compat").unwrap();
        let help = compat.render_help().to_string();
        let [examples, exit_codes] = ["Examples:\n  phoenix-orch compat", "Exit codes, as those"]
            .map(|text| help.find(text));
        assert!(examples.is_some() && examples < exit_codes, "{help}");
        let plan = command.find_subcommand_mut("plan").unwrap().render_help().to_string();
        assert!(plan.trim_end().ends_with("the host's part alone"), "{plan}");
    }
}
