//! `denials`: what AppArmor denied, for people who extend the profile.

use std::io::Write as _;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use phoenix_sdk::Mark;

use super::{
    args::{Denials as Verb, Global, Output},
    setting::must_be_root,
};
use crate::{
    denials,
    error::{Error, ErrorKind, Result},
    journal::Journal,
    report, runtime,
    transport::LocalMachine,
};

/// A report, whatever it says: only logs that cannot be read are a failure.
pub(super) fn run(global: &Global, verb: &Verb) -> Result<u8> {
    must_be_root()?;
    if let Some(target) = &verb.target {
        // A misspelt name would only leave everything out.
        runtime::named(None)?.config(target)?;
    }
    let host = LocalMachine;
    let since = match verb.since.as_deref() {
        None => denials::boot(&host)?,
        // How much was lost by then nobody noted down.
        Some(text) => Mark { at_ms: since(text, global, Timestamp::now())?, lost: None },
    };
    let mut seen = denials::since(&host, &denials::profiles_of_label(&verb.profile), since)?;
    if let Some(target) = &verb.target {
        let here =
            |container: &Option<String>| container.as_ref().is_none_or(|name| name == target);
        seen.denials.retain(|denial| here(&denial.container));
    }
    // Only a reader who stopped reading makes these fail.
    let _ = match verb.output {
        Output::Human => {
            let text = report::denials(&seen, &verb.profile, since);
            anstream::stdout().write_all(text.as_bytes())
        }
        Output::Json => {
            let document = report::denials_json(&seen, since);
            writeln!(std::io::stdout(), "{document}")
        }
    };
    Ok(0)
}

fn since(text: &str, global: &Global, now: Timestamp) -> Result<u64> {
    let at = if text == "last-run" {
        let journal = Journal::open_existing(&global.state_dir)?;
        let last = journal.map(|journal| journal.last_started("run")).transpose()?.flatten();
        last.ok_or_else(|| wrong("no run is remembered yet"))?
    } else {
        time(text, now).ok_or_else(|| {
            wrong(format!("`{}` is no time and no run", crate::transport::printable(text)))
        })?
    };
    u64::try_from(at.as_millisecond()).map_err(|_| wrong("that was before 1970"))
}

/// A run's name begins with when it began, so it is a time as well.
fn time(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(ago) = text.parse::<SignedDuration>() {
        return now.checked_sub(ago.abs()).ok();
    }
    if let Some((began, number)) = text.split_once("Z-")
        && number.parse::<u32>().is_ok()
    {
        let began = DateTime::strptime("%Y%m%dT%H%M%S", began).ok()?;
        return TimeZone::UTC.to_timestamp(began).ok();
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let local: DateTime = text.parse().ok()?;
    TimeZone::system().to_timestamp(local).ok()
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, "DENIALS-SINCE", message).hint(
        "Use `last-run`, a run's name, `10m`, `2h`, `2026-11-24 10:00`, or a time as in RFC 3339.",
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::time;

    #[test]
    fn times_and_runs() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        for (text, wanted) in [
            ("10m", "2026-11-24T11:50:00Z"),
            ("2h", "2026-11-24T10:00:00Z"),
            ("1h 30m", "2026-11-24T10:30:00Z"),
            ("2026-11-24T10:00:00+01:00", "2026-11-24T09:00:00Z"),
            ("20261124T012840Z-4711", "2026-11-24T01:28:40Z"),
        ] {
            assert_eq!(time(text, now).unwrap().to_string(), wanted, "{text}");
        }
        // Without a zone it is the host's own time, whatever that is here.
        assert!(time("2026-11-24 10:00", now).is_some() && time("2026-11-24", now).is_some());
        for text in ["", "yesterday", "10", "20261124T012840Z-x", "-"] {
            assert_eq!(time(text, now), None, "{text}");
        }
    }
}
