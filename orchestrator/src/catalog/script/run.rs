//! One call of a script's program.

use std::{collections::VecDeque, env, ffi::OsString, time::Duration};

use super::{LoadedScript, Verb, trusted};
use crate::{
    error::{Error, Result},
    transport::{Exec, LocalMachine, printable},
};

/// The longest that looking may take, whatever plugins.toml says: as with the probes of plugins.
const LONGEST_LOOK: Duration = Duration::from_secs(600);
/// What a script may print, in bytes: all of it is kept in the journal.
const MOST_OUTPUT: usize = 64 << 20;
/// How many of its last lines are told.
const LAST_LINES: usize = 5;
/// The variable with which the old scripts are made to say more.
const DEBUG: &str = "PHOENIX_DEBUG";

/// What a call has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Program and words.
    pub argv: Vec<String>,
    /// 0 to 255, or 128 and the number of the signal that ended it.
    pub exit: i32,
    /// The last lines of both streams, as they came (raw).
    pub last: Vec<String>,
}

/// An exit code in words: what shells mean by it, and the old scripts.
pub fn meaning(exit: i32) -> String {
    match exit {
        2 => "exit code 2 (wrong arguments)".to_owned(),
        126 => "exit code 126 (it could not be executed)".to_owned(),
        127 => "exit code 127 (a command was not found)".to_owned(),
        129..=192 => format!("exit code {exit} (ended by signal {})", exit - 128),
        exit => format!("exit code {exit}"),
    }
}

impl LoadedScript {
    /// Runs one of its programs for this target, on the host; nothing if plugins.toml has none for it.
    /// Lines of both streams go to `line` as they come, raw.
    ///
    /// # Errors
    /// When it cannot be started, or breaks a limit: it was killed then, with all of its process group. An
    /// exit code is no error.
    pub fn run(&self, verb: Verb, target: &str, line: &mut dyn FnMut(&str)) -> Result<Option<Ran>> {
        let Some(call) = self.call(verb) else { return Ok(None) };
        let name = &self.script.name;
        // Much may have happened since it was looked at first.
        trusted::look(name, verb, &call.program)?;
        let limit = match verb {
            Verb::Apply => self.script.time_limit,
            Verb::Check | Verb::Verify => self.script.time_limit.min(LONGEST_LOOK),
        };
        let argv = call.argv(target);
        let exec = Exec { max_output: MOST_OUTPUT, ..Exec::new(argv.clone()).within(limit) };
        let mut last = VecDeque::new();
        let mut hear = |text: &str| {
            last.push_back(text.to_owned());
            if last.len() > LAST_LINES {
                last.pop_front();
            }
            line(text);
        };
        let output = LocalMachine.exec_in(&environment(env::var_os(DEBUG)), &exec, &mut hear);
        match output {
            Ok(output) => Ok(Some(Ran { argv, exit: output.exit, last: last.into() })),
            Err(error) if error.code == "EXEC-NOT-FOUND" => {
                Err(trusted::no_interpreter(name, verb, &call.program))
            }
            Err(error) => Err(explained(error, name, &last)),
        }
    }
}

/// What a script finds besides the environment of all commands.
fn environment(debug: Option<OsString>) -> Vec<(&'static str, OsString)> {
    let debug = debug.map(|value| (DEBUG, value));
    std::iter::once(("TERM", OsString::from("dumb"))).chain(debug).collect()
}

