use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

use phoenix_sdk::FileState;
use rustix::{
    fs::{
        AtFlags, CWD, Gid, Mode, Uid, XattrFlags, chmodat, chownat, fchmod, fchown, fsetxattr,
        lgetxattr, llistxattr,
    },
    io::Errno,
};

use super::{NAME, look};
use crate::{
    error::Result,
    transport::{TEMPORARY, WriteFile, errors},
};

/// Puts a file in place whole. The old contents are whole until the new ones are.
pub(super) fn replace(write: &WriteFile) -> Result<()> {
    let path = write.path.as_str();
    errors::validate_path("FILE-WRITE", path)?;
    let refused = |error: io::Error| errors::unwritable(path, NAME, error);
    let parent = Path::new(path)
        .parent()
        .ok_or_else(|| refused(io::Error::from(io::ErrorKind::IsADirectory)))?;
    make_folders(parent).map_err(refused)?;
    // Dropped on every way out but the last, it takes itself away.
    let mut temporary =
        tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(parent).map_err(refused)?;
    let (uid, gid) = write.owner;
    let fill = |file: &mut File| -> io::Result<()> {
        file.write_all(&write.content)?;
        keep_attributes(path, file)?;
        // The owner first: a change of owner takes the set-user-id bit away.
        fchown(&*file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
        fchmod(&*file, Mode::from_raw_mode(write.mode & 0o7777))?;
        file.sync_all()
    };
    fill(temporary.as_file_mut()).map_err(refused)?;
    match expect(write).map_err(refused)? {
        Some(now) => return Err(errors::changed(path, NAME, now)),
        None if write.expected.is_none() => {
            temporary.persist_noclobber(path).map_err(|error| match error.error.kind() {
                io::ErrorKind::AlreadyExists => errors::changed(path, NAME, "somebody made it"),
                _ => refused(error.error),
            })?
        }
        None => temporary.persist(path).map_err(|error| refused(error.error))?,
    };
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(refused)
}

/// Gives a file the extended attributes of the regular file that it will replace, such as access lists.
fn keep_attributes(path: &str, file: &File) -> io::Result<()> {
    let mut names = vec![0; 64 * 1024];
    let length = match fs::symlink_metadata(path) {
        Ok(seen) if seen.is_file() => match llistxattr(path, &mut names) {
            // A file system without attributes has none to keep.
            Err(Errno::NOTSUP | Errno::NOSYS) => 0,
            other => other?,
        },
        _ => 0,
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 64 * 1024];
        let length = lgetxattr(path, name, &mut value)?;
        fsetxattr(file, name, &value[..length], XattrFlags::empty())?;
    }
    Ok(())
}

/// What is there instead of what is expected, if so.
fn expect(write: &WriteFile) -> io::Result<Option<String>> {
    let now = look::state(&write.path)?;
    Ok(match (&write.expected, &now) {
        (None, FileState::Absent) => None,
        (Some(expected), FileState::Regular { content, .. }) if content.0 == *expected => None,
        (Some(_), FileState::Regular { .. }) => Some("it has other contents now".to_owned()),
        _ => Some(format!("it is {} now", now.kind())),
    })
}

