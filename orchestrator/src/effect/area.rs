//! What maintainer scripts write besides their packages' own files: groups, links, caches of `/etc`. An
//! area is a tar archive of it, taken before and after an installation, from which single entries are
//! brought back.

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
    time::Duration,
};

use phoenix_sdk::{Bytes, Permissions};

use super::{Digest, Vault, image::Node};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Reader},
};

/// Below `/`. Data, caches and logs are not among them, for those are never taken back.
pub const PATHS: [&str; 3] = [
    "etc",
    "var/lib/systemd/deb-systemd-helper-enabled",
    "var/lib/systemd/deb-systemd-user-helper-enabled",
];

const TAKE: &str = r#"cd / && set --; for path in $PATHS; do [ -e "$path" ] && set -- "$@" "$path"; done
exec tar --create --numeric-owner --xattrs --xattrs-include='*' --sort=name --ignore-failed-read \
    --one-file-system --mtime=@0 --pax-option=exthdr.name=%d/%f,delete=atime,delete=ctime -- "$@""#;

/// Takes the area of a machine, as a tar archive. Times are left out, so that the same area is the same
/// archive.
pub(super) fn take(machine: &dyn Reader) -> Result<Vec<u8>> {
    let script = format!("PATHS='{}'\n{TAKE}", PATHS.join(" "));
    let mut exec = Exec::new(["/bin/sh", "-c", &script]).within(Duration::from_secs(120));
    exec.max_output = 64 * 1024 * 1024;
    let output = machine.probe(&exec)?;
    // 1: a file changed while it was read, which a later look will show.
    if output.exit > 1 {
        return Err(unreadable(output.complaint()));
    }
    Ok(output.stdout.0)
}

/// One entry, with the contents of a regular file beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) node: Node,
    pub(super) content: Option<Vec<u8>>,
}

/// The entries of an archive by their absolute path.
pub(super) fn entries(archive: &[u8]) -> Result<BTreeMap<String, Entry>> {
    read(archive).map_err(unreadable)
}

/// The same of an archive in the vault.
pub(super) fn fetch(vault: &dyn Vault, area: &Digest) -> Result<BTreeMap<String, Entry>> {
    entries(&vault.fetch(area)?)
}

fn read(archive: &[u8]) -> io::Result<BTreeMap<String, Entry>> {
    let mut found: BTreeMap<String, Entry> = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        let path = format!("/{}", entry.path()?.display()).trim_end_matches('/').to_owned();
        let header = entry.header().clone();
        let number = |value: u64| u32::try_from(value).map_err(io::Error::other);
        let permissions = Permissions {
            mode: header.mode()? & 0o7777,
            uid: number(header.uid()?)?,
            gid: number(header.gid()?)?,
        };
        let mut xattrs = BTreeMap::new();
        for extension in entry.pax_extensions()?.into_iter().flatten() {
            let extension = extension?;
            if let Some(name) =
                extension.key().ok().and_then(|key| key.strip_prefix("SCHILY.xattr."))
            {
                xattrs.insert(name.to_owned(), Bytes(extension.value_bytes().to_vec()));
            }
        }
        let link = || -> io::Result<String> {
            Ok(entry.link_name()?.map(|name| name.display().to_string()).unwrap_or_default())
        };
        let (node, content) = match header.entry_type() {
            tar::EntryType::Directory => (Node::Folder { permissions }, None),
            tar::EntryType::Symlink => (Node::Symlink { target: link()? }, None),
            // A second name of a file that came before.
            tar::EntryType::Link => {
                let first = found.get(&format!("/{}", link()?)).cloned();
                match first {
                    Some(first) => (first.node, first.content),
                    None => continue,
                }
            }
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                let mut content = Vec::new();
                entry.read_to_end(&mut content)?;
                let digest = Digest::of(&content);
                (Node::Regular { content: digest, permissions, xattrs }, Some(content))
            }
            _ => (Node::Other { what: "a device or a pipe".to_owned() }, None),
        };
        found.insert(path, Entry { node, content });
    }
    Ok(found)
}

fn unreadable(cause: impl ToString) -> Error {
    Error::new(
        ErrorKind::Step,
        "AREA-UNREADABLE",
        "what maintainer scripts may change cannot be kept",
    )
    .cause(crate::transport::printable(&cause.to_string()))
    .hint("See whether `tar -c /etc` works on the target, then run again.")
}

#[cfg(test)]
mod tests {
    use super::{Node, entries};

    #[test]
    fn an_archive_of_gnu_tar_is_understood() {
        let folder = tempfile::tempdir().unwrap();
        let etc = folder.path().join("etc");
        std::fs::create_dir(&etc).unwrap();
        let long = "n".repeat(150);
        std::fs::write(etc.join(&long), "text").unwrap();
        std::os::unix::fs::symlink("../nowhere", etc.join("link")).unwrap();
        std::fs::hard_link(etc.join(&long), etc.join("second")).unwrap();
        let archive = std::process::Command::new("tar")
            .args(["-c", "--numeric-owner", "--sort=name", "-C"])
            .arg(folder.path())
            .arg("etc")
            .output()
            .unwrap();
        let seen = entries(&archive.stdout).unwrap();
        assert!(matches!(seen["/etc"].node, Node::Folder { .. }));
        assert_eq!(seen["/etc/link"].node, Node::Symlink { target: "../nowhere".into() });
        assert_eq!(seen[&format!("/etc/{long}")].content.as_deref(), Some(&b"text"[..]));
        assert_eq!(seen["/etc/second"], seen[&format!("/etc/{long}")]);
        assert_eq!(seen.len(), 4);
    }
}
