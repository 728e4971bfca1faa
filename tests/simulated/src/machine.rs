//! A machine in memory that can be looked at.

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use phoenix_orch::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, Read, Reader, Seen, WriteFile},
};
use phoenix_sdk::{Bytes, FileState, Output, Permissions};

/// What is on a machine. Many machines share one.
#[derive(Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, FileState>,
    /// Programs by the first words of their argv, and what they print; the first that fits is taken.
    programs: Vec<(Vec<String>, Output)>,
}

impl Tree {
    /// The same with a regular file of mode 0644 that belongs to root, and the folders above it.
    #[must_use]
    pub fn file(self, path: &str, content: &str) -> Self {
        let permissions = Permissions { mode: 0o644, uid: 0, gid: 0 };
        self.node(path, FileState::Regular { content: content.into(), permissions })
    }

    /// The same with something at a path, and the folders above it.
    #[must_use]
    pub fn node(mut self, path: &str, state: FileState) -> Self {
        for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
            self.files.entry(path[..at].to_owned()).or_insert(folder());
        }
        self.files.insert(path.to_owned(), state);
        self
    }

    /// The same with a folder of mode 0755 that belongs to root.
    #[must_use]
    pub fn folder(self, path: &str) -> Self {
        self.node(path, folder())
    }

    /// The same with a program that prints this, for an argv that begins with these words.
    #[must_use]
    pub fn program(mut self, words: &[&str], exit: i32, stdout: &str) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        self.programs
            .push((words, Output { exit, stdout: stdout.into(), stderr: Bytes::default() }));
        self
    }

    fn names(&self, path: &str) -> Option<Vec<String>> {
        matches!(self.files.get(path), Some(FileState::Folder { .. })).then(|| {
            let above = format!("{path}/");
            let below = self.files.range(above.clone()..).map(|(path, _)| path);
            let below = below.map_while(|path| path.strip_prefix(&above));
            below.filter(|name| !name.contains('/')).map(str::to_owned).collect()
        })
    }

    fn run(&self, argv: &[String]) -> Result<Output> {
        let found = self.programs.iter().find(|(words, _)| argv.starts_with(words));
        let output = found.map(|(_, output)| output.clone());
        output.ok_or_else(|| {
            let message = format!("there is no program for `{}`", argv.join(" "));
            Error::new(ErrorKind::Step, "EXEC-NOT-FOUND", message)
        })
    }
}

fn folder() -> FileState {
    FileState::Folder { permissions: Permissions { mode: 0o755, uid: 0, gid: 0 } }
}

/// A machine with this on it.
pub struct Machine {
    tree: Arc<Tree>,
    latency: Duration,
}

impl Machine {
    /// One of which each round trip takes so long, without costing anything.
    pub fn new(tree: Arc<Tree>, latency: Duration) -> Self {
        Self { tree, latency }
    }

    fn travel(&self) {
        if !self.latency.is_zero() {
            thread::sleep(self.latency);
        }
    }
}

impl Reader for Machine {
    fn read(&self, reads: &[Read]) -> Result<Vec<Result<Seen>>> {
        self.travel();
        let seen = |read: &Read| match read {
            Read::File { path } => {
                Ok(Seen::File(self.tree.files.get(path).cloned().unwrap_or(FileState::Absent)))
            }
            Read::Folder { path } => Ok(Seen::Folder(self.tree.names(path))),
            Read::Exec { argv } => self.tree.run(argv).map(Seen::Exec),
        };
        Ok(reads.iter().map(seen).collect())
    }

    fn probe(&self, exec: &Exec) -> Result<Output> {
        self.travel();
        self.tree.run(&exec.argv)
    }
}

/// Nothing of it: whoever tries learns that the simulation is not what the steps want.
impl Mutator for Machine {
    fn reconnect(&self) {}

    fn exec(&self, exec: &Exec, _: &mut dyn FnMut(&str)) -> Result<Output> {
        Err(unchangeable(&exec.argv.join(" ")))
    }

    fn write_file(&self, write: &WriteFile) -> Result<()> {
        Err(unchangeable(&write.path))
    }

    fn remove_file(&self, path: &str) -> Result<()> {
        Err(unchangeable(path))
    }

    fn set_permissions(&self, path: &str, _: Option<u32>, _: Option<(u32, u32)>) -> Result<()> {
        Err(unchangeable(path))
    }
}

/// The error for whoever wants to change something that is only simulated.
pub(crate) fn unchangeable(what: &str) -> Error {
    Error::new(
        ErrorKind::Internal,
        "SIMULATED",
        format!("a simulated machine is not changed: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_seen_and_what_is_not_is_absent() {
        let tree = Tree::default().file("/a/b/c", "x").folder("/a/d").program(&["p"], 3, "out");
        let machine = Machine::new(Arc::new(tree), Duration::ZERO);
        let folder = |path: &str| Read::Folder { path: path.to_owned() };
        let seen = machine
            .read(&[
                folder("/a"),
                folder("/e"),
                Read::File { path: "/a/b/c".to_owned() },
                Read::Exec { argv: vec!["p".to_owned(), "more".to_owned()] },
                Read::Exec { argv: vec!["q".to_owned()] },
            ])
            .unwrap();
        assert_eq!(seen[0], Ok(Seen::Folder(Some(vec!["b".to_owned(), "d".to_owned()]))));
        assert_eq!(seen[1], Ok(Seen::Folder(None)));
        let Ok(Seen::File(state)) = &seen[2] else { panic!("{seen:?}") };
        assert_eq!(state.content(), Some(&"x".into()));
        let Ok(Seen::Exec(output)) = &seen[3] else { panic!("{seen:?}") };
        assert_eq!((output.exit, output.line().as_str()), (3, "out"));
        assert_eq!(seen[4].as_ref().unwrap_err().code, "EXEC-NOT-FOUND");
    }
}
