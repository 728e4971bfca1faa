//! What is read and written.

use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
    process::Command,
};

use phoenix_sdk::{FileState, MAX_FILE};

use super::{Place, every_byte, machine, one};
use crate::transport::{Mutator, Read, Reader, Seen};

#[test]
fn everything_that_can_be_at_a_path() {
    for place in Place::all() {
        fs::write(place.out("binary"), every_byte()).unwrap();
        fs::write(place.out("empty"), "").unwrap();
        fs::File::create(place.out("large")).unwrap().set_len(MAX_FILE + 1).unwrap();
        fs::File::create(place.out("limit")).unwrap().set_len(MAX_FILE).unwrap();
        symlink("/no where\n", place.out("link")).unwrap();
        fs::create_dir(place.out("folder")).unwrap();
        fs::write(place.out("odd '\"$(x)\nname\\"), "odd").unwrap();
        assert!(Command::new("mkfifo").arg(place.out("pipe")).status().unwrap().success());

        assert_eq!(place.file("binary").content().unwrap().0, every_byte());
        assert_eq!(place.file("empty").content().unwrap().0, b"");
        assert_eq!(place.file("odd '\"$(x)\nname\\").content().unwrap().0, b"odd");
        assert_eq!(place.file("large"), FileState::TooLarge { size: MAX_FILE + 1 });
        assert_eq!(place.file("limit").content().unwrap().0.len() as u64, MAX_FILE);
        assert_eq!(place.file("link"), FileState::Symlink { target: "/no where\n".to_owned() });
        assert_eq!(place.file("folder").kind(), "a folder");
        assert_eq!(place.file("pipe"), FileState::Other);
        assert_eq!(place.file("absent"), FileState::Absent);
        assert_eq!(place.file("absent\n'"), FileState::Absent);
        assert_eq!(place.file("empty/below"), FileState::Absent);
    }
}

#[test]
fn both_machines_see_the_same() {
    let machine = machine(&[]);
    let file = |path: &str| Read::File { path: path.to_owned() };
    let folder = |path: &str| Read::Folder { path: path.to_owned() };
    let reads = [
        file("/etc/passwd"),
        file("/dev/null"),
        file("/dev/fuse"),
        file("/etc"),
        file("/proc/version"),
        file("/proc/1/exe"),
        file("/nothing/here"),
        file("relative"),
        folder("/etc"),
        folder("/nothing"),
        folder("/etc/passwd"),
        Read::Exec { argv: vec!["uname".to_owned(), "-a".to_owned()] },
        Read::Exec { argv: vec!["no-such-program".to_owned()] },
        Read::Exec { argv: vec![] },
    ];
    let simple = |machine: &dyn Reader| -> Vec<_> {
        let seen = machine.read(&reads).unwrap();
        seen.into_iter().map(|seen| seen.map_err(|error| error.code)).collect()
    };
    assert_eq!(simple(&machine), simple(&crate::transport::LocalMachine));
}

#[test]
fn names_of_all_kinds_are_listed() {
    for place in Place::all() {
        let mut names: Vec<String> =
            ["*", ".hidden", "..x", "a b", "line\nend", "Á\u{81}ÿ", "-n", "'", "\\", "[a]", "$x"]
                .map(str::to_owned)
                .to_vec();
        fs::create_dir(place.out("folder")).unwrap();
        fs::create_dir(place.out("none")).unwrap();
        for name in &names {
            fs::write(place.out("folder").join(name), "").unwrap();
        }
        symlink("nowhere", place.out("folder/dangling")).unwrap();
        names.push("dangling".to_owned());
        names.sort();
        let list = |name: &str| one(&place.machine, Read::Folder { path: place.at(name) });
        assert_eq!(list("folder"), Seen::Folder(Some(names)));
        assert_eq!(list("none"), Seen::Folder(Some(Vec::new())));
        assert_eq!(list("absent"), Seen::Folder(None));
    }
}

#[test]
fn a_thousand_reads_are_one_request_and_one_fault_costs_one_answer() {
    for place in Place::all() {
        fs::write(place.out("file"), "here").unwrap();
        let mut reads: Vec<Read> = (0..1000)
            .map(|n| Read::File { path: place.at(if n % 10 == 0 { "file" } else { "absent" }) })
            .collect();
        reads[500] = Read::Exec { argv: vec!["yes".to_owned()] };
        let seen = place.machine.read(&reads).unwrap();
        for (n, seen) in seen.iter().enumerate() {
            match seen {
                Err(error) => assert_eq!((n, error.code.as_str()), (500, "EXEC-OUTPUT-LIMIT")),
                Ok(Seen::File(FileState::Regular { content, .. })) => {
                    assert!(n % 10 == 0 && content.0 == b"here");
                }
                Ok(other) => assert_eq!(*other, Seen::File(FileState::Absent)),
            }
        }
    }
}

#[test]
fn files_are_replaced_whole_or_not_at_all() {
    for place in Place::all() {
        let machine = &place.machine;
        let bytes = every_byte();
        machine.write_file(&place.write("new/er/it's", &bytes, None)).unwrap();
        machine.write_file(&place.write("new/er/it's", b"two", Some(&bytes))).unwrap();
        assert_eq!(place.file("new/er/it's").content().unwrap().0, b"two");
        assert_eq!(place.file("new/er/it's").permissions().unwrap().mode, 0o640);
        assert_eq!(place.file("new").permissions().unwrap().mode, 0o755);

        fs::write(place.out("file"), "theirs").unwrap();
        symlink("file", place.out("link")).unwrap();
        fs::create_dir(place.out("folder")).unwrap();
        for (name, expected) in [
            ("file", None),
            ("file", Some(b"ours".as_slice())),
            ("link", Some(b"theirs")),
            ("link", None),
            ("folder", None),
            ("absent", Some(b"")),
        ] {
            let error = machine.write_file(&place.write(name, b"x", expected)).unwrap_err();
            assert_eq!(error.code, "FILE-CHANGED", "{name}: {error}");
        }
        let error = machine.write_file(&place.write("file/x", b"x", None)).unwrap_err();
        assert_eq!(error.code, "FILE-WRITE");
        assert_eq!(fs::read(place.out("file")).unwrap(), b"theirs");
        assert_eq!(place.leftovers(), 0);

        machine.set_permissions(&place.at("file"), Some(0o4711), None).unwrap();
        let own = fs::metadata(place.out("file")).unwrap();
        machine.set_permissions(&place.at("file"), None, Some((own.uid(), own.gid()))).unwrap();
        assert_eq!(place.file("file").permissions().unwrap().mode, 0o4711);
        for (path, mode) in [("link", Some(0o600)), ("absent", Some(0o600)), ("absent", None)] {
            let error = machine.set_permissions(&place.at(path), mode, None).unwrap_err();
            assert_eq!(error.code, "FILE-WRITE");
        }
        for name in ["link", "file", "file"] {
            machine.remove_file(&place.at(name)).unwrap();
        }
        assert_eq!(place.file("file"), FileState::Absent);
        assert_eq!(machine.remove_file(&place.at("folder")).unwrap_err().code, "FILE-WRITE");
    }
}

#[test]
fn answers_are_bounded_together() {
    let place = Place::shell(&[]);
    fs::File::create(place.out("file")).unwrap().set_len(MAX_FILE).unwrap();
    let reads: Vec<_> = (0..40).map(|_| Read::File { path: place.at("file") }).collect();
    assert_eq!(place.machine.read(&reads).unwrap_err().code, "EXEC-OUTPUT-LIMIT");
    assert_eq!(place.machine.read(&reads[..8]).unwrap().len(), 8);
}
