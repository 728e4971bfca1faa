//! Held against dpkg-query itself, which gets the same text as a database of its own.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use phoenix_sdk::{Observed, Output};
use proptest::{prelude::*, sample::subsequence, test_runner::RngSeed};

use super::installed;
use crate::{effect::packages, transport::Read};

/// A package database of one text.
struct Database(tempfile::TempDir);

impl Database {
    fn of(status: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["info", "updates"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("available"), "").unwrap();
        fs::write(folder.path().join("status"), status).unwrap();
        Self(folder)
    }

    /// What is seen of it today, or nothing if dpkg-query refuses.
    fn seen(&self, names: &[String]) -> Option<BTreeMap<String, String>> {
        let Read::Exec { argv } = packages::reads(names).remove(0) else { panic!("no command") };
        let output = Command::new(&argv[0])
            .env("DPKG_ADMINDIR", self.0.path())
            .env("LC_ALL", "C.UTF-8")
            .args(&argv[1..])
            .output()
            .unwrap();
        let output = Output {
            exit: output.status.code().unwrap(),
            stdout: output.stdout.into(),
            stderr: output.stderr.into(),
        };
        match packages::parse(names, &output).ok()? {
            Observed::Packages { installed } => Some(installed),
            other => panic!("{other:?}"),
        }
    }
}

fn has_dpkg() -> bool {
    let has = Path::new("/usr/bin/dpkg-query").exists();
    if !has {
        println!("without dpkg: install `dpkg` to hold this against dpkg-query");
    }
    has
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}

fn paragraph(package: &str, status: &str, version: &str, more: &str) -> String {
    format!(
        "Package: {package}\nStatus: {status}\nMaintainer: A <a@b>\nArchitecture: amd64\n\
         Version: {version}\n{more}Description: short\n long\n .\n Package: not-a-field\n\n"
    )
}

#[test]
fn this_machine_has_what_dpkg_query_says() {
    let Ok(status) = fs::read("/var/lib/dpkg/status") else { return };
    if !has_dpkg() {
        return;
    }
    let database = Database::of(&status);
    let mut all: Vec<String> = String::from_utf8_lossy(&status)
        .lines()
        .filter_map(|line| line.strip_prefix("Package: ").map(str::to_owned))
        .collect();
    all.dedup();
    let seen = database.seen(&all).unwrap();
    assert!(seen.len() > 50, "{seen:?}");
    assert_eq!(installed(&status, &all), Some(seen));

    all.push("no-such-package".to_owned());
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() };
    proptest!(config, |(some in subsequence(all.clone(), 1..20))| {
        prop_assert_eq!(installed(&status, &some), database.seen(&some));
    });
}

#[test]
fn only_installed_is_installed() {
    let text: String = [
        ("a-installed", "install ok installed", "1:2.0-1+b1~x", ""),
        ("b-held", "hold ok installed", "2", ""),
        ("c-removed", "deinstall ok config-files", "3", ""),
        ("d-half", "install reinstreq half-installed", "4", ""),
        ("e-unpacked", "install ok unpacked", "5", ""),
        ("f-broken", "install ok half-configured", "6", ""),
        ("g-awaits", "install ok triggers-awaited", "7", "Triggers-Awaited: a-installed\n"),
        ("h-pending", "install ok triggers-pending", "8", "Triggers-Pending: /x\n"),
        ("i-selected", "install ok not-installed", "9", ""),
        ("j-again", "install reinstreq installed", "10-0", ""),
    ]
    .iter()
    .map(|(package, status, version, more)| paragraph(package, status, version, more))
    .collect();
    let all = names(&[
        "a-installed",
        "b-held",
        "c-removed",
        "d-half",
        "e-unpacked",
        "f-broken",
        "g-awaits",
        "h-pending",
        "i-selected",
        "j-again",
        "k-unknown",
    ]);
    let expected: BTreeMap<_, _> =
        [("a-installed", "1:2.0-1+b1~x"), ("b-held", "2"), ("j-again", "10-0")]
            .map(|(name, version)| (name.to_owned(), version.to_owned()))
            .into();
    assert_eq!(installed(text.as_bytes(), &all), Some(expected.clone()));
    if has_dpkg() {
        assert_eq!(Database::of(text.as_bytes()).seen(&all), Some(expected));
    }
}

