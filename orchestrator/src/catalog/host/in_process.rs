//! The step in the orchestrator's own process, called over the vtables, with all rights of the orchestrator:
//! what `cargo xtask bench confinement` compares with. No release has it; it is behind a feature that nothing
//! else switches on.

use std::{fs::File, io, os::fd::IntoRawFd as _, path::Path};

use abi_stable::{
    sabi_trait::TD_Opaque,
    sabi_types::RRef,
    std_types::{RErr, ROk, RResult},
};
use phoenix_sdk::{
    HostCalls,
    boundary::{Doc, Host, Host_TO, StepBox, WITHOUT_WORLDS},
};

use super::{End, Introduction, Mechanism, Worlds, answer, frame::Kind, library};
use crate::error::{Error, ErrorKind, Result};

/// A step that is not in a process of its own.
pub(in super::super) struct StepProcess(StepBox);

/// A step that was loaded, and greets at once.
pub(in super::super) struct Starting(StepProcess, Introduction);

impl Starting {
    /// Loads the step in this library.
    ///
    /// # Errors
    /// Why the library was refused.
    pub(in super::super) fn begin(path: &Path, library: &File, worlds: Worlds) -> Result<Self> {
        let cannot = |error: io::Error| {
            Error::new(ErrorKind::Plugin, "SANDBOX-UNAVAILABLE", "cannot keep a library open")
                .cause(error)
                .hint("Raise the limit of open files.")
        };
        // Open for ever: if its number were used again, the loader would take the next library for this one.
        let open = library.try_clone().map_err(cannot)?.into_raw_fd();
        let module = library::load(path, Path::new(&format!("/proc/self/fd/{open}")))?;
        let step = library::make(path, module)?;
        let mechanisms = vec![Mechanism {
            name: "ALL CONFINEMENT".to_owned(),
            missing: Some(
                "THIS BUILD IS FOR MEASURING AND CONFINES NOTHING: steps are root".to_owned(),
            ),
        }];
        if worlds == Worlds::Left {
            // SAFETY: a build for measuring; nobody reads the environment at that time.
            unsafe { std::env::set_var(WITHOUT_WORLDS, "1") };
        }
        let meta = step.meta();
        Ok(Self(StepProcess(step), Introduction { mechanisms, meta }))
    }

    /// As the real one.
    #[expect(clippy::unnecessary_wraps, reason = "the real one can fail")]
    pub(in super::super) fn greeted(self) -> Result<(StepProcess, Introduction)> {
        Ok((self.0, self.1))
    }
}

impl StepProcess {
    /// Calls the step, and answers what it asks for meanwhile.
    pub(in super::super) fn call(
        &self,
        verb: Kind,
        _: &str,
        input: &Doc,
        host: &dyn HostCalls,
    ) -> End {
        let link = Link(host);
        let host = Host_TO::from_ptr(RRef::new(&link), TD_Opaque);
        let answer = match verb {
            Kind::Check => self.0.check(host, input.clone()),
            Kind::Apply => self.0.apply(host, input.clone()),
            _ => self.0.verify(host, input.clone()),
        };
        match answer {
            ROk(document) => End::Reply(document),
            RErr(document) => End::ReplyError(document),
        }
    }

    /// Never: it ends with the orchestrator.
    pub(in super::super) fn is_over(&self) -> bool {
        false
    }
}

/// The orchestrator as the step sees it.
struct Link<'a>(&'a dyn HostCalls);

impl Host for Link<'_> {
    fn call(&self, request: Doc) -> RResult<Doc, Doc> {
        answer(&request, self.0).into()
    }
}
