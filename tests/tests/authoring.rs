//! From nothing to a step on a real container: `new step`, and every command of the page about it.

use std::fs;

use anyhow::{Context, Result, ensure};
use phoenix_tests::{
    Workbench,
    page::{Shell, follow},
};
use xtask::{
    process,
    testbed::{Container, Image, Options, Release},
    workspace,
};

#[test]
fn the_page_leads_from_nothing_to_a_real_container() -> Result<()> {
    let page = fs::read_to_string(workspace::root().join("docs/writing-a-step.md"))?;
    let container =
        Container::create(&Image::ensure(Release::Bookworm)?, "authoring", &Options::default())?;
    let name = container.name();
    let page = page.replace("--target web", &format!("--target {name}"));
    let page = page.replace("web.idle-logout", &format!("{name}.idle-logout"));
    let mut shell = Shell::new()?;
    ensure!(follow(&page, &mut shell)? >= 5, "too few");
    // The last run is the second one, and nothing has been taken back.
    ensure!(page.contains("1 unchanged; 0 changes"), "no second run");
    let limit = container.ok(&["bash", "-lc", "echo $TMOUT"])?;
    assert_eq!(limit, "300\n");
    Ok(())
}

#[test]
fn a_step_for_the_host_keeps_its_laws_whatever_it_is_called() -> Result<()> {
    let mut shell = Shell::new()?;
    let long = "x".repeat(63);
    let default = shell.bench.write("rustfmt.toml", "")?;
    for name in ["probe", &long] {
        shell.ok(&format!("phoenix-orch new step {name} --scope host --path {name}"))?;
        for style in [&workspace::root().join("rustfmt.toml"), &default] {
            let style = process::shell_quoted(&style.to_string_lossy());
            shell.ok(&format!(
                "rustfmt --check --config-path {style} {name}/src/lib.rs --edition 2024"
            ))?;
        }
    }
    shell.ok("cd probe")?;
    // With the lints of this repository, which stand in its manifest.
    let manifest = fs::read_to_string(workspace::root().join("Cargo.toml"))?;
    let (_, lints) = manifest.split_once("[workspace.lints.rust]").context("no lints")?;
    let lints = format!("\n[lints.rust]{}", lints.replace("workspace.lints", "lints"));
    let mut own = fs::read_to_string(shell.folder.join("Cargo.toml"))?;
    own.push_str(&lints);
    fs::write(shell.folder.join("Cargo.toml"), own)?;
    shell.ok("cargo clippy --quiet --all-targets -- --deny warnings")?;
    shell.ok("cargo test --quiet")?;
    Ok(())
}

#[test]
fn a_step_in_the_workspace_is_one_of_its_own() -> Result<()> {
    let mut shell = Shell::new()?;
    // A copy, for the tests beside this one build the real one.
    let root = process::shell_quoted(&workspace::root().to_string_lossy());
    shell.ok(&format!("mkdir -p copy/steps && cp -r {root}/sdk {root}/Cargo.lock copy"))?;
    let manifest = fs::read_to_string(workspace::root().join("Cargo.toml"))?;
    let only = |line: &str| match line {
        line if line.starts_with("members") => "members = [\"sdk\", \"steps/*\"]\n".to_owned(),
        line if ["default-members", "phoenix-orch =", "xtask ="]
            .iter()
            .any(|begin| line.starts_with(begin)) =>
        {
            String::new()
        }
        line => format!("{line}\n"),
    };
    shell.bench.write("copy/Cargo.toml", manifest.lines().map(only).collect::<String>())?;
    shell.ok("cd copy/sdk")?;
    shell.ok("phoenix-orch new step idle-logout")?;
    shell.ok("cd ..")?;
    let made = shell.ok("ls -A steps/idle-logout")?;
    assert_eq!(made, "Cargo.toml\nsrc\n");
    shell.ok("cargo clippy --quiet --package idle-logout --all-targets -- --deny warnings")?;
    shell.ok("cargo test --quiet --package idle-logout")?;
    Ok(())
}

#[test]
fn nothing_is_written_where_it_must_not_be() -> Result<()> {
    let bench = Workbench::empty()?;
    bench.run(&["new", "step", "mine"])?.expect_code(0)?;
    let lib = bench.folder().join("mine/src/lib.rs");
    fs::write(&lib, "mine")?;
    for (words, code) in [
        (&["mine"][..], "NEW-EXISTS"),
        (&["Mine"], "CONFIG-NAME"),
        (&["fn"], "NEW-NAME-TAKEN"),
        (&["other", "--path", "missing/other"], "NEW-PLACE"),
        (&["other", "--sdk", "/nowhere"], "NEW-NO-SDK"),
    ] {
        let finished = bench.run(&[&["new", "step"], words].concat())?.expect_code(2)?;
        let text = finished.stderr();
        assert!(text.contains(&format!("error[{code}]")) && text.contains("hint:"), "{text}");
    }
    assert_eq!(fs::read_to_string(lib)?, "mine");
    assert_eq!(fs::read_dir(bench.folder())?.count(), 1);
    Ok(())
}
