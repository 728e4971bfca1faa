//! The real steps in their processes, over containers in memory. This program is also the steps' process, as
//! phoenix-orch is in the product; so it has a `main` of its own.

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use libtest_mimic::Trial;
use phoenix_orch::{catalog::host, engine::Mode};
use phoenix_simulated::{
    cost::{Order, measure},
    same::plans,
};

fn main() -> Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some(host::VERB) {
        return Ok(host::run(&arguments.collect::<Vec<_>>()));
    }
    let trial = |name: &str, test: fn(&Path, &Path) -> Result<()>| {
        Trial::test(name, move || {
            let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins.toml");
            Ok(libraries().and_then(|libraries| test(&catalogue, &libraries))?)
        })
    };
    let trials = vec![
        trial(
            "what_is_looked_at_beforehand_changes_no_report",
            what_is_looked_at_beforehand_changes_no_report,
        ),
        trial(
            "a_converged_run_has_one_row_for_each_target",
            a_converged_run_has_one_row_for_each_target,
        ),
    ];
    Ok(libtest_mimic::run(&libtest_mimic::Arguments::from_args(), trials).exit_code())
}

/// `target/<profile>`; this test lies in its folder `deps`.
fn libraries() -> Result<PathBuf> {
    let own = env::current_exe()?;
    let folder = own.ancestors().nth(2).context("this test is in no target folder")?.to_owned();
    ensure!(
        folder.join("libdocker_install.so").exists(),
        "build the steps first: `cargo build --workspace --all-targets`"
    );
    Ok(folder)
}

/// A transcript has every request, so nothing is looked at beforehand for it: the same plan in the old way.
fn what_is_looked_at_beforehand_changes_no_report(
    catalogue: &Path,
    libraries: &Path,
) -> Result<()> {
    let plan = plans(12, catalogue, libraries)?;
    ensure!(plan.asked == plan.foreseen, "the reports differ: {plan:?}");
    ensure!(plan.requests > 12 * 10, "too few requests were recorded: {}", plan.requests);
    Ok(())
}

fn a_converged_run_has_one_row_for_each_target(catalogue: &Path, libraries: &Path) -> Result<()> {
    let state_dir = tempfile::tempdir()?;
    let order = |containers| Order {
        mode: Mode::Run,
        containers,
        jobs: 4,
        latency: Duration::ZERO,
        memory: false,
    };
    measure(&order(2), catalogue, libraries, state_dir.path())?;
    let cost = measure(&order(40), catalogue, libraries, state_dir.path())?;
    ensure!(cost.quiet_rows == 41, "rows of 40 containers and the host: {}", cost.quiet_rows);
    ensure!(cost.loud_rows == 2, "rows of the run's begin and end: {}", cost.loud_rows);
    ensure!(cost.events_read_back == 2 + 3 * cost.units, "events: {}", cost.events_read_back);
    Ok(())
}
