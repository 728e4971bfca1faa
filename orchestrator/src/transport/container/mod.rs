//! A container, through one session that is opened when it is first needed.

mod read;
mod write;

#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use phoenix_sdk::{Bytes, Output};

use super::{
    Exec, Mutator, Read, Reader, Seen, WriteFile, errors,
    mark::Mark,
    outside::{Outside, View},
    printable,
    session::{Answer, Broken, Fault, Item, MAX_ANSWER, Session, Status},
};
use crate::error::{Error, ErrorKind, Result};

/// Attaching takes milliseconds, but a busy or frozen container takes its time.
const OPENING: Duration = Duration::from_secs(20);

/// A container. Requests of several threads are answered one after another.
pub struct ContainerMachine {
    name: String,
    attach: Vec<String>,
    /// For `lxc-attach` and the first answer of the shell.
    patience: Duration,
    session: Mutex<Option<Session>>,
    /// Asks for the number of the container's init.
    init: Box<dyn Fn() -> Option<u32> + Send + Sync>,
    outside: Mutex<Option<Arc<Outside>>>,
}

impl ContainerMachine {
    /// A container of this name; the words in front of `/bin/sh` lead into it.
    pub fn new(name: impl Into<String>, attach: Vec<String>) -> Self {
        Self {
            name: name.into(),
            attach,
            patience: OPENING,
            session: Mutex::new(None),
            init: Box::new(|| None),
            outside: Mutex::new(None),
        }
    }

    /// The same, looked at from outside where that is enough. `init` gives the number of the container's init as the host
    /// sees it, if it runs; it is asked again when that has ended.
    #[must_use]
    pub fn seen_from_outside(
        mut self,
        init: impl Fn() -> Option<u32> + Send + Sync + 'static,
    ) -> Self {
        self.init = Box::new(init);
        self
    }

    /// The container from outside, found anew if its init has ended.
    fn outside(&self) -> Option<Arc<Outside>> {
        let mut place = self.outside.lock().unwrap_or_else(PoisonError::into_inner);
        if place.as_ref().is_none_or(|outside| !outside.lives()) {
            *place = Outside::find(&self.init).map(Arc::new);
        }
        place.clone()
    }

    fn session(&self) -> MutexGuard<'_, Option<Session>> {
        // Whoever panicked had taken the session out, so what is in there is whole.
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What error messages call it.
    fn label(&self) -> String {
        format!("`{}`", printable(&self.name))
    }

    /// Does items in a session that is known to be good, and keeps the session if it stays so.
    fn run(
        &self,
        items: &[Item],
        line: &mut dyn FnMut(&str),
    ) -> Result<std::result::Result<Vec<Answer>, Broken>> {
        let mut place = self.session();
        let mut session = match place.take() {
            // A process that was left behind may write into the answers: such a session is not used.
            Some(session) if session.is_usable() => session,
            old => {
                drop(old);
                tracing::debug!(container = %self.label(), "opening a session");
                self.open().map_err(|fault| self.closed(fault))?
            }
        };
        let result = session.run(items, line);
        if result.as_ref().err().is_none_or(|broken| matches!(broken.fault, Fault::NoBase64)) {
            *place = Some(session);
        }
        Ok(result)
    }

    /// Once in some thousand times the `lxc-attach` of LXC 5 fails over its own copy in memory, before it
    /// does anything; the second time it works.
    fn open(&self) -> std::result::Result<Session, Fault> {
        let open = || Session::open(&self.attach, &Mark::own(&self.name), self.patience);
        match open() {
            Err(Fault::Lost(words)) if words.contains("Failed to rexec as memfd") => open(),
            outcome => outcome,
        }
    }

    fn run_exec(&self, exec: &Exec, line: &mut dyn FnMut(&str)) -> Result<Output> {
        errors::validate(exec)?;
        tracing::debug!(container = %self.label(), command = %errors::command(&exec.argv), "running");
        match self.run(&[Item::exec(exec)], line)? {
            Ok(mut answers) => match answers.pop() {
                Some(answer) => self.output(&exec.argv, answer),
                None => Err(self.garbled("nothing")),
            },
            Err(broken) => Err(self.broken(&errors::command(&exec.argv), exec, broken.fault)),
        }
    }

