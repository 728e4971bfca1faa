//! What goes on now, on a terminal only: how far the whole is, and a line for each running unit with what it does and the last
//! line that this printed.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::view::View;
use crate::{
    engine::{Body, Event, Sink, event::Outcome},
    error::Result,
    graph::Unit,
    transport::printable,
};

/// The lines of this process: whoever writes to the terminal has to write beside them.
static LINES: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

const TICK: Duration = Duration::from_millis(120);
/// More of a line is never on the screen.
const LONGEST: usize = 200;

/// Writes something else without the lines getting in between.
pub(super) fn beside<T>(write: impl FnOnce() -> T) -> T {
    LINES.suspend(write)
}

/// Lines that move. On anything but a terminal nothing is drawn.
pub struct Progress {
    view: View,
    /// How far the whole is; only where there are more units than can be seen at once.
    whole: Option<ProgressBar>,
    failed: usize,
    units: BTreeMap<Unit, Line>,
}

struct Line {
    bar: ProgressBar,
    /// What is being done.
    deed: String,
}

impl Progress {
    /// Nothing is drawn before the first event.
    pub fn new(view: View) -> Self {
        Self { view, whole: None, failed: 0, units: BTreeMap::new() }
    }

    fn begin(&mut self, unit: &Unit) {
        let bar = ProgressBar::new_spinner();
        let bar = match &self.whole {
            Some(whole) => LINES.insert_before(whole, bar),
            None => LINES.add(bar),
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg}") {
            bar.set_style(style.tick_chars(self.view.draw("⠁⠂⠄⡀⢀⠠⠐⠈ ", r"-\|/ ")));
        }
        bar.set_prefix(format!("{}: {}", printable(&unit.target), printable(&unit.step)));
        self.units.insert(unit.clone(), Line { bar, deed: String::new() });
    }

    /// What takes so long that there is something to say of it shows that it is alive, too.
    fn say(&self, unit: &Unit, message: &str) {
        if let Some(Line { bar, .. }) = self.units.get(unit) {
            bar.enable_steady_tick(TICK);
            let short: String = message.trim().chars().take(LONGEST).collect();
            bar.set_message(printable(&short));
        }
    }

    fn end(&mut self, unit: &Unit, failed: bool) {
        if let Some(Line { bar, .. }) = self.units.remove(unit) {
            bar.finish_and_clear();
        }
        self.failed += usize::from(failed);
        if let Some(whole) = &self.whole {
            whole.inc(1);
            if self.failed > 0 {
                whole.set_message(format!(", {} failed", self.failed));
            }
        }
    }

    fn count(&mut self, units: usize) {
        let whole = LINES.add(ProgressBar::new(u64::try_from(units).unwrap_or(u64::MAX)));
        if let Ok(style) =
            ProgressStyle::with_template("[{bar:30}] {pos} of {len} units{msg} {elapsed}")
        {
            whole.set_style(style.progress_chars(self.view.draw("━╸ ", "=> ")));
        }
        self.whole = Some(whole);
    }
}

impl Sink for Progress {
    fn hear(&mut self, event: &Event) -> Result<()> {
        if self.view.is_quiet() || LINES.is_hidden() {
            return Ok(());
        }
        match &event.body {
            Body::RunStarted { units, .. } => self.count(units.len()),
            Body::UnitStarted { unit } => self.begin(unit),
            Body::Intended { unit, deed, .. } => {
                let deed = deed.to_string();
                self.say(unit, &deed);
                if let Some(line) = self.units.get_mut(unit) {
                    line.deed = deed;
                }
            }
            Body::Output { unit, line } => {
                let deed = self.units.get(unit).map_or("", |line| &line.deed);
                let between = if deed.is_empty() { "" } else { ": " };
                self.say(unit, &format!("{deed}{between}{}", line.trim()));
            }
            Body::UnitFinished { unit, outcome, .. } => {
                self.end(unit, matches!(outcome, Outcome::Failed { .. }));
            }
            Body::UnitSkipped { unit, .. } => self.end(unit, false),
            Body::RunFinished { .. } => {
                if let Some(whole) = self.whole.take() {
                    whole.finish_and_clear();
                }
            }
            _ => {}
        }
        Ok(())
    }
}
