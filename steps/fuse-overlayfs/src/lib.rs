//! The step `fuse-overlayfs`: Docker in this container will keep its layers on fuse-overlayfs.
//!
//! It installs the package, brings `/dev/fuse` in, and writes the driver into `daemon.json` before Docker
//! first starts. Where Docker runs on another driver and has images or containers there, the change of
//! driver is a guarded migration, which needs the operator's word.

mod daemon;
mod docker;
mod flags;
mod leftovers;
mod migration;
mod proof;
mod stored;
mod worlds;

use phoenix_sdk::{
    Change, CheckReport, Code, Context, Kind, Meta, Probe, Result, Scope, Step, VerifyReport,
    Wanted, World, dev_fuse, export_step, require,
};
use serde::Deserialize;

/// The storage driver, the package and the program have one name.
const DRIVER: &str = "fuse-overlayfs";

#[derive(Default)]
struct FuseOverlayfs;

export_step!(FuseOverlayfs);

/// There is nothing to choose yet; a key in `plugins.toml` is an error.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Params {}

const PROBES: &[Probe] = &[
    docker::INFO,
    docker::IMAGES,
    docker::CONTAINERS,
    docker::RUNNING,
    flags::UNIT,
    daemon::READ,
    proof::MOUNT,
    migration::FACTS,
    migration::LIST,
    migration::PLACE,
    migration::SAVED,
    migration::LOADED,
    migration::CLEANED,
    migration::VISIBLE,
];

const CODES: &[Code] = &[
    docker::NOT_ANSWERING,
    docker::HIDES_DATA,
    flags::ELSEWHERE,
    flags::UNREADABLE,
    migration::SPACE,
    migration::LIVE_RESTORE,
    migration::FAILED,
    migration::UNDONE,
    migration::STUCK,
    migration::UNFINISHED,
];

impl Step for FuseOverlayfs {
    type Params = Params;

    const META: Meta = Meta::with(
        "fuse-overlayfs",
        env!("CARGO_PKG_VERSION"),
        Scope::Container,
        "Docker's layers are kept by fuse-overlayfs",
        PROBES,
        CODES,
    );

    fn check(&self, cx: &Context<'_>, _params: &Params) -> Result<CheckReport> {
        let machine = cx.machine();
        require::platform(&machine)?;
        let device = dev_fuse::wanted(cx)?;
        let leftovers = leftovers::look(cx)?;
        let inside = dev_fuse::is_fuse(&machine.file(dev_fuse::PATH)?);

        let wanted = Wanted::on(machine).packages([DRIVER]);
        let wanted = leftovers.changes.into_iter().chain(device).fold(wanted, Wanted::change);
        let mut report = wanted.json_keys(daemon::PATH, daemon::keys()).into_report()?;
        report.warnings.extend(leftovers.warnings);
        let docker = docker::look(&machine)?;
        let mut migration = docker.migration(&machine)?;

        let rewritten = |change: &Change| matches!(change.kind, Kind::JsonKeys { .. });
        if !inside {
            if !dev_fuse::is_fuse(&cx.host().file(dev_fuse::PATH)?) {
                report.warnings.push(
                    "the host has no `/dev/fuse` yet; `host-tunables` makes it available"
                        .to_owned(),
                );
            }
            let restart = Change::new(Kind::RestartContainer)
                .because("`/dev/fuse` is not in the container yet");
            if migration.carries {
                // Docker comes back with the container, and is to come back as it was: the switch is a
                // change of its own, which can be taken back without the container.
                migration.before.push(restart);
            } else {
                // Docker comes back with the container, and then with its new configuration.
                report.changes.push(restart);
            }
        }
        if (inside || migration.carries)
            && let Some(why) = docker.restart(report.changes.iter().any(rewritten))
        {
            let name = docker::SERVICE.to_owned();
            let kind = Kind::RestartService { name, disrupts: docker.running(&machine)? };
            report.changes.push(Change::new(kind).because(why));
        }
        migration.into_report(&mut report);
        Ok(report)
    }

    fn apply(&self, cx: &Context<'_>, _params: &Params, report: &CheckReport) -> Result<()> {
        let restarts = |change: &Change| change.kind == Kind::RestartContainer;
        if report.changes.iter().any(restarts) {
            dev_fuse::require(&cx.host())?;
        }
        let commands = |change: &Change| matches!(change.kind, Kind::Command { .. });
        if report.changes.iter().any(commands) {
            let docker = docker::look(&cx.machine())?;
            return migration::apply(cx, docker.data_root(), report);
        }
        report.changes.iter().try_for_each(|change| cx.perform(change))
    }

    fn verify(&self, cx: &Context<'_>, _params: &Params) -> Result<VerifyReport> {
        let machine = cx.machine();
        let docker = docker::look(&machine)?;
        let mut report = proof::mount(&machine, docker.data_root())?;
        report.evidence.push(daemon::evidence(&machine)?);
        report.evidence.push(dev_fuse::evidence(cx)?);
        if let Some(evidence) = docker.evidence() {
            report.evidence.push(evidence);
            migration::evidence(&machine, docker.data_root(), &mut report)?;
        }
        Ok(report)
    }

    fn rehearsals() -> Vec<World> {
        worlds::all()
    }
}

#[cfg(test)]
mod tests {
    use super::{FuseOverlayfs, worlds};
    use phoenix_sdk::testing::laws;

    #[test]
    fn the_laws_hold() {
        if let Err(broken) = laws::hold::<FuseOverlayfs>() {
            panic!("{broken}");
        }
        if let Err(broken) =
            laws::hold_in(&FuseOverlayfs, [worlds::more(), worlds::of_proxmox()].concat())
        {
            panic!("{broken}");
        }
    }
}
