//! Whether somebody does the work that is measured: whoever does not notice what is broken, or breaks something, is fast for
//! another reason.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use xtask::testbed::Container;

use super::{
    competitor::{Competitor, Duty, Verdict},
    sampler::Sampler,
};

/// Something that is not as it should be any more.
struct Drift {
    what: &'static str,
    make: fn(&Container) -> Result<()>,
}

const DRIFTS: [Drift; 5] = [
    Drift {
        what: "another storage driver in daemon.json",
        make: |container| {
            let sed = ["sed", "-i", "s/fuse-overlayfs/vfs/", "/etc/docker/daemon.json"];
            container.ok(&sed).map(drop)
        },
    },
    Drift {
        what: "a stopped Docker",
        make: |container| {
            // Its socket would start it again for the first who asks.
            container.ok(&["systemctl", "stop", "docker.socket", "docker.service"]).map(drop)
        },
    },
    Drift {
        what: "a Docker that does not start at boot",
        make: |container| container.ok(&["systemctl", "disable", "docker.service"]).map(drop),
    },
    Drift {
        what: "a package that was removed",
        make: |container| {
            let dpkg = ["dpkg", "--force-depends", "--remove", "fuse-overlayfs"];
            container.ok(&dpkg).map(drop)
        },
    },
    Drift {
        what: "a line missing in the container's configuration",
        make: |container| {
            let path = container.config_path();
            let text = fs::read_to_string(&path)?;
            let kept = text.lines().filter(|line| !line.contains("/dev/fuse"));
            let kept: String = kept.map(|line| format!("{line}\n")).collect();
            ensure!(kept != text, "`{}` had no such line", path.display());
            Ok(fs::write(&path, kept)?)
        },
    },
];

/// Breaks one thing after the other in a converged container, and demands of a competitor that it notices each, does about it
/// what it is there for, and has nothing to change afterwards. `judge` says whether it was mended; `mend` does what those who only report
/// leave to others, and cleans up after a failure.
pub(crate) fn prove(
    sampler: &Sampler,
    competitor: &Competitor<'_>,
    container: &Container,
    judge: &Competitor<'_>,
    mend: &Competitor<'_>,
) -> Result<()> {
    if competitor.duty == Duty::None {
        return Ok(());
    }
    let name = [container.name()];
    let found = |who: &Competitor<'_>| {
        let (_, finished) = sampler.run(&mut (who.start)(&name))?;
        (who.verdict)(&finished)
    };
    let one = |drift: &Drift| {
        (drift.make)(container)?;
        if found(competitor)? != Verdict::Differs {
            bail!("it did not notice it");
        }
        if competitor.duty == Duty::Report {
            found(mend)?;
        } else if found(judge)? != Verdict::NothingToChange {
            bail!("it did not mend it");
        }
        if found(competitor)? != Verdict::NothingToChange {
            bail!("it found something to change afterwards");
        }
        Ok(())
    };
    for drift in &DRIFTS {
        if let Err(error) = one(drift) {
            found(mend).context("cannot clean up")?;
            return Err(error.context(drift.what));
        }
    }
    Ok(())
}
