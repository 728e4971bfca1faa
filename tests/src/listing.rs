//! A recursive listing of folders with all that a change would show in, for tests of "changes
//! nothing".

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;
use xtask::testbed::Container;

/// The state of every file, folder and link under some paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing(BTreeMap<PathBuf, Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// Kind and permissions, as in `st_mode`.
    mode: u32,
    owner: (u32, u32),
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    File { size: u64, sha256: String },
    Link(PathBuf),
    Other,
}

impl Listing {
    /// Lists these folders or single files; one that does not exist is listed as nothing, so that
    /// its appearance shows later. Links are not followed.
    pub fn of<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self> {
        let mut entries = BTreeMap::new();
        for path in paths {
            list(path.as_ref(), &mut entries)?;
        }
        Ok(Self(entries))
    }

    /// The same without times, which a restoration does not bring back.
    #[must_use]
    fn timeless(self) -> Self {
        let timeless = |entry: Entry| Entry { modified: (0, 0), ..entry };
        Self(self.0.into_iter().map(|(path, entry)| (path, timeless(entry))).collect())
    }

    /// How many things were listed.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was there.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One line for each path that is new, gone or changed in `later`; none if all is the same.
    pub fn differences(&self, later: &Self) -> Vec<String> {
        let gone = self.0.keys().filter(|path| !later.0.contains_key(*path));
        let gone = gone.map(|path| format!("gone: {}", path.display()));
        let others = later.0.iter().filter_map(|(path, new)| match self.0.get(path) {
            None => Some(format!("new: {}", path.display())),
            Some(old) if old != new => {
                Some(format!("changed: {}: {old:?} -> {new:?}", path.display()))
            }
            Some(_) => None,
        });
        gone.chain(others).collect()
    }
}

fn list(top: &Path, entries: &mut BTreeMap<PathBuf, Entry>) -> Result<()> {
    if let Err(error) = fs::symlink_metadata(top)
        && error.kind() == ErrorKind::NotFound
    {
        return Ok(());
    }
    for found in WalkDir::new(top) {
        let found = found.with_context(|| format!("cannot list `{}`", top.display()))?;
        let path = found.path();
        let metadata = found.metadata().with_context(|| format!("cannot look at {path:?}"))?;
        let entry = entry(path, &metadata).with_context(|| format!("cannot read {path:?}"))?;
        entries.insert(found.into_path(), entry);
    }
    Ok(())
}

fn entry(path: &Path, metadata: &Metadata) -> Result<Entry> {
    let kind = metadata.file_type();
    let content = if kind.is_file() {
        Content::File { size: metadata.len(), sha256: sha256(path)? }
    } else if kind.is_symlink() {
        Content::Link(fs::read_link(path)?)
    } else {
        Content::Other
    };
    Ok(Entry {
        mode: metadata.mode(),
        owner: (metadata.uid(), metadata.gid()),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        content,
    })
}

fn sha256(path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut chunk = vec![0; 1 << 16];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            count => hash.update(&chunk[..count]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// All that the feature `docker` may touch of a container, as a rollback must bring it back: everything but
/// data, logs, caches and times. Temporary files that were left anywhere in it show too.
pub fn restorable(container: &Container) -> Result<Listing> {
    const INSIDE: [&str; 7] =
        ["etc", "usr", "opt", "root", "srv", "var/lib/apt/extended_states", "var/lib/dpkg/info"];
    let mut paths: Vec<_> = INSIDE.iter().map(|path| container.rootfs().join(path)).collect();
    paths.extend(
        ["enabled", "masked"].map(|kind| {
            container.rootfs().join(format!("var/lib/systemd/deb-systemd-helper-{kind}"))
        }),
    );
    for entry in fs::read_dir(container.folder())? {
        let path = entry?.path();
        // The log is LXC's own.
        if path.is_file() && path.extension().is_none_or(|end| end != "log") {
            paths.push(path);
        }
    }
    Ok(Listing::of(paths)?.timeless())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn content_mode_new_and_gone_show() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["content", "gone", "mode", "same"] {
            fs::write(path(name), "1").unwrap();
        }
        let before =
            Listing::of([path("content"), path("gone"), path("mode"), path("new"), path("same")]);
        fs::write(path("content"), "2").unwrap();
        fs::remove_file(path("gone")).unwrap();
        fs::set_permissions(path("mode"), Permissions::from_mode(0o600)).unwrap();
        fs::write(path("new"), "").unwrap();
        let after =
            Listing::of([path("content"), path("gone"), path("mode"), path("new"), path("same")]);
        let differences = before.unwrap().differences(&after.unwrap());
        let names: Vec<_> = differences
            .iter()
            .map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(" "))
            .map(|line| line.replace(&format!("{}/", folder.path().display()), ""))
            .collect();
        assert_eq!(names, ["gone gone", "changed content", "changed mode", "new new"]);
    }

    #[test]
    fn a_folder_is_listed_with_all_below_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b"), "").unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
        assert_eq!(Listing::of([folder.path()]).unwrap().len(), 4);
    }
}
