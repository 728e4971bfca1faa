//! What `pct set` makes of a configuration. Nothing is read or written here.

use crate::conf::{Conf, Section};

/// What a running container takes only at its next start.
const NOT_HOT: &[&str] = &[
    "arch",
    "cmode",
    "console",
    "entrypoint",
    "env",
    "features",
    "ostype",
    "rootfs",
    "timezone",
    "tty",
];

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Wish {
    pub(super) set: Vec<(String, String)>,
    pub(super) delete: Vec<String>,
    pub(super) revert: Vec<String>,
}

/// Puts the wishes into the configuration; gives what is said about those that mean nothing.
pub(super) fn update(conf: &mut Conf, wish: &Wish, running: bool) -> Result<Vec<String>, String> {
    let mut remarks = Vec::new();
    let mut deleted = conf.pending.names("delete");
    for key in &wish.revert {
        conf.pending.values.remove(key);
        deleted.retain(|name| name.trim_start_matches('!') != key);
    }
    for key in &wish.delete {
        read_only(key)?;
        if conf.main.get(key).is_none() && conf.pending.get(key).is_none() {
            remarks.push(format!("cannot delete '{key}' - not set in current configuration!"));
            continue;
        }
        conf.pending.values.remove(key);
        deleted.push(key.clone());
    }
    for (key, value) in &wish.set {
        read_only(key)?;
        deleted.retain(|name| name.trim_start_matches('!') != key);
        conf.pending.values.insert(key.clone(), value.clone());
    }
    set_deleted(&mut conf.pending, deleted);
    apply(conf, |key| !running || !NOT_HOT.contains(&key));
    Ok(remarks)
}

fn read_only(key: &str) -> Result<(), String> {
    if key == "unprivileged" {
        return Err(format!("unable to modify read-only option: '{key}'"));
    }
    Ok(())
}

fn set_deleted(pending: &mut Section, mut deleted: Vec<String>) {
    deleted.sort();
    deleted.dedup();
    if deleted.is_empty() {
        pending.values.remove("delete");
    } else {
        pending.values.insert("delete".to_owned(), deleted.join(","));
    }
}

/// Brings what is pending into force, as far as it may be, and forgets what is in force already.
pub(super) fn apply(conf: &mut Conf, may: impl Fn(&str) -> bool) {
    let mut deleted = conf.pending.names("delete");
    deleted.retain(|name| {
        let key = name.trim_start_matches('!');
        if may(key) {
            conf.main.values.remove(key);
        }
        conf.main.get(key).is_some()
    });
    set_deleted(&mut conf.pending, deleted);
    let pending = std::mem::take(&mut conf.pending.values);
    for (key, value) in pending {
        if key == "delete" || (!may(&key) && conf.main.get(&key) != Some(&value)) {
            conf.pending.values.insert(key, value);
        } else {
            conf.main.values.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::{parse, write};

    fn set(text: &str, set: &[(&str, &str)], delete: &[&str], running: bool) -> String {
        let mut conf = parse(100, text).conf;
        let set = set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let delete = delete.iter().map(|key| (*key).to_owned()).collect();
        update(&mut conf, &Wish { set, delete, revert: Vec::new() }, running).unwrap();
        write(&conf)
    }

    #[test]
    fn a_running_container_takes_features_later() {
        let before = "features: nesting=1\nmemory: 512\n";
        let wish = [("features", "nesting=1,fuse=1"), ("memory", "600")];
        let later =
            "features: nesting=1\nmemory: 600\n\n[pve:pending]\nfeatures: nesting=1,fuse=1\n";
        assert_eq!(set(before, &wish, &[], true), later);
        let at_once = "features: nesting=1,fuse=1\nmemory: 600\n";
        assert_eq!(set(before, &wish, &[], false), at_once);
        let gone = "features: nesting=1\nmemory: 512\n\n[pve:pending]\ndelete: features\n";
        assert_eq!(set(before, &[], &["features"], true), gone);
        // To wish for what is in force takes the wish for anything else back.
        assert_eq!(set(gone, &[("features", "nesting=1")], &[], true), before);
        assert_eq!(set(later, &[], &["features"], false), "memory: 600\n");
    }

    #[test]
    fn what_is_no_wish_is_said() {
        let mut conf = parse(100, "memory: 512\n").conf;
        let wish = Wish { delete: vec!["features".to_owned()], ..Wish::default() };
        let said = update(&mut conf, &wish, false).unwrap();
        assert_eq!(said, ["cannot delete 'features' - not set in current configuration!"]);
        let wish =
            Wish { set: vec![("unprivileged".to_owned(), "0".to_owned())], ..Wish::default() };
        let refused = update(&mut conf, &wish, false).unwrap_err();
        assert_eq!(refused, "unable to modify read-only option: 'unprivileged'");
    }
}