/// What it had said before it was ended tells where it stood.
fn explained(error: Error, name: &str, last: &VecDeque<String>) -> Error {
    let is_late = error.code == "EXEC-TIMEOUT";
    let error = last.iter().fold(error, |error, line| error.cause(printable(line)));
    if is_late {
        return error.hint(format!("Give it longer with `time_limit_s` in [scripts.{name}]."));
    }
    error
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    use super::*;
    use crate::config;

    /// A script with this text in a folder of its own, and these lines in its section.
    fn script(folder: &Path, text: &str, lines: &str) -> LoadedScript {
        let file = |name: &str, text: &str, mode| {
            fs::write(folder.join(name), text).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        file("x.sh", text, 0o755);
        let toml = format!("format = 1\n[scripts.x]\napply = \"x.sh\"\n{lines}\n");
        file("plugins.toml", &toml, 0o644);
        let manifest = config::load(&folder.join("plugins.toml")).unwrap();
        super::super::load(&manifest, &["x".to_owned()].into()).unwrap().remove("x").unwrap()
    }

    fn apply(text: &str, lines: &str) -> (Result<Ran>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let mut heard = Vec::new();
        let ran = script(folder.path(), text, lines).run(Verb::Apply, "101", &mut |line| {
            heard.push(line.to_owned());
        });
        (ran.map(Option::unwrap), heard)
    }

    #[test]
    fn every_word_arrives_as_it_was_written() {
        let words = [
            "{ctid}",
            "a  b",
            "",
            "'",
            "\"",
            "$(touch /split)",
            "`id`",
            "*",
            "-n",
            "x\ny",
            "\u{1b}[2J",
            "ü~",
            "; exit 3",
        ];
        let toml: Vec<String> =
            words.iter().map(|word| serde_json::to_string(word).unwrap()).collect();
        let text = "#!/bin/sh\nprintf '%s\\0' \"$@\" | od -An -v -tx1\n";
        let (ran, heard) = apply(text, &format!("args = [{}]", toml.join(", ")));
        assert_eq!(ran.unwrap().exit, 0);
        let bytes: Vec<u8> = heard
            .iter()
            .flat_map(|line| line.split_whitespace())
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        let mut expected = words.map(str::to_owned);
        "101".clone_into(&mut expected[0]);
        assert_eq!(String::from_utf8(bytes).unwrap(), expected.map(|word| word + "\0").concat());
    }

    #[test]
    fn surroundings_are_those_of_the_contract() {
        let text = "#!/bin/sh\nenv | sort\npwd\ncat\nps -o pid=,pgid=,sid= -p $$ | tr -s ' ' >&2\n";
        let (ran, heard) = apply(text, "");
        let ran = ran.unwrap();
        assert_eq!((ran.exit, ran.argv.len()), (0, 2));
        let variables: Vec<&str> =
            heard.iter().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        // The shell itself adds the last one.
        assert_eq!(variables, ["DEBIAN_FRONTEND", "HOME", "LC_ALL", "PATH", "PWD", "TERM"]);
        for line in ["HOME=/root", "LC_ALL=C.UTF-8", "TERM=dumb", "/"] {
            assert!(heard.iter().any(|heard| heard == line), "no {line}: {heard:?}");
        }
        let ids =
            heard.iter().find(|line| line.starts_with(' ') || line.as_bytes()[0].is_ascii_digit());
        let ids: Vec<&str> = ids.unwrap().split_whitespace().collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "not a group of its own: {ids:?}");
        assert_eq!(environment(Some("true".into()))[1], ("PHOENIX_DEBUG", "true".into()));
    }

    #[test]
    fn the_last_lines_of_both_streams_are_told_and_no_exit_code_is_an_error() {
        let text = "#!/bin/sh\nfor n in 1 2 3 4 5 6; do echo line $n; done\nsleep 0.2\necho end >&2\nexit 2\n";
        let (ran, heard) = apply(text, "");
        let ran = ran.unwrap();
        assert_eq!((ran.exit, heard.len()), (2, 7));
        assert_eq!(ran.last, ["line 3", "line 4", "line 5", "line 6", "end"]);
    }

    #[test]
    fn a_limit_ends_all_of_its_group() {
        let marker = format!("7{}", std::process::id());
        let text = format!("#!/bin/sh\necho begun\nsleep {marker} &\nsleep {marker}\n");
        let (late, _) = apply(&text, "time_limit_s = 1");
        let late = late.unwrap_err();
        assert_eq!((late.code.as_str(), late.causes[0].as_str()), ("EXEC-TIMEOUT", "begun"));
        assert!(late.hints.iter().any(|hint| hint.contains("`time_limit_s`")), "{late:?}");
        let pattern = format!("^sleep {marker}");
        let left = std::process::Command::new("pgrep").args(["-f", &pattern]).status().unwrap();
        assert!(!left.success());
    }
}
