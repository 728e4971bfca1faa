//! The Docker that is there already, if any: which driver, and what a change of driver would hide.

use phoenix_sdk::{Code, Evidence, Machine, Probe, Result, StepError, argv, shown};

use crate::{
    DRIVER,
    daemon::{self, Daemon},
    flags::Flags,
    stored::{self, Hidden},
};

pub(crate) const SERVICE: &str = "docker.service";

pub(crate) const INFO: Probe = Probe::new(
    "docker-driver",
    argv!["docker", "info", "--format", "{{.Driver}}"],
    "The storage driver of the running Docker",
);
pub(crate) const IMAGES: Probe = Probe::new(
    "docker-images",
    argv!["docker", "images", "--format", "{{.Repository}}:{{.Tag}}"],
    "The images of the running Docker",
);
pub(crate) const CONTAINERS: Probe = Probe::new(
    "docker-containers",
    argv!["docker", "ps", "--all", "--format", "{{.Names}}"],
    "All containers of the running Docker",
);
pub(crate) const RUNNING: Probe = Probe::new(
    "docker-running",
    argv!["docker", "ps", "--format", "{{.Names}}"],
    "The running containers of the running Docker",
);

pub(crate) const NOT_ANSWERING: Code = Code::new(
    "DOCKER-NOT-ANSWERING",
    "Docker's service is active and its daemon does not answer, so nobody can say what a change would hide. \
     Nothing was changed.",
    "Look at `journalctl -u docker` in the container; restart or stop Docker, and run again.",
);
pub(crate) const HIDES_DATA: Code = Code::new(
    "DOCKER-DRIVER-HIDES-DATA",
    "Docker keeps images and containers of each storage driver apart: after a change of driver those that are \
     there now cannot be seen any more, although they still fill the disk. The step stops before it changes anything.",
    "Save the images (`docker save`), note how the containers were started, remove both, and run again; or leave this \
     container on its driver.",
);

/// What was found.
pub(crate) struct Docker {
    state: State,
    flags: Flags,
    data_root: String,
}

enum State {
    /// There is none, or it does not run.
    Stopped { hidden: Hidden },
    /// It runs and answers.
    Running { driver: String, hidden: Hidden },
}

/// Looks. A stopped Docker is not started, so its command line is not used then: its socket would do that.
pub(crate) fn look(machine: &Machine<'_>) -> Result<Docker> {
    let file = machine.file(daemon::PATH)?;
    let daemon = Daemon::read(file.content());
    let service = machine.service(SERVICE)?;
    let flags = if service.exists() { Flags::look(machine)? } else { Flags::default() };
    let data_root = flags
        .data_root
        .clone()
        .or(daemon.data_root)
        .filter(|path| path.starts_with('/'))
        .unwrap_or_else(|| "/var/lib/docker".to_owned());
    let state = if service.is_active() {
        let driver = driver(machine)?;
        let mut hidden = Hidden::default();
        if driver != DRIVER {
            hidden.images = ask(machine, &IMAGES)?;
            hidden.containers = ask(machine, &CONTAINERS)?;
        }
        State::Running { driver, hidden }
    } else if daemon.driver.as_deref() == Some(DRIVER) {
        // It has been on this driver; whatever else lies there was hidden before.
        State::Stopped { hidden: Hidden::default() }
    } else {
        State::Stopped { hidden: stored::look(machine, &data_root)? }
    };
    Ok(Docker { state, flags, data_root })
}

impl Docker {
    /// Fails when a change of driver would hide something, or would not work.
    pub(crate) fn nothing_gets_hidden(&self) -> Result<()> {
        self.flags.none_for_the_driver()?;
        let (State::Stopped { hidden } | State::Running { hidden, .. }) = &self.state;
        if hidden.is_empty() {
            return Ok(());
        }
        let from = match &self.state {
            State::Running { driver, .. } => format!("from `{}` ", shown::name(driver)),
            State::Stopped { .. } => String::new(),
        };
        let error = StepError::new(
            "DOCKER-DRIVER-HIDES-DATA",
            format!(
                "the change of Docker's storage driver {from}to `{DRIVER}` would hide what is there"
            ),
        );
        Err(hidden
            .describe()
            .into_iter()
            .fold(error, StepError::cause)
            .hint("Save the images (`docker save`), note how the containers were started (`docker inspect`), \
                   remove both, and run again.")
            .hint("Nothing was changed; Docker still has everything."))
    }

    /// Why Docker has to be restarted, if it has.
    pub(crate) fn restart(&self, rewritten: bool) -> Option<String> {
        match &self.state {
            State::Running { .. } if rewritten => {
                Some("it reads its configuration only when it starts".to_owned())
            }
            // The file was written and Docker was not restarted: an earlier run was cut short.
            State::Running { driver, .. } if driver != DRIVER => {
                Some(format!("it still runs on `{}`", shown::name(driver)))
            }
            _ => None,
        }
    }

    /// The containers that a restart takes down.
    pub(crate) fn running(&self, machine: &Machine<'_>) -> Result<Vec<String>> {
        match self.state {
            State::Running { .. } => ask(machine, &RUNNING),
            State::Stopped { .. } => Ok(Vec::new()),
        }
    }

    pub(crate) fn data_root(&self) -> &str {
        &self.data_root
    }

    /// That a running Docker is on the driver.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        match &self.state {
            State::Stopped { .. } => None,
            State::Running { driver, .. } => Some(Evidence::equal(
                "the running Docker is on the driver",
                INFO.argv.join(" "),
                DRIVER,
                shown::name(driver),
            )),
        }
    }
}

fn driver(machine: &Machine<'_>) -> Result<String> {
    match ask(machine, &INFO)?.pop() {
        Some(driver) => Ok(driver),
        None => Err(not_answering("it named no storage driver")),
    }
}

fn ask(machine: &Machine<'_>, probe: &Probe) -> Result<Vec<String>> {
    let output = machine.probe(probe, &[])?;
    if output.success() {
        Ok(shown::names(&output.stdout.to_text()))
    } else {
        Err(not_answering(&shown::name(&output.complaint())).cause(probe.argv.join(" ")))
    }
}

fn not_answering(why: &str) -> StepError {
    StepError::new("DOCKER-NOT-ANSWERING", "Docker's service is active, and Docker does not answer")
        .cause(why)
        .hint("Look at `journalctl -u docker` in the container, restart or stop Docker, and run again.")
}
