//! The host itself: files natively, commands without a shell.

mod exec;
mod look;
mod write;

use std::ffi::OsString;

use phoenix_sdk::Output;

use super::{Exec, Mutator, Read, Reader, Seen, WriteFile, errors};
use crate::error::Result;

/// What error messages call it.
const NAME: &str = "the host";

/// The machine that phoenix-orch runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalMachine;

impl LocalMachine {
    /// As [`Mutator::exec`], with more in the environment than other commands have.
    ///
    /// # Errors
    /// When the command breaks a limit, or cannot be started. An exit code is no error.
    pub fn exec_in(
        self,
        environment: &[(&str, OsString)],
        exec: &Exec,
        line: &mut dyn FnMut(&str),
    ) -> Result<Output> {
        tracing::debug!(command = %errors::command(&exec.argv), "running on the host");
        exec::run(exec, environment, line)
    }
}

impl Reader for LocalMachine {
    fn read(&self, reads: &[Read]) -> Result<Vec<Result<Seen>>> {
        let one = |read: &Read| match read {
            Read::File { path } => look::file(path).map(Seen::File),
            Read::Folder { path } => look::folder(path).map(Seen::Folder),
            Read::Exec { argv } => {
                exec::run(&Exec::new(argv.iter().cloned()), &[], &mut |_| {}).map(Seen::Exec)
            }
        };
        Ok(reads.iter().map(one).collect())
    }

    fn probe(&self, exec: &Exec) -> Result<Output> {
        exec::run(exec, &[], &mut |_| {})
    }
}

impl Mutator for LocalMachine {
    /// There is no connection to the machine that we run on.
    fn reconnect(&self) {}

    fn exec(&self, exec: &Exec, line: &mut dyn FnMut(&str)) -> Result<Output> {
        self.exec_in(&[], exec, line)
    }

    fn write_file(&self, write: &WriteFile) -> Result<()> {
        write::replace(write)
    }

    fn remove_file(&self, path: &str) -> Result<()> {
        write::remove(path)
    }

    fn set_permissions(
        &self,
        path: &str,
        mode: Option<u32>,
        owner: Option<(u32, u32)>,
    ) -> Result<()> {
        write::set_permissions(path, mode, owner)
    }
}
