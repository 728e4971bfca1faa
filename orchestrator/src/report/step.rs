//! What a step asks for, for its author and for whoever is to trust it.

use std::fmt::Write as _;

use phoenix_sdk::{Meta, Probe, World, testing::laws::LAWS};

use super::style::count;
use crate::transport::printable;

/// More of one word of a command is a script, which is better read in its source.
const LONGEST_WORD: usize = 60;

/// Its probes with their whole commands, and its errors.
pub fn asks(meta: &Meta) -> String {
    let mut text = String::new();
    for probe in meta.probes.iter() {
        let _ = writeln!(
            text,
            "  probe    {}: {}\n           {}, for at most {} s",
            printable(&probe.name),
            printable(&probe.about),
            command(probe),
            probe.time_limit_s
        );
    }
    for code in meta.codes.iter() {
        let _ = writeln!(text, "  error    {}: {}", printable(&code.code), printable(&code.about));
    }
    text
}

/// The worlds in which its laws are tried, and the laws.
pub fn tried(worlds: &[World]) -> String {
    let mut text = String::new();
    for world in worlds {
        let stops = match &world.stops_with {
            Some(code) => format!(", where it stops with {}", printable(code)),
            None => String::new(),
        };
        let _ = writeln!(text, "  world    {}{stops}", printable(&world.name));
    }
    for (law, about) in LAWS {
        let _ = writeln!(text, "  law      {law}: {about}");
    }
    text
}

/// That they hold.
pub fn laws_hold(worlds: usize) -> String {
    format!("  laws     hold in {}\n", count(worlds, "world"))
}

fn command(probe: &Probe) -> String {
    let words: Vec<String> = probe.argv.iter().map(|word| quoted(word)).collect();
    format!("`{}`", words.join(" "))
}

/// The word so that it is seen where it begins and ends.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) && word.len() <= LONGEST_WORD {
        return word.to_owned();
    }
    let begin: String = word.chars().take(LONGEST_WORD).collect();
    let more = if begin.len() < word.len() { "..." } else { "" };
    format!("'{}{more}'", printable(&begin))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use phoenix_sdk::{Code, Scope, argv};

    use super::*;

    const PROBES: &[Probe] = &[
        Probe::new("os", argv!["cat", "/etc/os-release"], "Which it is").within(5),
        Probe::new(
            "script",
            argv![
                "/bin/sh",
                "-c",
                "echo one\necho '\u{1b}[2J'\n# and much more that nobody reads here, line by line",
                ""
            ],
            "Looks\u{7}",
        ),
    ];
    const CODES: &[Code] = &[Code::new("NO-SUCH", "There is none.", "Make one.")];

    #[test]
    fn what_is_asked_for_is_shown_whole_and_harmless() {
        let meta = Meta::with("step", "0.1.0", Scope::Host, "a step", PROBES, CODES);
        assert_snapshot!(asks(&meta), @r"
        probe    os: Which it is
                 `cat /etc/os-release`, for at most 5 s
        probe    script: Looks\u{7}
                 `/bin/sh -c 'echo one\necho '\u{1b}[2J'\n# and much more that nobody reads here,...' ''`, for at most 30 s
        error    NO-SUCH: There is none.
        ");
    }

    #[test]
    fn worlds_and_laws() {
        let worlds = [World::host("fresh"), World::host("none").stops_with("NO-SUCH")];
        assert_snapshot!(tried(&worlds) + &laws_hold(2), @"
        world    fresh
        world    none, where it stops with NO-SUCH
        law      `check` succeeds: in each world that is not said to stop the step
        law      `check` changes nothing: looking leaves the world as it was
        law      two checks agree: asked twice of the same world, it says the same
        law      `verify` does not hold before: as long as something is to be changed, the evidence says so
        law      after `apply`, `check` is empty: within three rounds
        law      `verify` holds after: the evidence shows what was brought about
        law      after undo, `check` wants the same: with its changes taken back, the step wants them again
        law      the step stops in this world: with the very error that the world names, if it names one
        law      every error has a documented code and a hint: so that the operator knows what to do
        laws     hold in 2 worlds
        ");
    }
}
