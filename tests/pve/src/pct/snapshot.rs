//! `pct snapshot` and `delsnapshot`, as far as the configuration shows them; no disk is touched.

use std::time::{SystemTime, UNIX_EPOCH};

use super::failure::Failure;
use super::flock;
use super::guest::{Guest, check_lock};
use super::options::Line;
use super::voice::Voice;
use crate::conf::Conf;

/// What a snapshot does not have from the guest.
const NOT_COPIED: &[&str] = &["description", "lock", "snaptime"];

/// `pct snapshot ID NAME`.
pub(super) fn snapshot(id: u32, line: &Line) -> Result<(), Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    change(id, |conf| take(conf, line.argument(1), line.option("description"), since.as_secs()))
}

/// `pct delsnapshot ID NAME`.
pub(super) fn delete(id: u32, line: &Line) -> Result<(), Failure> {
    change(id, |conf| forget(conf, line.argument(1)))
}

fn change(id: u32, how: impl FnOnce(&mut Conf) -> Result<(), String>) -> Result<(), Failure> {
    let mut guest = Guest::new(id, Voice::Task);
    guest.text().map_err(Failure::in_task)?;
    let _held = flock::take(id, guest.voice).map_err(Failure::in_task)?;
    let mut conf = guest.load()?;
    check_lock(&conf)?;
    how(&mut conf).map_err(|text| Failure::new(text, 255))?;
    guest.store(&conf).map_err(Failure::in_task)
}

fn take(conf: &mut Conf, name: &str, description: Option<&str>, now: u64) -> Result<(), String> {
    if conf.snapshots.contains_key(name) {
        return Err(format!("snapshot name '{name}' already used"));
    }
    let mut section = conf.main.clone();
    section.values.retain(|key, _| !NOT_COPIED.contains(&key.as_str()));
    section.values.insert("snaptime".to_owned(), now.to_string());
    if let Some(words) = description {
        section.values.insert("description".to_owned(), words.to_owned());
    }
    conf.snapshots.insert(name.to_owned(), section);
    conf.main.values.insert("parent".to_owned(), name.to_owned());
    Ok(())
}

fn forget(conf: &mut Conf, name: &str) -> Result<(), String> {
    let gone = conf.snapshots.remove(name);
    let gone = gone.ok_or_else(|| format!("snapshot '{name}' does not exist"))?;
    let parent = gone.get("parent");
    for section in conf.snapshots.values_mut().chain([&mut conf.main]) {
        if section.get("parent") == Some(name) {
            match parent {
                Some(parent) => section.values.insert("parent".to_owned(), parent.to_owned()),
                None => section.values.remove("parent"),
            };
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::{parse, write};

    #[test]
    fn snapshots_form_a_chain() {
        let main = "arch: amd64\nmemory: 512\n";
        let mut conf = parse(102, main).conf;
        take(&mut conf, "s1", Some("first"), 5).unwrap();
        let one = "arch: amd64\nmemory: 512\nparent: s1\n\n\
                   [s1]\n#first\narch: amd64\nmemory: 512\nsnaptime: 5\n";
        assert_eq!(write(&conf), one);
        take(&mut conf, "s2", None, 6).unwrap();
        assert_eq!(conf.snapshots["s2"].get("parent"), Some("s1"));
        assert!(take(&mut conf, "s2", None, 7).is_err());
        forget(&mut conf, "s2").unwrap();
        assert_eq!(write(&conf), one);
        forget(&mut conf, "s1").unwrap();
        assert_eq!(write(&conf), main);
    }
}
