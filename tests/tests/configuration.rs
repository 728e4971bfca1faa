//! A plugins.toml that is wrong: one clear error, and nothing begins.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use anyhow::Result;
use phoenix_tests::{Workbench, product};
use xtask::process;

fn refused(bench: &Workbench, verb: &[&str], exit: i32) -> Result<String> {
    let finished = bench.run(verb)?.expect_code(exit)?;
    let text = finished.stderr().to_owned();
    assert_eq!(finished.stdout(), "");
    assert_eq!(text.matches("error[").count(), 1, "not one error:\n{text}");
    assert!(text.contains("hint:"), "no hint:\n{text}");
    assert!(!text.contains("panicked") && !text.contains('\u{1b}'), "{text}");
    Ok(text)
}

const GRAPH: &[&str] = &["graph", "--features", "docker"];

#[test]
fn files_that_cannot_be_read() -> Result<()> {
    let large = vec![b'#'; 10 * 1024 * 1024];
    for bytes in [&b""[..], b"\x00\x01\x02\xff", b"# \xff\n", &large, b"format = 99\n", b"x = ["] {
        refused(&Workbench::new(bytes)?, GRAPH, 4)?;
    }
    let bench = Workbench::empty()?;
    let words = ["graph", "--features", "docker", "--config", "not-there.toml"];
    assert!(refused(&bench, &words, 4)?.contains("not-there.toml"));
    fs::create_dir(bench.config())?;
    refused(&bench, GRAPH, 4)?;
    fs::remove_dir(bench.config())?;
    process::quiet(Command::new("mkfifo").arg(bench.config()))?;
    refused(&bench, GRAPH, 4)?;
    Ok(())
}

#[test]
fn mistakes_are_shown_with_their_line() -> Result<()> {
    let good = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins.toml"))?;
    let edit = |from: &str, to: &str| {
        assert!(good.contains(from), "the catalogue has no `{from}`");
        Workbench::new(good.replacen(from, to, 1))
    };
    let line = refused(&edit("\"fuse-overlayfs\"", "\"fuse-overlay\"")?, GRAPH, 4)?;
    assert!(line.contains("plugins.toml:") && line.contains('^'), "{line}");
    assert!(line.contains("Did you mean `fuse-overlayfs`"), "{line}");
    let bench = edit("[plugins.host-tunables]", "[plugins.host-tunables]\nlibary = \"x\"")?;
    assert!(refused(&bench, GRAPH, 4)?.contains("`library`"));
    Ok(())
}

#[test]
fn an_unknown_feature_is_a_usage_error() -> Result<()> {
    let bench = Workbench::with_repository_catalogue()?;
    let text = refused(&bench, &["graph", "--features", "dokcer"], 2)?;
    assert!(text.contains("Did you mean `docker`"), "{text}");
    Ok(())
}

#[test]
fn whoever_is_not_root_is_told_so() -> Result<()> {
    // Copies in a folder that everybody can read: the repository may lie in root's home.
    let bench = Workbench::with_repository_catalogue()?;
    fs::set_permissions(bench.folder(), fs::Permissions::from_mode(0o755))?;
    let copy = |from: PathBuf| {
        let to = bench.folder().join(from.file_name().unwrap_or_default());
        fs::copy(from, &to).map(|_| to)
    };
    for step in [
        "host-tunables",
        "container-options",
        "apparmor-profile",
        "fuse-overlayfs",
        "docker-install",
    ] {
        copy(product::plugin(step)?)?;
    }
    // The copies are the same files, so the pins fit them too.
    bench.run(&["plugins", "pin", "--all"])?.expect_code(0)?;
    let mut command = bench.command_through("setpriv")?;
    command.args(["--reuid=65534", "--clear-groups", "--no-new-privs", "--"]);
    command.arg(copy(product::binary()?)?);
    command.args(["plan", "--features", "docker", "--target", "x"]);
    let output = process::capture(&mut command, None, std::time::Duration::from_secs(60))?;
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.starts_with("error[NOT-ROOT]"), "{output}");
    Ok(())
}
