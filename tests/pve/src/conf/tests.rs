//! The files of PCT.md and of users, read and written again.

use proptest::prelude::*;

use super::*;

#[test]
fn the_old_scripts_lines_are_read_as_proxmox_reads_them() {
    let text = "arch: amd64\nlxc.mount.entry=/dev/fuse\nnone\nbind,create=file\n\
                lxc.include: /usr/share/lxc/config/nesting.conf\nlxc.cgroup2.devices.allow: a\n\
                lxc.nosuch.key: 1\nfoo: x\nmemory: abc\nlxc.apparmor.profile = lxc-phoenix-v2\n\
                lxc.rootfs.path: /\nfeatures: nesting=2\n";
    let parsed = parse(910, text);
    let warnings = [
        "vm 910 - unable to parse config: none",
        "vm 910 - unable to parse config: bind,create=file",
        "vm 910 - unable to parse config: lxc.nosuch.key: 1",
        "vm 910 - unable to parse value of 'foo' - unknown setting 'foo'",
        "vm 910 - unable to parse value of 'memory' - type check ('integer') failed - got 'abc'",
        "vm 910 - unable to parse config: lxc.rootfs.path: /",
        "vm 910 - unable to parse value of 'features' - invalid format - format error\n\
         features.nesting: type check ('boolean') failed - got '2'",
    ];
    assert_eq!(parsed.warnings, warnings);
    assert_eq!(
        write(&parsed.conf),
        "arch: amd64\nfeatures: nesting=2\nfoo: x\nmemory: abc\nlxc.mount.entry: /dev/fuse\n\
         lxc.include: /usr/share/lxc/config/nesting.conf\nlxc.cgroup2.devices.allow: a\n\
         lxc.apparmor.profile: lxc-phoenix-v2\n"
    );
}

#[test]
fn a_line_behind_a_snapshot_is_the_snapshots() {
    let text = "# one\nswap: 0\narch: amd64\n#two\n\n[pve:pending]\ndelete: swap\n\n\
                [before]\narch: amd64\nsnaptime: 1\nlxc.cap.drop: sys_boot\n";
    let parsed = parse(100, text);
    assert_eq!(parsed.warnings, [""; 0]);
    assert!(parsed.conf.main.raw.is_empty());
    assert_eq!(parsed.conf.snapshots["before"].raw.len(), 1);
    assert_eq!(parsed.conf.main.get("description"), Some(" one\ntwo\n"));
    assert_eq!(parsed.conf.with_pending().get("swap"), None);
    let written = "# one\n#two\narch: amd64\nswap: 0\n\n[pve:pending]\ndelete: swap\n\n\
                   [before]\narch: amd64\nsnaptime: 1\nlxc.cap.drop: sys_boot\n";
    assert_eq!(write(&parsed.conf), written);
}

fn section() -> impl Strategy<Value = Section> {
    let number = (0_u32..99_999).prop_map(|number| number.to_string());
    let word = "[!-~]([ -~]{0,12}[!-~])?";
    let values = prop_oneof![
        (Just("memory".to_owned()), number),
        ("(hostname|tags|net0|mp12|startup)", word),
        (Just("features".to_owned()), Just("nesting=1,fuse=1".to_owned())),
        // Remarks are lines, each with its end; empty ones at the end are lost, as Perl's split loses them.
        (Just("description".to_owned()), "(\\PC{0,9}\n){0,2}\\PC{1,9}\n"),
    ];
    let raw =
        ("lxc\\.(cap\\.drop|mount\\.entry|cgroup2\\.[a-z.]{1,9})", "([!-~]([ -~]{0,9}[!-~])?)?");
    let many = proptest::collection::vec;
    (many(values, 0..5), proptest::collection::vec(raw, 0..4))
        .prop_map(|(values, raw)| Section { values: values.into_iter().collect(), raw })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        main in section(),
        pending in section(),
        snapshots in proptest::collection::btree_map("[a-z][a-z0-9_-]{1,9}", section(), 0..3),
    ) {
        let conf = Conf { main, pending, snapshots };
        let text = write(&conf);
        let parsed = parse(100, &text);
        prop_assert_eq!(parsed.warnings, Vec::<String>::new(), "{}", text);
        prop_assert_eq!(&parsed.conf, &conf, "{}", text);
        prop_assert_eq!(write(&parsed.conf), text);
    }

    #[test]
    fn any_text_can_be_read(text in "(\\PC{0,20}\n|[a-z]{1,9}: ?\\PC{0,9}\n|lxc[.a-z]{0,9}[:= ]{0,2}\\PC{0,9}\n|\\[[a-z:]{0,9}\\]\n){0,9}") {
        // Whatever was lost once is not there to be lost again.
        let once = write(&parse(100, &text).conf);
        prop_assert_eq!(write(&parse(100, &once).conf), once);
    }

    #[test]
    fn the_percent_code_goes_both_ways(text in "\\PC{0,30}") {
        prop_assert_eq!(decode(&encode(&text)), text);
    }
}
