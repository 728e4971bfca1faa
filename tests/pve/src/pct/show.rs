//! The commands that only look.

use super::failure::Failure;
use super::guest::{self, Guest};
use super::options::Line;
use super::state::is_running;
use super::voice::{Voice, print};
use crate::conf::{Conf, Section, check_value, encode};

fn word(running: bool) -> &'static str {
    if running { "running" } else { "stopped" }
}

/// `pct list`.
pub(super) fn list() -> Result<(), Failure> {
    let mut text = String::new();
    for (id, mut guest) in guest::all()? {
        let main = guest.load()?.main;
        if text.is_empty() {
            text = row("VMID", "Status", "Lock", "Name");
        }
        let [lock, name] = ["lock", "hostname"].map(|key| main.get(key).unwrap_or_default());
        text.push_str(&row(&id.to_string(), word(is_running(id)?), lock, name));
    }
    print(&text);
    Ok(())
}

fn row(id: &str, status: &str, lock: &str, name: &str) -> String {
    format!("{id:<10} {status:<10} {lock:<12} {name:<20}\n")
}

/// `pct status`.
pub(super) fn status(id: u32) -> Result<(), Failure> {
    Guest::new(id, Voice::Plain).load()?;
    print(&format!("status: {}\n", word(is_running(id)?)));
    Ok(())
}

/// `pct config`.
pub(super) fn config(id: u32, line: &Line) -> Result<(), Failure> {
    let conf = Guest::new(id, Voice::Plain).load()?;
    let section = if let Some(name) = line.option("snapshot") {
        let missing = || Failure::new(format!("snapshot '{name}' does not exist"), 255);
        conf.snapshots.get(name).cloned().ok_or_else(missing)?
    } else if line.option("current") == Some("1") {
        verify_types(&conf.main)?;
        conf.main
    } else {
        conf.with_pending()
    };
    print(&shown(&section));
    Ok(())
}

fn verify_types(section: &Section) -> Result<(), Failure> {
    let wrong = section.values.iter().filter_map(|(key, value)| {
        let wrong = check_value(key, value).err()?;
        wrong.starts_with("type check").then(|| format!("{key}: {wrong}"))
    });
    let lines: Vec<String> = wrong.collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("Result verification failed\n{}", lines.join("\n")), 255))
}

fn shown(section: &Section) -> String {
    let mut text = String::new();
    for (key, value) in &section.values {
        text.push_str(&format!("{key}: {}\n", value_shown(key, value)));
    }
    for (key, value) in &section.raw {
        text.push_str(&format!("{key}: {value}\n"));
    }
    text
}

fn value_shown(key: &str, value: &str) -> String {
    if key == "description" { encode(value) } else { value.to_owned() }
}

/// `pct pending`.
pub(super) fn pending(id: u32) -> Result<(), Failure> {
    print(&pending_shown(&Guest::new(id, Voice::Plain).load()?));
    Ok(())
}

fn pending_shown(conf: &Conf) -> String {
    let deleted = conf.pending.names("delete");
    let mut keys: Vec<&String> =
        conf.main.values.keys().chain(conf.pending.values.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut text = String::new();
    for key in keys.into_iter().filter(|key| *key != "delete") {
        let mut say = |word, value| {
            text.push_str(&format!("{word} {key}: {}\n", value_shown(key, value)));
        };
        let (old, new) = (conf.main.get(key), conf.pending.get(key));
        let goes = deleted.iter().any(|name| name.trim_start_matches('!') == key);
        if let Some(old) = old {
            say(if goes { "del" } else { "cur" }, old);
        }
        if let Some(new) = new.filter(|_| !goes) {
            say("new", new);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::parse;

    #[test]
    fn what_is_pending_stands_below_what_is_in_force() {
        let text = "cores: 1\nfeatures: nesting=1\ntags: a\n\n[pve:pending]\ndelete: tags\n\
                    features: nesting=1,fuse=1\nswap: 0\n";
        assert_eq!(
            pending_shown(&parse(100, text).conf),
            "cur cores: 1\ncur features: nesting=1\nnew features: nesting=1,fuse=1\nnew swap: 0\n\
             del tags: a\n"
        );
    }

    #[test]
    fn rows_have_fixed_columns() {
        let expected = "101        stopped    backup       ct101               \n";
        assert_eq!(row("101", "stopped", "backup", "ct101"), expected);
    }
}
