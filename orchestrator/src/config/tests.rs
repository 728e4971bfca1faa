//! Every way in which a file can be wrong, and what an administrator is told about it.

mod accepted;
mod together;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use super::*;
use crate::error::{Error, ErrorKind};

fn refused(text: &str) -> Error {
    match parse_text(Path::new("plugins.toml"), text) {
        Ok(manifest) => panic!("accepted: {text}\nas {manifest:#?}"),
        Err(error) => error,
    }
}

/// As the terminal shows it, nearly.
fn told(text: &str) -> String {
    let error = refused(text);
    let mut told = format!("{}: {}\n", error.code, error.message);
    for cause in &error.causes {
        let _ = writeln!(told, "because: {cause}");
    }
    if let Some(excerpt) = &error.excerpt {
        let _ = writeln!(told, "{excerpt}");
    }
    for hint in &error.hints {
        let _ = writeln!(told, "hint: {hint}");
    }
    told
}

/// A file with these lines behind the format, and the two steps `a` and `b`.
pub(super) fn with(lines: &str) -> String {
    format!("format = 1\n{lines}\n[plugins.a]\nversion = \"1\"\n[plugins.b]\nversion = \"1\"\n")
}

/// It is refused with this error, whose caret is at this place.
pub(super) fn is_refused(text: &str, place: &str, expected: &str) {
    let error = refused(text);
    assert_eq!(format!("{}: {}", error.code, error.message), expected, "{text}");
    assert_eq!(error.kind, ErrorKind::Config);
    let shown = error.excerpt.unwrap_or_default();
    let at = shown.lines().next().unwrap_or_default().trim_start_matches(" --> plugins.toml:");
    assert_eq!(at.trim_start_matches(' '), place, "{text}\n{shown}");
}

