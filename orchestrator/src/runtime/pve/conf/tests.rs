use phoenix_sdk::Others::{self, Kept, Merged, Replaced};
use proptest::prelude::*;

use super::*;

const TEXT: &str = "\
#a remark%3A
arch: amd64
features: nesting=1
hostname: ct101
unprivileged: 1
lxc.mount.entry=/dev/fuse
none
lxc.apparmor.profile: unconfined

[pve:pending]
memory: 700
delete: net0,!mp1

[s1]
#first
features: fuse=1
lxc.apparmor.profile: old
snaptime: 1795463242
";

fn set(text: &str, key: &str, value: &str, others: Others) -> String {
    edited("101", text, Edit::Set { key, value, others }).unwrap()
}

#[test]
fn lines_are_read_as_proxmox_reads_them() {
    for (line, expected) in [
        ("lxc.mount.entry: /a b c", Some(("lxc.mount.entry", "/a b c"))),
        ("lxc.mount.entry=/dev/fuse dev/fuse", Some(("lxc.mount.entry", "/dev/fuse dev/fuse"))),
        ("lxc.cgroup2.devices.allow = a ", Some(("lxc.cgroup2.devices.allow", "a"))),
        ("features: nesting=1,fuse=1", Some(("features", "nesting=1,fuse=1"))),
        ("net0: name=eth0", Some(("net0", "name=eth0"))),
        ("memory = 512", None),
        ("none", None),
        ("bind,create=file", None),
        ("sys:rw", Some(("sys", "rw"))),
        ("# features: x", None),
        (" features: x", None),
        ("", None),
    ] {
        assert_eq!(entry(line), expected, "{line}");
    }
}

#[test]
fn what_counts_is_what_the_next_start_has() {
    assert_eq!(values(TEXT, "features"), ["nesting=1"]);
    assert_eq!(values(TEXT, "memory"), ["700"]);
    assert_eq!(values(TEXT, "lxc.apparmor.profile"), ["unconfined"]);
    assert_eq!(values(TEXT, ""), ["none"]);
    assert_eq!(pending_keys(TEXT), ["memory", "net0", "mp1"]);
    assert!(values("net0: a\n[pve:pending]\ndelete: net0\n", "net0").is_empty());
    assert_eq!(
        values("dev0: /dev/a\ndev1: /dev/fuse\ndevice: x\n", "dev[n]"),
        ["/dev/a", "/dev/fuse"]
    );
    assert_eq!(lock("lock: backup\n").as_deref(), Some("backup"));
    assert_eq!(lock("[s1]\nlock: backup\n"), None);
}

#[test]
fn edits_stay_in_the_main_section_and_touch_one_line() {
    let others = |text: &str| text.replace("unconfined", "ours").replace("nesting=1", "X");
    let profile = set(TEXT, "lxc.apparmor.profile", "ours", Replaced);
    assert_eq!(profile, TEXT.replace("unconfined", "ours"));
    let features = set(TEXT, "features", "fuse=1", Merged);
    assert_eq!(features, TEXT.replace("features: nesting=1", "features: nesting=1,fuse=1"));
    assert_eq!(set(TEXT, "features", "nesting=1", Merged), TEXT);
    let entry = set(TEXT, "lxc.mount.entry", "/a a none bind 0 0", Kept);
    let added = "lxc.mount.entry=/dev/fuse\nlxc.mount.entry: /a a none bind 0 0\n";
    assert_eq!(entry, TEXT.replace("lxc.mount.entry=/dev/fuse\n", added));
    let new = set(TEXT, "lxc.apparmor.allow_nesting", "1", Replaced);
    assert_eq!(new, TEXT.replace("unconfined\n", "unconfined\nlxc.apparmor.allow_nesting: 1\n"));
    for (key, value, gone) in
        [("", "none", "none\n"), ("lxc.mount.entry", "/dev/fuse", "lxc.mount.entry=/dev/fuse\n")]
    {
        assert_eq!(
            edited("101", TEXT, Edit::Remove { key, value }).unwrap(),
            TEXT.replace(gone, "")
        );
    }
    assert_ne!(others(TEXT), TEXT);
}

