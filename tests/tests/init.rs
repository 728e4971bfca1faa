//! `init` writes a file that is right, and never over another one.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    time::Duration,
};

use anyhow::Result;
use phoenix_tests::{Workbench, product};
use xtask::process;

const STEPS: [&str; 5] =
    ["host-tunables", "container-options", "apparmor-profile", "fuse-overlayfs", "docker-install"];

fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder)?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

#[test]
fn what_it_writes_passes_the_check_and_may_be_read_by_all() -> Result<()> {
    let bench = Workbench::empty()?;
    // With a umask that would keep it from everybody else, and into a folder that is not there yet.
    let mut command = bench.command_through("sh")?;
    command.args(["-c", "umask 077; exec \"$0\" init etc/plugins.toml"]).arg(product::binary()?);
    let made = process::capture(&mut command, None, Duration::from_secs(60))?.success()?;
    assert!(made.stdout.starts_with("wrote etc/plugins.toml\n"), "{made}");
    let path = bench.folder().join("etc/plugins.toml");
    assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o7777, 0o644);
    assert_eq!(names(&bench.folder().join("etc"))?, ["plugins.toml"]);
    let check = bench.run(&["config", "check", "--config", "etc/plugins.toml"])?.expect_code(0)?;
    assert!(check.stdout().contains(" is fine: 5 steps, 2 features\n"), "{}", check.stdout());
    assert_eq!(check.stderr(), "");
    // In a checkout the libraries change with every build.
    assert!(!fs::read_to_string(&path)?.contains("\nsha256"));
    Ok(())
}

#[test]
fn an_installed_library_is_pinned_and_the_check_holds_it_to_that() -> Result<()> {
    let bench = Workbench::empty()?;
    let at = |name: &str| bench.folder().join(name);
    fs::copy(product::binary()?, at("phoenix-orch"))?;
    for step in STEPS {
        fs::copy(product::plugin(step)?, at(&product::library(step)))?;
    }
    let run = |words: &[&str]| -> Result<_> {
        let mut command = bench.command_through(at("phoenix-orch"))?;
        process::capture(command.args(words), None, Duration::from_secs(60))
    };
    run(&["init", "plugins.toml"])?.success()?;
    assert_eq!(fs::read_to_string(bench.config())?.matches("\nsha256 = ").count(), STEPS.len());
    let check = run(&["config", "check"])?.success()?;
    assert_eq!(check.stdout.matches(", pinned\n").count(), STEPS.len(), "{check}");

    fs::copy(at("libhost_tunables.so"), at("libdocker_install.so"))?;
    fs::remove_file(at("libfuse_overlayfs.so"))?;
    let check = run(&["config", "check"])?;
    assert_eq!(check.code, 5, "{check}");
    for code in ["error[PLUGIN-PIN-MISMATCH]", "error[PLUGIN-MISSING]", "warning: 2 errors in `"] {
        assert!(check.stderr.contains(code), "{check}");
    }
    Ok(())
}

#[test]
fn whatever_is_there_stays() -> Result<()> {
    let bench = Workbench::new("mine\n")?;
    symlink("nowhere", bench.folder().join("link"))?;
    fs::create_dir(bench.folder().join("folder"))?;
    let before = names(bench.folder())?;
    for there in ["plugins.toml", "link", "folder"] {
        let refused = bench.run(&["init", there])?.expect_code(2)?;
        assert!(refused.stderr().starts_with("error[INIT-EXISTS]"), "{}", refused.stderr());
        // The same file, named in the other way.
        let refused = bench.run(&["init", "--config", there])?.expect_code(2)?;
        assert!(refused.stderr().starts_with("error[INIT-EXISTS]"), "{}", refused.stderr());
    }
    let refused = bench.run(&["init", "plugins.toml/below"])?.expect_code(1)?;
    assert!(refused.stderr().starts_with("error[INIT-UNWRITABLE]"), "{}", refused.stderr());
    assert_eq!(names(bench.folder())?, before);
    assert_eq!(fs::read_to_string(bench.config())?, "mine\n");
    Ok(())
}
