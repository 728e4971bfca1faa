//! Libraries that must not be loaded, and steps that break the rules.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result};
use phoenix_tests::{Finished, Workbench, product};
use xtask::{
    process,
    testbed::{Container, Image, Options, Release},
};

fn catalogue(library: &str) -> String {
    format!(
        "format = 1\n[policy]\napparmor = \"optional\"\npins = \"optional\"\n\
         [features]\nx = [\"misbehaving\"]\n\
         [plugins.misbehaving]\nlibrary = \"{library}\"\nversion = \"*\"\n"
    )
}

fn refused(bench: &Workbench, code: &str) -> Result<()> {
    let finished = bench.run(&["graph", "--features", "x"])?.expect_code(5)?;
    one_clear_error(&finished, code);
    Ok(())
}

fn one_clear_error(finished: &Finished, code: &str) {
    let text = format!("{}{}", finished.stdout(), finished.stderr());
    assert!(text.contains(&format!("error[{code}]")), "no {code}:\n{text}");
    assert!(text.contains("hint:"), "no hint:\n{text}");
    assert!(text.lines().count() < 40, "too long:\n{text}");
}

#[test]
fn files_that_are_no_step() -> Result<()> {
    let bench = Workbench::empty()?;
    let script = bench.write("text.so", "#!/bin/sh\n")?;
    let truncated = bench.write("elf.so", b"\x7fELF\x02\x01\x01")?;
    // An ELF file for another machine: ours with other machine bytes in its header.
    let mut other = fs::read(product::plugin("misbehaving")?)?;
    other[18] = 0xf3;
    let other = bench.write("other.so", other)?;
    let library = library_without_step(&bench)?;
    for (path, code) in [
        (bench.folder().join("missing.so"), "PLUGIN-MISSING"),
        (script, "PLUGIN-NOT-A-LIBRARY"),
        (truncated, "PLUGIN-NOT-A-LIBRARY"),
        (other, "PLUGIN-NOT-A-LIBRARY"),
        (product::binary()?, "PLUGIN-NOT-A-LIBRARY"),
        (library, "PLUGIN-NOT-A-STEP"),
    ] {
        fs::write(bench.config(), catalogue(&path.display().to_string()))?;
        refused(&bench, code).with_context(|| format!("`{}`", path.display()))?;
    }
    Ok(())
}

/// An ordinary shared library.
fn library_without_step(bench: &Workbench) -> Result<PathBuf> {
    let source = bench.write("plain.c", "int answer(void) { return 42; }\n")?;
    let library = bench.folder().join("plain.so");
    process::quiet(Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source))?;
    Ok(library)
}

#[test]
fn a_library_that_somebody_else_could_change() -> Result<()> {
    let bench = Workbench::empty()?;
    let copy = bench.folder().join("libmisbehaving.so");
    fs::copy(product::plugin("misbehaving")?, &copy)?;
    fs::write(bench.config(), catalogue(&copy.display().to_string()))?;
    bench.run(&["graph", "--features", "x"])?.expect_code(0)?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o666))?;
    refused(&bench, "PLUGIN-UNTRUSTED")
}

/// A real container in which a step misbehaves.
struct Stage {
    container: Container,
    bench: Workbench,
    catalogue: String,
}

impl Stage {
    fn new(label: &str) -> Result<Self> {
        let image = Image::ensure(Release::Bookworm)?;
        let container = Container::create(&image, label, &Options::default())?;
        let library = product::plugin("misbehaving")?;
        let catalogue = catalogue(&library.display().to_string());
        Ok(Self { container, bench: Workbench::new(&catalogue)?, catalogue })
    }

    /// The step misbehaves in this way; without what it may have done before.
    fn run(&self, how: &str, verb: &str) -> Result<Finished> {
        self.container.ok(&["rm", "-f", "/etc/phoenix-misbehaving"])?;
        self.run_again(how, verb)
    }

    fn run_again(&self, how: &str, verb: &str) -> Result<Finished> {
        let params = format!("[plugins.misbehaving.params]\nhow = \"{how}\"\n");
        self.bench.write("plugins.toml", format!("{}{params}", self.catalogue))?;
        self.go(verb)
    }

    fn go(&self, verb: &str) -> Result<Finished> {
        let mut command = self.bench.command()?;
        command.args([verb, "--features", "x", "--target", self.container.name()]);
        Ok(Finished::from(process::capture(&mut command, None, Duration::from_secs(120))?))
    }
}

