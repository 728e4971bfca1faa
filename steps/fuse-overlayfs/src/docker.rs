//! The Docker that is there already, if any: which driver, and what a change of driver would hide.

use phoenix_sdk::{Code, Evidence, Machine, Probe, Result, StepError, argv, shown};

use crate::{
    DRIVER,
    daemon::{self, Daemon},
    flags::Flags,
    migration::{self, Migration},
    stored::{self, Hidden},
};

pub(crate) const SERVICE: &str = "docker.service";

/// A snapshotter of containerd's may have the name of a driver, and only its status tells them apart.
const DRIVER_FORMAT: &str = "{{json .Driver}} {{json .DriverStatus}}";
const SNAPSHOTTER: &str = "io.containerd.snapshotter.v1";
pub(crate) const INFO: Probe = Probe::new(
    "docker-driver",
    argv!["docker", "info", "--format", DRIVER_FORMAT],
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
     there now cannot be seen any more, although they still fill the disk. A running Docker can hand them over; this \
     one does not run, so the step stops before it changes anything.",
    "Start Docker in the container (`systemctl start docker`) and run again: its images can be carried over then \
     (`--allow migrate`); or leave this container on its driver.",
);

/// What was found.
pub(crate) struct Docker {
    state: State,
    flags: Flags,
    data_root: String,
}

enum State {
    /// There is none, or it does not run.
    Stopped { on_driver: bool, hidden: Hidden },
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
        State::Stopped { on_driver: true, hidden: Hidden::default() }
    } else {
        State::Stopped { on_driver: false, hidden: stored::look(machine, &data_root)? }
    };
    Ok(Docker { state, flags, data_root })
}

impl Docker {
    /// What has to be carried over, or is left to do of that. Fails when a change of driver would hide
    /// something that only a running Docker can hand over, or would not work.
    pub(crate) fn migration(&self, machine: &Machine<'_>) -> Result<Migration> {
        self.flags.none_for_the_driver()?;
        match &self.state {
            State::Running { hidden, .. } if !hidden.is_empty() => {
                migration::wanted(machine, &self.data_root)
            }
            State::Running { driver, .. } => {
                migration::pending(machine, &self.data_root, driver == DRIVER)
            }
            State::Stopped { hidden, .. } if !hidden.is_empty() => Err(hides(hidden)),
            State::Stopped { on_driver, .. } => {
                migration::pending(machine, &self.data_root, *on_driver)
            }
        }
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
                "docker info",
                DRIVER,
                shown::name(driver),
            )),
        }
    }
}

fn hides(hidden: &Hidden) -> StepError {
    let message = format!(
        "the change of Docker's storage driver to `{DRIVER}` would hide what is there, and Docker does not run"
    );
    hidden
        .describe()
        .into_iter()
        .fold(StepError::new("DOCKER-DRIVER-HIDES-DATA", message), StepError::cause)
        .hint("Start Docker in the container (`systemctl start docker`) and run again: what is there can be carried \
               over then (`--allow migrate`).")
        .hint("Nothing was changed; Docker still has everything.")
}

fn driver(machine: &Machine<'_>) -> Result<String> {
    let text = told(machine, &INFO)?;
    named(&text).ok_or_else(|| not_answering("it named no storage driver"))
}

/// From the driver's name and its status in JSON.
fn named(text: &str) -> Option<String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    let (name, status) = (values.next()?.ok()?, values.next()?.ok()?);
    let name = shown::name(name.as_str().filter(|name| !name.is_empty())?);
    let rows = status.as_array().into_iter().flatten();
    let by_containerd = rows.filter_map(|row| row.get(1)).any(|kind| kind == SNAPSHOTTER);
    Some(if by_containerd { format!("{name} (containerd)") } else { name })
}

fn ask(machine: &Machine<'_>, probe: &Probe) -> Result<Vec<String>> {
    told(machine, probe).map(|text| shown::names(&text))
}

fn told(machine: &Machine<'_>, probe: &Probe) -> Result<String> {
    let output = machine.probe(probe, &[])?;
    if output.success() {
        Ok(output.stdout.to_text())
    } else {
        Err(not_answering(&shown::name(&output.complaint())).cause(probe.argv.join(" ")))
    }
}

fn not_answering(why: &str) -> StepError {
    StepError::new("DOCKER-NOT-ANSWERING", "Docker's service is active, and Docker does not answer")
        .cause(why)
        .hint("Look at `journalctl -u docker` in the container, restart or stop Docker, and run again.")
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_snapshotter_is_no_driver_of_the_same_name() {
        let of = |text: &str| named(text);
        assert_eq!(of("\"fuse-overlayfs\" null\n").as_deref(), Some("fuse-overlayfs"));
        assert_eq!(of("\"vfs\" [[\"Backing Filesystem\",\"extfs\"]]\n").as_deref(), Some("vfs"));
        let snapshotter = "\"overlayfs\" [[\"driver-type\",\"io.containerd.snapshotter.v1\"]]\n";
        assert_eq!(of(snapshotter).as_deref(), Some("overlayfs (containerd)"));
        for nothing in ["", "\"\" null\n", "null null\n", "\"vfs\"", "vfs\n"] {
            assert_eq!(of(nothing), None, "{nothing}");
        }
    }
}
