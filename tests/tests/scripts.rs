//! Scripts as steps: on the host, and for a real container.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use phoenix_tests::{
    Finished, Running, Workbench,
    page::{Shell, follow},
    product,
    running::until,
};
use serde_json::Value;
use xtask::{
    process,
    testbed::{Container, Image, Options, Release},
    workspace,
};

/// Where scripts are, what says which there are, and what they write down.
struct Stage {
    bench: Workbench,
}

impl Stage {
    /// With these sections.
    fn new(sections: &str) -> Result<Self> {
        let head = "format = 1\n[policy]\napparmor = \"optional\"\npins = \"optional\"\n";
        Ok(Self { bench: Workbench::new(format!("{head}{sections}"))? })
    }

    /// With one script of the host, `s`, that has these lines in its section.
    fn of_one(lines: &str) -> Result<Self> {
        Self::new(&format!("[features]\nx = [\"s\"]\n[scripts.s]\nscope = \"host\"\n{lines}\n"))
    }

    /// Writes a script; `$LOG` in it is a file that can be asked for with [`Self::log`].
    fn script(&self, name: &str, text: &str) -> Result<()> {
        let log = process::shell_quoted(&self.bench.folder().join("log").to_string_lossy());
        let path = self.bench.write(name, format!("#!/bin/bash\nLOG={log}\n{text}\n"))?;
        Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
    }

