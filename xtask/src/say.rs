//! What a chore tells the person who started it; always on stderr, for stdout belongs to results.

use std::time::Instant;

use anstyle::{AnsiColor, Style};
use anyhow::Result;

const HEADING: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// Announces `what`, does it, and says how long it took, whether it went well or not.
pub fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    heading(what);
    let start = Instant::now();
    let result = work();
    let verdict = if result.is_ok() { "done in" } else { "failed after" };
    note(&format!("{verdict} {:.1} s: {what}", start.elapsed().as_secs_f64()));
    result
}

/// The start of a part of the work.
pub fn heading(what: &str) {
    anstream::eprintln!("{HEADING}==>{HEADING:#} {what}");
}

/// A remark about the part that is being done.
pub fn note(what: &str) {
    anstream::eprintln!("{FAINT}    {what}{FAINT:#}");
}

/// Why a chore failed, the causes behind it; where in the code it happened helps nobody.
pub fn failure(error: &anyhow::Error) {
    anstream::eprintln!("{BAD}error:{BAD:#} {error:#}");
}
