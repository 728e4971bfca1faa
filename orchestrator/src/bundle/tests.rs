use std::{io::Read as _, os::unix::fs::PermissionsExt as _};

use jiff::Timestamp;
use phoenix_sdk::{Change, Kind, Permissions};
use serde_json::{Value, json};

use super::{Bundle, Events};
use crate::{
    effect::{Digest, FileImage, Image, Node},
    engine::{Body, Deed, Event, event::Planned},
    graph::Unit,
    secret::Mask,
};

fn event(body: Body) -> Event {
    Event { format: 2, run: "R".to_owned(), seq: 1, at: Timestamp::UNIX_EPOCH, body }
}

fn unit() -> Unit {
    Unit::new("step", "web")
}

fn file(path: &str, mode: Option<u32>) -> Deed {
    let content = Some("the contents\n".into());
    Deed::Change(Change::new(Kind::File { path: path.to_owned(), content, mode, owner: None }))
}

fn planned(deed: Deed) -> Event {
    let diff = Some("-old line\n+new line\n".to_owned());
    let changes =
        vec![Planned { deed, summary: "write it".to_owned(), diff, consent: None, forecast: None }];
    event(Body::Checked { unit: unit(), round: 1, changes, notes: vec![], warnings: vec![] })
}

fn intended(path: &str, mode: u32) -> Event {
    let permissions = Permissions { mode, uid: 0, gid: 0 };
    let node =
        Node::Regular { content: Digest::of(b"old"), permissions, xattrs: Default::default() };
    let before = FileImage { path: path.to_owned(), node, missing_folders: vec![] };
    event(Body::Intended {
        unit: unit(),
        effect: 1,
        deed: Box::new(file(path, None)),
        before: Box::new(Image::File(before)),
        expected: None,
    })
}

fn cleaned(events: &[Event]) -> (String, Events) {
    let events = Events::cleaned(events, &Mask::new());
    let text = events.documents.iter().map(Value::to_string).collect();
    (text, events)
}

#[test]
fn lines_are_told_only_of_files_that_everybody_may_read() {
    let told = |events: &[Event]| cleaned(events).0.contains("+new line");
    assert!(told(&[planned(file("/etc/a", Some(0o644)))]));
    assert!(told(&[planned(file("/etc/a", None)), intended("/etc/a", 0o644)]));

    for untold in [
        vec![planned(file("/etc/a", Some(0o600)))],
        vec![planned(file("/etc/a", Some(0o640)))],
        // Nobody has seen its rights.
        vec![planned(file("/etc/a", None))],
        // It was private until then.
        vec![planned(file("/etc/a", Some(0o644))), intended("/etc/a", 0o600)],
        // Its path says that it is nobody's business.
        vec![planned(file("/root/.docker/config.json", Some(0o644)))],
    ] {
        let (text, events) = cleaned(&untold);
        assert!(!text.contains("line\n") && !text.contains("new line"), "{text}");
        assert!(text.contains("[lines left out: 2]"), "{text}");
        assert_eq!(events.left_out.len(), 1, "{:?}", events.left_out);
    }
}

#[test]
fn contents_become_their_size_and_hash_and_events_stay_events() {
    let keys = [("/auths/x/auth".to_owned(), json!("bWU6cA=="))].into();
    let keys = Kind::JsonKeys { path: "/root/.docker/config.json".to_owned(), keys };
    let events = [intended("/etc/a", 0o644), planned(Deed::Change(Change::new(keys)))];
    let (text, events) = cleaned(&events);
    let hash = Digest::of(b"the contents\n");
    assert!(text.contains(&format!("[left out: 13 bytes, SHA-256 {}]", hash.as_str())), "{text}");
    assert!(!text.contains("the contents") && !text.contains("bWU6cA"), "{text}");
    assert_eq!(events.events.len(), 2);
}

#[test]
fn the_archive_is_private_whole_and_never_in_the_place_of_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.tar.zst");
    let mut bundle = Bundle::new("R", Mask::new());
    bundle.text("report.txt", "the report", "password=hunter2\n");
    bundle.left_out(["what nobody needs".to_owned()]);
    bundle.write(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
    let former = std::fs::read(&path).unwrap();
    assert_eq!(bundle.write(&path).unwrap_err().code, "BUNDLE-EXISTS");
    assert_eq!(bundle.write(&folder.path().join("no/b")).unwrap_err().code, "BUNDLE-UNWRITABLE");
    assert_eq!(std::fs::read(&path).unwrap(), former);
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);

    let mut archive = tar::Archive::new(zstd::Decoder::new(former.as_slice()).unwrap());
    let mut files = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.push((name, text));
    }
    let [(first, readme), (second, report)] = files.as_slice() else { panic!("{files:?}") };
    assert_eq!((&**first, &**second), ("phoenix-orch-R/README", "phoenix-orch-R/report.txt"));
    assert_eq!(report, "password=[masked]\n");
    assert!(readme.contains("Masked places: 1,"), "{readme}");
    assert!(readme.contains("  - what nobody needs\n"), "{readme}");
}
