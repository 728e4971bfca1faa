//! Making the attempts in the container, from the host.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use xtask::say;

use super::attempt::{Line, Outcome};
use super::outside::VICTIM;
use crate::target::Target;
use crate::workload;

/// Where this program lies inside the container.
const PLACE: &str = "/usr/local/lib/phoenix-lab";

const LIMIT: Duration = Duration::from_secs(900);

/// What came of each attempt, by its name.
pub(crate) type Results = BTreeMap<String, Outcome>;

/// Lays ready what the attempts need: this program, and the image for those that use Docker.
pub(crate) fn prepare(target: &Target) -> Result<()> {
    // By this way it is found even where a newer one has replaced it since.
    target.install(Path::new("/proc/self/exe"), PLACE)?;
    let image = workload::try_cases(target, &["image".to_owned()], &mut |_| true);
    if image.iter().any(workload::Tried::failed) {
        say::note("without Docker the attempts that use it fail for that reason");
    }
    Ok(())
}

/// Makes the attempts of these names, all if there are none, under what the container runs with now.
pub(crate) fn try_all(target: &Target, ids: &[String]) -> Result<Results> {
    let _victim = Victim::start(target)?;
    let label = format!("PHX_LABEL={}", target.label()?);
    let mut argv = vec!["/usr/bin/env", &label, PLACE, "inside"];
    argv.extend(ids.iter().map(String::as_str));
    let output = target.run(&argv, None, LIMIT)?.success()?;
    let mut results = Results::new();
    for line in output.stdout.lines() {
        let line: Line = serde_json::from_str(line)
            .with_context(|| format!("the container answered {line:?}"))?;
        results.insert(line.id, line.outcome);
    }
    Ok(results)
}

/// A process inside the container that its profile does not confine.
struct Victim(Child);

impl Victim {
    fn start(target: &Target) -> Result<Self> {
        target.script(&format!("rm -f {VICTIM}"), Duration::from_secs(20))?.success()?;
        let script = format!("echo $$ > {VICTIM}; exec sleep 1000000");
        let child = Command::new("lxc-attach")
            .args(["--name", target.name(), "--clear-env", "--elevated-privileges=LSM", "--"])
            .args(["/bin/sh", "-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run `lxc-attach`")?;
        let victim = Self(child);
        let wait =
            format!("n=0; until [ -s {VICTIM} ]; do n=$((n+1)); [ $n -lt 99 ]; sleep 0.1; done");
        if target.script(&wait, Duration::from_secs(30))?.code != 0 {
            bail!("the process that is to be attacked does not start");
        }
        Ok(victim)
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // The attached process would outlive `lxc-attach`, and at the next shutdown systemd, which is
        // confined, would be denied to signal it. All have ended already where the container was stopped
        // in between.
        let id = self.0.id();
        let attached = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let attached = attached.unwrap_or_default();
        for child in attached.split_whitespace().filter_map(|pid| pid.parse().ok()) {
            // SAFETY: kill() touches no memory of ours; the id is that of a process that our child has.
            unsafe { libc::kill(child, libc::SIGKILL) };
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
