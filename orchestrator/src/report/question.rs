//! A question on the terminal.

use std::{collections::BTreeSet, fmt::Write as _, io::Write as _};

use phoenix_sdk::Consent;

use super::{
    progress::beside,
    style::{BOLD, QUIET, WARN, paint, status},
};
use crate::{graph::Unit, transport::printable};

/// Asks whether something may be done, of which a unit found out while it was at work, and gives the answer that `read` comes
/// back with.
pub fn question(
    unit: &Unit,
    consent: Consent,
    what: &[(String, String)],
    read: impl FnOnce() -> Option<String>,
) -> bool {
    let target = paint(BOLD, &printable(&unit.target));
    let mut text = format!(
        "{} {target}: {} needs your word to\n",
        status(WARN, "Consent"),
        printable(&unit.step)
    );
    for (summary, why) in what {
        let why = match why.as_str() {
            "" => String::new(),
            why => paint(QUIET, &format!(" ({})", printable(why))),
        };
        let _ = writeln!(text, "               {}{why}", printable(summary));
    }
    let _ = write!(text, "             Go on (as with --allow {consent})? [y/N] ");
    is_yes(&text, read)
}

/// Asks whether the plan that was shown may be carried out, with all that it needs to be allowed.
pub fn approval(consents: &BTreeSet<Consent>, read: impl FnOnce() -> Option<String>) -> bool {
    let words: Vec<String> = consents.iter().map(Consent::to_string).collect();
    let allowed = paint(QUIET, &format!("(as with --allow {})", words.join(",")));
    is_yes(&format!("{} {allowed} [y/N] ", paint(BOLD, "Do that?")), read)
}

/// Only a plain yes is one.
fn is_yes(text: &str, read: impl FnOnce() -> Option<String>) -> bool {
    let answer = beside(|| {
        // If it cannot be shown, nobody has answered it.
        let mut out = anstream::stderr();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok().and_then(|()| read())
    });
    answer.is_some_and(|answer| matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