#[test]
fn whatever_a_step_does_costs_one_unit_and_is_named() -> Result<()> {
    let stage = Stage::new("misbehaving")?;
    for (how, verb, exit, code) in [
        ("panic-check", "plan", 7, "SDK-PANIC"),
        ("panic-apply", "run", 7, "SDK-PANIC"),
        ("panic-verify", "run", 7, "SDK-PANIC"),
        ("error-check", "plan", 7, "MISBEHAVING-ERROR"),
        ("undeclared-probe", "plan", 7, "PROBE-NOT-DECLARED"),
        ("undeclared-command", "plan", 7, "PROBE-NOT-DECLARED"),
        ("perform-in-check", "plan", 7, "CHANGE-NOT-ANNOUNCED"),
        ("unannounced-change", "run", 7, "CHANGE-NOT-ANNOUNCED"),
        ("apply-does-nothing", "run", 7, "NOT-CONVERGED"),
        ("never-converges", "run", 7, "NOT-CONVERGED"),
        ("flood", "plan", 7, "EXEC-OUTPUT-LIMIT"),
        ("sleep", "plan", 7, "EXEC-TIMEOUT"),
        ("no-evidence", "verify", 8, "EVIDENCE-MISSING"),
        ("false-evidence", "verify", 8, "EVIDENCE-FAILED"),
    ] {
        let finished = stage.run(how, verb)?.expect_code(exit).with_context(|| how)?;
        one_clear_error(&finished, code);
        assert!(!finished.stdout().contains('\u{1b}'), "{how}: {:?}", finished.stdout());
    }
    assert!(
        !stage.container.exists("/etc/phoenix-misbehaving-2")?,
        "an unannounced change was made"
    );
    Ok(())
}

/// The same step, in the same process, on two targets: it dies of one.
#[test]
fn a_target_of_which_a_step_dies_costs_no_other() -> Result<()> {
    let stage = Stage::new("dies")?;
    let other =
        Container::create(&Image::ensure(Release::Bookworm)?, "lives", &Options::default())?;
    let both = format!("{},{}", stage.container.name(), other.name());
    for (how, code) in
        [("exit-check", "STEP-DIED"), ("memory-check", "STEP-DIED"), ("hang-check", "STEP-SILENT")]
    {
        other.ok(&["rm", "-f", "/etc/phoenix-misbehaving"])?;
        let own = format!(
            "[plugins.misbehaving.targets.{}.params]\nhow = \"{how}\"\n",
            stage.container.name()
        );
        stage.bench.write("plugins.toml", format!("{}{own}", stage.catalogue))?;
        let finished = stage.bench.run(&["run", "--features", "x", "--target", &both])?;
        let finished = finished.expect_code(7).with_context(|| how)?;
        one_clear_error(&finished, code);
        assert!(finished.stdout().contains("1 of 2 units, 1 changed"), "{}", finished.stdout());
        assert_eq!(other.read_file("/etc/phoenix-misbehaving")?, b"behaves\n", "{how}");
    }
    Ok(())
}

#[test]
fn a_target_has_parameters_of_its_own() -> Result<()> {
    let stage = Stage::new("params")?;
    let own = format!("[plugins.misbehaving.targets.{}.params]\n", stage.container.name());
    let with = |all: &str, own_text: &str| {
        let params = format!("[plugins.misbehaving.params]\n{all}\n{own}{own_text}\n");
        stage.bench.write("plugins.toml", format!("{}{params}", stage.catalogue))
    };
    with("text = \"for all\"", "text = \"for this one\"")?;
    stage.go("run")?.expect_code(0)?;
    assert_eq!(stage.container.read_file("/etc/phoenix-misbehaving")?, b"for this one");

    for wrong in ["text = 7", "txet = \"a\""] {
        with("", wrong)?;
        let finished = stage.go("run")?.expect_code(4)?;
        one_clear_error(&finished, "PARAMS-INVALID");
        assert!(finished.stdout().contains("misbehaving"), "{}", finished.stdout());
    }
    Ok(())
}

#[test]
fn what_a_container_prints_is_made_harmless() -> Result<()> {
    let stage = Stage::new("garbage")?;
    let finished = stage.run("garbage", "plan")?.expect_code(0)?;
    assert!(!finished.stdout().contains(['\u{1b}', '\u{7}', '\0']), "{:?}", finished.stdout());
    assert!(finished.stdout().len() < 20_000, "{} bytes", finished.stdout().len());
    Ok(())
}

#[test]
fn a_verification_that_is_owed_is_made_up_for() -> Result<()> {
    let stage = Stage::new("owed")?;
    stage.run("false-evidence", "run")?.expect_code(8)?;
    // There is nothing left to change, and still it is not called fine.
    stage.run_again("false-evidence", "run")?.expect_code(8)?;
    stage.run_again("", "run")?.expect_code(0)?;
    // The debt is settled: a converged unit is not verified anew.
    stage.run_again("false-evidence", "run")?.expect_code(0)?;
    Ok(())
}

#[test]
fn our_own_plugins_keep_their_laws() -> Result<()> {
    let bench = Workbench::empty()?;
    for step in [
        "host-tunables",
        "container-options",
        "apparmor-profile",
        "fuse-overlayfs",
        "docker-install",
    ] {
        let library = product::plugin(step)?.display().to_string();
        let finished = bench.run(&["plugins", "check", &library])?.expect_code(0)?;
        assert!(finished.stdout().contains("laws     hold in"), "{}", finished.stdout());
    }
    Ok(())
}