/// What each is refused with: the code, the place, and the message.
#[test]
fn every_mistake_has_its_own_error() {
    let behind = |lines: &str| with("") + lines;
    for (text, place, expected) in [
        // Syntax, duplicates, format.
        ("", "", "CONFIG-EMPTY: `plugins.toml` is empty"),
        (" \n# only a comment\n", "", "CONFIG-EMPTY: `plugins.toml` is empty"),
        (
            "format = 1\nx = \n",
            "2:5",
            "CONFIG-SYNTAX: not valid TOML: string values must be quoted, expected literal string",
        ),
        (
            "format = 1\n[a\nx = 1\n",
            "2:3",
            "CONFIG-SYNTAX: not valid TOML: unclosed table, expected `]`",
        ),
        ("format = 1\nformat = 1\n", "2:1", "CONFIG-DUPLICATE: `format` is defined twice"),
        (&behind("[plugins.\"a\"]"), "7:10", "CONFIG-DUPLICATE: `a` is defined twice"),
        (&behind("params.x = 1\nparams.x = 2"), "8:8", "CONFIG-DUPLICATE: `x` is defined twice"),
        ("[features]\n", "1:1", "CONFIG-KEY-MISSING: `format` is missing"),
        ("format = 2\nnew = 1\n", "1:10", "CONFIG-FORMAT: format 2 is not known"),
        ("format = \"1\"\n", "1:10", "CONFIG-TYPE: `format` must be an integer, and is a string"),
        // Keys and values at the top.
        (&with("plugin-dirs = []"), "2:1", "CONFIG-KEY-UNKNOWN: unknown key `plugin-dirs`"),
        (
            &with("plugin_dirs = \"x\""),
            "2:15",
            "CONFIG-TYPE: `plugin_dirs` must be a list in square brackets, and is a string",
        ),
        (
            &with("plugin_dirs = [1]"),
            "2:16",
            "CONFIG-TYPE: an entry of `plugin_dirs` must be a string in quotes, and is an integer",
        ),
        (
            &with("plugin_dirs = [\"\"]"),
            "2:16",
            "CONFIG-VALUE: `plugin_dirs` has a path that cannot exist",
        ),
        (&with("policy = 3"), "2:10", "CONFIG-TYPE: `policy` must be a table, and is an integer"),
        (
            &with("policy.restrat = \"ask\""),
            "2:8",
            "CONFIG-KEY-UNKNOWN: unknown key `policy.restrat`",
        ),
        (
            &with("policy.restart = \"never\""),
            "2:18",
            "CONFIG-VALUE: `policy.restart` cannot be `never`",
        ),
        (
            &with("policy.apparmor = true"),
            "2:19",
            "CONFIG-TYPE: `policy.apparmor` must be a string in quotes, and is true or false",
        ),
        (
            &with("targets.runtime = \"docker\""),
            "2:19",
            "CONFIG-VALUE: `targets.runtime` cannot be `docker`",
        ),
        (&with("targets.containers = []"), "2:22", "CONFIG-VALUE: `targets.containers` is empty"),
        (
            &with("targets.containers = [101, \"101\"]"),
            "2:28",
            "CONFIG-DUPLICATE: the container `101` is twice in `targets.containers`",
        ),
        (
            &with("targets.containers = [\"host\"]"),
            "2:23",
            "CONFIG-NAME: a container cannot be called `host`",
        ),
        (
            &with("targets.containers = [\"-a\"]"),
            "2:23",
            "CONFIG-NAME: `-a` cannot be the name of a container",
        ),
        (
            &with("targets.containers = [1.5]"),
            "2:23",
            "CONFIG-TYPE: an entry of `targets.containers` must be a container's name or number, and is a decimal number",
        ),
        // Features.
        (&with("features.f = []"), "2:14", "CONFIG-FEATURE-EMPTY: the feature `f` has no steps"),
        (
            &with("features.f = \"a\""),
            "2:14",
            "CONFIG-TYPE: `features.f` must be a list in square brackets, and is a string",
        ),
        (
            &with("features.f = [1]"),
            "2:15",
            "CONFIG-TYPE: an entry of `features.f` must be a string in quotes, and is an integer",
        ),
        (
            &with("features.f = [\"a\", \"b\", \"a\"]"),
            "2:25",
            "CONFIG-DUPLICATE: the step `a` is twice in the feature `f`",
        ),
        (&with("features.f = [\"c\"]"), "2:15", "CONFIG-STEP-UNKNOWN: unknown step `c`"),
        (&with("features.\"\" = [\"a\"]"), "2:10", "CONFIG-NAME: the name of a feature is empty"),
        (&with("features.F = [\"a\"]"), "2:10", "CONFIG-NAME: `F` cannot be the name of a feature"),
        // Steps.
        ("format = 1\n[plugins.x]\n", "2:1", "CONFIG-KEY-MISSING: `plugins.x.version` is missing"),
        (
            "format = 1\n[plugins.\"x y\"]\n",
            "2:10",
            "CONFIG-NAME: `x y` cannot be the name of a step",
        ),
        (
            "format = 1\n[plugins]\nx = \"libx.so\"\n",
            "3:5",
            "CONFIG-TYPE: `plugins.x` must be a table, and is a string",
        ),
        (
            "format = 1\n[plugins.x]\nversion = 1.0\n",
            "3:11",
            "CONFIG-TYPE: `plugins.x.version` must be a string in quotes, and is a decimal number",
        ),
        (
            "format = 1\n[plugins.x]\nversion = \"new\"\n",
            "3:11",
            "CONFIG-VERSION: `plugins.x.version` is no version requirement",
        ),
        (
            &behind("library = \"libb.so\""),
            "7:11",
            "CONFIG-VALUE: `plugins.b.library` cannot be `libb.so`",
        ),
        (&behind("library = \"\""), "7:11", "CONFIG-VALUE: `plugins.b.library` cannot be ``"),
        (
            &behind("source = \"debian\""),
            "7:1",
            "CONFIG-KEY-UNKNOWN: unknown key `plugins.b.source`",
        ),
        (
            &behind("requires = [\"a\"]"),
            "7:12",
            "CONFIG-TYPE: `plugins.b.requires` must be a table, and is a list",
        ),
        (&behind("requires.c = \"1\""), "7:10", "CONFIG-STEP-UNKNOWN: unknown step `c`"),
        (
            &behind("requires.a = \"?\""),
            "7:14",
            "CONFIG-VERSION: `plugins.b.requires.a` is no version requirement",
        ),
        (
            &behind("requires.b = \"1\""),
            "7:14",
            "CONFIG-CYCLE: steps require each other in a circle: `b -> b`",
        ),
        (&behind("after = [\"c\"]"), "7:10", "CONFIG-STEP-UNKNOWN: unknown step `c`"),
        (
            &behind("after = \"a\""),
            "7:9",
            "CONFIG-TYPE: `plugins.b.after` must be a list in square brackets, and is a string",
        ),
        (
            "format = 1\n[plugins.d]\nversion = \"1\"\nafter = [\"e\"]\n[plugins.e]\nversion = \"1\"\nrequires.d = \"1\"\n",
            "4:10",
            "CONFIG-CYCLE: steps require each other in a circle: `d -> e -> d`",
        ),
        (
            &behind("params = 1"),
            "7:10",
            "CONFIG-TYPE: `plugins.b.params` must be a table, and is an integer",
        ),
        (
            &behind("params = { x = [nan] }"),
            "7:17",
            "CONFIG-VALUE: a parameter is a number that cannot be passed on",
        ),
        (
            &behind("params.x = 99999999999999999999"),
            "7:12",
            "CONFIG-VALUE: a parameter is a number that cannot be passed on",
        ),
        (
            &behind("targets.web = { x = 1 }"),
            "7:17",
            "CONFIG-KEY-UNKNOWN: unknown key `plugins.b.targets.web.x`",
        ),
        (
            &behind("targets.\"../x\".params = {}"),
            "7:9",
            "CONFIG-NAME: `../x` cannot be the name of a container",
        ),
    ] {
        is_refused(text, place, expected);
    }
}

