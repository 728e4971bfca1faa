//! The reference of the command line, made from the command line itself.

use std::fmt::Write as _;

use clap::{Arg, Command};

/// Every verb with its options, as Markdown: docs/reference/cli.md.
pub(super) fn commands(mut command: Command) -> String {
    command.build();
    let mut text = String::from(
        "# The command line\n\nMade by `cargo xtask docs` from the command line itself; do not edit. `phoenix-orch help VERB` says \
         the same, and `phoenix-orch VERB --help` does.\n",
    );
    for paragraph in [command.get_about(), command.get_after_help()].into_iter().flatten() {
        let _ = writeln!(text, "\n{}", sentence(&paragraph.to_string()));
    }
    text.push_str("\n## For every verb\n");
    let everywhere = command.get_arguments().filter(|arg| arg.is_global_set());
    text.push_str(&table(everywhere));
    verbs(&mut text, &command, 2);
    text
}

fn verbs(text: &mut String, command: &Command, level: usize) {
    for verb in
        command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
    {
        let name = verb.get_bin_name().unwrap_or_else(|| verb.get_name());
        let _ = writeln!(text, "\n{} {name}", "#".repeat(level));
        if let Some(about) = verb.get_about() {
            let _ = writeln!(text, "\n{}", sentence(&about.to_string()));
        }
        if !verb.has_subcommands() {
            let usage = verb.clone().render_usage().to_string();
            let _ = writeln!(text, "\n    {}", usage.trim_start_matches("Usage: "));
        }
        let own = verb.get_arguments().filter(|arg| !arg.is_global_set());
        text.push_str(&table(own));
        if let Some(more) = verb.get_after_help() {
            let _ = writeln!(text, "\n{}", sentence(&more.to_string()));
        }
        verbs(text, verb, level + 1);
    }
}

/// Nothing if there is none but `--help` and the like.
fn table<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let shown = arguments
        .filter(|arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str()));
    let rows: String =
        shown.map(|arg| format!("| {} | {} |\n", name(arg), cell(&about(arg)))).collect();
    if rows.is_empty() { rows } else { format!("\n| argument | |\n|---|---|\n{rows}") }
}

/// `` `--target T`, `-t` ``, or the name of a word without a dash.
fn name(arg: &Arg) -> String {
    let values: Vec<String> =
        arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    let takes = arg.get_action().takes_values() && !values.is_empty();
    let value = if takes { values.join(" ") } else { String::new() };
    match (arg.get_long(), arg.get_short()) {
        (Some(long), short) => {
            let long = format!("--{long} {value}");
            let short = short.map(|short| format!(", `-{short}`")).unwrap_or_default();
            format!("`{}`{short}", cell(long.trim_end()))
        }
        (None, Some(short)) => format!("`-{short}`"),
        (None, None) => format!("`{}`", cell(&value)),
    }
}

fn about(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help());
    let mut text = help.map(|help| sentence(&help.to_string())).unwrap_or_default();
    let shown = arg.get_action().takes_values();
    let possible: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| shown && !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !possible.is_empty() {
        let _ = write!(text, " One of {}.", possible.join(", "));
    }
    let default: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if shown && !default.is_empty() {
        let _ = write!(text, " Without it, `{}`.", default.join(","));
    }
    text
}

/// Clap takes the full stop away where a comment has one sentence.
fn sentence(text: &str) -> String {
    let text = text.trim().replace('\n', " ");
    match text.chars().last() {
        Some('.' | ':' | '?' | '!') | None => text,
        Some(_) => text + ".",
    }
}

/// Within a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
