//! The tree of a package's files on its way to an archive.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

use crate::process;

/// A folder that becomes the root of the package.
#[derive(Debug)]
pub(super) struct Tree(PathBuf);

impl Tree {
    /// An empty tree in this folder, whatever was there before.
    pub(super) fn new(folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove `{}`", folder.display()))?;
        }
        let tree = Self(folder);
        tree.make_folder(&tree.0)?;
        Ok(tree)
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    /// Where a file of the package lies on its way.
    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// A file with this text, which everybody may read.
    pub(super) fn text(&self, path: &str, text: &str) -> Result<()> {
        self.bytes(path, text.as_bytes(), 0o644)
    }

    /// A file with this text that is run.
    pub(super) fn script(&self, path: &str, text: &str) -> Result<()> {
        self.bytes(path, text.as_bytes(), 0o755)
    }

    /// A file with this text, compressed as Debian wants it: the same text gives the same bytes.
    pub(super) fn compressed(&self, path: &str, text: &str) -> Result<()> {
        let mut gzip = Command::new("gzip");
        let mut child = gzip
            .args(["-9", "--no-name"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run `gzip`")?;
        let mut input = child.stdin.take().context("`gzip` has no input")?;
        let text = text.as_bytes().to_vec();
        // It answers while it is being fed.
        let feed = std::thread::spawn(move || input.write_all(&text));
        let output = child.wait_with_output().context("cannot wait for `gzip`")?;
        let fed = feed.join().ok().context("feeding `gzip` panicked")?;
        fed.context("cannot feed `gzip`")?;
        anyhow::ensure!(output.status.success(), "`gzip` failed");
        self.bytes(path, &output.stdout, 0o644)
    }

    /// A program or library, without what only a debugger and a linker read.
    pub(super) fn stripped(&self, from: &Path, path: &str, mode: u32) -> Result<()> {
        let to = self.at(path);
        self.make_folders(&to)?;
        let mut strip = Command::new("strip");
        strip.args(["--strip-unneeded", "--remove-section=.comment", "-o"]).arg(&to).arg(from);
        process::quiet(&mut strip)?;
        set_mode(&to, mode)
    }

    fn bytes(&self, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
        let to = self.at(path);
        self.make_folders(&to)?;
        fs::write(&to, bytes).with_context(|| format!("cannot write `{}`", to.display()))?;
        set_mode(&to, mode)
    }

    fn make_folders(&self, file: &Path) -> Result<()> {
        let missing = file.ancestors().skip(1).take_while(|folder| !folder.exists());
        let missing: Vec<&Path> = missing.collect();
        missing.into_iter().rev().try_for_each(|folder| self.make_folder(folder))
    }

    /// Whatever the umask of whoever builds is, the folders of a package are readable.
    fn make_folder(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        set_mode(folder, 0o755)
    }

    /// All files, by their paths in the package, in order; what dpkg itself reads is none of them.
    pub(super) fn files(&self) -> Result<Vec<String>> {
        let mut files = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).context("cannot list the package's files")? {
                let path = entry?.path();
                let name = path.strip_prefix(&self.0)?.to_str().context("not UTF-8")?.to_owned();
                match path.is_dir() {
                    true if name == "DEBIAN" => {}
                    true => folders.push(path),
                    false => files.push(name),
                }
            }
        }
        files.sort();
        Ok(files)
    }
}

/// The SHA-256 of a file, in hexadecimal.
pub(super) fn sha256(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot set the mode of `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_in_order_and_have_the_modes_of_a_package_whatever_the_umask_is() {
        let place = tempfile::tempdir().unwrap();
        let tree = Tree::new(place.path().join("tree")).unwrap();
        tree.text("usr/share/b", "b").unwrap();
        tree.script("DEBIAN/postinst", "#!/bin/sh\n").unwrap();
        tree.compressed("usr/a.gz", &"long ".repeat(100_000)).unwrap();
        assert_eq!(tree.files().unwrap(), ["usr/a.gz", "usr/share/b"]);
        let mode = |path: &str| fs::metadata(tree.at(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(
            (mode("usr"), mode("usr/share/b"), mode("DEBIAN/postinst")),
            (0o755, 0o644, 0o755)
        );
        let mut command = Command::new("gzip");
        let text = process::quiet(command.args(["-dc"]).arg(tree.at("usr/a.gz"))).unwrap().stdout;
        assert_eq!(text, "long ".repeat(100_000));
    }
}
