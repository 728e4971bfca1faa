//! The way to a file: every folder and every symbolic link that decides what a path means.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Component, Path, PathBuf},
};

use super::distrust;

/// How many symbolic links are followed; the kernel follows no more either.
const MOST_LINKS: usize = 40;

/// Why a way was not gone to its end.
#[derive(Debug)]
pub enum Stop {
    /// Somebody else could have made it lead elsewhere; a fragment that names what is to blame.
    Untrusted(String),
    /// This path on the way cannot be looked at.
    Unreadable(PathBuf, io::Error),
}

/// Where an absolute path leads, if nobody but root and the caller could have a say in it: every folder,
/// every symbolic link and what is at the end belong to one of the two and are not writable by others.
///
/// It goes from the root downwards. Whoever cannot write to a folder cannot exchange what is in it, so
/// what was found good stays good, and the path that is returned may be opened afterwards.
///
/// # Errors
/// Where it stopped, and why.
pub fn way(path: &Path) -> Result<PathBuf, Stop> {
    let mut real = PathBuf::from("/");
    look(&real)?;
    let mut ahead = parts(path);
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        if part == ".." {
            real.pop();
            continue;
        }
        let next = real.join(&part);
        let metadata = look(&next)?;
        if metadata.is_symlink() {
            links += 1;
            if links > MOST_LINKS {
                let error = io::Error::from(rustix::io::Errno::LOOP);
                return Err(Stop::Unreadable(path.to_owned(), error));
            }
            let to = fs::read_link(&next).map_err(|error| Stop::Unreadable(next, error))?;
            if to.is_absolute() {
                real = PathBuf::from("/");
            }
            ahead.extend(parts(&to));
        } else if !metadata.is_dir() && !ahead.is_empty() {
            return Err(Stop::Unreadable(next, io::ErrorKind::NotADirectory.into()));
        } else {
            real = next;
        }
    }
    Ok(real)
}

/// The names in a path, the first one last.
fn parts(path: &Path) -> Vec<OsString> {
    let part = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsStr::new("..").to_owned()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().rev().filter_map(part).collect()
}

fn look(path: &Path) -> Result<fs::Metadata, Stop> {
    let metadata =
        fs::symlink_metadata(path).map_err(|error| Stop::Unreadable(path.to_owned(), error))?;
    match distrust(path, &metadata) {
        Some(why) => Err(Stop::Untrusted(why)),
        None => Ok(metadata),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};

    use super::*;

    /// A file in a folder, and a link to it by way of another link, each in a folder of its own.
    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            for folder in ["named", "middle", "real"] {
                fs::create_dir(place.at(folder)).unwrap();
                place.mode(folder, 0o755);
            }
            fs::write(place.at("real/file"), "x").unwrap();
            place.mode("real/file", 0o644);
            symlink(place.at("real"), place.at("middle/to")).unwrap();
            symlink("../middle/./to/file", place.at("named/link")).unwrap();
            place
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn mode(&self, name: &str, mode: u32) {
            fs::set_permissions(self.at(name), fs::Permissions::from_mode(mode)).unwrap();
        }

        fn blamed(&self, name: &str) -> String {
            match way(&self.at(name)) {
                Err(Stop::Untrusted(why)) => why,
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn it_leads_where_the_kernel_says() {
        let place = Place::new();
        for name in ["named/link", "named/../middle/to/file", "real/file", "middle/to", "."] {
            let path = place.at(name);
            assert_eq!(way(&path).unwrap(), fs::canonicalize(&path).unwrap(), "{name}");
        }
    }

    #[test]
    fn whatever_others_may_write_to_on_the_way_is_to_blame() {
        let place = Place::new();
        for (name, mode) in [
            ("named", 0o777),
            ("middle", 0o775),
            ("real", 0o757),
            ("real/file", 0o664),
            (".", 0o770),
        ] {
            let good = fs::metadata(place.at(name)).unwrap().permissions();
            place.mode(name, mode);
            let why = place.blamed("named/link");
            let path = place.at(name).components().collect::<PathBuf>();
            assert_eq!(why, format!("`{}` has mode {mode:04o}", path.display()));
            fs::set_permissions(place.at(name), good).unwrap();
        }
        // In a sticky folder others may put what they like, and exchange nothing that is ours.
        place.mode("named", 0o1777);
        way(&place.at("named/link")).unwrap();
    }

    #[test]
    fn what_belongs_to_somebody_else_on_the_way_is_to_blame() {
        // Only root can give things away; without it there is no second user to try this with.
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let place = Place::new();
        place.mode("named", 0o1777);
        for name in ["named/link", "middle", "middle/to", "real", "real/file"] {
            lchown(place.at(name), Some(65534), Some(65534)).unwrap();
            let why = place.blamed("named/link");
            assert_eq!(why, format!("`{}` belongs to user 65534", place.at(name).display()));
            lchown(place.at(name), Some(0), Some(0)).unwrap();
        }
    }

    #[test]
    fn what_leads_nowhere_is_said_with_its_place() {
        let place = Place::new();
        symlink("loop", place.at("loop")).unwrap();
        symlink("gone", place.at("dangling")).unwrap();
        for (name, at) in [
            ("no/file", "no"),
            ("dangling", "gone"),
            ("real/file/x", "real/file"),
            ("real/file/..", "real/file"),
            ("loop", "loop"),
        ] {
            let Err(Stop::Unreadable(path, error)) = way(&place.at(name)) else { panic!("{name}") };
            assert_eq!(path, place.at(at), "{error}");
        }
    }
}
