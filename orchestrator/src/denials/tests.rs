//! Records become words, rules and denials.

use std::{fs, process::Command};

use proptest::prelude::*;

use super::{
    cases::{ALSO, CASES},
    collect::collect,
    line::{self, Line, Log, Record, profiles_of_label},
    rule,
    source::Piece,
    words,
};

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
            // Seen under a profile with `file, network, unix,`.
            r#"operation="file_lock" profile="lxc-denials-test" pid=548 comm="(crub_all)" family="unix" sock_type="dgram" protocol=0 requested_mask="send""#,
            "lock on a socket",
        ),
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
    let [_, _, (log, kernel), (_, audit)] = in_all_logs();
    let journal = [(log, format!("{kernel}\n{audit}\n"))];
    let mut collected = collect(&pieces(journal), &wanted(), 0);
    assert_eq!(collected.denials(&wanted(), |_, _| None)[0].count, 1);
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
