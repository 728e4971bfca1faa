//! Files with several mistakes.

use std::path::Path;

use super::*;

/// Every error of a text: its code and its place.
fn all(text: &str) -> Vec<String> {
    let errors =
        all_of_source(Path::new("plugins.toml"), Source::new(Path::new("plugins.toml"), text));
    let told = |error: &Error| {
        let excerpt = error.excerpt.as_deref().unwrap_or_default();
        let first = excerpt.lines().next().unwrap_or_default().trim_start();
        format!("{} {}", error.code, first.trim_start_matches("--> plugins.toml:"))
    };
    errors.unwrap_err().iter().map(told).collect()
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let text = r#"format = 1
unknown = 1
plugin_dirs = "x"
[policy]
restrat = "ask"
restart = "no"
apparmor = 1
[targets]
runtime = "docker"
containers = []
[features]
good = ["a"]
bad = []
F = ["a"]
docker = ["a", "bb"]
[plugins.a]
libary = "a"
liberry = "b"
library = "liba.so"
version = "new"
sha256 = "abc"
requires = { c = "1" }
params = 1
targets.web = { x = 1 }
[plugins.b]
version = "1"
requires = { d = "1" }
[plugins.d]
version = "1"
requires = { b = "1" }
[scripts.s]
aply = "/x"
[scripts.t]
apply = "/x"
time_limit_s = 0
"#;
    insta::assert_snapshot!(all(text).join("\n"), @"
    CONFIG-KEY-UNKNOWN 2:1
    CONFIG-KEY-UNKNOWN 17:1
    CONFIG-KEY-UNKNOWN 18:1
    CONFIG-VALUE 19:11
    CONFIG-VERSION 20:11
    CONFIG-STEP-UNKNOWN 22:14
    CONFIG-VALUE 21:10
    CONFIG-TYPE 23:10
    CONFIG-KEY-UNKNOWN 24:17
    CONFIG-KEY-UNKNOWN 32:1
    CONFIG-KEY-MISSING 31:1
    CONFIG-VALUE 35:16
    CONFIG-CYCLE 27:18
    CONFIG-FEATURE-EMPTY 13:7
    CONFIG-NAME 14:1
    CONFIG-STEP-UNKNOWN 15:16
    CONFIG-TYPE 3:15
    CONFIG-KEY-UNKNOWN 5:1
    CONFIG-TYPE 7:12
    CONFIG-VALUE 6:11
    CONFIG-VALUE 9:11
    CONFIG-VALUE 10:14
    ");
}

#[test]
fn broken_toml_is_told_at_every_place_and_nothing_else_is() {
    insta::assert_snapshot!(all("format = 1\nx = \n[policy]\nrestart = ask\nunknown = 1\n").join("\n"), @"
    CONFIG-SYNTAX 2:5
    CONFIG-SYNTAX 4:11
    ");
    // What is no TOML may mean anything; a format of another time, too.
    insta::assert_snapshot!(all("format = 2\nunknown = 1\n").join("\n"), @"
    CONFIG-FORMAT 1:10
    ");
}

#[test]
fn of_a_file_full_of_mistakes_enough_is_told_in_no_time() {
    let many = |line: &dyn Fn(usize) -> String| (0..40_000).map(line).collect::<String>();
    for text in [
        "format = 1\n".to_owned() + &many(&|number| format!("x{number} = 1\n")),
        "format = 1\n[features]\n".to_owned() + &many(&|number| format!("x{number} = []\n")),
        "format = 1\n[plugins]\n".to_owned() + &many(&|number| format!("x{number} = {{}}\n")),
        "format = 1\n[scripts]\n".to_owned() + &many(&|number| format!("x{number} = {{}}\n")),
        "format = 1\n[plugins.a]\n".to_owned() + &many(&|number| format!("x{number} = 1\n")),
        "format = 1\n".to_owned() + &many(&|_| "x = \n".to_owned()),
    ] {
        assert_eq!(all(&text).len(), MOST_TOLD, "{}", &text[..60]);
    }
}

#[test]
fn what_is_used_hears_of_the_first_alone() {
    let error = refused("format = 1\nunknown = 1\nplugin_dirs = 1\n");
    assert_eq!(error.code, "CONFIG-KEY-UNKNOWN");
}
