//! What goes wrong, and what is left then.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use super::{Place, machine, pid, sh};
use crate::transport::{Exec, Reader, session::Item};

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
        assert!(eventually(|| !runs(&format!("sleep {mark}"))));
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
    assert!(eventually(|| Path::new(&format!("{gate}2")).exists()));
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
    // A signal is sent, not done, when `kill` returns; and nobody has collected the shell yet.
    assert!(eventually(|| is_dead(&before)));
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
fn an_attach_that_fails_over_itself_is_tried_again_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {} && touch $(($(ls | wc -l) + 1)) && [ $(ls | wc -l) -gt $0 ] && exec \"$@\"\n\
         echo 'Device or resource busy - Failed to rexec as memfd' >&2; exit 134",
        folder.path().display()
    );
    assert!(machine(&["/bin/sh", "-c", &script, "1"]).probe(&Exec::new(["true"])).is_ok());
    let error = machine(&["/bin/sh", "-c", &script, "9"]).probe(&Exec::new(["true"]));
    assert_eq!(error.unwrap_err().code, "TARGET-UNREACHABLE");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
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
    let item = Item {
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
fn the_operators_terminal_is_out_of_reach() {
    let machine = machine(&[]);
    let session = machine.probe(&sh("cut -d ' ' -f 6 /proc/$PPID/stat")).unwrap().line();
    assert_eq!(session, pid(&machine));
    assert!(!machine.probe(&sh(": </dev/tty")).unwrap().success());
}

#[test]
fn closing_leaves_no_process() {
    let machine = machine(&[]);
    let shell = pid(&machine);
    machine.probe(&sh("sleep 97531 &")).unwrap();
    drop(machine);
    assert!(!Path::new(&format!("/proc/{shell}")).exists());
    assert!(eventually(|| !runs("sleep 97531")));
}

/// Whether it comes true soon: for what happens in other processes.
fn eventually(condition: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > Duration::from_secs(10) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

fn is_dead(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

fn runs(command: &str) -> bool {
    Command::new("pgrep").args(["-f", &format!("^{command}")]).status().unwrap().success()
}
