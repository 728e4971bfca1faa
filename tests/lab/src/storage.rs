//! The verb `storage`: what the same image costs on `vfs` and on `fuse-overlayfs`.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use xtask::say;

use crate::compare::median;
use crate::target::{Overrides, Target};
use crate::workload;

const DAEMON_JSON: &str = "/etc/docker/daemon.json";
const LIMIT: Duration = Duration::from_secs(500);

/// One line of the table.
struct Row {
    driver: &'static str,
    confined: String,
    bytes: u64,
    build: Duration,
    start: Duration,
}

/// Measures both drivers unconfined, so that nothing but the driver differs, and `fuse-overlayfs` under
/// the container's own profile too. The daemon's file is put back byte for byte.
pub(crate) fn run(name: &str) -> Result<()> {
    let target = Target::open(name)?;
    let kept = read(&target)?;
    let result = measure_all(&target, kept.as_deref());
    say::note("putting everything back");
    let restored = write(&target, kept.as_deref()).and_then(|()| target.restart(&[]));
    let rows = result?;
    restored?;
    anstream::println!(
        "| driver | profile | disk used | build of 4 steps | `docker run` to its first output |\n|---|---|---|---|---|"
    );
    for Row { driver, confined, bytes, build, start } in rows {
        #[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
        let mib = bytes as f64 / f64::from(1 << 20);
        let (build, start) = (build.as_secs_f64(), start.as_secs_f64());
        anstream::println!(
            "| {driver} | {confined} | {mib:.1} MiB | {build:.1} s | {start:.2} s |"
        );
    }
    Ok(())
}

fn measure_all(target: &Target, kept: Option<&str>) -> Result<Vec<Row>> {
    let own = target.config("lxc.apparmor.profile")?.unwrap_or_default();
    say::heading("the image's base");
    target.script(
        "docker image inspect phx-base >/dev/null 2>&1 || exit 0; docker rmi -f phx-base",
        LIMIT,
    )?;
    let made = workload::try_cases(target, &["image".to_owned()], &mut |_| true);
    if made.iter().any(|case| !case.passed()) {
        bail!("the base image cannot be made");
    }
    let save =
        "c=$(docker create phx-base true); docker export $c -o /var/tmp/phx-base.tar; docker rm $c";
    target.script(save, LIMIT)?.success()?;
    let unconfined: Overrides<'_> = &[("lxc.apparmor.profile", "unconfined")];
    let mut rows = Vec::new();
    for (driver, confined, overrides) in [
        ("vfs", "unconfined".to_owned(), unconfined),
        ("fuse-overlayfs", "unconfined".to_owned(), unconfined),
        ("fuse-overlayfs", own, &[]),
    ] {
        say::heading(&format!("{driver}, {confined}"));
        write(target, Some(&with_driver(kept, driver)?))?;
        target.restart(overrides)?;
        let output = target.script(include_str!("storage.sh"), LIMIT)?.success()?;
        rows.push(row(driver, confined, &output.stdout)?);
    }
    target.script("rm -f /var/tmp/phx-base.tar", LIMIT)?;
    Ok(rows)
}

fn row(driver: &'static str, confined: String, line: &str) -> Result<Row> {
    let numbers = line.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>();
    let numbers = numbers.with_context(|| format!("not figures: {line:?}"))?;
    let [bytes, build, starts @ ..] = numbers.as_slice() else { bail!("too few: {line:?}") };
    let starts = starts.iter().map(|ms| Duration::from_millis(*ms)).collect();
    let build = Duration::from_millis(*build);
    Ok(Row { driver, confined, bytes: *bytes, build, start: median(starts) })
}

/// The daemon's file with another driver, everything else as it is. Pure.
fn with_driver(kept: Option<&str>, driver: &str) -> Result<String> {
    let mut keys: Map<String, Value> =
        kept.map_or(Ok(Map::new()), serde_json::from_str).context("daemon.json is broken")?;
    keys.insert("storage-driver".to_owned(), driver.into());
    Ok(serde_json::to_string(&keys)?)
}

/// The daemon's file, or none where there is none.
fn read(target: &Target) -> Result<Option<String>> {
    let script = format!("[ -e {DAEMON_JSON} ] || exit 3; cat {DAEMON_JSON}");
    let output = target.script(&script, LIMIT)?;
    Ok(if output.code == 3 { None } else { Some(output.success()?.stdout) })
}

fn write(target: &Target, text: Option<&str>) -> Result<()> {
    let script = match text {
        // In place, for mode and owner stay.
        Some(_) => format!("mkdir -p /etc/docker; cat > {DAEMON_JSON}"),
        None => format!("rm -f {DAEMON_JSON}"),
    };
    let argv = ["/bin/sh", "-euc", &script];
    target.run(&argv, text.map(str::as_bytes), LIMIT)?.success()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_driver_changes() {
        let text =
            with_driver(Some(r#"{"a":1,"storage-driver":"vfs","b":[2]}"#), "overlay2").unwrap();
        assert_eq!(text, r#"{"a":1,"storage-driver":"overlay2","b":[2]}"#);
        assert_eq!(with_driver(None, "vfs").unwrap(), r#"{"storage-driver":"vfs"}"#);
        assert!(with_driver(Some("{"), "vfs").is_err());
    }
}