#[test]
fn a_new_option_goes_where_proxmox_puts_it() {
    for (text, after) in [
        ("", "features: fuse=1\n"),
        (
            "arch: amd64\nhostname: a\nlxc.x: 1\n",
            "arch: amd64\nfeatures: fuse=1\nhostname: a\nlxc.x: 1\n",
        ),
        ("#r\narch: a\nlxc.x: 1\n", "#r\narch: a\nfeatures: fuse=1\nlxc.x: 1\n"),
        ("arch: a\n\n[s1]\nfeatures: x\n", "arch: a\nfeatures: fuse=1\n\n[s1]\nfeatures: x\n"),
        ("arch: a", "arch: a\nfeatures: fuse=1\n"),
    ] {
        assert_eq!(set(text, "features", "fuse=1", Merged), after, "{text:?}");
    }
}

#[test]
fn what_is_pending_is_not_written_over_nor_forgotten() {
    let pending = |line: &str| format!("features: nesting=1\n\n[pve:pending]\n{line}\n");
    let edit = Edit::Set { key: "features", value: "fuse=1", others: Merged };
    let will = pending("features: keyctl=1,fuse=1");
    assert_eq!(edited("101", &will, edit).unwrap(), will);
    for line in ["features: keyctl=1", "delete: features"] {
        assert_eq!(
            edited("101", &pending(line), edit).unwrap_err().code,
            "CONTAINER-PENDING",
            "{line}"
        );
    }
    assert!(
        edited("101", &pending("memory: 1"), edit)
            .unwrap()
            .contains("features: nesting=1,fuse=1\n")
    );
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("features: nesting=1".to_owned()),
        Just("lxc.mount.entry: /a b none bind 0 0".to_owned()),
        Just("lxc.mount.entry=/dev/fuse".to_owned()),
        Just("none".to_owned()),
        Just("#remark".to_owned()),
        Just(String::new()),
        "[a-z]{1,6}: [a-z0-9]{0,4}",
    ]
}

proptest! {
    #[test]
    fn nothing_else_is_lost(
        main in prop::collection::vec(line(), 0..8),
        sections in prop::collection::vec((
            prop_oneof![Just("[s1]"), Just("[snap-2]")],
            prop::collection::vec(line(), 0..4),
        ), 0..3),
        key in prop_oneof![Just("lxc.apparmor.profile"), Just("lxc.mount.entry"), Just("features")],
    ) {
        let mut text: String = main.iter().map(|line| format!("{line}\n")).collect();
        for (head, lines) in &sections {
            text.push_str(&format!("{head}\n"));
            lines.iter().for_each(|line| text.push_str(&format!("{line}\n")));
        }
        let (value, others) = match key {
            "features" => ("fuse=1", Merged),
            "lxc.mount.entry" => ("/dev/fuse dev/fuse none bind,create=file 0 0", Kept),
            _ => ("lxc-phoenix-v2", Replaced),
        };
        let after = set(&text, key, value, others);
        prop_assert_eq!(set(&after, key, value, others), after.clone());
        prop_assert_eq!(&after[end_of_main(&after)..], &text[end_of_main(&text)..]);
        let rest = |text: &str| -> Vec<String> {
            let lines = super::main(text).lines().filter(|line| !line.is_empty());
            lines.filter(|line| entry(line).is_none_or(|(have, _)| have != key)).map(str::to_owned).collect()
        };
        prop_assert_eq!(rest(&after), rest(&text));
        let seen = values(&after, key);
        let has = match others {
            Merged => properties::missing(&seen[0], value).is_empty(),
            _ => seen.contains(&value.to_owned()),
        };
        prop_assert!(has);
    }
}
