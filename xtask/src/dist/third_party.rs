//! Whose code is linked into the program and its plugins, and the licences that its authors want to go along.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::lab::product;
use crate::{process, workspace};

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: PathBuf,
    /// None if it is our own.
    source: Option<String>,
}

/// How files with a licence or a notice begin.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];

/// What the package says of it.
pub(super) fn text(target: &str) -> Result<String> {
    let linked = linked(target)?;
    let mut metadata = workspace::cargo();
    metadata.args(["metadata", "--format-version=1", "--locked", "--filter-platform", target]);
    let metadata: Metadata = serde_json::from_str(&process::quiet(&mut metadata)?.stdout)
        .context("cannot read what cargo says of the crates")?;
    let mut crates: Vec<Crate> = metadata
        .packages
        .into_iter()
        .filter(|one| one.source.is_some())
        .filter(|one| linked.contains(&format!("{} v{}", one.name, one.version)))
        .collect();
    crates.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));

    let mut text = String::from(
        "phoenix-orch is linked with the standard library of Rust (MIT OR Apache-2.0), with SQLite (public domain) and zstd, and \
         with these crates:\n\n",
    );
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in &crates {
        let licence = one.license.as_deref().unwrap_or("see below");
        text += &format!("  {} {}: {licence}\n", one.name, one.version);
        let folder = one.manifest_path.parent().context("a crate has no folder")?;
        for licence in licences(folder)? {
            texts.entry(licence).or_default().push(format!("{} {}", one.name, one.version));
        }
    }
    // In the order of the crates, for the map's is that of the texts.
    let mut texts: Vec<(Vec<String>, String)> =
        texts.into_iter().map(|(text, crates)| (crates, text)).collect();
    texts.sort();
    for (crates, licence) in texts {
        text +=
            &format!("\n{}\n{}:\n\n{}\n", "-".repeat(79), crates.join(", "), licence.trim_end());
    }
    Ok(text)
}

/// Each crate that is linked in, as `name vVERSION`.
fn linked(target: &str) -> Result<BTreeSet<String>> {
    let mut tree = workspace::cargo();
    tree.args([
        "tree",
        "--locked",
        "--edges=normal,no-proc-macro",
        "--prefix=none",
        "--target",
        target,
    ]);
    for package in product::PACKAGES {
        tree.args(["--package", package]);
    }
    let lines = process::quiet(&mut tree)?.stdout;
    let name = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok(lines.lines().filter(|line| !line.is_empty()).map(name).collect())
}

/// The texts in a crate's folder, and in those of the C code that it brings.
fn licences(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut below = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?
    {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_dir() {
            below.push(path);
        } else if NAMES.iter().any(|start| name.starts_with(start)) {
            found.push(path);
        }
    }
    for folder in below {
        let licence = folder.join("LICENSE");
        if licence.is_file() {
            found.push(licence);
        }
    }
    found.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
    };
    found.into_iter().map(read).collect()
}
