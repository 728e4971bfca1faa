//! Consent on the terminal.

use std::process::Command;

use anyhow::Result;
use phoenix_tests::{Finished, Workbench, listing::restorable, product};
use xtask::{
    process,
    testbed::{Container, Image, Options, Release},
};

/// Runs phoenix-orch on a terminal of its own, whose user types this.
fn on_a_terminal(bench: &Workbench, words: &[&str], typed: &str) -> Result<Finished> {
    let state = bench.state_words().map(|word| word.to_string_lossy().into_owned());
    let binary = product::binary()?;
    let line = format!("{} {} {}", binary.display(), state.join(" "), words.join(" "));
    let mut command: Command = bench.command_through("script")?;
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let limit = std::time::Duration::from_secs(300);
    Ok(Finished::from(process::capture(&mut command, Some(typed.as_bytes()), limit)?))
}

#[test]
fn who_is_at_a_terminal_is_asked_and_only_a_yes_is_one() -> Result<()> {
    let container =
        Container::create(&Image::ensure(Release::Bookworm)?, "asked", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let before = restorable(&container)?;
    let words = ["run", "--features", "docker", "--target", container.name()];
    for no in ["n\n", "\n", "yess\n"] {
        let refused = on_a_terminal(&bench, &words, no)?.expect_code(7)?;
        let shown = ["Look at this first", "restart the container", "install `docker.io`"];
        let asked = ["Do that?", "(as with --allow restart)", "[y/N]"];
        for part in shown.iter().chain(&asked) {
            assert_eq!(refused.stdout().matches("[y/N]").count(), 1, "{}", refused.stdout());
            assert!(refused.stdout().contains(part), "no `{part}`:\n{}", refused.stdout());
        }
        assert!(refused.stdout().contains("CONSENT-MISSING"), "{}", refused.stdout());
    }
    assert_eq!(before.differences(&restorable(&container)?), Vec::<String>::new());
    on_a_terminal(&bench, &words, "y\n")?.expect_code(0)?;
    // Where a program reads the output, nobody is asked.
    let json = on_a_terminal(&bench, &["rollback", "last", "--output", "json"], "y\n")?;
    json.expect_code(7)?;
    on_a_terminal(&bench, &["rollback", "last"], "yes\n")?.expect_code(0)?;
    assert_eq!(before.differences(&restorable(&container)?), Vec::<String>::new());
    Ok(())
}
