//! What the documentation says is so.

use std::fs;

use anyhow::{Context, Result};
use phoenix_tests::Workbench;
use xtask::workspace;

fn document(path: &str) -> Result<String> {
    let path = workspace::root().join(path);
    fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))
}

#[test]
fn the_list_of_errors_is_that_of_the_code() -> Result<()> {
    let bench = Workbench::with_repository_catalogue()?;
    let made = bench.run(&["explain", "--markdown"])?.expect_code(0)?;
    assert_eq!(made.stderr(), "");
    assert!(made.stdout() == document("docs/errors.md")?, "run `cargo xtask docs`");
    Ok(())
}

#[test]
fn the_picture_of_the_steps_is_what_graph_draws() -> Result<()> {
    let bench = Workbench::with_repository_catalogue()?;
    let drawn = bench.run(&["graph", "--features", "docker", "--format", "svg"])?.expect_code(0)?;
    let made = "run `phoenix-orch graph --features docker --format svg`";
    assert!(drawn.stdout() == document("docs/pictures/steps.svg")?, "{made}:\n{}", drawn.stdout());
    Ok(())
}

#[test]
fn the_reference_of_the_command_line_is_that_of_the_code() -> Result<()> {
    let made = Workbench::empty()?.run(&["explain", "--markdown=commands"])?.expect_code(0)?;
    assert!(made.stdout() == document("docs/reference/cli.md")?, "run `cargo xtask docs`");
    Ok(())
}

#[test]
fn every_code_is_explained() -> Result<()> {
    let bench = Workbench::with_repository_catalogue()?;
    let codes = bench.run(&["explain"])?.expect_code(0)?;
    assert!(codes.stdout().lines().count() > 50, "{}", codes.stdout());
    for code in ["DOCKER-DRIVER-HIDES-DATA", "JSON-BROKEN", "TARGET-LOST", "CONFIG-CYCLE"] {
        assert!(codes.stdout().lines().any(|line| line == code), "no {code}");
        let one = bench.run(&["explain", code])?.expect_code(0)?;
        assert!(one.stdout().contains("What to do:"), "{}", one.stdout());
    }
    let unknown = bench.run(&["explain", "JSON-BROKN"])?.expect_code(2)?;
    assert!(unknown.stderr().contains("Did you mean `JSON-BROKEN`"), "{}", unknown.stderr());
    Ok(())
}
