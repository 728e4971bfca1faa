//! phoenix-orch under the names of the scripts that it replaces.

use std::{fs, os::unix::fs::symlink, process::Command};

use anyhow::{Result, ensure};
use phoenix_tests::{Finished, Workbench, product};
use xtask::{
    process,
    testbed::{Container, Image, Options, Release},
};

const DOCKER: &str = "phoenix_hypervisor_feature_install_docker.sh";
const APPARMOR: &str = "hypervisor_feature_setup_apparmor.sh";
const LOG: &str = "/var/log/phoenix_hypervisor.log";

/// A place where the two features are something cheap.
fn bench() -> Result<Workbench> {
    Workbench::new(format!(
        "format = 1\n[policy]\napparmor = \"optional\"\npins = \"optional\"\n\
         [features]\ndocker = [\"misbehaving\"]\nconfinement = [\"host-tunables\"]\n\
         [plugins.misbehaving]\nlibrary = \"{}\"\nversion = \"*\"\n\
         [plugins.host-tunables]\nlibrary = \"{}\"\nversion = \"*\"\n",
        product::plugin("misbehaving")?.display(),
        product::plugin("host-tunables")?.display()
    ))
}

/// Calls it as the old orchestrator calls a script of this name.
fn script(bench: &Workbench, name: &str, words: &[&str], environment: &[&str]) -> Result<Finished> {
    let link = bench.folder().join(name);
    if !link.exists() {
        symlink(product::binary()?, &link)?;
    }
    let mut command: Command = bench.command_through(&link)?;
    command.args(bench.state_words()).args(words);
    command.envs(environment.iter().map(|name| (name, "true")));
    let limit = std::time::Duration::from_secs(120);
    Ok(Finished::from(process::capture(&mut command, None, limit)?))
}

/// The lines without their times, each of which has the form of the scripts.
fn lines(text: &str) -> Result<Vec<&str>> {
    let is_time = |time: &str| {
        time.chars().zip("dddd-dd-dd dd:dd:dd".chars()).all(|(letter, form)| match form {
            'd' => letter.is_ascii_digit(),
            form => letter == form,
        })
    };
    text.lines()
        .map(|line| {
            let (time, rest) = line.split_at_checked(19).unwrap_or_default();
            ensure!(time.len() == 19 && is_time(time), "not a line of the log: {line}");
            Ok(rest.trim_start())
        })
        .collect()
}

#[test]
fn the_docker_script_is_called_unchanged() -> Result<()> {
    let container =
        Container::create(&Image::ensure(Release::Bookworm)?, "compat", &Options::default())?;
    let (bench, name) = (bench()?, container.name());
    let file = container.rootfs().join("etc/phoenix-misbehaving");

    let dry = script(&bench, DOCKER, &[name], &["DRY_RUN"])?.expect_code(0)?;
    let would = format!("DRY-RUN: Would write `/etc/phoenix-misbehaving` (misbehaving on {name})");
    assert!(dry.stderr().contains(&would), "{}", dry.stderr());
    assert!(!file.exists());

    let first = script(&bench, DOCKER, &[name], &[])?.expect_code(0)?;
    assert!(file.exists() && first.stdout().is_empty());
    let said = lines(first.stderr())?;
    let done = format!("[INFO] {DOCKER}: misbehaving on {name}: write `/etc/phoenix-misbehaving`");
    assert!(said.contains(&&*done), "{said:?}");
    assert_eq!(said.last(), Some(&&*format!("[SUCCESS] {DOCKER}: Done.")));
    // The file has the same lines; it is everybody's, so others may have written in between.
    let log = fs::read_to_string(LOG)?;
    assert!(first.stderr().lines().all(|line| log.lines().any(|logged| logged == line)), "{log}");

    let second = script(&bench, DOCKER, &[name], &[])?.expect_code(0)?;
    let nothing = format!("[INFO] {DOCKER}: misbehaving on {name}: nothing to do.");
    assert!(lines(second.stderr())?.contains(&&*nothing), "{}", second.stderr());

    // The verb does the same as the link.
    let words = ["compat", "install-docker", name];
    let verb = bench.run(&words)?.expect_code(0)?;
    assert!(lines(verb.stderr())?.contains(&&*nothing), "{}", verb.stderr());
    Ok(())
}

#[test]
fn failures_are_1_and_wrong_use_is_2() -> Result<()> {
    let bench = bench()?;
    let missing = script(&bench, DOCKER, &[], &[])?.expect_code(2)?;
    assert!(missing.stderr().contains(&format!("Usage: {DOCKER} <CTID>")), "{}", missing.stderr());
    // The host is no container, though it is a target elsewhere.
    script(&bench, DOCKER, &["host"], &[])?.expect_code(2)?;
    script(&bench, DOCKER, &["901", "902"], &[])?.expect_code(2)?;
    script(&bench, DOCKER, &["--bogus"], &[])?.expect_code(2)?;
    let unknown = script(&bench, DOCKER, &["phx-nosuch"], &[])?.expect_code(1)?;
    let said = lines(unknown.stderr())?;
    assert!(said[0].starts_with(&format!("[FATAL] {DOCKER}: there is no container")), "{said:?}");
    assert!(said[0].ends_with("(TARGET-UNKNOWN)"), "{said:?}");
    Ok(())
}

#[test]
fn the_apparmor_script_does_the_host_alone() -> Result<()> {
    let bench = bench()?;
    // The old orchestrator gave its scripts a configuration file.
    let words = ["/usr/local/phoenix_hypervisor/etc/phoenix_hypervisor_config.json"];
    let dry = script(&bench, APPARMOR, &words, &["DRY_RUN"])?.expect_code(0)?;
    let said = lines(dry.stderr())?;
    assert!(said.iter().all(|line| line.contains(APPARMOR)), "{said:?}");
    assert!(said.iter().any(|line| line.contains("host-tunables on host")), "{said:?}");
    Ok(())
}
