//! Genuine records: most were provoked under a profile `lxc-denials-test` on Debian 12's kernel 6.1, the
//! others come from containers with Docker there.

use std::{fs, process::Command};

use proptest::prelude::*;

use super::{
    collect::collect,
    line::{self, Line, Log, Record, profiles_of_label},
    rule,
    source::Piece,
    words,
};

/// What follows `apparmor="DENIED" `, the attempt in words, and the rule.
type Case = (&'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" fstype="proc" srcname="proc" flags="rw, nosuid, nodev, noexec""#,
        "`python3` tried to mount `proc` (proc; nosuid, nodev, noexec) on `/tmp/dn/a/`",
        "mount fstype=proc options=(nosuid, nodev, noexec) proc -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" fstype="tmpfs" srcname="tmpfs" flags="ro, nosuid, noatime""#,
        "`python3` tried to mount `tmpfs` (tmpfs; ro, nosuid, noatime) on `/tmp/dn/a/`",
        "mount fstype=tmpfs options=(ro, nosuid, noatime) tmpfs -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" srcname="/tmp/dn/b/" flags="rw, bind""#,
        "`python3` tried to bind `/tmp/dn/b/` onto `/tmp/dn/a/` (bind)",
        "mount options=(bind) /tmp/dn/b/ -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" srcname="/tmp/dn/b/" flags="rw, rbind""#,
        "`python3` tried to bind `/tmp/dn/b/` onto `/tmp/dn/a/` (rbind)",
        "mount options=(rbind) /tmp/dn/b/ -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" flags="ro, remount, bind""#,
        "`python3` tried to remount `/tmp/dn/a/` (ro, remount, bind)",
        "mount options=(ro, remount, bind) -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/proc/" pid=1405 comm="python3" flags="ro, remount""#,
        "`python3` tried to remount `/proc/` (ro, remount)",
        "mount options=(ro, remount) -> /proc/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/" pid=1405 comm="python3" flags="rw, rprivate""#,
        "`python3` tried to make mounts at `/` rprivate",
        "mount options=(rprivate) -> /,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" flags="rw, shared""#,
        "`python3` tried to make mounts at `/tmp/dn/a/` shared",
        "mount options=(shared) -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" srcname="/tmp/dn/b/" flags="rw, move""#,
        "`python3` tried to move the mount `/tmp/dn/b/` to `/tmp/dn/a/`",
        "mount options=(move) /tmp/dn/b/ -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" fstype="fuse.fuse-overlayfs" srcname="fuse-overlayfs" flags="rw, nosuid, nodev""#,
        "`python3` tried to mount `fuse-overlayfs` (fuse.fuse-overlayfs; nosuid, nodev) on `/tmp/dn/a/`",
        "mount fstype=fuse.fuse-overlayfs options=(nosuid, nodev) fuse-overlayfs -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" fstype="cgroup2" srcname="cgroup2" flags="rw, nosuid, nodev, noexec, relatime""#,
        "`python3` tried to mount `cgroup2` (cgroup2; nosuid, nodev, noexec, relatime) on `/tmp/dn/a/`",
        "mount fstype=cgroup2 options=(nosuid, nodev, noexec, relatime) cgroup2 -> /tmp/dn/a/,",
    ),
    (
        r#"operation="umount" profile="lxc-denials-test" name="/proc/" pid=1405 comm="python3""#,
        "`python3` tried to unmount `/proc/`",
        "umount /proc/,",
    ),
    (
        r#"operation="pivotroot" profile="lxc-denials-test" name="/tmp/dn/newroot/" pid=1405 comm="python3" srcname="/tmp/dn/newroot/old/""#,
        "`python3` tried to make `/tmp/dn/newroot/` its root, with the old one in `/tmp/dn/newroot/old/`",
        "pivot_root oldroot=/tmp/dn/newroot/old/ /tmp/dn/newroot/,",
    ),
    (
        r#"operation="open" profile="lxc-denials-test" name="/tmp/dn/secret" pid=1405 comm="python3" requested_mask="r" denied_mask="r" fsuid=0 ouid=0"#,
        "`python3` tried to read `/tmp/dn/secret`",
        "owner /tmp/dn/secret r,",
    ),
    (
        r#"operation="open" profile="lxc-denials-test" name="/tmp/dn/secret" pid=1405 comm="python3" requested_mask="wc" denied_mask="wc" fsuid=0 ouid=100000"#,
        "`python3` tried to write `/tmp/dn/secret`",
        "/tmp/dn/secret w,",
    ),
    (
        r#"operation="mkdir" profile="lxc-denials-test" name=2F746D702F646E2F7370206163652F6E65772F pid=1405 comm="python3" requested_mask="c" denied_mask="c" fsuid=0 ouid=0"#,
        "`python3` tried to make the folder `/tmp/dn/sp ace/new/`",
        "owner \"/tmp/dn/sp ace/new/\" w,",
    ),
    (
        r#"operation="link" profile="lxc-denials-test" name="/tmp/dn/link" pid=1405 comm="python3" requested_mask="xwracdk" denied_mask="xwracdk" fsuid=0 ouid=0 target="/tmp/dn/secret""#,
        "`python3` tried to link `/tmp/dn/secret` as `/tmp/dn/link`",
        "link /tmp/dn/link -> /tmp/dn/secret,",
    ),
    (
        r#"operation="exec" profile="lxc-denials-test" name="/tmp/dn/exe" pid=1406 comm="python3" requested_mask="x" denied_mask="x" fsuid=0 ouid=0"#,
        "`python3` tried to run `/tmp/dn/exe`",
        "owner /tmp/dn/exe ix,",
    ),
    (
        r#"operation="capable" profile="lxc-denials-test" pid=1405 comm="python3" capability=0  capname="chown""#,
        "`python3` tried to use the capability `chown`",
        "capability chown,",
    ),
    (
        r#"operation="create" profile="lxc-denials-test" pid=1405 comm="python3" family="inet" sock_type="raw" protocol=1 requested_mask="create" denied_mask="create""#,
        "`python3` tried to make a socket (inet raw)",
        "network inet raw,",
    ),
    (
        r#"operation="create" profile="lxc-denials-test" pid=1405 comm="python3" family="alg" sock_type="seqpacket" protocol=0 requested_mask="create" denied_mask="create""#,
        "`python3` tried to make a socket (alg seqpacket)",
        "network alg seqpacket,",
    ),
    (
        r#"operation="create" profile="lxc-denials-test" pid=1405 comm="python3" family="vsock" sock_type="stream" protocol=0 requested_mask="create" denied_mask="create""#,
        "`python3` tried to make a socket (vsock stream)",
        "network vsock stream,",
    ),
    (
        r#"operation="file_lock" profile="lxc-bw_</var/lib/lxc>" pid=548 comm="(crub_all)" family="unix" sock_type="dgram" protocol=0 requested_mask="send""#,
        "`(crub_all)` tried to use a socket (unix dgram)",
        "unix (send) type=dgram,",
    ),
    (
        r#"operation="signal" profile="lxc-denials-test" pid=1405 comm="python3" requested_mask="send" denied_mask="send" signal=exists peer="unconfined""#,
        "`python3` tried to send signal `exists` to a process under `unconfined`",
        "signal (send) set=(exists) peer=unconfined,",
    ),
    (
        r#"operation="signal" profile="lxc-denials-test" pid=1405 comm="python3" requested_mask="send" denied_mask="send" signal=chld peer="lxc-bw_</var/lib/lxc>//&:lxc-bw_<-var-lib-lxc>:unconfined""#,
        "`python3` tried to send signal `chld` to a process under \
         `lxc-bw_</var/lib/lxc>//&:lxc-bw_<-var-lib-lxc>:unconfined`",
        "signal (send) set=(chld) peer=\"lxc-bw_</var/lib/lxc>//&:lxc-bw_<-var-lib-lxc>:unconfined\",",
    ),
    (
        r#"operation="ptrace" profile="lxc-denials-test" pid=1405 comm="python3" requested_mask="trace" denied_mask="trace" peer="unconfined""#,
        "`python3` tried to trace a process under `unconfined`",
        "ptrace (trace) peer=unconfined,",
    ),
    (
        r#"operation="ptrace" profile="lxc-denials-test" pid=1405 comm="python3" requested_mask="read" denied_mask="read" peer="unconfined""#,
        "`python3` tried to look into a process under `unconfined` (ptrace read)",
        "ptrace (read) peer=unconfined,",
    ),
    (
        r#"operation="change_profile" profile="lxc-denials-test" name="unconfined" pid=1405 comm="python3" target="unconfined""#,
        "`python3` tried to change its profile to `unconfined`",
        "change_profile -> unconfined,",
    ),
    (
        r#"operation="change_onexec" profile="lxc-denials-test" name="lxc-container-default" pid=1405 comm="python3" target="lxc-container-default""#,
        "`python3` tried to change its profile to `lxc-container-default` at the next program",
        "change_profile -> lxc-container-default,",
    ),
    (
        r#"operation="stack" profile="lxc-denials-test" name="lxc-container-default" pid=1405 comm="python3" target="lxc-container-default""#,
        "`python3` tried to stack the profile `lxc-container-default` on its own",
        "change_profile -> &lxc-container-default,",
    ),
];

