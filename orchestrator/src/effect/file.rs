//! Files: whole contents, mode and owner, absence, and owned keys in a JSON file.

use phoenix_sdk::{FileState, Kind, Observed, Permissions, change::json_keys};

use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, WriteFile, printable},
};

/// The contents that a change leads to, if it is one of contents.
///
/// # Errors
/// When a JSON file cannot be edited safely.
pub(super) fn after(kind: &Kind, before: Option<&Observed>) -> Result<Option<Vec<u8>>> {
    match kind {
        Kind::File { content, .. } => Ok(content.as_ref().map(|content| content.0.clone())),
        Kind::JsonKeys { path, keys } => json_keys::merge(path, state(before).content(), keys)
            .map(|bytes| Some(bytes.0))
            .map_err(|error| Error::from_step(ErrorKind::Step, error)),
        _ => Ok(None),
    }
}

/// What was at the path.
pub(super) fn state(before: Option<&Observed>) -> &FileState {
    match before {
        Some(Observed::File(state) | Observed::AppArmorProfile { file: state, .. }) => state,
        _ => &FileState::Absent,
    }
}

pub(super) fn perform(machine: &dyn Mutator, kind: &Kind, before: Option<&Observed>) -> Result<()> {
    let (path, mode, owner) = match kind {
        Kind::File { path, mode, owner, .. } => (path, *mode, *owner),
        Kind::JsonKeys { path, .. } => (path, None, None),
        Kind::Absent { path } => return machine.remove_file(path),
        _ => return Ok(()),
    };
    match after(kind, before)? {
        Some(content) => machine.write_file(&write(path, content, mode, owner, state(before))),
        None => machine.set_permissions(path, mode, owner),
    }
}

/// A write that keeps the mode and the owner that the file has, unless others are wanted.
pub(super) fn write(
    path: &str,
    content: Vec<u8>,
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
    before: &FileState,
) -> WriteFile {
    let after = permissions(before.permissions(), mode, owner);
    WriteFile {
        path: path.to_owned(),
        content,
        mode: after.mode,
        owner: (after.uid, after.gid),
        expected: before.content().map(|content| content.0.clone()),
    }
}

/// A path of which something could not be read.
pub(super) fn unreadable(path: &str, cause: &str) -> Error {
    Error::new(ErrorKind::Step, "FILE-READ", format!("`{}` cannot be looked at", printable(path)))
        .cause(printable(cause))
        .hint("Look at the path by hand on that machine.")
}

/// Runs a command about a path, whose failure is one of the path's.
pub(super) fn succeeded(machine: &dyn Mutator, exec: &Exec, path: &str) -> Result<()> {
    let output = machine.exec(exec, &mut |_| {})?;
    if output.success() { Ok(()) } else { Err(refused(path, &output.complaint())) }
}

/// A path that could not be changed.
pub(super) fn refused(path: &str, cause: &str) -> Error {
    Error::new(ErrorKind::Step, "FILE-WRITE", format!("`{}` cannot be changed", printable(path)))
        .cause(printable(cause))
        .hint("Mend what the cause says and run again; what was there before is whole.")
}

/// What is not wanted otherwise stays; a new file belongs to root and has mode 0644.
pub(super) fn permissions(
    now: Option<Permissions>,
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
) -> Permissions {
    let now = now.unwrap_or(Permissions { mode: 0o644, uid: 0, gid: 0 });
    let (uid, gid) = owner.unwrap_or((now.uid, now.gid));
    Permissions { mode: mode.unwrap_or(now.mode), uid, gid }
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{Kind, Observed, world};

    use super::after;

    #[test]
    fn what_a_file_change_leads_to_is_known_before_it_is_made() {
        let kind = Kind::JsonKeys {
            path: "/etc/docker/daemon.json".into(),
            keys: [("/storage-driver".to_owned(), "vfs".into())].into(),
        };
        let before = Observed::File(world::regular("{\"mtu\": 1400}\n"));
        let after = after(&kind, Some(&before)).unwrap().unwrap();
        assert!(String::from_utf8(after).unwrap().contains("\"mtu\": 1400"));
    }
}
