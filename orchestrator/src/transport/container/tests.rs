//! The protocol with real shells. What leads into a container is left out, or is a `chroot`.

use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use phoenix_sdk::{FileState, MAX_FILE};
use proptest::prelude::*;

use super::ContainerMachine;
use crate::transport::{Exec, Mutator, Read, Reader, Seen, WriteFile, printable};

/// A machine, and a folder as it and as the test sees it.
struct Place {
    machine: ContainerMachine,
    inside: String,
    outside: tempfile::TempDir,
}

impl Place {
    fn shell(attach: &[&str]) -> Self {
        let outside = tempfile::tempdir().unwrap();
        let inside = outside.path().to_str().unwrap().to_owned();
        Self { machine: machine(attach), inside, outside }
    }

    /// A root of nothing but busybox: its shell and its tools.
    fn busybox() -> Option<Self> {
        let busybox =
            ["/bin/busybox", "/usr/bin/busybox"].iter().find(|p| Path::new(p).exists())?;
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("root");
        for folder in ["bin", "dev", "tmp"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::copy(busybox, root.join("bin/busybox")).unwrap();
        fs::write(root.join("dev/null"), "").unwrap();
        let installed = Command::new("chroot")
            .arg(&root)
            .args(["/bin/busybox", "--install", "-s", "/bin"])
            .status()
            .unwrap();
        if !installed.success() {
            return None;
        }
        let machine = machine(&["chroot", root.to_str().unwrap()]);
        fs::create_dir(root.join("place")).unwrap();
        Some(Self { machine, inside: "/place".to_owned(), outside })
    }

    /// One of each kind of shell.
    fn all() -> Vec<Self> {
        let mut all = vec![Self::shell(&[]), Self::shell(&["/bin/sh", "-c", "exec bash --posix"])];
        all.extend(Self::busybox());
        all
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.inside)
    }

    fn out(&self, name: &str) -> std::path::PathBuf {
        let root = self.outside.path();
        if self.inside == "/place" { root.join("root/place").join(name) } else { root.join(name) }
    }

    fn file(&self, name: &str) -> FileState {
        match one(&self.machine, Read::File { path: self.at(name) }) {
            Seen::File(state) => state,
            other => panic!("{other:?}"),
        }
    }

    fn write(&self, name: &str, content: &[u8], expected: Option<&[u8]>) -> WriteFile {
        let own = fs::metadata(self.outside.path()).unwrap();
        WriteFile {
            path: self.at(name),
            content: content.to_vec(),
            mode: 0o640,
            owner: (own.uid(), own.gid()),
            expected: expected.map(<[u8]>::to_vec),
        }
    }

    fn leftovers(&self) -> usize {
        fs::read_dir(self.out("."))
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with(".phoenix"))
            .count()
    }
}

fn machine(attach: &[&str]) -> ContainerMachine {
    ContainerMachine::new("web", attach.iter().map(|&word| word.to_owned()).collect())
}

fn one(machine: &ContainerMachine, read: Read) -> Seen {
    machine.read(&[read]).unwrap().remove(0).unwrap()
}

fn sh(script: &str) -> Exec {
    Exec::new(["sh", "-c", script])
}

fn pid(machine: &ContainerMachine) -> String {
    machine.probe(&sh("echo $PPID")).unwrap().line()
}

fn every_byte() -> Vec<u8> {
    (0..300_000_u32).map(|n| ((n / 256) ^ n) as u8).collect()
}

#[test]
fn every_byte_goes_in_and_comes_out() {
    for place in Place::all() {
        let bytes = every_byte();
        let output = place.machine.probe(&Exec::new(["cat"]).stdin(bytes.clone())).unwrap();
        assert_eq!(output.stdout.0, bytes);
        let output = place.machine.probe(&sh("cat >&2; exit 3").stdin(bytes.clone())).unwrap();
        assert_eq!((output.stderr.0, output.exit), (bytes.clone(), 3));
        assert_eq!(place.machine.probe(&Exec::new(["cat"])).unwrap().stdout.0, b"");
        assert!(place.machine.probe(&Exec::new(["true"]).stdin(bytes)).unwrap().success());
    }
}