    fn output(&self, argv: &[String], answer: Answer) -> Result<Output> {
        match (answer.status, argv.first()) {
            (Status::NotFound, Some(program)) => Err(errors::not_found(program, &self.label())),
            (Status::NotFound, None) => Err(self.garbled("a program that nobody asked for")),
            (Status::Exit(exit), _) => {
                Ok(Output { exit, stdout: Bytes(answer.stdout), stderr: Bytes(answer.stderr) })
            }
        }
    }

    /// A fault before the session was open.
    fn closed(&self, fault: Fault) -> Error {
        let cause = match fault {
            Fault::Lost(words) if words.is_empty() => "it ended without a word".to_owned(),
            Fault::Lost(words) | Fault::Garbled(words) => printable(&words),
            Fault::TimedOut => "it did not answer in time".to_owned(),
            Fault::Flooded | Fault::Overfull => {
                "it wrote too much before its first answer".to_owned()
            }
            Fault::NoBase64 => "it has no `base64`".to_owned(),
            Fault::Io(error) => error.to_string(),
        };
        let message = format!("no shell could be started in {}", self.label());
        Error::new(ErrorKind::Unreachable, "TARGET-UNREACHABLE", message)
            .cause(cause)
            .hint("Start the container, and see whether a shell can be started in it by hand.")
    }

    fn broken(&self, what: &str, limits: &Exec, fault: Fault) -> Error {
        let label = self.label();
        match fault {
            Fault::TimedOut => errors::timed_out(what, &label, limits.time_limit),
            Fault::Flooded => errors::flooded(what, &label, limits.max_output),
            Fault::Overfull => errors::flooded("all that was asked for", &label, MAX_ANSWER),
            Fault::Garbled(cause) => self.garbled(&cause),
            Fault::NoBase64 => errors::not_found("base64", &label),
            Fault::Lost(words) => self.lost(what, &words),
            Fault::Io(error) => self.lost(what, &error.to_string()),
        }
    }

    fn lost(&self, what: &str, words: &str) -> Error {
        let message = format!("the session with {} ended during {what}", self.label());
        let error = Error::new(ErrorKind::Unreachable, "TARGET-LOST", message)
            .hint("See why the container or its shell ended, start it and run again.");
        if words.is_empty() { error } else { error.cause(printable(words)) }
    }

    fn garbled(&self, cause: &str) -> Error {
        let message = format!("{} gave an answer that is none", self.label());
        Error::new(ErrorKind::Unreachable, "SESSION-GARBLED", message)
            .cause(printable(cause))
            .hint("Look at `/bin/sh` in the container, and at what else runs in it.")
    }
}

impl Reader for ContainerMachine {
    fn read(&self, reads: &[Read]) -> Result<Vec<Result<Seen>>> {
        let view = self.view();
        let mut seen: Vec<Option<Result<Seen>>> =
            reads.iter().map(|read| Some(Ok(view.as_ref()?.read(read)?))).collect();
        // It keeps the container's file systems busy.
        drop(view);
        let left: Vec<usize> = (0..reads.len()).filter(|at| seen[*at].is_none()).collect();
        if !left.is_empty() {
            let asked: Vec<Read> = left.iter().map(|at| reads[*at].clone()).collect();
            tracing::debug!(container = %self.label(), ?asked, "cannot be told from outside");
            for (at, answer) in left.into_iter().zip(read::read(self, &asked)?) {
                seen[at] = Some(answer);
            }
        }
        seen.into_iter().map(|seen| seen.ok_or_else(|| self.garbled("too few answers"))).collect()
    }

    fn view(&self) -> Option<View> {
        self.outside()?.view()
    }

    fn probe(&self, exec: &Exec) -> Result<Output> {
        self.run_exec(exec, &mut |_| {})
    }
}

impl Mutator for ContainerMachine {
    fn reconnect(&self) {
        self.session().take();
        self.outside.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn exec(&self, exec: &Exec, line: &mut dyn FnMut(&str)) -> Result<Output> {
        self.run_exec(exec, line)
    }

    fn write_file(&self, write: &WriteFile) -> Result<()> {
        write::replace(self, write)
    }

    fn remove_file(&self, path: &str) -> Result<()> {
        write::remove(self, path)
    }

    fn set_permissions(
        &self,
        path: &str,
        mode: Option<u32>,
        owner: Option<(u32, u32)>,
    ) -> Result<()> {
        write::set_permissions(self, path, mode, owner)
    }
}