fn make_folders(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        make_folders(above)?;
    }
    match DirBuilder::new().mode(0o755).create(folder) {
        // The caller's umask has no say in it.
        Ok(()) => fs::set_permissions(folder, fs::Permissions::from_mode(0o755)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes what is no folder. Nothing there is as good as removed.
pub(super) fn remove(path: &str) -> Result<()> {
    errors::validate_path("FILE-WRITE", path)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(|error| errors::unwritable(path, NAME, error)),
    }
}

/// Sets mode and owner, and lets a change of owner take no bits of the mode away.
pub(super) fn set_permissions(
    path: &str,
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
) -> Result<()> {
    errors::validate_path("FILE-WRITE", path)?;
    let set = || -> io::Result<()> {
        let seen = fs::symlink_metadata(path)?;
        if seen.is_symlink() && mode.is_some() {
            return Err(io::Error::other("a symbolic link has no mode"));
        }
        if let Some((uid, gid)) = owner {
            let (uid, gid) = (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
            chownat(CWD, path, uid, gid, AtFlags::SYMLINK_NOFOLLOW)?;
        }
        if seen.is_symlink() {
            return Ok(());
        }
        set_mode(path, mode.unwrap_or_else(|| seen.permissions().mode()) & 0o7777)
    };
    set().map_err(|error| errors::unwritable(path, NAME, error))
}

fn set_mode(path: &str, mode: u32) -> io::Result<()> {
    let mode = Mode::from_raw_mode(mode);
    match chmodat(CWD, path, mode, AtFlags::SYMLINK_NOFOLLOW) {
        // Kernels before 6.6 cannot set a mode without following; whether there is a link was looked at.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {
            chmodat(CWD, path, mode, AtFlags::empty())?;
        }
        other => other?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{MetadataExt, symlink},
    };

    use rustix::fs::{XattrFlags, getxattr, setxattr};

    use super::{remove, replace, set_permissions};
    use crate::transport::WriteFile;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn at(&self, name: &str) -> String {
            format!("{}/{name}", self.0.path().display())
        }

        fn write(&self, name: &str, content: &str, expected: Option<&str>) -> WriteFile {
            let own = fs::metadata(self.0.path()).unwrap();
            WriteFile {
                path: self.at(name),
                content: content.into(),
                mode: 0o4640,
                owner: (own.uid(), own.gid()),
                expected: expected.map(Into::into),
            }
        }

        fn leftovers(&self) -> usize {
            fs::read_dir(self.0.path())
                .unwrap()
                .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'))
                .count()
        }
    }

    #[test]
    fn a_file_is_made_and_replaced_with_its_mode() {
        let place = Place::new();
        replace(&place.write("new/er/file", "one", None)).unwrap();
        replace(&place.write("new/er/file", "two", Some("one"))).unwrap();
        let seen = fs::metadata(place.at("new/er/file")).unwrap();
        assert_eq!(seen.mode() & 0o7777, 0o4640);
        assert_eq!(fs::read_to_string(place.at("new/er/file")).unwrap(), "two");
        assert_eq!(fs::metadata(place.at("new/er")).unwrap().mode() & 0o7777, 0o755);
        assert_eq!(place.leftovers(), 0);
    }

    #[test]
    fn extended_attributes_are_kept() {
        let place = tempfile::tempdir_in("/var/tmp").unwrap();
        let path = place.path().join("file");
        fs::write(&path, "one").unwrap();
        // A file system without attributes has none to keep.
        if setxattr(&path, "user.mine", b"x\0y", XattrFlags::empty()).is_err() {
            return;
        }
        let own = fs::metadata(&path).unwrap();
        let write = WriteFile {
            path: path.to_str().unwrap().to_owned(),
            content: "two".into(),
            mode: 0o600,
            owner: (own.uid(), own.gid()),
            expected: Some("one".into()),
        };
        replace(&write).unwrap();
        let mut value = [0; 9];
        let length = getxattr(&path, "user.mine", &mut value).unwrap();
        assert_eq!((&value[..length], fs::read(&path).unwrap()), (&b"x\0y"[..], b"two".to_vec()));
    }

    #[test]
    fn what_is_not_expected_stays() {
        let place = Place::new();
        fs::write(place.at("file"), "theirs").unwrap();
        symlink(place.at("file"), place.at("link")).unwrap();
        fs::create_dir(place.at("folder")).unwrap();
        for (name, expected) in [
            ("file", None),
            ("file", Some("ours")),
            ("link", Some("theirs")),
            ("link", None),
            ("folder", None),
            ("absent", Some("")),
        ] {
            let error = replace(&place.write(name, "x", expected)).unwrap_err();
            assert_eq!(error.code, "FILE-CHANGED", "{name}: {error}");
        }
        assert_eq!(fs::read_to_string(place.at("file")).unwrap(), "theirs");
        assert!(!fs::exists(place.at("absent")).unwrap());
        assert_eq!(place.leftovers(), 0);
    }

    #[test]
    fn refusals_have_a_code() {
        let place = Place::new();
        fs::write(place.at("file"), "").unwrap();
        fs::create_dir(place.at("folder")).unwrap();
        assert_eq!(replace(&place.write("file/x", "", None)).unwrap_err().code, "FILE-WRITE");
        assert_eq!(remove(&place.at("folder")).unwrap_err().code, "FILE-WRITE");
        let absent = set_permissions(&place.at("absent"), Some(0o600), None);
        assert_eq!(absent.unwrap_err().code, "FILE-WRITE");
        remove(&place.at("file")).unwrap();
        remove(&place.at("file")).unwrap();
    }

    #[test]
    fn links_are_not_followed() {
        let place = Place::new();
        fs::write(place.at("file"), "").unwrap();
        set_permissions(&place.at("file"), Some(0o4711), None).unwrap();
        symlink(place.at("file"), place.at("link")).unwrap();
        assert_eq!(
            set_permissions(&place.at("link"), Some(0o600), None).unwrap_err().code,
            "FILE-WRITE"
        );
        let own = fs::metadata(place.at("file")).unwrap();
        set_permissions(&place.at("file"), None, Some((own.uid(), own.gid()))).unwrap();
        assert_eq!(fs::metadata(place.at("file")).unwrap().mode() & 0o7777, 0o4711);
        remove(&place.at("link")).unwrap();
        assert!(fs::exists(place.at("file")).unwrap());
    }
}
