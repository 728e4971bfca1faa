//! Extended attributes of a file, read and written through `tar`, which every supported target has and
//! which needs no other tool.

use std::{collections::BTreeMap, io, time::Duration};

use phoenix_sdk::{Bytes, Permissions};

use super::{area, file, image::Node};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, Reader, TEMPORARY, printable},
};

const OPTIONS: [&str; 3] = ["--numeric-owner", "--xattrs", "--xattrs-include=*"];

/// Those of a regular file. A target whose `tar` knows none has none that we could keep.
pub(super) fn read(machine: &dyn Reader, path: &str) -> Result<BTreeMap<String, Bytes>> {
    let words = ["tar", "--create", "--file=-", "--absolute-names"];
    let exec = Exec::new(words.into_iter().chain(OPTIONS).chain(["--", path]));
    let output = match machine.probe(&exec) {
        Ok(output) => output,
        Err(error) if error.code == "EXEC-NOT-FOUND" => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    if !output.success() {
        // The tar of a small tool box knows no such option, and no attributes.
        return match output.stderr.to_text().contains("option") {
            true => Ok(BTreeMap::new()),
            false => Err(file::unreadable(path, &output.complaint())),
        };
    }
    let entries = area::entries(&output.stdout.0)?;
    Ok(match entries.into_values().next().map(|entry| entry.node) {
        Some(Node::Regular { xattrs, .. }) => xattrs,
        _ => BTreeMap::new(),
    })
}

const PUT: &str = "tar --extract --file=- --numeric-owner --same-owner --same-permissions --xattrs \
    '--xattrs-include=*' --directory \"$1\" && sync \"$1/$2\" && mv -f -- \"$1/$2\" \"$3\"";

/// Replaces a file whole, with its extended attributes.
pub(super) fn write(
    machine: &dyn Mutator,
    path: &str,
    content: &[u8],
    permissions: Permissions,
    xattrs: &BTreeMap<String, Bytes>,
) -> Result<()> {
    let temporary = format!("{TEMPORARY}restored");
    let archive = archive(&temporary, content, permissions, xattrs).map_err(|error| {
        Error::new(
            ErrorKind::Internal,
            "FILE-WRITE",
            format!("`{}` cannot be packed", printable(path)),
        )
        .cause(error)
        .hint("This is a defect of phoenix-orch; please report it.")
    })?;
    let folder = match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    };
    let exec = Exec::new(["/bin/sh", "-c", PUT, "phoenix-orch", folder, &temporary, path]);
    file::succeeded(machine, &exec.stdin(archive).within(Duration::from_secs(60)), path)
}

fn archive(
    name: &str,
    content: &[u8],
    permissions: Permissions,
    xattrs: &BTreeMap<String, Bytes>,
) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    let keys: Vec<String> = xattrs.keys().map(|name| format!("SCHILY.xattr.{name}")).collect();
    let values = xattrs.values().map(|value| value.0.as_slice());
    builder.append_pax_extensions(keys.iter().map(String::as_str).zip(values))?;
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(permissions.mode);
    header.set_uid(permissions.uid.into());
    header.set_gid(permissions.gid.into());
    builder.append_data(&mut header, name, content)?;
    builder.into_inner()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt};

    use phoenix_sdk::Permissions;
    use rustix::fs::{XattrFlags, setxattr};

    use super::{read, write};
    use crate::transport::LocalMachine;

    #[test]
    fn attributes_survive_a_restoration() {
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        // A file system without such attributes has nothing to lose.
        if setxattr(&path, "user.phoenix", b"a\0b", XattrFlags::empty()).is_err() {
            return;
        }
        let name = path.to_str().unwrap();
        let before = read(&LocalMachine, name).unwrap();
        assert_eq!(before["user.phoenix"].0, b"a\0b");
        fs::remove_file(&path).unwrap();
        fs::write(&path, "other").unwrap();
        assert!(read(&LocalMachine, name).unwrap().is_empty());
        let own = fs::metadata(&path).unwrap();
        let permissions = Permissions { mode: 0o640, uid: own.uid(), gid: own.gid() };
        write(&LocalMachine, name, b"old", permissions, &before).unwrap();
        assert_eq!(read(&LocalMachine, name).unwrap(), before);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