#[test]
fn environment_and_folder_are_ours() {
    for place in Place::all() {
        let text = place.machine.probe(&sh("env; pwd; umask")).unwrap().stdout.to_text();
        assert!(text.ends_with("/\n0022\n"), "{text}");
        let mut names: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).collect();
        names.retain(|(name, _)| !["PWD", "_", "SHLVL", "OLDPWD"].contains(name));
        names.sort_unstable();
        let names: Vec<_> = names.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["DEBIAN_FRONTEND", "HOME", "LC_ALL", "PATH"]);
    }
}

#[test]
fn exit_codes_and_missing_programs() {
    for place in Place::all() {
        let exit = |exec: Exec| place.machine.probe(&exec).unwrap().exit;
        assert_eq!(exit(sh("exit 255")), 255);
        assert_eq!(exit(sh("exit 127")), 127);
        assert_eq!(exit(sh("kill -9 $$")), 137);
        assert_eq!(exit(Exec::new(["/dev/null"])), 126);
        for program in ["no-such-program", "/no/such/program", "a b", "\x1b[31m"] {
            let error = place.machine.probe(&Exec::new([program])).unwrap_err();
            assert_eq!(error.code, "EXEC-NOT-FOUND", "{program}");
            assert_eq!(error.to_string(), printable(&error.to_string()));
        }
        // A builtin of that name must not end the session.
        let before = pid(&place.machine);
        place.machine.probe(&Exec::new(["exit", "5"])).ok();
        assert_eq!(pid(&place.machine), before);
    }
}

#[test]
fn lines_come_while_the_command_runs() {
    for place in Place::all() {
        let start = Instant::now();
        let mut seen = Vec::new();
        let exec = sh("echo first; echo; sleep 1; echo second >&2; printf 'third\\n\\nno end'");
        let output = place
            .machine
            .exec(&exec, &mut |line| seen.push((line.to_owned(), start.elapsed())))
            .unwrap();
        assert_eq!(output.stdout.to_text(), "first\n\nthird\n\nno end");
        let mut texts: Vec<_> = seen.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(texts.remove(0), "first");
        texts.sort_unstable();
        assert_eq!(texts, ["no end", "second", "third"]);
        assert!(start.elapsed() - seen[0].1 > Duration::from_millis(700));
    }
}

#[test]
fn a_breach_of_a_limit_ends_all_and_the_next_request_works() {
    for place in Place::all() {
        let machine = &place.machine;
        let start = Instant::now();
        let mark = format!("7{}{:03}", std::process::id(), start.elapsed().subsec_micros() % 1000);
        let exec = sh(&format!("sleep {mark} & sleep {mark}")).within(Duration::from_millis(200));
        assert_eq!(machine.probe(&exec).unwrap_err().code, "EXEC-TIMEOUT");
        let flood = sh("yes | head -c 100000000");
        assert_eq!(machine.probe(&flood).unwrap_err().code, "EXEC-OUTPUT-LIMIT");
        let flood = sh("yes | head -c 100000000 >&2");
        assert_eq!(machine.probe(&flood).unwrap_err().code, "EXEC-OUTPUT-LIMIT");
        assert!(machine.probe(&Exec::new(["true"])).unwrap().success());
        assert!(start.elapsed() < Duration::from_secs(20));
        let left = Command::new("pgrep").args(["-f", &format!("^sleep {mark}")]).status().unwrap();
        assert!(!left.success());
    }
}

#[test]
fn a_left_over_writer_costs_the_session_and_not_the_answer() {
    let place = Place::shell(&[]);
    let before = pid(&place.machine);
    let gate = place.at("gate");
    let script =
        format!("(while [ ! -e {gate} ]; do sleep 0.01; done; echo noise; echo > {gate}2) &");
    place.machine.probe(&sh(&script)).unwrap();
    fs::write(&gate, "").unwrap();
    let start = Instant::now();
    while !Path::new(&format!("{gate}2")).exists() && start.elapsed() < Duration::from_secs(10) {
        std::thread::yield_now();
    }
    assert_eq!(place.machine.probe(&Exec::new(["echo", "x"])).unwrap().stdout.to_text(), "x\n");
    assert_ne!(pid(&place.machine), before);
}