#[test]
fn the_codes_are_documented_once() {
    let codes: Vec<_> = CODES.iter().map(|code| code.code.as_ref()).collect();
    assert_eq!(BTreeSet::from_iter(&codes).len(), codes.len());
}

#[test]
fn an_error_shows_where_and_what_was_meant() {
    insta::assert_snapshot!(told("format = 1\n[policy]\nrestrat = \"ask\"\n"), @r#"
    CONFIG-KEY-UNKNOWN: unknown key `policy.restrat`
     --> plugins.toml:3:1
      |
    2 | [policy]
    3 | restrat = "ask"
      | ^^^^^^^ unknown key
    hint: Did you mean `restart`?
    hint: Known keys: `apparmor`, `restart`, `pins`, `signers`, `package_cache`, `package_cache_upstreams`.
    "#);
    insta::assert_snapshot!(told(&(with("") + "[features]\ndocker = [\"a\", \"bb\"]")), @r#"
    CONFIG-STEP-UNKNOWN: unknown step `bb`
     --> plugins.toml:8:16
      |
    7 | [features]
    8 | docker = ["a", "bb"]
      |                ^^^^ no such step
    hint: Did you mean `b`?
    hint: Known steps: `a`, `b`.
    "#);
    insta::assert_snapshot!(told(&(with("") + "requires.a = \"about 1\"\n")), @r#"
    CONFIG-VERSION: `plugins.b.requires.a` is no version requirement
    because: unexpected character 'a' while parsing major version number
     --> plugins.toml:7:14
      |
    6 | version = "1"
    7 | requires.a = "about 1"
      |              ^^^^^^^^^ unexpected character 'a' while parsing major version number
    hint: Write it as "^0.1", "=1.2.3", ">=1.2, <2" or "*".
    "#);
}

#[test]
fn a_circle_is_shown_as_a_path() {
    let text = "format = 1\n\
        [plugins.b]\nversion = \"1\"\nrequires = { c = \"1\" }\n\
        [plugins.c]\nversion = \"1\"\nrequires = { a = \"1\" }\n\
        [plugins.a]\nversion = \"1\"\nrequires = { b = \"1\" }\n";
    insta::assert_snapshot!(told(text), @r#"
    CONFIG-CYCLE: steps require each other in a circle: `a -> b -> c -> a`
      --> plugins.toml:10:18
       |
     9 | version = "1"
    10 | requires = { b = "1" }
       |                  ^^^ the circle goes through here
    hint: Remove one of the requirements along this path.
    "#);
}

#[test]
fn nothing_that_a_terminal_acts_on_comes_from_the_file() {
    for text in [
        "format = 1\n# \u{1b}[2J\n".to_owned(),
        "format = 1\n\"\\u001b[2J\" = 1\n".to_owned(),
        with("policy.restart = \"\\u001b[2J\\u202e\""),
        with("features.\"\\u009b\" = []"),
        with("features.f = [\"\\u0007\"]"),
        with("") + "library = \"\\u001b/\"",
        with("") + "requires.a = \"\\u001b\"",
        with("") + "targets.\"\\u001b\".params.x = 1",
        with("") + "\"\\u001b\" = 1\n\"\\u001b\" = 2",
        with("policy.apparmor = \"\u{202e}\u{9b}\""),
    ] {
        let told = told(&text);
        let hostile = |char: char| (char.is_control() && char != '\n') || char == '\u{202e}';
        assert!(!told.contains(hostile), "{told:?}");
    }
}

#[test]
fn no_text_makes_it_panic() {
    let text = with("features.f = [\"a\"]") + "requires.a = \"^1\"\nparams = { x = { y = 1.5 } }\n";
    for cut in 0..text.len() {
        let _ = parse_text(Path::new("plugins.toml"), &text[..cut]);
        let broken = format!("{}\u{1f600}{}", &text[..cut], &text[cut..]);
        let _ = parse_text(Path::new("plugins.toml"), &broken);
    }
    let deep = format!("format = 1\nplugins.a.params.x = {}", "[".repeat(100_000));
    assert_eq!(refused(&deep).code, "CONFIG-SYNTAX");
    let long = format!("format = 1\n{} = 1\n", "a.".repeat(100_000) + "a");
    assert_eq!(refused(&long).code, "CONFIG-SYNTAX");
}

#[test]
fn a_file_at_the_size_limit_is_read_quickly_whatever_it_holds() {
    // A long chain, whose requirements are in a circle in the end.
    let mut text = "format = 1\n".to_owned();
    let steps = 12_000;
    for step in 0..steps {
        let next = (step + 1) % steps;
        let _ = writeln!(text, "[plugins.s{step}]\nversion = \"1\"\nrequires.s{next} = \"1\"");
    }
    assert!(text.len() < read::LARGEST as usize);
    let error = refused(&text);
    assert_eq!(error.code, "CONFIG-CYCLE");
}
