//! The support bundle of a real journal holds none of the secrets that were planted around it, and all that a maintainer
//! needs.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use phoenix_orch::{
    effect::{Digest, FileImage, Image, Node},
    engine::{
        Body, Deed, Event, Sink as _,
        event::{FORMAT, Outcome, Planned},
    },
    graph::Unit,
    journal::{Journal, JournalSink},
};
use phoenix_sdk::{Change, Kind, Permissions};
use phoenix_tests::{Finished, Workbench};
use walkdir::WalkDir;
use xtask::process;

/// Each is planted where one might be in real life, and none has a form that gives it away.
const IN_CATALOGUE: &str = "planted-in-the-catalogue";
const IN_ADDRESS: &str = "planted-in-an-address";
const IN_PRIVATE_FILE: &str = "planted-in-a-private-file";
const IN_ENVIRONMENT: &str = "planted-in-the-environment";
const IN_CONTENT: &str = "planted-in-some-content";
const PLANTED: [&str; 5] = [IN_CATALOGUE, IN_ADDRESS, IN_PRIVATE_FILE, IN_ENVIRONMENT, IN_CONTENT];

const RUN: &str = "20261129T120000Z-1";

fn write(path: &str, mode: u32, content: &str, diff: &str) -> Planned {
    let kind = Kind::File {
        path: path.to_owned(),
        content: Some(content.into()),
        mode: Some(mode),
        owner: None,
    };
    let summary = format!("write `{path}`");
    Planned {
        deed: Deed::Change(Change::new(kind)),
        summary,
        diff: Some(diff.to_owned()),
        consent: None,
        forecast: None,
    }
}

/// A run that has come across all of them.
fn bodies() -> Vec<Body> {
    let unit = Unit::new("mirror", "host");
    let source = format!("+deb http://robot:{IN_ADDRESS}@mirror.lan/debian bookworm main\n");
    let changes = vec![
        write("/etc/apt/sources.list.d/mirror.list", 0o644, IN_CONTENT, &source),
        write("/etc/mirror/account", 0o600, IN_CONTENT, &format!("+{IN_PRIVATE_FILE}\n")),
    ];
    let node = Node::Absent;
    let before =
        FileImage { path: "/etc/mirror/account".to_owned(), node, missing_folders: vec![] };
    let permissions = Permissions { mode: 0o600, uid: 0, gid: 0 };
    let node = Node::Regular {
        content: Digest::of(IN_CONTENT.as_bytes()),
        permissions,
        xattrs: Default::default(),
    };
    let after = Image::File(FileImage { node, ..before.clone() });
    vec![
        Body::RunStarted {
            verb: "run".to_owned(),
            version: "0.1.0".to_owned(),
            features: vec!["mirror".to_owned()],
            units: vec![unit.clone()],
            waits_for: Vec::new(),
            environment: None,
            takes_back: None,
        },
        Body::UnitStarted { unit: unit.clone() },
        Body::Checked {
            unit: unit.clone(),
            round: 1,
            changes: changes.clone(),
            notes: vec![format!("the account is {IN_CATALOGUE}, which it was")],
            warnings: Vec::new(),
        },
        Body::Intended {
            unit: unit.clone(),
            effect: 1,
            deed: Box::new(changes[1].deed.clone()),
            before: Box::new(Image::File(before)),
            expected: Some(Box::new(after.clone())),
        },
        Body::Output { unit: unit.clone(), line: format!("logged in with {IN_ENVIRONMENT}") },
        Body::Done { unit: unit.clone(), effect: 1, after, left: Vec::new() },
        Body::UnitFinished { unit, outcome: Outcome::Changed { changes: 1 }, took_ms: 12 },
        Body::RunFinished { took_ms: 34, exit: 0 },
    ]
}

