//! What was seen on one machine: files, folders and commands, read in one round trip. Everything that
//! could not be read keeps its reason, so that no error becomes a quiet "no".

use std::collections::BTreeMap;

use phoenix_sdk::{FileState, Output};

use crate::{
    error::{Error, Result},
    transport::{Read, Reader, Seen},
};

/// What is known, or why it is not.
pub(super) type Known<T> = std::result::Result<T, String>;

/// Something to look at.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    File(String),
    Folder(String),
    /// The name under which the answer is found, and the command, which only looks.
    Command(&'static str, Vec<String>),
}

impl Ask {
    pub(super) fn file(path: impl Into<String>) -> Self {
        Self::File(path.into())
    }

    pub(super) fn command(name: &'static str, argv: &[&str]) -> Self {
        Self::Command(name, argv.iter().map(|word| (*word).to_owned()).collect())
    }

    /// A script, with words behind it; the name shows among the container's processes.
    pub(super) fn script(name: &'static str, text: &str, words: &[&str]) -> Self {
        let argv = [&["/bin/sh", "-c", text, "phoenix-doctor"], words].concat();
        Self::command(name, &argv)
    }
}

/// The answers.
#[derive(Debug, Clone, Default)]
pub(super) struct Look {
    files: BTreeMap<String, Known<FileState>>,
    folders: BTreeMap<String, Known<Option<Vec<String>>>>,
    commands: BTreeMap<String, Known<Option<Output>>>,
}

impl Look {
    /// # Errors
    /// When the machine cannot be reached.
    pub(super) fn at(machine: &dyn Reader, asks: &[Ask]) -> Result<Self> {
        let reads: Vec<Read> = asks
            .iter()
            .map(|ask| match ask.clone() {
                Ask::File(path) => Read::File { path },
                Ask::Folder(path) => Read::Folder { path },
                Ask::Command(_, argv) => Read::Exec { argv },
            })
            .collect();
        let mut look = Self::default();
        for (ask, seen) in asks.iter().zip(machine.read(&reads)?) {
            look.note(ask, seen);
        }
        Ok(look)
    }

    /// More answers of the same machine.
    pub(super) fn extend(&mut self, more: Self) {
        self.files.extend(more.files);
        self.folders.extend(more.folders);
        self.commands.extend(more.commands);
    }

    fn note(&mut self, ask: &Ask, seen: Result<Seen>) {
        match ask {
            Ask::File(path) => {
                let state = match seen {
                    Ok(Seen::File(state)) => Ok(state),
                    other => Err(why(other)),
                };
                self.files.insert(path.clone(), state);
            }
            Ask::Folder(path) => {
                let names = match seen {
                    Ok(Seen::Folder(names)) => Ok(names),
                    other => Err(why(other)),
                };
                self.folders.insert(path.clone(), names);
            }
            Ask::Command(name, _) => {
                let output = match seen {
                    Ok(Seen::Exec(output)) => Ok(Some(output)),
                    Err(error) if error.code == "EXEC-NOT-FOUND" => Ok(None),
                    other => Err(why(other)),
                };
                self.commands.insert((*name).to_owned(), output);
            }
        }
    }

    pub(super) fn file(&self, path: &str) -> Known<FileState> {
        self.files.get(path).cloned().unwrap_or_else(|| Err(unasked(path)))
    }

    /// The text of a regular file, or nothing if nothing is there.
    pub(super) fn text(&self, path: &str) -> Known<Option<String>> {
        match self.file(path)? {
            FileState::Absent => Ok(None),
            FileState::Regular { content, .. } => Ok(Some(content.to_text())),
            other => Err(format!("`{path}` is {}", other.kind())),
        }
    }

    /// The text without the blanks around it.
    pub(super) fn line(&self, path: &str) -> Known<Option<String>> {
        Ok(self.text(path)?.map(|text| text.trim().to_owned()))
    }

    pub(super) fn folder(&self, path: &str) -> Known<Option<Vec<String>>> {
        self.folders.get(path).cloned().unwrap_or_else(|| Err(unasked(path)))
    }

    /// What a command gave, or nothing if there is no such program.
    pub(super) fn command(&self, name: &str) -> Known<Option<Output>> {
        self.commands.get(name).cloned().unwrap_or_else(|| Err(unasked(name)))
    }
}

fn why(seen: Result<Seen>) -> String {
    match seen {
        Err(error) => reason(&error),
        Ok(_) => "the answer does not fit the question".to_owned(),
    }
}

/// An error as evidence.
pub(super) fn reason(error: &Error) -> String {
    let causes = error.causes.iter().map(|cause| format!(": {cause}"));
    format!("{}{}", error.message, causes.collect::<String>())
}

fn unasked(what: &str) -> String {
    format!("`{what}` was not looked at")
}

#[cfg(test)]
impl Look {
    pub(super) fn with(mut self, path: &str, text: &str) -> Self {
        let permissions = phoenix_sdk::Permissions { mode: 0o644, uid: 0, gid: 0 };
        let state = FileState::Regular { content: text.into(), permissions };
        self.files.insert(path.to_owned(), Ok(state));
        self
    }

    pub(super) fn with_state(mut self, path: &str, state: Known<FileState>) -> Self {
        self.files.insert(path.to_owned(), state);
        self
    }

    /// Nothing is at these paths.
    pub(super) fn without(mut self, paths: &[&str]) -> Self {
        self.files.extend(paths.iter().map(|path| ((*path).to_owned(), Ok(FileState::Absent))));
        self
    }

    pub(super) fn with_folder(mut self, path: &str, names: Option<&[&str]>) -> Self {
        let names = names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        self.folders.insert(path.to_owned(), Ok(names));
        self
    }

    /// A program that is not there has the exit code 127.
    pub(super) fn ran(mut self, name: &str, exit: i32, stdout: &str, stderr: &str) -> Self {
        let output = Output { exit, stdout: stdout.into(), stderr: stderr.into() };
        self.commands.insert(name.to_owned(), Ok((exit != 127).then_some(output)));
        self
    }
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::FileState;

    use super::Look;

    #[test]
    fn absent_unreadable_and_never_asked_are_three_things() {
        let look = Look::default()
            .with("/a", " x\n")
            .without(&["/b"])
            .with_state("/c", Err("no right".to_owned()))
            .with_state("/d", Ok(FileState::Other));
        assert_eq!(look.line("/a").unwrap().as_deref(), Some("x"));
        assert_eq!(look.text("/b"), Ok(None));
        assert_eq!(look.text("/c").unwrap_err(), "no right");
        assert_eq!(look.text("/d").unwrap_err(), "`/d` is a socket or a pipe");
        assert_eq!(look.text("/e").unwrap_err(), "`/e` was not looked at");
        assert!(look.folder("/a").is_err() && look.command("x").is_err());
    }
}
