//! The step `docker-install`: Docker is installed, starts at boot, runs, and really runs containers.
//!
//! It chooses no storage driver: `fuse-overlayfs` has done that before Docker starts for the first time.

mod packages;
mod proof;
mod repository;
mod worlds;

use phoenix_sdk::{
    CheckReport, Code, Context, Kind, Meta, Probe, Result, Scope, Step, VerifyReport, Wanted,
    World, export_step, require,
};
use serde::Deserialize;

const SERVICE: &str = "docker.service";

#[derive(Default)]
struct DockerInstall;

export_step!(DockerInstall);

/// Where Docker comes from.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    /// The distribution's own packages.
    #[default]
    Distribution,
    /// The repository of Docker, Inc., or a mirror of it.
    Docker,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Params {
    source: Source,
    /// For `source = "docker"`.
    repository: repository::Params,
}

const PROBES: &[Probe] = &[
    proof::DRIVER,
    proof::ENABLED,
    proof::INSTALLED,
    proof::WORKLOAD,
    proof::JOURNAL,
    repository::TARGETS,
    repository::KEY_SEEN,
];

const CODES: &[Code] = &[packages::OTHER_FAMILY, repository::KEY_MISSING, repository::URL_WRONG];

impl Step for DockerInstall {
    type Params = Params;

    const META: Meta = Meta::with(
        "docker-install",
        env!("CARGO_PKG_VERSION"),
        Scope::Container,
        "Docker is installed, starts at boot and runs containers",
        PROBES,
        CODES,
    );

    fn check(&self, cx: &Context<'_>, params: &Params) -> Result<CheckReport> {
        let machine = cx.machine();
        let os = require::platform(&machine)?;
        packages::no_other_family(&machine, params.source)?;
        let mut wanted = Wanted::on(machine);
        if params.source == Source::Docker {
            let repository = repository::Repository::of(cx, &os, &params.repository)?;
            if repository.needs_certificates() {
                wanted = wanted
                    .packages(["ca-certificates"])
                    .because("apt speaks to the repository over https");
            }
            wanted = wanted
                .file(repository::KEY_PATH, repository.key.clone())
                .file(repository::SOURCES_PATH, repository.sources());
        }
        wanted.packages(packages::wanted(&os, params)).service(SERVICE).into_report()
    }

    fn apply(&self, cx: &Context<'_>, _params: &Params, report: &CheckReport) -> Result<()> {
        for change in &report.changes {
            let starts_docker = matches!(change.kind, Kind::Packages { .. } | Kind::Service { .. });
            match cx.perform(change) {
                // systemd says only that it failed; the journal says why.
                Err(error) if starts_docker => return Err(proof::with_journal(cx, error)),
                outcome => outcome?,
            }
        }
        Ok(())
    }

    fn verify(&self, cx: &Context<'_>, params: &Params) -> Result<VerifyReport> {
        let os = require::platform(&cx.machine())?;
        let names = packages::wanted(&os, params);
        let mut report = proof::gather(&cx.machine(), &names)?;
        if params.source == Source::Docker {
            let repository = repository::Repository::of(cx, &os, &params.repository)?;
            report.evidence.extend(repository.evidence(&cx.machine())?);
        }
        Ok(report)
    }

    fn rehearsals() -> Vec<World> {
        worlds::all()
    }
}

#[cfg(test)]
mod tests {
    use super::DockerInstall;
    use phoenix_sdk::testing::laws;

    #[test]
    fn the_laws_hold() {
        if let Err(broken) = laws::hold::<DockerInstall>() {
            panic!("{broken}");
        }
    }
}
