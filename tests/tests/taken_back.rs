//! What a rollback takes back of packages, services and evidence, and what it leaves to its owner.

use anyhow::Result;
use phoenix_tests::{Finished, Workbench, listing::restorable};
use xtask::testbed::{Container, Image, Options, Release};

fn container(label: &str) -> Result<Container> {
    Container::create(&Image::ensure(Release::Bookworm)?, label, &Options::default())
}

fn run(bench: &Workbench, container: &Container, more: &[&str]) -> Result<Finished> {
    let words = ["run", "--features", "docker", "--target", container.name(), "--allow", "restart"];
    bench.run(&[&words[..], more].concat())
}

fn back(bench: &Workbench) -> Result<Finished> {
    bench.run(&["rollback", "last", "--allow", "restart"])?.expect_code(0)
}

#[test]
fn configuration_of_the_user_stays_and_packages_of_others_too() -> Result<()> {
    let container = container("owners")?;
    let bench = Workbench::with_repository_catalogue()?;
    run(&bench, &container, &[])?.expect_code(0)?;
    // A file of a package that came with the run, edited since; and a package that somebody else has
    // installed and removed since, of which only the configuration is left.
    container.script(
        "echo '# mine' >>/etc/default/docker\n\
         mkdir -p /tmp/mine/DEBIAN /tmp/mine/etc\n\
         printf 'Package: mine\\nVersion: 1\\nArchitecture: all\\nMaintainer: me <me@localhost>\\n\
         Description: mine\\n' >/tmp/mine/DEBIAN/control\n\
         echo /etc/mine.conf >/tmp/mine/DEBIAN/conffiles\n\
         echo precious >/tmp/mine/etc/mine.conf\n\
         dpkg-deb --build /tmp/mine /tmp/mine.deb >/dev/null\n\
         dpkg --install /tmp/mine.deb >/dev/null\n\
         dpkg --remove mine >/dev/null\n",
    )?;
    let report = back(&bench)?;
    let said =
        "the configuration of `docker.io` stays, because it was changed since: /etc/default/docker";
    assert!(report.stdout().contains(said), "{}", report.stdout());
    assert!(report.stdout().contains("data in `/var/lib/docker` stays"), "{}", report.stdout());
    let edited = String::from_utf8(container.read_file("/etc/default/docker")?)?;
    assert!(edited.contains("# mine"), "{edited}");
    assert_eq!(container.read_file("/etc/mine.conf")?, b"precious\n");
    let status = container.ok(&["dpkg-query", "-W", "-f=${db:Status-Status}", "mine"])?;
    assert_eq!(status, "config-files");
    assert!(!container.exists("/usr/sbin/dockerd")?);
    Ok(())
}

#[test]
fn what_needs_a_package_of_the_run_stops_its_removal() -> Result<()> {
    let container = container("needed")?;
    let bench = Workbench::with_repository_catalogue()?;
    run(&bench, &container, &[])?.expect_code(0)?;
    container.script(
        "mkdir -p /tmp/mine/DEBIAN\n\
         printf 'Package: mine\\nVersion: 1\\nArchitecture: all\\nMaintainer: me <me@localhost>\\n\
         Depends: fuse-overlayfs\\nDescription: mine\\n' >/tmp/mine/DEBIAN/control\n\
         dpkg-deb --build /tmp/mine /tmp/mine.deb >/dev/null\n\
         dpkg --install /tmp/mine.deb >/dev/null\n",
    )?;
    // Docker's own packages would go before the one that is needed, and stay with it.
    let refused = bench.run(&["rollback", "last", "--allow", "restart"])?.expect_code(9)?;
    assert!(refused.stdout().contains("`mine`"), "{}", refused.stdout());
    assert_eq!(container.ok(&["systemctl", "is-active", "docker.service"])?.trim(), "active");
    container.script("dpkg --remove mine >/dev/null")?;
    let words = ["runs", "list", "--output", "json"];
    assert_eq!(bench.run(&words)?.expect_code(0)?.events()?.len(), 1);
    bench.take_all_back()?;
    assert!(!container.exists("/usr/sbin/dockerd")?);
    Ok(())
}

#[test]
fn a_service_is_again_as_it_was() -> Result<()> {
    let container = container("service")?;
    let bench = Workbench::with_repository_catalogue()?;
    run(&bench, &container, &[])?.expect_code(0)?;
    container.script("systemctl disable --quiet docker.service 2>/dev/null; systemctl stop --quiet docker.socket docker.service")?;
    let before = restorable(&container)?;
    run(&bench, &container, &[])?.expect_code(0)?;
    assert_eq!(container.ok(&["systemctl", "is-enabled", "docker.service"])?.trim(), "enabled");
    back(&bench)?;
    assert_eq!(
        container.exec(&["systemctl", "is-enabled", "docker.service"])?.stdout.trim(),
        "disabled"
    );
    assert_eq!(
        container.exec(&["systemctl", "is-active", "docker.service"])?.stdout.trim(),
        "inactive"
    );
    assert_eq!(before.differences(&restorable(&container)?), Vec::<String>::new());
    Ok(())
}

#[test]
fn a_step_whose_evidence_fails_is_taken_back_if_that_was_asked_for() -> Result<()> {
    let container = container("evidence")?;
    // Docker will be installed and will run no container.
    let hook =
        b"DPkg::Post-Invoke { \"[ ! -e /usr/sbin/runc ] || cp /bin/false /usr/sbin/runc\"; };\n";
    container.write_file("/etc/apt/apt.conf.d/99broken", hook, 0o644)?;
    let bench = Workbench::with_repository_catalogue()?;
    let failed = run(&bench, &container, &["--on-failure", "rollback"])?.expect_code(8)?;
    for part in ["EVIDENCE-FAILED", "was taken back at once"] {
        assert!(failed.stdout().contains(part), "no {part}:\n{}", failed.stdout());
    }
    assert_eq!(container.exec(&["dpkg-query", "-W", "docker.io"])?.code, 1);
    // The other steps did their work, and keep it.
    assert!(container.exists("/usr/bin/fuse-overlayfs")?);
    Ok(())
}

#[test]
fn old_runs_are_forgotten_but_for_those_that_can_be_taken_back() -> Result<()> {
    let container = container("pruned")?;
    let bench = Workbench::with_repository_catalogue()?;
    run(&bench, &container, &[])?.expect_code(0)?;
    run(&bench, &container, &[])?.expect_code(0)?;
    let pruned = bench.run(&["runs", "prune", "--keep", "0"])?.expect_code(0)?;
    for part in ["Forgotten: 1 run.", "it can still be rolled back", "--even-needed"] {
        assert!(pruned.stdout().contains(part), "no {part}:\n{}", pruned.stdout());
    }
    assert_eq!(bench.runs()?.len(), 1);
    bench.run(&["runs", "prune", "--older", "soon"])?.expect_code(2)?;
    bench.run(&["runs", "prune"])?.expect_code(2)?;
    back(&bench)?;
    bench.run(&["runs", "prune", "--older", "0s", "--even-needed"])?.expect_code(0)?;
    assert!(bench.runs()?.is_empty());
    Ok(())
}
