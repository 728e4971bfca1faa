//! A machine as a step sees it: things to look at.

use crate::{
    Denials, FileState, HostCalls, Mark, Observed, OsRelease, Output, Probe, Result, StepError,
    Subject,
    wire::{Answer, MachineId, Request},
};

/// The host or the unit's own container, to look at.
///
/// That something is not there is an observation, not an error; an error means that nobody knows.
///
/// ```
/// # use phoenix_sdk::{testing::FakeHost, *};
/// /// The port that sshd listens on, if it says so in the file where people look for it.
/// fn port(machine: &Machine<'_>) -> Result<Option<String>> {
///     let file = machine.file("/etc/ssh/sshd_config")?;
///     let text = file.content().map(Bytes::to_text).unwrap_or_default();
///     Ok(text.lines().find_map(|line| line.strip_prefix("Port ")).map(shown::name))
/// }
/// # let ask = |world: World| {
/// #     let host = FakeHost::new(world, Meta::new("ssh", "0.1.0", Scope::Host, "ssh"));
/// #     host.with(&host.input()?, &[], |cx| port(&cx.machine()))
/// # };
/// # assert_eq!(ask(World::host("fresh"))?, None);
/// # let world = World::host("moved").on_target(|host| host.file("/etc/ssh/sshd_config", "Port 2\n"));
/// # assert_eq!(ask(world)?.as_deref(), Some("2"));
/// # Ok::<(), StepError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Machine<'a> {
    host: &'a dyn HostCalls,
    id: MachineId,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(host: &'a dyn HostCalls, id: MachineId) -> Self {
        Self { host, id }
    }

    /// Looks at several things in one round trip.
    ///
    /// # Errors
    /// When the machine cannot be reached; each subject has a result of its own besides.
    pub fn observe_all(&self, subjects: Vec<Subject>) -> Result<Vec<Result<Observed>>> {
        let count = subjects.len();
        match self.host.call(Request::Observe { machine: self.id, subjects })? {
            Answer::Observed { seen } if seen.len() == count => Ok(seen),
            other => Err(unexpected(&other)),
        }
    }

    /// Looks at one thing.
    ///
    /// # Errors
    /// When it cannot be looked at. That something is not there is an observation, not an error.
    pub fn observe(&self, subject: Subject) -> Result<Observed> {
        match self.observe_all(vec![subject])?.pop() {
            Some(seen) => seen,
            None => Err(unexpected(&Answer::Done)),
        }
    }

    /// Looks at a path.
    ///
    /// # Errors
    /// As [`Self::observe`].
    pub fn file(&self, path: impl Into<String>) -> Result<FileState> {
        self.observe(Subject::File { path: path.into() }).and_then(file)
    }

    /// Looks at several paths in one round trip.
    ///
    /// # Errors
    /// As [`Self::observe_all`].
    pub fn files<T: Into<String>>(
        &self,
        paths: impl IntoIterator<Item = T>,
    ) -> Result<Vec<Result<FileState>>> {
        let subject = |path: T| Subject::File { path: path.into() };
        let seen = self.observe_all(paths.into_iter().map(subject).collect())?;
        Ok(seen.into_iter().map(|state| state.and_then(file)).collect())
    }

    /// The names in a folder, sorted, or nothing if it is not there.
    ///
    /// # Errors
    /// As [`Self::observe`].
    pub fn folder(&self, path: impl Into<String>) -> Result<Option<Vec<String>>> {
        match self.observe(Subject::Folder { path: path.into() })? {
            Observed::Folder { names } => Ok(names),
            other => Err(mismatch(&other)),
        }
    }

    /// A systemd service.
    ///
    /// # Errors
    /// As [`Self::observe`].
    pub fn service(&self, name: impl Into<String>) -> Result<crate::ServiceState> {
        match self.observe(Subject::Service { name: name.into() })? {
            Observed::Service(state) => Ok(state),
            other => Err(mismatch(&other)),
        }
    }

    /// AppArmor in the kernel (the same for the host and its containers).
    ///
    /// # Errors
    /// As [`Self::observe`].
    pub fn apparmor(&self) -> Result<crate::AppArmorState> {
        match self.observe(Subject::AppArmor)? {
            Observed::AppArmor(state) => Ok(state),
            other => Err(mismatch(&other)),
        }
    }

    /// The unit's container as its runtime sees it.
    ///
    /// # Errors
    /// As [`Self::observe`].
    pub fn container(&self) -> Result<crate::ContainerState> {
        match self.observe(Subject::Container)? {
            Observed::Container(state) => Ok(state),
            other => Err(mismatch(&other)),
        }
    }

    /// Now, as a point from which [`Self::denials`] can be asked for.
    ///
    /// # Errors
    /// As [`Self::observe`].
    pub fn mark(&self) -> Result<Mark> {
        match self.observe(Subject::Mark)? {
            Observed::Mark(mark) => Ok(mark),
            other => Err(mismatch(&other)),
        }
    }

    /// What AppArmor denied since a mark under the label of the unit's container. The label may be that
    /// of other containers too, and then what they were denied is among it: see
    /// [`crate::Denial::container`]. A record needs a moment from the kernel to the log, so this is best
    /// asked for last.
    ///
    /// # Errors
    /// `DENIALS-UNREADABLE` when no log of the host can be read, which is never the same as no denials.
    pub fn denials(&self, since: Mark) -> Result<Denials> {
        match self.observe(Subject::Denials { since })? {
            Observed::Denials(denials) => Ok(denials),
            other => Err(mismatch(&other)),
        }
    }

    /// The values of a key in the configuration of the unit's container, in their order.
    ///
    /// # Errors
    /// As [`Self::observe`].
    pub fn container_option(&self, key: impl Into<String>) -> Result<Vec<String>> {
        match self.observe(Subject::ContainerOption { key: key.into() })? {
            Observed::ContainerOption { values } => Ok(values),
            other => Err(mismatch(&other)),
        }
    }

    /// The same for several keys in one round trip.
    ///
    /// # Errors
    /// As [`Self::observe`].
    pub fn container_options(&self, keys: &[&str]) -> Result<Vec<Vec<String>>> {
        let subject = |key: &&str| Subject::ContainerOption { key: (*key).to_owned() };
        let seen = self.observe_all(keys.iter().map(subject).collect())?;
        seen.into_iter()
            .map(|seen| match seen? {
                Observed::ContainerOption { values } => Ok(values),
                other => Err(mismatch(&other)),
            })
            .collect()
    }

    /// The distribution: `/etc/os-release`, or where it is a link, as on most systems,
    /// `/usr/lib/os-release` (`os-release(5)` knows no other place).
    ///
    /// # Errors
    /// `OS-UNKNOWN` when the file is missing or does not name one.
    pub fn os_release(&self) -> Result<OsRelease> {
        OsRelease::first(self.files(OsRelease::PATHS)?)
    }

    /// Runs one of the step's declared probes, with more arguments behind the declared ones.
    ///
    /// # Errors
    /// When the machine cannot be reached, the probe is not declared in the step's metadata, or it does
    /// not end in time. A probe that ends with an exit code other than 0 is not an error here.
    pub fn probe(&self, probe: &Probe, more: &[&str]) -> Result<Output> {
        let argv = probe
            .argv
            .iter()
            .map(|word| word.to_string())
            .chain(more.iter().map(|word| (*word).to_owned()))
            .collect();
        match self.host.call(Request::Probe { machine: self.id, argv })? {
            Answer::Ran { output } => Ok(output),
            other => Err(unexpected(&other)),
        }
    }
}

fn file(observed: Observed) -> Result<FileState> {
    match observed {
        Observed::File(state) => Ok(state),
        other => Err(mismatch(&other)),
    }
}

fn unexpected(answer: &Answer) -> StepError {
    StepError::new("SDK-ANSWER", format!("the orchestrator gave an unexpected answer: {answer:?}"))
        .hint("Step and orchestrator do not understand each other; report this with both versions.")
}

fn mismatch(observed: &Observed) -> StepError {
    StepError::new("OBSERVATION-MISMATCH", format!("asked for one thing, was shown {observed:?}"))
        .hint("This is a defect of the orchestrator or of the fake host; report it.")
}