    fn log(&self) -> Vec<String> {
        let text = fs::read_to_string(self.bench.folder().join("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn go(&self, words: &[&str]) -> Result<Finished> {
        self.bench.run(&[words, &["--features", "x"]].concat())
    }

    /// What became of each unit in its order: the step and the outcome.
    fn outcomes(&self, words: &[&str], code: i32) -> Result<Vec<(String, String)>> {
        let events =
            self.go(&[words, &["--output", "json"]].concat())?.expect_code(code)?.events()?;
        let ended = events.iter().filter(|event| event["event"] == "unit_finished");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(ended
            .map(|event| (text(&event["unit"]["step"]), text(&event["outcome"]["outcome"])))
            .collect())
    }
}

fn says(finished: &Finished, parts: &[&str]) {
    let text = format!("{}{}", finished.stdout(), finished.stderr());
    for part in parts {
        assert!(text.contains(part), "no `{part}`:\n{text}");
    }
}

fn container(label: &str) -> Result<Container> {
    Container::create(&Image::ensure(Release::Bookworm)?, label, &Options::default())
}

#[test]
fn the_page_about_scripts_is_true() -> Result<()> {
    let container = container("scripts-page")?;
    let page = fs::read_to_string(workspace::root().join("docs/script-steps.md"))?;
    let page = page.replace("--target web", &format!("--target {}", container.name()));
    let page = page.replace("Ran web:", &format!("Ran {}:", container.name()));
    let mut shell = Shell::new()?;
    ensure!(follow(&page, &mut shell)? >= 4, "too few");
    assert_eq!(container.read_file("/etc/motd")?, b"kept by phoenix-orch\n");
    Ok(())
}

#[test]
fn scripts_and_plugins_run_in_the_order_of_what_they_require() -> Result<()> {
    let container = container("scripts-mixed")?;
    let library = product::plugin("misbehaving")?;
    let stage = Stage::new(&format!(
        "[features]\nx = [\"last\", \"misbehaving\"]\n\
         [plugins.misbehaving]\nlibrary = \"{}\"\nversion = \"*\"\nrequires = {{ b = \"*\" }}\n\
         [scripts.b]\napply = [\"b.sh\", \"{{ctid}}/{{{{x}}}}\"]\ncheck = \"check.sh\"\nrequires = {{ a = \"*\" }}\n\
         args = [\"b\", \"two  words\", \"$(touch split)\", \"*\", \"a\\nb\", \"{{ctid}}\"]\n\
         [scripts.a]\napply = \"a.sh\"\ncheck = \"check.sh\"\nscope = \"host\"\nargs = [\"a\"]\n\
         [scripts.last]\napply = \"last.sh\"\nverify = \"seen.sh\"\nrequires = {{ misbehaving = \"^0.1\" }}\n",
        library.display()
    ))?;
    stage.script("a.sh", "echo \"a $#\" >>$LOG; touch $LOG.a")?;
    stage.script("b.sh", "printf '<%q>' b \"$@\" >>$LOG; echo >>$LOG; touch $LOG.b")?;
    stage.script("check.sh", "test -e $LOG.$1")?;
    let enter = "lxc-attach --clear-env --name \"$1\" --";
    stage.script("last.sh", &format!("{enter} cat /etc/phoenix-misbehaving >>$LOG"))?;
    stage.script("seen.sh", &format!("{enter} cat /etc/phoenix-misbehaving"))?;

    let target = ["--target", container.name()];
    let words = |verb: &[&'static str]| [verb, &target].concat();
    let graph = stage.go(&["graph"])?.expect_code(0)?;
    says(&graph, &["1  a            host: script with check, no verify", "4  last "]);
    let plan = stage.go(&words(&["plan"]))?.expect_code(0)?;
    says(&plan, &["effects are not known to phoenix-orch", "(needs --allow scripts)"]);
    says(&plan, &["so it runs each time, and nobody can tell what it changes"]);
    assert_eq!(stage.log(), Vec::<String>::new());

    let name = container.name();
    let run = stage.outcomes(&words(&["run", "--allow", "scripts"]), 0)?;
    let ends = |ends: [&str; 4]| {
        let steps = ["a", "b", "misbehaving", "last"].map(str::to_owned);
        Vec::from_iter(steps.into_iter().zip(ends.map(str::to_owned)))
    };
    assert_eq!(run, ends(["changed", "changed", "changed", "ran"]));
    let b =
        format!(r"<b><{name}/\{{x\}}><b><two\ \ words><\$\(touch\ split\)><\*><$'a\nb'><{name}>");
    assert_eq!(stage.log(), ["a 1", &b, "behaves"]);
    assert!(!stage.bench.folder().join("split").exists());

    // The script without a check is not fine because it ran once.
    let again = stage.go(&words(&["run"]))?.expect_code(7)?;
    says(&again, &["3 unchanged", "CONSENT-MISSING", "Allow it with `--allow scripts`."]);
    assert_eq!(stage.log().len(), 3);
    let verified = stage.outcomes(&words(&["verify"]), 0)?;
    assert_eq!(verified, ends(["verified"; 4]));

    // What the plugin did is taken back; that the scripts' work stays is said.
    let first = stage.bench.runs()?.iter().rev().find(|run| run["verb"] == "run").cloned();
    let first = first.and_then(|run| run["run"].as_str().map(str::to_owned)).context("no run")?;
    let back = stage.bench.run(&["rollback", &first])?.expect_code(0)?;
    says(&back, &["warning: cannot be taken back: run the script `", "(cannot be taken back, "]);
    assert!(!container.exists("/etc/phoenix-misbehaving")?);
    Ok(())
}

#[test]
fn a_check_says_yes_or_no_and_everything_else_is_an_error() -> Result<()> {
    let stage = Stage::of_one("apply = \"apply.sh\"\ncheck = \"check.sh\"")?;
    stage.script("apply.sh", "echo ran >>$LOG")?;
    let plan = |text: &str, code| -> Result<Finished> {
        stage.script("check.sh", text)?;
        stage.go(&["plan", "--check"])?.expect_code(code)
    };
    says(&plan("exit 0", 0)?, &["unchanged: host", "Nothing to change:"]);
    says(&plan("exit 1", 3)?, &["s: 1 change", "(cannot be undone)"]);
    let why =
        ["error[SCRIPT-CHECK-FAILED]", "exit code 2 (wrong arguments)", "cause: no \\u{1b}[2J"];
    says(&plan("printf 'no \\033[2J\\n' >&2; exit 2", 7)?, &why);
    says(&plan("no-such-command", 7)?, &["exit code 127 (a command was not found)"]);
    says(&plan("kill -TERM $$", 7)?, &["(ended by signal 15)"]);
    assert_eq!(stage.log(), Vec::<String>::new());

    stage.script("check.sh", "exit 0")?;
    assert_eq!(stage.outcomes(&["run"], 0)?, [("s".to_owned(), "unchanged".to_owned())]);
    assert_eq!(stage.log(), Vec::<String>::new());
    // It still wants what was done, and is not humoured a second time.
    stage.script("check.sh", "exit 1")?;
    says(&stage.go(&["run"])?.expect_code(7)?, &["error[SCRIPT-NOT-CONVERGED]"]);
    assert_eq!(stage.log(), ["ran"]);
    says(&stage.go(&["verify"])?.expect_code(8)?, &["EVIDENCE-FAILED"]);
    // That run owes its proof, even when there is nothing left to do.
    stage.script("check.sh", "exit 0")?;
    assert_eq!(stage.outcomes(&["run"], 0)?, [("s".to_owned(), "verified".to_owned())]);
    assert_eq!(stage.outcomes(&["run"], 0)?, [("s".to_owned(), "unchanged".to_owned())]);
    Ok(())
}

#[test]
fn without_a_check_nobody_calls_it_fine() -> Result<()> {
    let stage = Stage::of_one("apply = \"apply.sh\"")?;
    stage.script("apply.sh", "echo \"debug=$PHOENIX_DEBUG\" >>$LOG")?;
    let refused = stage.go(&["run"])?.expect_code(7)?;
    says(&refused, &["error[CONSENT-MISSING]", "it has no check", "--allow scripts"]);
    assert_eq!(stage.log(), Vec::<String>::new());
    for _ in 0..2 {
        let ran = stage.go(&["run", "--allow", "scripts"])?.expect_code(0)?;
        says(&ran, &["Ran host: s (nobody looked", "1 ran without a check"]);
        stage.go(&["plan", "--check"])?.expect_code(3)?;
        stage.go(&["run"])?.expect_code(7)?;
    }
    let mut command = stage.bench.command()?;
    command.env("PHOENIX_DEBUG", "true").args(["run", "-f", "x", "--allow", "scripts"]);
    assert_eq!(process::capture(&mut command, None, Duration::from_secs(60))?.code, 0);
    assert_eq!(stage.log(), ["debug=", "debug=", "debug=true"]);
    says(&stage.bench.run(&["runs", "show", "last"])?, &["nobody looked", "run the script `"]);

    let unproven = stage.go(&["verify"])?.expect_code(8)?;
    says(&unproven, &["No evidence host: s", "warning: there is no evidence for script `s`"]);
    assert_eq!(stage.outcomes(&["verify"], 8)?, [("s".to_owned(), "unproven".to_owned())]);
    says(&stage.bench.run(&["plugins", "list"])?, &["s: a script that runs on the host, once\n"]);
    Ok(())
}

#[test]
fn a_failing_script_is_told_with_what_it_said_and_what_stays() -> Result<()> {
    let container = container("scripts-fail")?;
    let library = product::plugin("misbehaving")?;
    let stage = Stage::new(&format!(
        "[features]\nx = [\"after\"]\n\
         [plugins.misbehaving]\nlibrary = \"{}\"\nversion = \"*\"\n\
         [scripts.s]\napply = \"apply.sh\"\ncheck = \"no.sh\"\nrequires = {{ misbehaving = \"*\" }}\ntime_limit_s = 2\n\
         [scripts.after]\napply = \"after.sh\"\nrequires = {{ s = \"*\" }}\n",
        library.display()
    ))?;
    stage.script("no.sh", "exit 1")?;
    stage.script("after.sh", "echo after >>$LOG")?;
    let run = |text: &str, more: &[&str]| -> Result<Finished> {
        stage.script("apply.sh", text)?;
        let words = ["run", "--allow", "scripts", "--target", container.name()];
        stage.go(&[&words[..], more].concat())?.expect_code(7)
    };
    let failed = run("echo '[ERROR] no GPU' >&2; exit 2", &[])?;
    says(&failed, &["error[SCRIPT-FAILED]: script `s` failed: exit code 2 (wrong arguments)"]);
    says(&failed, &["cause: [ERROR] no GPU", "hint: It cannot be taken back: run the script `"]);
    says(&failed, &["after, because ", "Run it by hand: ", "1 skipped"]);
    says(
        &run("exit 1", &["--on-failure", "rollback"])?,
        &["a fatal error", "cannot be taken back"],
    );

    let marker = format!("9{}", std::process::id());
    let begin = Instant::now();
    let late = run(&format!("echo begun; sleep {marker} & sleep {marker}"), &[])?;
    assert!(begin.elapsed() < Duration::from_secs(60));
    says(&late, &["error[EXEC-TIMEOUT]", "cause: begun", "`time_limit_s` in [scripts.s]"]);
    let left = Command::new("pgrep").args(["-f", &format!("^sleep {marker}")]).status()?;
    assert!(!left.success(), "it still sleeps");
    assert_eq!(stage.log(), Vec::<String>::new());
    // Its container is untouched, and so is the plugin's work.
    assert!(container.exists("/etc/phoenix-misbehaving")?);
    Ok(())
}

#[test]
fn what_others_could_have_written_is_not_run() -> Result<()> {
    let stage =
        Stage::of_one("apply = \"apply.sh\"\ncheck = \"check.sh\"\nverify = \"verify.sh\"")?;
    for name in ["apply.sh", "check.sh", "verify.sh"] {
        stage.script(name, "echo ran >>$LOG")?;
    }
    for (name, mode, code) in [
        ("verify.sh", 0o775, "SCRIPT-UNTRUSTED"),
        ("apply.sh", 0o757, "SCRIPT-UNTRUSTED"),
        ("check.sh", 0o644, "SCRIPT-NOT-EXECUTABLE"),
    ] {
        let path = stage.bench.folder().join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        for verb in ["plan", "run", "verify", "graph"] {
            let refused = stage.go(&[verb])?.expect_code(5)?;
            says(&refused, &[&format!("error[{code}]"), "plugins.toml:", "^", "hint:"]);
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    fs::remove_file(stage.bench.folder().join("check.sh"))?;
    says(&stage.go(&["plan"])?.expect_code(5)?, &["error[SCRIPT-MISSING]", "check = \"check.sh\""]);
    assert_eq!(stage.log(), Vec::<String>::new());
    Ok(())
}

/// Two scripts, of which the second requires the first, which is at work when this returns.
fn at_work(text: &str) -> Result<(Stage, Running)> {
    let stage = Stage::new(
        "[features]\nx = [\"t\"]\n\
         [scripts.s]\nscope = \"host\"\napply = \"s.sh\"\n\
         [scripts.t]\nscope = \"host\"\napply = \"t.sh\"\nrequires = { s = \"*\" }\n",
    )?;
    stage.script("s.sh", &format!("echo begun >>$LOG; {text}; echo done >>$LOG"))?;
    stage.script("t.sh", "echo t >>$LOG")?;
    let run = Running::start(&stage.bench, &["run", "-f", "x", "--allow", "scripts"])?;
    until("the script to begin", || Ok(!stage.log().is_empty()))?;
    Ok((stage, run))
}

#[test]
fn the_first_interruption_lets_it_end_and_starts_nothing_else() -> Result<()> {
    let (stage, run) = at_work("sleep 3")?;
    run.signal("INT")?;
    says(&run.wait()?.expect_code(130)?, &["Ran host: s", "INTERRUPTED"]);
    assert_eq!(stage.log(), ["begun", "done"]);
    Ok(())
}

#[test]
fn the_second_interruption_kills_it() -> Result<()> {
    let marker = format!("6{}", std::process::id());
    let (stage, run) = at_work(&format!("sleep {marker}"))?;
    run.signal("INT")?;
    until("the first answer", || Ok(run.so_far()?.contains("press Ctrl-C again")))?;
    run.signal("INT")?;
    run.wait()?.expect_code(130)?;
    let left = Command::new("pgrep").args(["-f", &format!("^sleep {marker}")]).status()?;
    assert!(!left.success(), "it still sleeps");
    assert_eq!(stage.log(), ["begun"]);
    stage.script("s.sh", "echo again >>$LOG")?;
    stage.go(&["run", "--allow", "scripts"])?.expect_code(0)?;
    assert_eq!(stage.log(), ["begun", "again", "t"]);
    Ok(())
}

#[test]
fn a_script_that_a_killed_run_left_at_work_is_not_started_beside_itself() -> Result<()> {
    let (stage, run) = at_work("while [ ! -e $LOG.end ]; do sleep 0.1; done")?;
    run.signal("KILL")?;
    until("the run to end", || Ok(!run.is_alive()?))?;
    let refused = stage.go(&["run", "--allow", "scripts"])?.expect_code(7)?;
    says(&refused, &["Recovered", "may have been done, in whole or in part; nobody can tell"]);
    says(&refused, &["error[SCRIPT-RUNNING]", "cause: process "]);
    stage.bench.write("log.end", "")?;
    until("the script to end", || Ok(stage.log() == ["begun", "done"]))?;
    until("the second run", || Ok(stage.go(&["run", "--allow", "scripts"])?.code() == 0))?;
    assert_eq!(stage.log(), ["begun", "done", "begun", "done", "t"]);
    Ok(())
}

#[test]
fn one_script_acts_at_a_time() -> Result<()> {
    let containers = [container("scripts-one")?, container("scripts-two")?];
    let stage = Stage::new("[features]\nx = [\"s\"]\n[scripts.s]\napply = \"s.sh\"\n")?;
    stage
        .script("s.sh", "mkdir $LOG.alone || exit 1; sleep 1; rmdir $LOG.alone; echo $1 >>$LOG")?;
    let targets = containers.each_ref().map(Container::name);
    let words = ["run", "--allow", "scripts", "--jobs", "2", "--target", &targets.join(",")];
    says(&stage.go(&words)?.expect_code(0)?, &["2 ran without a check"]);
    let mut log = stage.log();
    log.sort();
    let mut expected = targets.map(str::to_owned);
    expected.sort();
    assert_eq!(log, expected);
    // The target that another run works on is locked for scripts as for plugins.
    stage.script("s.sh", "echo begun >>$LOG; while [ ! -e $LOG.end ]; do sleep 0.1; done")?;
    let words = ["run", "-f", "x", "--allow", "scripts", "--target", containers[0].name()];
    let first = Running::start(&stage.bench, &words)?;
    until("the script to begin", || Ok(stage.log().len() == 3))?;
    says(&stage.bench.run(&words)?.expect_code(6)?, &["TARGET-LOCKED"]);
    stage.bench.write("log.end", "")?;
    first.wait()?.expect_code(0)?;
    Ok(())
}
