//! What to do next, with the commands for it.

use maud::{Markup, html};

use super::{super::style::count, story::Story};
use crate::{graph::HOST, journal::RunRow, transport::printable};

/// With more containers than this a command does not name them.
const NAMED: usize = 12;

pub(super) fn next(story: &Story, run: &RunRow) -> Markup {
    let name = word(&run.run);
    html! {
        h3 { "What to do next" }
        ul.next {
            @if story.exit.is_none() {
                li { "It still works, or was cut off. The next run on its targets settles what it had begun." }
            }
            @if let Some(other) = &run.taken_back_by {
                li { "Nothing of it is in force any more: it was taken back by run " code { (printable(other)) } "." }
            } @else if run.in_force > 0 {
                li {
                    (count(usize::try_from(run.in_force).unwrap_or(usize::MAX), "effect"))
                    " of it are in force, by this journal. See what would be taken back, and then take it back:"
                    (commands(&[format!("rollback {name} --plan"), format!("rollback {name}")]))
                }
            }
            (again(story))
            li { "All events of this run, for programs:" (commands(&[format!("runs show {name} --output json")])) }
        }
    }
}

fn again(story: &Story) -> Markup {
    let failure = story.state.failures().next();
    let verb = matches!(story.verb.as_str(), "run" | "verify").then_some(story.verb.as_str());
    html! {
        @if let Some((_, error)) = failure {
            li { "What an error means, and its remedy:" (commands(&[format!("explain {}", word(&error.error.code))])) }
            @if let Some(verb) = verb {
                li { "After that, again:" (commands(&[format!("{verb} {}", selection(story))])) }
            }
        } @else if story.exit == Some(0) && verb == Some("run") {
            li { "To see later whether it still holds:" (commands(&[format!("verify {}", selection(story))])) }
        }
    }
}

fn commands(commands: &[String]) -> Markup {
    html! { pre.command { @for command in commands { "phoenix-orch " (command) "\n" } } }
}

/// The features and the targets of the run, as its command line had them or might have had them.
fn selection(story: &Story) -> String {
    let listed = |names: &[&str]| names.iter().map(|name| word(name)).collect::<Vec<_>>().join(",");
    let features: Vec<&str> = story.features.iter().map(String::as_str).collect();
    let targets: Vec<&str> = story.targets().iter().map(|(target, _)| *target).collect();
    let containers: Vec<&str> = targets.iter().copied().filter(|target| *target != HOST).collect();
    let features = listed(&features);
    match containers.len() {
        0 => format!("--features {features} --target {HOST}"),
        1..=NAMED => format!("--features {features} --target {}", listed(&containers)),
        _ => format!("--features {features} --all"),
    }
}

/// A word for a shell, into which somebody will paste it.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:@+".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", printable(text).replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn what_is_pasted_into_a_shell_is_a_word_of_it() {
        for (text, expected) in [
            ("web-1", "web-1"),
            ("$(reboot)", "'$(reboot)'"),
            ("a'; reboot '", r"'a'\''; reboot '\'''"),
            ("a\nb", r"'a\nb'"),
            ("", "''"),
        ] {
            assert_eq!(word(text), expected);
        }
    }
}
