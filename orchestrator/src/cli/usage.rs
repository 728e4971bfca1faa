//! What clap says of a wrong command line, in the form of all our errors: one sentence, what was probably meant, how it
//! is used, and where the examples are. The words are clap's.

use std::ffi::OsString;

use clap::error::ErrorKind as Kind;

use super::args;
use crate::{
    error::{Error, ErrorKind},
    report,
};

/// How the lines begin by which clap's text is taken apart.
const TIP: &str = "tip: ";
const POSSIBLE: &str = "[possible values: ";
const USAGE: &str = "Usage: ";
const MORE: &str = "For more information, try ";

/// Tells what is wrong with these words, and gives the exit code. Help that was asked for goes to standard output, as clap
/// writes it.
pub(super) fn tell(error: &clap::Error, words: &[OsString]) -> u8 {
    match told(error, words) {
        Some(error) => {
            report::error(&error);
            error.kind.exit_code()
        }
        None => {
            // Only a reader who stopped reading makes this fail.
            let _ = error.print();
            if error.use_stderr() { ErrorKind::Usage.exit_code() } else { 0 }
        }
    }
}

/// The error; nothing where it is none, because help or the version was asked for, or help is the answer.
fn told(error: &clap::Error, words: &[OsString]) -> Option<Error> {
    use Kind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    if matches!(
        error.kind(),
        DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        return None;
    }
    let hint = format!("`{} --help` says more, with examples.", verb_of(words));
    Some(from_text(&error.render().to_string()).hint(hint))
}

/// The verb that these words begin with, as far as there is one of that name.
fn verb_of(words: &[OsString]) -> String {
    let root = args::command();
    let (mut verb, mut name) = (&root, root.get_name().to_owned());
    for word in words.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(below) = verb.find_subcommand(word) {
            name = format!("{name} {word}");
            verb = below;
        }
    }
    name
}

/// From the text that clap would print.
fn from_text(text: &str) -> Error {
    let mut message = String::new();
    let mut hints = Vec::new();
    // Words in quotes are names.
    let text = text.replace('\'', "`");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(values) = line.strip_prefix(POSSIBLE) {
            let values = values.trim_end_matches(']').split(", ").map(|value| format!("`{value}`"));
            hints.push(format!("Possible values: {}.", values.collect::<Vec<_>>().join(", ")));
        } else if let Some(tip) = line.strip_prefix(TIP) {
            hints.extend(meant(tip));
        } else if let Some(usage) = line.strip_prefix(USAGE) {
            hints.push(format!("Usage: `{usage}`."));
        } else if !line.starts_with(MORE) {
            add(&mut message, line.strip_prefix("error: ").unwrap_or(line));
        }
    }
    let message = message.strip_suffix(" found").unwrap_or(&message);
    // A lone word where none belongs: of features and targets everybody forgets the option, or the comma.
    let lone =
        message.strip_prefix("unexpected argument `").is_some_and(|word| !word.starts_with('-'));
    if lone && text.contains("--features") {
        hints.insert(0, "Features are named with `--features F,F`, targets with `--target T,T`: no blanks in between.".to_owned());
    }
    let error = Error::new(ErrorKind::Usage, "USAGE", in_words(message));
    hints.into_iter().fold(error, Error::hint)
}

/// A further line of a message; what is missing is listed one a line.
fn add(message: &mut String, line: &str) {
    match message.chars().last() {
        None => message.push_str(line),
        Some(':') => message.push_str(&format!(" `{line}`")),
        Some(_) => message.push_str(&format!(", `{line}`")),
    }
}

/// A guess of clap's in our words. Of several it names the most likely last. How a word that begins with a hyphen could be
/// given as a value is not what anybody meant here.
fn meant(tip: &str) -> Option<String> {
    if tip.starts_with("to pass ") {
        return None;
    }
    match tip.split('`').rfind(|part| !part.is_empty()) {
        Some(name) if tip.contains("similar") => Some(format!("Did you mean `{name}`?")),
        _ => Some(format!("Perhaps: {}.", tip.trim_end_matches('.'))),
    }
}

/// `0 is not in 1..=65535` is for programmers, and so is a digit that is found in a string.
fn in_words(message: &str) -> String {
    let message = &message.replace("invalid digit found in string", "not a whole number");
    match message
        .split_once(" is not in ")
        .and_then(|(what, range)| Some((what, range.split_once("..=")?)))
    {
        Some((what, (least, most))) => format!("{what} is not between {least} and {most}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args;

    fn said(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
        let error = told(&args::parse_from(&words).unwrap_err(), &words).unwrap();
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Usage, "USAGE"));
        let hints: String = error.hints.iter().map(|hint| format!("\n  hint: {hint}")).collect();
        format!("{}{hints}\n", error.message)
    }

    #[test]
    fn the_words_are_claps_and_the_form_is_ours() {
        let all: String = [
            "phoenix-orch plan --feature docker",
            "phoenix-orch plann",
            "phoenix-orch plan",
            "phoenix-orch run --features docker --allow reboot",
            "phoenix-orch run --features docker --jobs 0",
            "phoenix-orch run --features docker --target web --all",
            "phoenix-orch run --features",
            "phoenix-orch runs prune",
            "phoenix-orch explain A B",
        ]
        .map(said)
        .join("\n");
        insta::assert_snapshot!(all, @"
        unexpected argument `--feature`
          hint: Did you mean `--features`?
          hint: Usage: `phoenix-orch plan --features <F[,F]>`.
          hint: `phoenix-orch plan --help` says more, with examples.

        unrecognized subcommand `plann`
          hint: Did you mean `plan`?
          hint: Usage: `phoenix-orch [OPTIONS] <COMMAND>`.
          hint: `phoenix-orch --help` says more, with examples.

        the following required arguments were not provided: `--features <F[,F]>`
          hint: Usage: `phoenix-orch plan --features <F[,F]>`.
          hint: `phoenix-orch plan --help` says more, with examples.

        invalid value `reboot` for `--allow <WHAT>`
          hint: Possible values: `restart`, `migrate`, `scripts`.
          hint: `phoenix-orch run --help` says more, with examples.

        invalid value `0` for `--jobs <N>`: 0 is not between 1 and 65535
          hint: `phoenix-orch run --help` says more, with examples.

        the argument `--target <T[,T]>` cannot be used with `--all`
          hint: Usage: `phoenix-orch run --features <F[,F]> --target <T[,T]>`.
          hint: `phoenix-orch run --help` says more, with examples.

        a value is required for `--features <F[,F]>` but none was supplied
          hint: `phoenix-orch run --help` says more, with examples.

        the following required arguments were not provided: `<--keep <N>|--older <D>>`
          hint: Usage: `phoenix-orch runs prune <--keep <N>|--older <D>>`.
          hint: `phoenix-orch runs prune --help` says more, with examples.

        unexpected argument `B`
          hint: Usage: `phoenix-orch explain [OPTIONS] [CODE]`.
          hint: `phoenix-orch explain --help` says more, with examples.
        ");
    }

    #[test]
    fn help_and_version_are_no_errors() {
        for line in [
            "phoenix-orch --help",
            "phoenix-orch plan -h",
            "phoenix-orch --version",
            "phoenix-orch",
            "phoenix-orch runs",
        ] {
            let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
            assert!(told(&args::parse_from(&words).unwrap_err(), &words).is_none(), "{line}");
        }
    }
}
