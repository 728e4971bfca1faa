//! How a service is started, as `systemctl show` prints it. Pure.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::TimeZone};

use crate::transport::ServiceStart;

/// The words for the two properties that are told.
pub(super) const PROPERTIES: &str = "--property=ExecStart,Environment";

/// What systemctl prints, if it is certain: of a command that has ended it prints more than is known here.
pub(super) fn shown(start: &ServiceStart, zone: &TimeZone) -> Option<String> {
    let mut text = String::new();
    for command in &start.commands {
        let time = |micros: u64| match micros {
            0 => Some("n/a".to_owned()),
            _ => {
                let seconds = i64::try_from(micros / 1_000_000).ok()?;
                let time = Timestamp::from_second(seconds).ok()?.to_zoned_datetime(zone.clone());
                Some(time.strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string())
            }
        };
        if command.code != 0 || command.status != 0 {
            return None;
        }
        let ignored = if command.failure_is_ignored { "yes" } else { "no" };
        writeln!(
            text,
            "ExecStart={{ path={} ; argv[]={} ; ignore_errors={ignored} ; start_time=[{}] ; stop_time=[{}] ; pid={} ; \
             code=(null) ; status=0/0 }}",
            command.path,
            plain(command.words.iter())?,
            time(command.started_us)?,
            time(command.ended_us)?,
            command.pid,
        )
        .ok()?;
    }
    writeln!(text, "Environment={}", plain(start.environment.iter())?).ok()?;
    Some(text)
}

/// The words with blanks between them. Those that systemctl would put into quotes are left to it.
fn plain<'w>(words: impl Iterator<Item = &'w String>) -> Option<String> {
    let is_plain =
        |letter: char| letter.is_ascii_alphanumeric() || "-_=:/.,+@%$~^#{}".contains(letter);
    let words: Vec<&str> = words.map(String::as_str).collect();
    let all = words.iter().all(|word| !word.is_empty() && word.chars().all(is_plain));
    all.then(|| words.join(" "))
}
