//! Runs that are interrupted or killed, and what is left of them.

use std::fs;

use anyhow::Result;
use phoenix_tests::{Running, Workbench, packages, running::until};
use xtask::testbed::{Container, Image, Options, Release};

fn container(label: &str) -> Result<Container> {
    Container::create(&Image::ensure(Release::Bookworm)?, label, &Options::default())
}

fn words(container: &Container) -> [&str; 7] {
    ["run", "--features", "docker", "--target", container.name(), "--allow", "restart"]
}

/// The processes, as the host numbers them, that sessions of this run with the container have begun.
fn of_session(run: &Running, container: &Container) -> Result<Vec<String>> {
    let beginning = format!("PHOENIX_ORCH_SESSION={}.", run.pid());
    let end = format!(".{}", container.name());
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let folder = entry?.path();
        let environment = fs::read(folder.join("environ")).unwrap_or_default();
        let environment = String::from_utf8_lossy(&environment);
        if environment.split('\0').any(|one| one.starts_with(&beginning) && one.ends_with(&end)) {
            let words = fs::read(folder.join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&words).replace('\0', " "));
        }
    }
    Ok(found)
}

#[test]
fn what_a_killed_run_left_is_ended_and_reported_by_the_next() -> Result<()> {
    let container = container("killed")?;
    let bench = Workbench::with_repository_catalogue()?;
    packages::hold(&container)?;
    let first = Running::start(&bench, &words(&container))?;
    packages::until_held(&container)?;
    let left = of_session(&first, &container)?;
    for program in ["lxc-attach", "/bin/sh", "apt-get -y"] {
        assert!(left.iter().any(|words| words.starts_with(program)), "no {program} in {left:?}");
    }
    first.signal("KILL")?;
    until("the first run to end", || Ok(!first.is_alive()?))?;
    assert!(of_session(&first, &container)?.iter().any(|words| words.starts_with("apt-get -y")));

    let second = Running::start(&bench, &words(&container))?;
    let said = format!("which a killed run had left in `{}`", container.name());
    until("the report", || Ok(second.so_far()?.contains(&said)))?;
    assert_eq!(of_session(&first, &container)?, Vec::<String>::new());
    packages::release(&container)?;
    let second = second.wait()?.expect_code(0)?;
    assert!(second.stdout().contains("ended `apt-get -y"), "{}", second.stdout());
    let third = bench.run(&words(&container))?.expect_code(0)?;
    assert!(!third.stdout().contains("had left"), "{}", third.stdout());
    Ok(())
}

#[test]
fn a_run_that_was_killed_while_packages_were_unpacked_is_finished_by_the_next() -> Result<()> {
    let container = container("killed-dpkg")?;
    let bench = Workbench::with_repository_catalogue()?;
    let first = Running::start(&bench, &words(&container))?;
    let unpacking = || Ok(of_session(&first, &container)?.iter().any(|w| w.contains("dpkg-deb")));
    until("dpkg", unpacking)?;
    first.signal("KILL")?;
    bench.run(&words(&container))?.expect_code(0)?;
    assert_eq!(of_session(&first, &container)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_second_interruption_leaves_nothing_running() -> Result<()> {
    let container = container("twice")?;
    let bench = Workbench::with_repository_catalogue()?;
    packages::hold(&container)?;
    let run = Running::start(&bench, &words(&container))?;
    packages::until_held(&container)?;
    run.signal("INT")?;
    until("the first answer", || Ok(run.so_far()?.contains("press Ctrl-C again")))?;
    // Nothing lets the installation end, so only the second signal can end the run.
    assert!(!of_session(&run, &container)?.is_empty());
    run.signal("INT")?;
    until("the run to end", || Ok(!run.is_alive()?))?;
    assert_eq!(of_session(&run, &container)?, Vec::<String>::new());
    let ended = run.wait()?.expect_code(130)?;
    assert!(!ended.stderr().contains("could not be killed"), "{}", ended.stderr());
    packages::release(&container)?;
    bench.run(&words(&container))?.expect_code(0)?;
    Ok(())
}