#[test]
fn of_several_architectures_one_is_enough() {
    let instance = |architecture: &str, state: &str, version: &str| {
        paragraph("libx", &format!("install ok {state}"), version, "Multi-Arch: same\n")
            .replace("amd64", architecture)
    };
    let both = [instance("amd64", "installed", "1"), instance("i386", "installed", "1")].concat();
    let one = [instance("amd64", "config-files", "0"), instance("i386", "installed", "1")].concat();
    for text in [&both, &one] {
        let found = installed(text.as_bytes(), &names(&["libx"])).unwrap();
        assert_eq!(found["libx"], "1");
        if has_dpkg() {
            assert_eq!(Database::of(text.as_bytes()).seen(&names(&["libx"])), Some(found));
        }
    }
    let two = [instance("amd64", "installed", "1"), instance("i386", "installed", "2")].concat();
    assert_eq!(installed(two.as_bytes(), &names(&["libx"])), None);
    let twice = [instance("amd64", "installed", "1"), instance("amd64", "installed", "1")].concat();
    assert_eq!(installed(twice.as_bytes(), &names(&["libx"])), None);
}

#[test]
fn names_that_only_dpkg_query_understands_are_left_to_it() {
    let text = paragraph("x", "install ok installed", "1", "");
    for name in ["x:amd64", "x*", "x?", "[x]", "X", "", "-x", "x_y", "x y", "x\\"] {
        assert_eq!(installed(text.as_bytes(), &names(&["x", name])), None, "{name}");
    }
    assert_eq!(installed(b"", &names(&["x"])), Some(BTreeMap::new()));
}

#[test]
fn a_broken_text_is_left_to_dpkg_query() {
    let good = paragraph("x", "install ok installed", "1.0-1", "");
    assert!(installed(good.as_bytes(), &names(&["x"])).is_some());
    for (from, to) in [
        ("Status: install ok installed", "Status: install ok Installed"),
        ("Status: install ok installed", "Status: install ok"),
        ("Status: install ok installed", "Status: install ok\n installed"),
        ("Status: install ok installed\n", ""),
        ("Version: 1.0-1\n", ""),
        ("Version: 1.0-1", "Version: 0:1.0-1"),
        ("Version: 1.0-1", "Version: 01:1.0-1"),
        ("Version: 1.0-1", "Version: 1.0-"),
        ("Version: 1.0-1", "Version: one"),
        ("Version: 1.0-1", "Version: 1.0\nRevision: 1"),
        ("Version: 1.0-1", "Version: 1.0-1\nversion: 1.0-1"),
        ("Version: 1.0-1", "Version: 1.0-1\nTriggers-Pending: /x"),
        ("Package: x\n", ""),
        ("Package: x\n", " Package: x\n"),
        ("Package: x\n", "Package: x/y\n"),
        ("Maintainer: A", "Maintainer A"),
        ("Maintainer: A", "Maintainer: A\n \n"),
        ("Maintainer: A", "Main\0tainer: A"),
        (" long\n .\n", " long\n \n"),
        ("not-a-field\n\n", "not-a-field"),
    ] {
        let broken = good.replacen(from, to, 1);
        assert_ne!(broken, good, "{from}");
        assert_eq!(installed(broken.as_bytes(), &names(&["x"])), None, "{from} -> {to}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Default::default() })]

    /// Whatever is done to a text: an answer is dpkg-query's, or there is none.
    #[test]
    fn an_answer_is_never_another_than_dpkg_querys(
        order in subsequence(vec![0_usize, 1, 2, 3, 4], 0..5).prop_shuffle(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..4, prop::sample::select(&b"\n :x1-\tA~0"[..])), 0..3),
    ) {
        let paragraphs = [
            paragraph("x", "install ok installed", "1:1.0-1", ""),
            paragraph("y", "deinstall ok config-files", "2", ""),
            paragraph("x", "install ok installed", "1:1.0-1", "Multi-Arch: same\n").replace("amd64", "i386"),
            paragraph("z", "hold ok installed", "3~a", "").to_lowercase(),
            paragraph("y", "install ok installed", "2", "").replace("amd64", "i386"),
        ];
        let mut text: Vec<u8> = order.iter().map(|&at| paragraphs[at].as_str()).collect::<String>().into();
        for (at, how, byte) in &edits {
            let at = at.index(text.len() + 1);
            match how {
                0 => text.insert(at, *byte),
                1 if at < text.len() => text[at] = *byte,
                2 if at < text.len() => drop(text.remove(at)),
                _ => text.truncate(at.max(1)),
            }
        }
        let all = names(&["x", "y", "z"]);
        if let Some(found) = installed(&text, &all) && has_dpkg() {
            let seen = Database::of(&text).seen(&all);
            prop_assert_eq!(Some(found), seen, "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn nothing_makes_it_panic(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = installed(&text, &names(&["x"]));
    }
}