fn bench() -> Result<Workbench> {
    let catalogue = format!(
        "format = 1\n[features]\nmirror = [\"mirror\"]\n[plugins.mirror]\nversion = \"^0.1\"\n\
         [plugins.mirror.params]\nserver = \"mirror.lan\"\npassword = \"{IN_CATALOGUE}\" # of the robot\n"
    );
    let bench = Workbench::new(catalogue)?;
    let told = |error: phoenix_orch::error::Error| anyhow!("{error}");
    let journal = Journal::open(&bench.folder().join("state")).map_err(told)?;
    let mut sink = JournalSink(&journal);
    for (seq, body) in (1..).zip(bodies()) {
        let event = Event {
            format: FORMAT,
            run: RUN.to_owned(),
            seq,
            at: serde_json::from_str("\"2026-11-29T12:00:00Z\"")?,
            body,
        };
        sink.hear(&event).map_err(told)?;
    }
    Ok(bench)
}

fn run(bench: &Workbench, words: &[&str]) -> Result<Finished> {
    let mut command = bench.command()?;
    command.args(words).env("MIRROR_TOKEN", IN_ENVIRONMENT);
    Ok(Finished::from(process::capture(&mut command, None, Duration::from_secs(120))?))
}

fn unpacked(archive: &Path, folder: &Path) -> Result<()> {
    fs::create_dir(folder)?;
    // `tar` by itself would need the program zstd.
    let decoded = zstd::decode_all(File::open(archive)?)?;
    let plain = folder.join("plain.tar");
    fs::write(&plain, decoded)?;
    let mut tar = Command::new("tar");
    tar.arg("--extract").arg("--file").arg(&plain).arg("--directory").arg(folder);
    process::quiet(&mut tar)?;
    Ok(())
}

#[test]
fn no_planted_secret_is_anywhere_in_a_bundle() -> Result<()> {
    let bench = bench()?;
    let done = run(&bench, &["bundle", RUN])?.expect_code(0)?;
    let archive = bench.folder().join(format!("phoenix-orch-{RUN}.tar.zst"));
    assert!(done.stdout().contains("Look through it before you send it"), "{}", done.stdout());
    assert_eq!(archive.metadata()?.permissions().mode() & 0o7777, 0o600);

    let folder = bench.folder().join("unpacked");
    unpacked(&archive, &folder)?;
    for entry in WalkDir::new(&folder) {
        let entry = entry?;
        if !entry.file_type().is_file() {
            continue;
        }
        let bytes = fs::read(entry.path())?;
        for planted in PLANTED {
            let found = bytes.windows(planted.len()).any(|window| window == planted.as_bytes());
            assert!(!found, "{planted} is in {}", entry.path().display());
        }
    }

    let text = |name: &str| -> Result<String> {
        let path = folder.join(format!("phoenix-orch-{RUN}")).join(name);
        fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))
    };
    let events = text("events.jsonl")?;
    assert_eq!(events.lines().count(), bodies().len());
    // What a maintainer needs is there, and says where something was.
    assert!(events.contains("+deb http://[masked]@mirror.lan/debian bookworm main"), "{events}");
    assert!(events.contains("[lines left out: 1]"), "{events}");
    assert!(events.contains("logged in with [masked]"), "{events}");
    assert!(
        text("plugins.toml")?
            .contains("server = \"mirror.lan\"\npassword = [masked] # of the robot")
    );
    assert!(text("report.txt")?.contains("write `/etc/mirror/account`"));
    assert!(text("contents.json")?.contains(Digest::of(IN_CONTENT.as_bytes()).as_str()));
    assert!(text("versions.txt")?.contains("kernel: Linux "));
    assert!(text("doctor.txt")?.contains("host\n"));
    let readme = text("README")?;
    for said in
        ["events.jsonl", "/etc/mirror/account", "NOW", "Look through it before you send it."]
    {
        assert!(readme.contains(said), "{said}: {readme}");
    }
    Ok(())
}

#[test]
fn what_is_there_stays() -> Result<()> {
    let bench = bench()?;
    let mine = bench.write("mine", "mine")?;
    let words = ["bundle", "last", "--output", "mine"];
    let refused = run(&bench, &words)?.expect_code(2)?;
    assert!(refused.stderr().contains("error[BUNDLE-EXISTS]"), "{}", refused.stderr());
    assert_eq!(fs::read_to_string(mine)?, "mine");
    Ok(())
}
