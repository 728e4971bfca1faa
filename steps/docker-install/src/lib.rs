//! The step `docker-install`: Docker is installed, starts at boot, runs, and really runs containers.
//!
//! It chooses no storage driver: `fuse-overlayfs` has done that before Docker starts for the first time.

mod denied;
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
        let mut report = proof::gather(&cx.machine(), &cx.target().name, &names)?;
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
    use super::{DockerInstall, Params, repository, worlds};
    use phoenix_sdk::{
        Kind, Result, Step, VerifyReport, World,
        testing::{FakeHost, laws},
    };

    fn verified(change: impl FnOnce(&mut World)) -> Result<VerifyReport> {
        let confined = |world: &World| world.name == "confined";
        let mut world = worlds::all().into_iter().find(confined).expect("a confined container");
        change(&mut world);
        let host = FakeHost::new(world, DockerInstall::META);
        let input = host.input()?;
        host.with(&input, &[], |cx| DockerInstall.verify(cx, &Params::default()))
    }

    #[test]
    fn a_denial_of_docker_fails_the_proof() {
        let claim = "the workload ran without a denial of `lxc-phoenix-v2`";
        let clean = verified(|_| ()).unwrap();
        assert!(clean.evidence.iter().any(|one| one.claim == claim && one.holds));
        let denied = verified(|world| {
            world.denials.denials.push(worlds::denial("runc:[2:INIT]", None));
        });
        let denied = denied.unwrap();
        let failed: Vec<_> = denied.evidence.iter().filter(|one| !one.holds).collect();
        assert_eq!((failed.len(), &*failed[0].claim), (1, claim));
        assert!(failed[0].observed.contains("`umount /x/,` would allow"), "{failed:?}");
    }

    #[test]
    fn logs_that_cannot_be_read_are_never_no_denials() {
        let error = verified(|world| world.logs_unreadable = true).unwrap_err();
        assert_eq!(error.code, "DENIALS-UNREADABLE");
    }

    #[test]
    fn an_unconfined_container_proves_nothing_and_says_so() {
        for label in [None, Some("unconfined".to_owned())] {
            let seen = verified(|world| world.state.label = label).unwrap();
            assert!(seen.holds() && !seen.evidence.iter().any(|one| one.claim.contains("denial")));
            assert!(seen.warnings.iter().any(|line| line.contains("is not confined")), "{seen:?}");
        }
    }

    /// The script had Ubuntu's repository for every container.
    #[test]
    fn script_bug_13_the_repository_is_that_of_the_distribution() {
        for (id, number, codename) in [("debian", "12", "bookworm"), ("ubuntu", "24.04", "noble")] {
            let mut world = worlds::from_docker("Docker's own repository");
            world.container = world.container.file(
                "/etc/os-release",
                format!("ID={id}\nVERSION_ID=\"{number}\"\nVERSION_CODENAME={codename}\nPRETTY_NAME=\"x\"\n"),
            );
            let host = FakeHost::new(world, DockerInstall::META);
            let input = host.input().unwrap();
            let report = laws::Rehearsed::check(&DockerInstall, &host, &input).unwrap();
            let sources = report.changes.iter().find_map(|change| match &change.kind {
                Kind::File { path, content: Some(content), .. }
                    if path == repository::SOURCES_PATH =>
                {
                    Some(content.to_text())
                }
                _ => None,
            });
            let sources = sources.unwrap_or_default();
            let uri = format!("URIs: https://download.docker.com/linux/{id}\n");
            assert!(sources.contains(&uri), "{id}: {sources}");
            assert!(sources.contains(&format!("Suites: {codename}\n")), "{id}: {sources}");
        }
    }

    /// The script asked `docker --version`, which talks to no daemon.
    #[test]
    fn script_bug_14_a_daemon_that_does_not_answer_fails_the_proof() {
        let silent = verified(|world| {
            let machine = std::mem::take(&mut world.container);
            world.container = machine.answers_only(&super::proof::DRIVER, 1, "").answers(
                &super::proof::JOURNAL,
                vec![],
                0,
                "failed to start daemon\n",
            );
        });
        let silent = silent.unwrap();
        let failed: Vec<_> = silent.evidence.iter().filter(|one| !one.holds).collect();
        assert!(failed.iter().any(|one| one.claim.starts_with("Docker answers")), "{failed:?}");
        assert!(silent.warnings.iter().any(|line| line.contains("failed to start daemon")));
    }

    /// The script took Docker for missing each time, installed it again and restarted it.
    #[test]
    fn script_bug_12_a_docker_that_is_there_is_left_alone() {
        let installed = |world: &World| world.name == "confined";
        let world = worlds::all().into_iter().find(installed).expect("a converged container");
        let host = FakeHost::new(world, DockerInstall::META);
        let input = host.input().unwrap();
        let report =
            host.with(&input, &[], |cx| DockerInstall.check(cx, &Params::default())).unwrap();
        assert_eq!(report.changes, []);
    }

    #[test]
    fn the_laws_hold() {
        if let Err(broken) = laws::hold::<DockerInstall>() {
            panic!("{broken}");
        }
    }
}
