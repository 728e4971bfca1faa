//! What commands get and give.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Place, every_byte, machine, pid, sh};
use crate::transport::{Exec, Mutator, Reader, printable};

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
        assert_eq!(names, ["DEBIAN_FRONTEND", "HOME", "LC_ALL", "PATH", "PHOENIX_ORCH_SESSION"]);
    }
}

#[test]
fn the_shell_itself_has_the_mark_for_the_host_to_see() {
    // As with `lxc-attach`, nothing of the environment outside gets in.
    let machine = super::machine(&["env", "-i"]);
    let environment = machine.probe(&sh("cat /proc/$PPID/environ")).unwrap().stdout.to_text();
    let mark = format!("PHOENIX_ORCH_SESSION={}.", std::process::id());
    let marks: Vec<_> = environment.split('\0').filter(|one| one.starts_with(&mark)).collect();
    assert!(matches!(marks[..], [one] if one.ends_with(".web")), "{environment:?}");
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
