//! May root run this file?

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read as _},
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{Verb, codes};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::printable,
    trust::{Stop, way},
};

/// More of a first line the kernel does not read either.
const FIRST_LINE: u64 = 256;

/// Nobody but root and the caller could have written it or exchanged it, and it can be executed; the same
/// holds for the interpreter that its first line names.
pub(super) fn look(script: &str, verb: Verb, program: &str) -> Result<()> {
    let what = format!("`{}` of script `{script}`, `{}`,", verb.name(), printable(program));
    let real = executable(&what, Path::new(program))?;
    let mut begin = Vec::new();
    File::open(&real)
        .and_then(|file| file.take(FIRST_LINE).read_to_end(&mut begin))
        .map_err(|error| missing(&what, "cannot be read", &real, &error))?;
    match Kind::of(&begin) {
        Kind::Binary => Ok(()),
        Kind::Script(interpreter) => {
            let whose = format!("the interpreter of {}", what.trim_end_matches(','));
            let whose = format!("{whose}, `{}`,", printable(&interpreter.to_string_lossy()));
            executable(&whose, &interpreter).map(drop).map_err(|error| match error.code.as_str() {
                codes::MISSING => no_interpreter(script, verb, program).cause(error.message),
                _ => error,
            })
        }
        // The C library would give it to /bin/sh, which is not what its author had in mind.
        Kind::Unknown => Err(refuse(codes::NOT_EXECUTABLE, &what, "does not say what runs it")
            .hint("Let its first line be `#!/bin/bash` or the like.")),
    }
}

/// How the kernel would run it.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Binary,
    Script(PathBuf),
    Unknown,
}

impl Kind {
    fn of(begin: &[u8]) -> Self {
        if begin.starts_with(b"\x7fELF") {
            return Self::Binary;
        }
        let Some(line) = begin.strip_prefix(b"#!") else { return Self::Unknown };
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let mut words = line.split(|byte| b" \t".contains(byte)).filter(|word| !word.is_empty());
        match words.next() {
            Some(word) if word.starts_with(b"/") => Self::Script(OsStr::from_bytes(word).into()),
            _ => Self::Unknown,
        }
    }
}

/// Where an executable file really is, if it is to be trusted.
fn executable(what: &str, path: &Path) -> Result<PathBuf> {
    let real = way(path).map_err(|stop| match stop {
        Stop::Untrusted(why) => refuse(codes::UNTRUSTED, what, "could be changed by somebody else")
            .cause(printable(&why))
            .hint("Make root (or yourself) the owner, and take the right to write from group and others."),
        Stop::Unreadable(at, error) => {
            let is_gone = error.kind() == io::ErrorKind::NotFound;
            let how = if is_gone { "is not there" } else { "cannot be looked at" };
            missing(what, how, &at, &error)
        }
    })?;
    let metadata =
        fs::metadata(&real).map_err(|error| missing(what, "cannot be looked at", &real, &error))?;
    if !metadata.is_file() {
        return Err(
            refuse(codes::NOT_EXECUTABLE, what, "is no file").hint("Name an executable file.")
        );
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        let path = printable(&path.to_string_lossy());
        return Err(refuse(codes::NOT_EXECUTABLE, what, "may not be executed")
            .hint(format!("`chmod 0755 {path}`")));
    }
    Ok(real)
}

fn refuse(code: &str, what: &str, how: &str) -> Error {
    Error::new(ErrorKind::Plugin, code, format!("{what} {how}"))
}

fn missing(what: &str, how: &str, at: &Path, error: &io::Error) -> Error {
    refuse(codes::MISSING, what, how)
        .cause(printable(&format!("{}: {error}", at.display())))
        .hint("Correct the path; it is relative to plugins.toml, and never looked for in PATH.")
}

/// What is written beside its place in plugins.toml.
pub(super) fn label(code: &str) -> &'static str {
    match code {
        codes::MISSING => "not there",
        codes::UNTRUSTED => "not to be trusted",
        _ => "not executable",
    }
}

/// The file itself is there, so what is missing is what its first line names.
pub(super) fn no_interpreter(script: &str, verb: Verb, program: &str) -> Error {
    let what = format!("`{}` of script `{script}`, `{}`,", verb.name(), printable(program));
    refuse(codes::NOT_EXECUTABLE, &what, "names an interpreter that is not there").hint(
        "Let its first line be `#!/bin/bash` or the like, without a carriage return at its end.",
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_first_bytes_say_who_runs_it() {
        let script = |path: &str| Kind::Script(PathBuf::from(path));
        for (begin, kind) in [
            ("\u{7f}ELF..", Kind::Binary),
            ("#!/bin/sh\nx", script("/bin/sh")),
            ("#! \t/usr/bin/env bash\n", script("/usr/bin/env")),
            ("#!/bin/sh\r\nx", script("/bin/sh\r")),
            ("#!/bin/sh", script("/bin/sh")),
            ("#!bash\n", Kind::Unknown),
            ("#!\n/bin/sh\n", Kind::Unknown),
            ("echo\n", Kind::Unknown),
            ("", Kind::Unknown),
        ] {
            assert_eq!(Kind::of(begin.as_bytes()), kind, "{begin:?}");
        }
    }

    #[test]
    fn only_an_executable_file_of_root_or_the_caller_is_run() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let write = |name: &str, mode| {
            fs::write(at(name), "#!/bin/sh\n").unwrap();
            fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        for (name, mode) in [("good", 0o755), ("plain", 0o644), ("theirs", 0o757)] {
            write(name, mode);
        }
        let text = |name: &str, text: String| {
            write(name, 0o755);
            fs::write(at(name), text).unwrap();
        };
        text("bare", "echo\n".to_owned());
        text("dos", "#!/bin/sh\r\n".to_owned());
        text("by-good", format!("#!{}\n", at("good").display()));
        text("by-theirs", format!("#!{}\n", at("theirs").display()));
        fs::create_dir(at("open")).unwrap();
        fs::set_permissions(at("open"), fs::Permissions::from_mode(0o777)).unwrap();
        write("open/good", 0o755);
        symlink("good", at("link")).unwrap();
        symlink("open/good", at("through")).unwrap();
        symlink("gone", at("dangling")).unwrap();
        for (name, code) in [
            ("good", None),
            ("link", None),
            ("by-good", None),
            ("by-theirs", Some(codes::UNTRUSTED)),
            ("bare", Some(codes::NOT_EXECUTABLE)),
            ("dos", Some(codes::NOT_EXECUTABLE)),
            ("plain", Some(codes::NOT_EXECUTABLE)),
            (".", Some(codes::NOT_EXECUTABLE)),
            ("theirs", Some(codes::UNTRUSTED)),
            ("open/good", Some(codes::UNTRUSTED)),
            ("through", Some(codes::UNTRUSTED)),
            ("gone", Some(codes::MISSING)),
            ("dangling", Some(codes::MISSING)),
            ("good/x", Some(codes::MISSING)),
        ] {
            let path = at(name);
            let found = look("x", Verb::Check, path.to_str().unwrap()).err();
            if let Some(error) = &found {
                assert!(!error.hints.is_empty() && error.message.contains("`check` of script"));
            }
            assert_eq!(found.map(|error| error.code).as_deref(), code, "{name}");
        }
    }
}
