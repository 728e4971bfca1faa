//! Plugins that were built by other people, at other times and with other compilers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Result;
use phoenix_tests::{Finished, Workbench, product, sources};
use xtask::process::{self, Output};

/// Our own steps, and one that somebody else wrote with today's SDK.
const TODAYS: [&str; 6] = [
    "host-tunables",
    "container-options",
    "apparmor-profile",
    "fuse-overlayfs",
    "docker-install",
    "misbehaving",
];

/// A workbench whose feature `x` is this step.
fn with_step(name: &str, library: &Path) -> Result<Workbench> {
    Workbench::new(format!(
        "format = 1\n[policy]\npins = \"optional\"\n[features]\nx = [\"{name}\"]\n\
         [plugins.{name}]\nlibrary = \"{}\"\nversion = \"*\"\n",
        library.display()
    ))
}

fn graph(bench: &Workbench) -> Result<Finished> {
    bench.run(&["graph", "--features", "x"])
}

/// The step loads, is the one that it says it is, and keeps its laws.
fn loads(name: &str, library: &Path) -> Result<()> {
    let bench = with_step(name, library)?;
    let shown = graph(&bench)?.expect_code(0)?;
    assert!(shown.stdout().contains(name), "{}", shown.stdout());
    let checked = bench.run(&["plugins", "check", &library.to_string_lossy()])?.expect_code(0)?;
    assert!(checked.stdout().contains("laws     hold in"), "{}", checked.stdout());
    Ok(())
}

/// A step and a host of the time of SDK 1.0.0.
struct Of10 {
    bench: Workbench,
    step: PathBuf,
}

impl Of10 {
    fn build() -> Result<Self> {
        Self::build_with("step-of-1-0", &[])
    }

    /// The same after lines of the step's source were replaced, and its crate called like this.
    fn build_with(name: &str, lines: &[(&str, &str)]) -> Result<Self> {
        let _alone = sources::lock("sdk-1.0.0")?;
        let bench = Workbench::empty()?;
        let folder = bench.folder().join("1.0");
        sources::copy("tests/fixtures/sdk-1.0.0", &folder)?;
        edit(&folder.join("step/src/lib.rs"), lines)?;
        edit(&folder.join("step/Cargo.toml"), &[("name =", &format!("name = \"{name}\""))])?;
        let built = sources::cargo(&folder, "sdk-1.0.0", &["build", "--quiet"])?.join("debug");
        // The next test that builds replaces what is there.
        for file in [product::library(name), "host-of-1-0".to_owned()] {
            fs::copy(built.join(&file), bench.folder().join(file))?;
        }
        Ok(Self { step: bench.folder().join(product::library(name)), bench })
    }

    /// Lets the host load a library and try the step's laws.
    fn judge(&self, library: &Path) -> Result<Output> {
        let mut host = Command::new(self.bench.folder().join("host-of-1-0"));
        process::capture(host.arg(library), None, Duration::from_secs(60))
    }
}

#[test]
fn a_step_of_sdk_1_0_loads_today() -> Result<()> {
    loads("step-of-1-0", &Of10::build()?.step)
}

#[test]
fn todays_steps_load_in_a_host_of_sdk_1_0() -> Result<()> {
    let old = Of10::build()?;
    for name in TODAYS {
        let said = old.judge(&product::plugin(name)?)?.success()?.stdout;
        assert!(said.starts_with(&format!("{name} of 1.")), "{said}");
    }
    Ok(())
}

/// Were it not so, the test above could not fail.
#[test]
fn the_host_of_sdk_1_0_knows_a_step_that_breaks_its_laws() -> Result<()> {
    let lie = "        let seen = params.text.clone();";
    let lying = Of10::build_with("lying-step", &[("let seen =", lie)])?;
    let judged = lying.judge(&lying.step)?;
    assert!(judged.code == 1 && judged.stderr.contains("`verify` does not hold"), "{judged}");
    Ok(())
}

#[test]
fn a_step_built_by_another_compiler_loads() -> Result<()> {
    let Some((folder, compiler)) = sources::by_nightly("misbehaving")? else {
        eprintln!(
            "not tried: there is no nightly compiler here (`rustup toolchain install nightly`)"
        );
        return Ok(());
    };
    let library = folder.join("libmisbehaving.so");
    let content = fs::read(&library)?;
    // "rustc 1.97.0-nightly (abc 2026-01-01)" leaves "rustc version 1.97.0-nightly (abc ..." in what it makes.
    let mark = compiler.replacen("rustc", "rustc version", 1);
    assert!(content.windows(mark.len()).any(|part| part == mark.as_bytes()), "not by {compiler}");
    loads("misbehaving", &library)
}

#[test]
fn a_step_for_another_major_version_of_the_sdk_is_refused_in_one_line() -> Result<()> {
    let bench = with_step("misbehaving", &with_sdk_2()?)?;
    let finished = graph(&bench)?.expect_code(5)?;
    assert_eq!(finished.stdout(), "");
    let (first, rest) = finished.stderr().split_once('\n').unwrap_or_default();
    assert!(first.starts_with("error[PLUGIN-SDK-MISMATCH]: "), "{}", finished.stderr());
    assert!(rest.contains("phoenix-sdk 2.0.0"), "{rest}");
    assert!(rest.contains("  hint: Rebuild the step"), "{rest}");
    let fits = |line: &str| line.starts_with("  cause: ") || line.starts_with("  hint: ");
    assert!(rest.lines().all(fits) && rest.lines().count() <= 4, "{rest}");
    Ok(())
}

/// The misbehaving step, built with a copy of the SDK that calls itself 2.0.0.
fn with_sdk_2() -> Result<PathBuf> {
    let bench = Workbench::empty()?;
    let at = |name: &str| bench.folder().join(name);
    sources::copy("sdk", &at("sdk"))?;
    sources::copy("tests/plugins/misbehaving", &at("step"))?;
    sources::copy("Cargo.toml", &at("Cargo.toml"))?;
    let with_itself = "phoenix-sdk = { path = \"sdk\", version = \"2.0.0\" }";
    edit(
        &at("Cargo.toml"),
        &[
            ("members =", "members = [\"sdk\", \"step\"]"),
            ("phoenix-sdk =", with_itself),
            ("default-members =", ""),
            ("phoenix-orch =", ""),
            ("xtask =", ""),
        ],
    )?;
    edit(&at("sdk/Cargo.toml"), &[("version =", "version = \"2.0.0\"")])?;
    let words = ["build", "--quiet", "--package", "misbehaving"];
    let target = sources::cargo(bench.folder(), "other-sdk", &words)?;
    Ok(target.join("debug/libmisbehaving.so"))
}

/// Replaces the lines that begin like this.
fn edit(path: &Path, lines: &[(&str, &str)]) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let edit = |line: &'_ str| {
        let found = lines.iter().find(|(begin, _)| line.trim_start().starts_with(begin));
        found.map_or(line, |(_, new)| new).to_owned()
    };
    Ok(fs::write(path, text.lines().map(edit).collect::<Vec<_>>().join("\n"))?)
}
