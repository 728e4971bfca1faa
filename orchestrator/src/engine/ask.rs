//! Consent that was not given beforehand.

use std::collections::BTreeSet;

use phoenix_sdk::Consent;

use super::Deed;
use crate::{
    error::{Error, ErrorKind, Result},
    graph::Unit,
};

/// Somebody who can be asked while a run waits.
pub trait Ask: Sync {
    /// Whether the operator allows these things, of which each needs the same consent.
    fn allows(&self, unit: &Unit, consent: Consent, what: &[(String, String)]) -> bool;
}

/// Nothing of a unit is done unless all of it is allowed, beforehand or now.
///
/// # Errors
/// `CONSENT-MISSING` for the first thing that is not.
pub(super) fn consent<'d>(
    given: &BTreeSet<Consent>,
    ask: Option<&dyn Ask>,
    unit: &Unit,
    deeds: impl Iterator<Item = &'d Deed> + Clone,
) -> Result<()> {
    let needed: BTreeSet<Consent> = deeds.clone().filter_map(Deed::consent).collect();
    for consent in needed.difference(given) {
        let of_this = deeds.clone().filter(|deed| deed.consent() == Some(*consent));
        let what: Vec<(String, String)> =
            of_this.map(|deed| (deed.to_string(), deed.why().to_owned())).collect();
        if ask.is_some_and(|ask| ask.allows(unit, *consent, &what)) {
            continue;
        }
        let (summary, why) = what.into_iter().next().unwrap_or_default();
        let error = Error::new(
            ErrorKind::Step,
            "CONSENT-MISSING",
            format!("the step needs to {summary}, and that is not allowed"),
        )
        .hint(format!("Allow it with `--allow {consent}`."));
        return Err(if why.is_empty() { error } else { error.cause(why) });
    }
    Ok(())
}
