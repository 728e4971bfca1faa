//! What goes on now: one line for each running unit, on a terminal only.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::{graph::Unit, transport::printable};

/// The lines of this process: whoever writes to the terminal has to write beside them.
static LINES: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Writes something else without the lines getting in between.
pub(super) fn beside<T>(write: impl FnOnce() -> T) -> T {
    LINES.suspend(write)
}

/// Lines with a spinner each. On anything but a terminal indicatif draws nothing.
pub(super) struct Progress {
    units: BTreeMap<Unit, ProgressBar>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { units: BTreeMap::new() }
    }

    pub(super) fn begin(&mut self, unit: &Unit) {
        let bar = LINES.add(ProgressBar::new_spinner());
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg:.dim}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(format!("{}: {}", printable(&unit.target), printable(&unit.step)));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.units.insert(unit.clone(), bar);
    }

    pub(super) fn say(&self, unit: &Unit, message: &str) {
        if let Some(bar) = self.units.get(unit) {
            let short: String = message.trim().chars().take(200).collect();
            bar.set_message(printable(&short));
        }
    }

    pub(super) fn end(&mut self, unit: &Unit) {
        if let Some(bar) = self.units.remove(unit) {
            bar.finish_and_clear();
        }
    }
}
