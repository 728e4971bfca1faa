//! Whether a script is at work already: an orchestrator that was killed may have left it so, or somebody has
//! started it by hand.

use std::{fs, io, os::unix::fs::MetadataExt as _};

use super::{LoadedScript, codes};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::printable,
};

impl LoadedScript {
    /// Refuses to let it act where it does already: on the same target, of root or the caller.
    ///
    /// # Errors
    /// `SCRIPT-RUNNING` with its processes.
    pub fn must_not_run_yet(&self, target: &str) -> Result<()> {
        let name = &self.script.name;
        let argv = self.script.apply.argv(target);
        let running = processes(&argv).map_err(|error| {
            let message = format!("it cannot be found out whether script `{name}` runs already");
            Error::new(ErrorKind::Internal, codes::RUNNING, message)
                .cause(error)
                .hint("Mend what the cause says, then run again.")
        })?;
        if running.is_empty() {
            return Ok(());
        }
        let message = format!("script `{name}` is at work on `{}` already", printable(target));
        let error = Error::new(ErrorKind::Step, codes::RUNNING, message)
            .hint("Wait until it has ended, or end it; then run again.");
        Err(running.iter().fold(error, |error, pid| error.cause(format!("process {pid}"))))
    }
}

/// Those whose command line this is, whatever interpreter stands in front of it.
fn processes(argv: &[String]) -> io::Result<Vec<u32>> {
    let caller = rustix::process::geteuid().as_raw();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // Whoever has ended meanwhile has neither owner nor command line. What runs in a container belongs
        // to somebody else, and can call itself as it likes.
        let is_ours = entry.metadata().is_ok_and(|it| [0, caller].contains(&it.uid()));
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if is_ours && is_line_of(&line, argv) {
            found.push(pid);
        }
    }
    Ok(found)
}

/// Whether a command line as the kernel shows it ends with these words.
fn is_line_of(line: &[u8], argv: &[String]) -> bool {
    let words: Vec<&[u8]> = line.strip_suffix(b"\0").unwrap_or(line).split(|b| *b == 0).collect();
    let argv: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
    words.ends_with(&argv)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_the_same_words_behind_any_interpreter_are_the_same_script() {
        let argv = ["/x.sh", "101", ""].map(str::to_owned);
        for (line, same) in [
            ("/x.sh|101||", true),
            ("/bin/bash|/x.sh|101||", true),
            ("/bin/bash|-e|/x.sh|101||", true),
            ("/bin/bash|/x.sh|102||", false),
            ("/bin/bash|/x.sh|101|", false),
            ("/bin/bash|/a/x.sh|101||", false),
            ("vi|/x.sh|", false),
            ("", false),
        ] {
            let line = line.replace('|', "\0");
            assert_eq!(is_line_of(line.as_bytes(), &argv), same, "{line:?}");
        }
    }

    #[test]
    fn what_runs_is_found() {
        let number = format!("7{}.5", std::process::id());
        let mut child = Command::new("sleep").arg(&number).spawn().unwrap();
        let argv = ["sleep".to_owned(), number];
        // Between fork and exec it still has our own command line.
        while !is_line_of(&fs::read(format!("/proc/{}/cmdline", child.id())).unwrap(), &argv) {
            std::thread::yield_now();
        }
        assert_eq!(processes(&argv).unwrap(), [child.id()]);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(processes(&argv).unwrap().is_empty());
    }
}
