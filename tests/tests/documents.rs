//! What the documentation says is so.

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result};
use phoenix_tests::Workbench;
use xtask::{process, workspace};

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

/// The fenced blocks of a page that name a file behind their language.
fn files(page: &str) -> BTreeMap<&str, String> {
    let mut files = BTreeMap::new();
    let mut open: Option<&str> = None;
    for line in page.lines() {
        if let Some(info) = line.strip_prefix("```") {
            open = info.split_once(' ').map(|(_, name)| name);
        } else if let Some(name) = open {
            let file: &mut String = files.entry(name).or_default();
            file.push_str(line);
            file.push('\n');
        }
    }
    files
}

/// `docs/writing-a-step.md` leads to a step that loads and keeps its laws, outside the repository.
#[test]
fn a_step_written_as_the_page_says_works() -> Result<()> {
    let page = document("docs/writing-a-step.md")?;
    let bench = Workbench::empty()?;
    fs::create_dir(bench.folder().join("src"))?;
    let files = files(&page);
    assert_eq!(Vec::from_iter(files.keys()), [&"Cargo.toml", &"plugins.toml", &"src/lib.rs"]);
    let lines = files["src/lib.rs"].lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines < 60, "{lines} lines");
    let root = workspace::root();
    for (name, text) in &files {
        bench.write(name, text.replace("/path/to/phoenix-orch", &root.to_string_lossy()))?;
    }
    // The lock file keeps the versions that were tested, and the folder what was compiled before.
    fs::copy(root.join("Cargo.lock"), bench.folder().join("Cargo.lock"))?;
    let target = workspace::target().join("outside");
    cargo(&bench, &target, &["test", "--quiet"])?;
    // Not optimised, unlike on the page: the compiler's time is all that differs.
    cargo(&bench, &target, &["build", "--quiet"])?;
    let library = target.join("debug/libtime_sync.so");
    let checked = bench.run(&["plugins", "check", &library.to_string_lossy()])?.expect_code(0)?;
    assert!(checked.stdout().contains("laws     hold in 1 world"), "{}", checked.stdout());

    fs::create_dir_all(bench.folder().join("target/release"))?;
    // Cargo says by this file that the folder is its own; a library in it needs no pin.
    fs::copy(target.join("CACHEDIR.TAG"), bench.folder().join("target/CACHEDIR.TAG"))?;
    fs::copy(&library, bench.folder().join("target/release/libtime_sync.so"))?;
    let graph = bench.run(&["graph", "--features", "time"])?.expect_code(0)?;
    assert!(graph.stdout().contains("time-sync"), "{}", graph.stdout());
    Ok(())
}

fn cargo(bench: &Workbench, target: &Path, words: &[&str]) -> Result<()> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(bench.folder()).args(words).env("CARGO_TARGET_DIR", target);
    process::capture(&mut command, None, Duration::from_secs(900))?.success()?;
    Ok(())
}