#[test]
fn a_killed_shell_is_noticed() {
    let machine = machine(&[]);
    let error = machine.probe(&sh("echo last words >&2; kill -9 $PPID; sleep 9")).unwrap_err();
    assert_eq!((error.code.as_str(), error.kind.exit_code()), ("TARGET-LOST", 6));
    assert!(error.to_string().contains("last words"), "{error}");
    // Between two requests it is no error at all.
    let before = pid(&machine);
    assert!(Command::new("kill").args(["-9", &before]).status().unwrap().success());
    assert_ne!(pid(&machine), before);
}

#[test]
fn no_shell_is_told_with_the_reason() {
    for attach in [
        vec!["/bin/sh", "-c", "printf 'lxc-attach: web: \\033[31mno init\\n' >&2; exit 1"],
        vec!["no-such-attach"],
        vec!["true"],
    ] {
        let error = machine(&attach).probe(&Exec::new(["true"])).unwrap_err();
        assert_eq!((error.code.as_str(), error.kind.exit_code()), ("TARGET-UNREACHABLE", 6));
        assert!(!error.causes.is_empty() && !error.hints.is_empty());
        assert!(!error.to_string().contains('\x1b'));
    }
}

#[test]
fn a_liar_gets_a_coded_error() {
    // This shell repeats what it reads, the marks in the text included.
    for liar in ["exec cat", "exec yes", "exec cat >&2", "exec cat /dev/urandom"] {
        let mut machine = machine(&["/bin/sh", "-c", liar]);
        machine.patience = Duration::from_millis(300);
        let error = machine.probe(&Exec::new(["true"])).unwrap_err();
        assert_eq!(error.code, "TARGET-UNREACHABLE", "{liar}: {error}");
    }
    // And this one begins well, and then sends a mark that nobody asked for.
    let machine = machine(&[]);
    let item = crate::transport::session::Item {
        text: "phx_m 77 0".to_owned(),
        program: None,
        max_output: 10,
        time_limit: Duration::from_secs(5),
        has_stdin: false,
    };
    let broken = machine.run(&[item], &mut |_| {}).unwrap().unwrap_err();
    let error = machine.broken("`x`", &Exec::new(["x"]), broken.fault);
    assert_eq!(error.code, "SESSION-GARBLED");
}

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
fn closing_leaves_no_process() {
    let machine = machine(&[]);
    let shell = pid(&machine);
    machine.probe(&sh("sleep 97531 &")).unwrap();
    drop(machine);
    assert!(!Path::new(&format!("/proc/{shell}")).exists());
    assert!(!Command::new("pgrep").args(["-f", "^sleep 97531"]).status().unwrap().success());
}

#[test]
fn many_requests_cost_little() {
    let machine = machine(&[]);
    machine.probe(&Exec::new(["true"])).unwrap();
    let start = Instant::now();
    for n in 0..500 {
        let output = machine.probe(&Exec::new(["echo", &n.to_string()])).unwrap();
        assert_eq!(output.line(), n.to_string());
    }
    println!("{:?} a round trip", start.elapsed() / 500);
    assert!(start.elapsed() < Duration::from_secs(20));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_arguments_arrive(words in prop::collection::vec("[^\0]{0,9}", 0..6)) {
        for place in Place::all() {
            let argv = ["printf", "%s\\0"].map(str::to_owned).into_iter().chain(words.clone());
            let output = place.machine.probe(&Exec::new(argv)).unwrap();
            let wanted: String = if words.is_empty() {
                "\0".to_owned()
            } else {
                words.iter().map(|word| format!("{word}\0")).collect()
            };
            prop_assert_eq!(output.stdout.to_text(), wanted);
        }
    }
}
