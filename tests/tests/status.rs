//! The fleet at a glance: what a real container's drift, stop and repair look like from outside, and for Prometheus.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use anyhow::{Context, Result, ensure};
use phoenix_tests::{Workbench, listing::restorable};
use serde_json::Value;
use xtask::testbed::{Container, Image, Options, Release};

/// The look's one target of this name.
fn target(bench: &Workbench, name: &str, more: &[&str], code: i32) -> Result<Value> {
    let words = [&["status", "--output", "json"], more].concat();
    let look: Value = serde_json::from_str(bench.run(&words)?.expect_code(code)?.stdout())?;
    ensure!(look["format"] == 1 && look["steps"]["docker-install"].is_string(), "{look}");
    let targets = look["targets"].as_array().context("no targets")?;
    let found = targets.iter().find(|target| target["target"] == name);
    found.cloned().with_context(|| format!("no `{name}`: {look}"))
}

/// The value of a series in the file.
fn value(path: &Path, series: &str) -> Result<f64> {
    let text = fs::read_to_string(path)?;
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    Ok(line.with_context(|| format!("no `{series}`:\n{text}"))?.parse()?)
}

#[test]
fn a_fleet_is_looked_at_and_what_was_seen_is_remembered() -> Result<()> {
    let image = Image::ensure(Release::Bookworm)?;
    let container = Container::create(&image, "status", &Options::default())?;
    let name = container.name();
    let bench = Workbench::with_repository_catalogue()?;
    // Nobody has said yet what is wanted.
    let nobody = bench.run(&["status"])?.expect_code(2)?;
    assert!(nobody.stderr().contains("error[STATUS-UNKNOWN]"), "{}", nobody.stderr());
    let asked = ["--features", "docker", "--target", name];
    let first = target(&bench, name, &asked, 0)?;
    assert_eq!(first["health"], "drifted", "{first}");
    assert_eq!(first["last_run"], Value::Null, "{first}");

    let words = [&["run"], &asked[..], &["--allow", "restart"]].concat();
    bench.run(&words)?.expect_code(0)?;
    let before = restorable(&container)?;
    // From now on it knows by itself whom to look at, and what they are to have.
    let healthy =
        if xtask::catalogue::kernel_has_apparmor() { "converged" } else { "not_confined" };
    let after = target(&bench, name, &["--check"], 0)?;
    assert_eq!(after["health"], healthy, "{after}");
    assert!(after["last_good"].is_string() && after["last_run"]["run"].is_string(), "{after}");

    // What drifts is seen, once and again with the same beginning, and for Prometheus.
    container.script("sed -i s/fuse-overlayfs/vfs/ /etc/docker/daemon.json")?;
    let metrics = bench.folder().join("phoenix.prom");
    let with_metrics = ["--check", "--metrics", metrics.to_str().context("not UTF-8")?];
    let drifted = target(&bench, name, &with_metrics, 3)?;
    assert_eq!(
        (&drifted["health"], &drifted["changes"]),
        (&"drifted".into(), &2.into()),
        "{drifted}"
    );
    let reason = drifted["reason"].as_str().unwrap_or_default();
    assert!(
        reason.starts_with("fuse-overlayfs: set `") && reason.contains("`storage-driver`"),
        "{drifted}"
    );
    assert_eq!(fs::metadata(&metrics)?.permissions().mode() & 0o777, 0o644);
    let series = |metric: &str| format!("phoenix_orch_target_{metric}{{target=\"{name}\"}}");
    assert_eq!(value(&metrics, &series("pending_changes"))?, 2.0);
    assert_eq!(value(&metrics, &series("last_run_success"))?, 1.0);
    let health = |word: &str| {
        value(
            &metrics,
            &format!("phoenix_orch_target_health{{health=\"{word}\",target=\"{name}\"}}"),
        )
    };
    assert_eq!((health("drifted")?, health("converged")?, health("failed")?), (1.0, 0.0, 0.0));
    let again = target(&bench, name, &[], 0)?;
    assert_eq!(again["since"], drifted["since"], "{again}");
    let shown = bench.run(&["status"])?.expect_code(0)?;
    assert!(shown.stdout().contains(&format!("      drifted {name}  ")), "{}", shown.stdout());

    // A look changes nothing but what is remembered of it.
    container.script("sed -i s/vfs/fuse-overlayfs/ /etc/docker/daemon.json")?;
    assert_eq!(before.differences(&restorable(&container)?), Vec::<String>::new());
    assert_eq!(target(&bench, name, &[], 0)?["health"], healthy);

    container.stop()?;
    let stopped = target(&bench, name, &["--check"], 3)?;
    assert_eq!(stopped["health"], "unreachable", "{stopped}");
    assert!(
        stopped["reason"].as_str().is_some_and(|why| why.contains("TARGET-STOPPED")),
        "{stopped}"
    );
    let unknown = bench.run(&["status", "--target", "no-such"])?.expect_code(6)?;
    assert!(unknown.stderr().contains("TARGET-UNKNOWN"), "{}", unknown.stderr());
    let folder = bench.run(&["status", "--metrics", "no-such/x.prom"])?.expect_code(2)?;
    assert!(folder.stderr().contains("error[METRICS-UNWRITABLE]"), "{}", folder.stderr());
    container.start()?;

    // What was taken back is nobody's to look after.
    bench.take_all_back()?;
    let without = bench.run(&["status", "--verbose"])?.expect_code(0)?;
    assert!(!without.stdout().contains(name), "{}", without.stdout());
    Ok(())
}
