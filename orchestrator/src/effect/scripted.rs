//! A machine for tests of effects: commands answer as scripted, files are kept in memory, and all that
//! was done is written down in its order.

use std::{collections::BTreeMap, sync::Mutex};

use phoenix_sdk::{FileState, Output, Permissions};

use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, Read, Reader, Seen, WriteFile},
};

/// How a command whose words begin like this answers; each answer is given once.
type Answer = (&'static str, i32, &'static str);

pub(super) struct Scripted {
    answers: Mutex<Vec<Answer>>,
    pub(super) files: Mutex<BTreeMap<String, (Vec<u8>, u32)>>,
    done: Mutex<Vec<String>>,
}

impl Scripted {
    /// Commands that are not scripted succeed and print nothing.
    pub(super) fn new(answers: &[Answer]) -> Self {
        Self {
            answers: Mutex::new(answers.to_vec()),
            files: Mutex::new(BTreeMap::new()),
            done: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn file(self, path: &str, text: &str, mode: u32) -> Self {
        self.files.lock().unwrap().insert(path.to_owned(), (text.into(), mode));
        self
    }

    pub(super) fn text(&self, path: &str) -> Option<String> {
        let files = self.files.lock().unwrap();
        files.get(path).map(|(bytes, _)| String::from_utf8_lossy(bytes).into_owned())
    }

    pub(super) fn state(&self, path: &str) -> FileState {
        match self.files.lock().unwrap().get(path) {
            None => FileState::Absent,
            Some((bytes, mode)) => FileState::Regular {
                content: bytes.clone().into(),
                permissions: Permissions { mode: *mode, uid: 0, gid: 0 },
            },
        }
    }

    /// The commands that were run and the files that were written, in their order.
    pub(super) fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }

    /// Exit code 127 stands for a program that is not there, which is an error of both real machines.
    fn run(&self, argv: &[String]) -> Result<Output> {
        let words = argv.join(" ");
        let mut answers = self.answers.lock().unwrap();
        let found = answers.iter().position(|(prefix, ..)| words.starts_with(prefix));
        self.done.lock().unwrap().push(words);
        let (_, exit, text) = found.map_or(("", 0, ""), |place| answers.remove(place));
        // What commands say on failure is on standard error, and their answers on standard output.
        match exit {
            0 => Ok(Output { exit, stdout: text.into(), stderr: "".into() }),
            127 => Err(Error::new(ErrorKind::Step, "EXEC-NOT-FOUND", "no such program")),
            _ => Ok(Output { exit, stdout: "".into(), stderr: text.into() }),
        }
    }
}

impl Reader for Scripted {
    fn read(&self, reads: &[Read]) -> Result<Vec<Result<Seen>>> {
        let seen = |read: &Read| match read {
            Read::File { path } => Ok(Seen::File(self.state(path))),
            Read::Folder { .. } => Ok(Seen::Folder(None)),
            Read::Exec { argv } => self.run(argv).map(Seen::Exec),
        };
        Ok(reads.iter().map(seen).collect())
    }

    fn probe(&self, exec: &Exec) -> Result<Output> {
        self.run(&exec.argv)
    }
}

impl Mutator for Scripted {
    fn reconnect(&self) {}

    fn exec(&self, exec: &Exec, _line: &mut dyn FnMut(&str)) -> Result<Output> {
        self.run(&exec.argv)
    }

    fn write_file(&self, write: &WriteFile) -> Result<()> {
        let now = self.state(&write.path).content().map(|content| content.0.clone());
        assert_eq!(now, write.expected, "`{}` was expected otherwise", write.path);
        self.done.lock().unwrap().push(format!("write {} {:o}", write.path, write.mode));
        let file = (write.content.clone(), write.mode);
        self.files.lock().unwrap().insert(write.path.clone(), file);
        Ok(())
    }

    fn remove_file(&self, path: &str) -> Result<()> {
        self.done.lock().unwrap().push(format!("remove {path}"));
        self.files.lock().unwrap().remove(path);
        Ok(())
    }

    fn set_permissions(&self, path: &str, mode: Option<u32>, _: Option<(u32, u32)>) -> Result<()> {
        self.done.lock().unwrap().push(format!("permissions {path} {mode:?}"));
        Ok(())
    }
}