fn record(fields: &str) -> Record {
    let line = format!("type=AVC msg=audit(1795483661.896:151): apparmor=\"DENIED\" {fields}");
    match line::parse(Log::Audit, &line) {
        Some(Line::Denied(record)) => record,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn attempts_in_words_and_the_smallest_rules() {
    for (fields, attempt, wanted) in CASES {
        let record = record(fields);
        assert_eq!(words::attempt(&record), *attempt);
        assert_eq!(rule::of(&record).text.as_deref(), Some(*wanted), "{fields}");
    }
}

/// More than the genuine ones: names that need care, and what a test machine does not do by itself.
const ALSO: &[&str] = &[
    r#"operation="dbus_method_call" bus="system" path="/org/freedesktop/systemd1" interface="org.freedesktop.DBus.Properties" member="Get" mask="send" name="org.freedesktop.systemd1" pid=5 comm="x" peer_label="unconfined""#,
    r#"operation="dbus_bind" bus="session" name="org.x.Y" mask="bind" pid=5 comm="x""#,
    r#"operation="open" name="/a*[1]{x}?^,#@{HOME}/größe" comm="x" denied_mask="rwmkl""#,
    r#"operation="open" name=2F610A22205C20E280AE comm="x" denied_mask="a""#,
    r#"operation="mount" name="/a b/" fstype="fuse.x y" srcname="/s,c" flags="rw""#,
    r#"operation="mount" name="/x/" srcname="" fstype="tmpfs" flags="rw, nosuid, silent, mand, iversion, strictatime, acl""#,
    r#"operation="pivotroot" name="/x/""#,
    r#"operation="signal" denied_mask="receive" signal=rtmin+3 peer="a b""#,
    r#"operation="stack" target="a b""#,
    r#"operation="create" family="netlink" sock_type="unknown(7)""#,
];

/// apparmor_parser compiles every one of them; that needs no AppArmor in the kernel.
#[test]
fn the_parser_accepts_every_rule() {
    let fields = CASES.iter().map(|(fields, ..)| *fields).chain(ALSO.iter().copied());
    let rules: Vec<String> = fields
        .map(|fields| rule::of(&record(fields)).text.unwrap_or_else(|| panic!("{fields}")))
        .collect();
    let profile =
        format!("abi <abi/3.0>,\nprofile lxc-denials-test {{\n  {}\n}}\n", rules.join("\n  "));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile");
    fs::write(&path, &profile).unwrap();
    let output = Command::new("apparmor_parser")
        .args(["--skip-kernel-load", "--skip-cache"])
        // Else it leaves out, or refuses, what the kernel of the machine that tests cannot do.
        .args(["--kernel-features", "/etc/apparmor.d/abi/3.0"])
        .arg(&path)
        .output()
        .expect("the package `apparmor` is missing; `cargo xtask test` installs it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{profile}");
}

#[test]
fn what_no_rule_allows_says_so() {
    for (fields, note) in [
        (
            r#"operation="open" info="Failed name lookup - disconnected path" error=-13 name="x" denied_mask="r""#,
            "attach_disconnected",
        ),
        (
            r#"operation="change_onexec" info="label not found" error=-2 name="lxc-x""#,
            "no such profile",
        ),
        (
            r#"operation="userns_create" class="namespace" denied="userns_create""#,
            "no rule is known",
        ),
        (r#"operation="capable" capname="x, file""#, "no rule is known"),
        (r#"operation="create" family="inet, file""#, "no rule is known"),
        ("operation=\"\"", "no rule is known"),
    ] {
        let rule = rule::of(&record(fields));
        assert_eq!(rule.text, None, "{fields}");
        assert!(rule.notes[0].contains(note), "{rule:?}");
    }
}

const OPEN: &str = r#"apparmor="DENIED" operation="open" profile="lxc-denials-test" name="/tmp/dn/secret" pid=1445 comm="cat" requested_mask="r" denied_mask="r" fsuid=0 ouid=0"#;

fn in_all_logs() -> [(Log, String); 4] {
    [
        (
            Log::Audit,
            format!(
                "type=AVC msg=audit(1795483718.452:198): {OPEN}\u{1d}FSUID=\"root\" OUID=\"root\""
            ),
        ),
        (
            Log::Kernel,
            format!(
                "2026-11-24T01:28:38,460119+00:00 audit: type=1400 audit(1795483718.452:198): {OPEN}"
            ),
        ),
        (
            Log::Journal,
            format!(
                "1795483718.460119 x kernel: audit: type=1400 audit(1795483718.452:198): {OPEN}"
            ),
        ),
        (Log::Journal, format!("1795483718.452000 x audit[1445]: AVC {OPEN}")),
    ]
}

fn pieces(texts: impl IntoIterator<Item = (Log, String)>) -> Vec<Piece> {
    texts.into_iter().map(|(log, text)| Piece { log, text }).collect()
}

fn wanted() -> Vec<String> {
    vec!["lxc-denials-test".to_owned()]
}

#[test]
fn one_record_in_all_logs_is_one_denial() {
    for (log, text) in in_all_logs() {
        let collected = collect(&pieces([(log, text)]), &wanted(), 1_795_483_718_452);
        assert_eq!(collected.records.len(), 1, "{log:?}");
        assert_eq!(collected.records[0].stamp.at_ms, 1_795_483_718_452);
    }
    let mut collected = collect(&pieces(in_all_logs()), &wanted(), 0);
    let denials = collected.denials(&wanted(), |_, _| Some("bw".to_owned()));
    assert_eq!((denials.len(), denials[0].count), (1, 1));
    assert_eq!(denials[0].container.as_deref(), Some("bw"));
    // What one log has twice happened twice.
    let (log, text) = in_all_logs()[0].clone();
    let twice = [(log, format!("{text}\n{text}\n")), in_all_logs()[1].clone()];
    let mut collected = collect(&pieces(twice), &wanted(), 0);
    assert_eq!(collected.denials(&wanted(), |_, _| None)[0].count, 2);
}

#[test]
fn only_the_window_and_only_the_profile() {
    let count = |profile: &str, since| {
        collect(&pieces(in_all_logs()), &[profile.to_owned()], since).records.len()
    };
    assert_eq!(count("lxc-denials-test", 1_795_483_718_452), 1);
    assert_eq!(count("lxc-denials-test", 1_795_483_718_453), 0);
    assert_eq!(count("lxc-denials", 0), 0);
    for (label, wanted) in [
        ("lxc-phoenix-v2 (enforce)", vec!["lxc-phoenix-v2"]),
        (
            "lxc-bw_</var/lib/lxc>//&:lxc-bw_<-var-lib-lxc>:unconfined",
            vec!["lxc-bw_</var/lib/lxc>"],
        ),
        ("a//&b (mixed)", vec!["a", "b"]),
        ("unconfined", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(profiles_of_label(label), wanted);
    }
    let stacked = record(r#"operation="open" label="lxc-x//&:ns:unconfined" name="/x""#);
    assert_eq!(stacked.profiles(), ["lxc-x"]);
    let inner = record(r#"operation="open" namespace="root//lxc-x" profile="lxc-x" name="/x""#);
    assert!(inner.profiles().is_empty());
}

#[test]
fn a_record_is_what_begins_like_one() {
    let forged = "type=AVC msg=audit(1.000:1): apparmor=\"DENIED\" operation=\"open\"";
    for (log, line) in [
        (Log::Audit, format!("type=USER_LOGIN msg=audit(1.000:1): pid=1 acct=\"{forged}\"")),
        (Log::Kernel, format!("2026-11-24T01:28:38,460119+00:00 usb 1-1: {forged}")),
        (Log::Journal, format!("1.000000 x sshd[1]: {forged}")),
        (
            Log::Audit,
            "type=AVC msg=audit(1.000:1): apparmor=\"ALLOWED\" operation=\"open\"".to_owned(),
        ),
    ] {
        assert_eq!(line::parse(log, &line), None, "{line}");
    }
}

#[test]
fn lost_records_are_a_finding() {
    let kernel = "2026-11-24T01:28:38,460119+00:00 ";
    for text in [
        "audit: audit_backlog=65 > audit_backlog_limit=64",
        "audit: audit_lost=6 audit_rate_limit=0 audit_backlog_limit=64",
        "audit: backlog limit exceeded",
        "audit: rate limit exceeded",
        "kauditd_printk_skb: 12 callbacks suppressed",
    ] {
        let collected = collect(&pieces([(Log::Kernel, format!("{kernel}{text}"))]), &wanted(), 0);
        assert_eq!(collected.incomplete.len(), 1, "{text}");
    }
    let many: String = (0..9).map(|n| format!("{kernel}audit: audit_lost={n} x\n")).collect();
    let all = collect(&pieces([(Log::Kernel, many.clone())]), &wanted(), 0);
    assert_eq!(all.incomplete, ["the kernel said: audit: audit_lost=N x"]);
    assert!(collect(&pieces([(Log::Kernel, many)]), &wanted(), u64::MAX).incomplete.is_empty());
}

#[test]
fn ids_do_not_multiply_denials_and_nothing_acts_on_a_terminal() {
    let line = |id: char| {
        let id = id.to_string().repeat(64);
        format!(
            "type=AVC msg=audit(1.000:1): apparmor=\"DENIED\" operation=\"mount\" \
             profile=\"lxc-denials-test\" name=\"/var/lib/docker/fuse-overlayfs/{id}/merged/proc/\" \
             comm=1B5B33316D fstype=\"proc\" srcname=\"proc\" flags=\"rw, nosuid\"\n"
        )
    };
    let text = line('a') + &line('b');
    let denials =
        collect(&pieces([(Log::Audit, text)]), &wanted(), 0).denials(&wanted(), |_, _| None);
    assert_eq!((denials.len(), denials[0].count), (1, 2));
    assert_eq!(
        denials[0].rule.as_deref(),
        Some(
            "mount fstype=proc options=(nosuid) proc -> /var/lib/docker/fuse-overlayfs/[0-9a-f]*/merged/proc/,"
        )
    );
    assert_eq!(denials[0].comm, "\\u{1b}[31m");
}

proptest! {
    #[test]
    fn no_line_makes_it_panic_and_no_control_character_gets_through(
        text in "\\PC{0,60}|(operation|name|flags|comm|=|\"| |mount|open|signal|,|[0-9A-F]{2}){0,30}",
        log in 0..3_usize,
    ) {
        let log = [Log::Audit, Log::Kernel, Log::Journal][log];
        for line in [
            text.clone(),
            format!("type=AVC msg=audit(1.0:1): apparmor=\"DENIED\" {text}"),
            format!("2026-11-24T01:28:38,460119+00:00 audit: type=1400 audit(1.0:1): apparmor=\"DENIED\" {text}"),
            format!("1.0 x audit: AVC apparmor=\"DENIED\" {text}"),
        ] {
            line::time(log, &line);
            if let Some(Line::Denied(record)) = line::parse(log, &line) {
                let rule = rule::of(&record);
                let shown = words::attempt(&record) + &rule.text.unwrap_or_default();
                prop_assert!(!shown.chars().any(char::is_control), "{shown}");
            }
        }
    }
}
