//! What a package says about the libraries that it brings: their SHA-256, in one file beside them.
//!
//! Such sums stand in for pins in plugins.toml, which is the administrator's own file: hashes in it would differ with every
//! version, and dpkg would ask at every upgrade whose text to keep. What the sums do not say: anything about other libraries in
//! that folder, or about those in other folders.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use super::refusal;
use crate::{
    error::Result,
    trust::{Stop, way},
};

/// The file, in the form of `sha256sum`.
pub(super) const SUMS: &str = "SHA256SUMS";

/// A line has 66 bytes and a name; a package has a few libraries.
const LARGEST: u64 = 64 * 1024;

/// The sum of a library (its real path) if it lies in this folder and the file there has a line for it.
///
/// # Errors
/// `PLUGIN-UNTRUSTED` if somebody else could have written the sums, `PLUGIN-PACKAGE-MISMATCH` if they cannot be read: an error
/// is no answer, and least of all the answer that there is no sum.
pub(super) fn sum(library: &Path, folder: &Path) -> Result<Option<String>> {
    let Some(name) = name_in(library, folder) else { return Ok(None) };
    let sums = folder.join(SUMS);
    let unreadable = |why: String| refusal::sums_unreadable(library, &sums, why);
    let real = match way(&sums) {
        Ok(real) => real,
        Err(Stop::Unreadable(_, error)) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(Stop::Unreadable(_, error)) => return Err(unreadable(error.to_string())),
        Err(Stop::Untrusted(why)) => return Err(refusal::untrusted(&sums, why)),
    };
    let text = text(&real).map_err(|error| unreadable(error.to_string()))?;
    find(&text, name).map_err(unreadable)
}

/// The name of a file that lies in this very folder.
fn name_in<'l>(library: &'l Path, folder: &Path) -> Option<&'l str> {
    // On a system whose /usr/lib is a link the library's real path has another beginning.
    let real = folder.canonicalize().ok()?;
    (library.parent() == Some(&real)).then(|| library.file_name()?.to_str()).flatten()
}

/// Nobody but root could have put anything else than a regular file there, so it is simply read.
fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    if File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)? as u64 > LARGEST {
        return Err(io::Error::other(format!("it has more than {LARGEST} bytes")));
    }
    Ok(text)
}

/// The sum in the line of this name; a fragment if any line is none of `sha256sum`. Pure.
fn find(text: &str, name: &str) -> Result<Option<String>, String> {
    let mut found = None;
    for (number, line) in text.lines().enumerate() {
        let sum = line.split_once("  ").filter(|(sum, of)| {
            sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()) && !of.is_empty()
        });
        let Some((sum, of)) = sum else {
            return Err(format!("line {} is not `SHA256  FILE`", number + 1));
        };
        if of == name && found.replace(sum.to_ascii_lowercase()).is_some() {
            return Err(format!("line {} names `{name}` again", number + 1));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
        path::PathBuf,
    };

    use super::*;

    fn line(digit: &str, name: &str) -> String {
        format!("{}  {name}\n", digit.repeat(64))
    }

    #[test]
    fn a_line_counts_for_its_own_file_and_every_line_has_to_be_one() {
        let text = line("a", "liba.so") + &line("B", "libb.so");
        assert_eq!(find(&text, "liba.so"), Ok(Some("a".repeat(64))));
        assert_eq!(find(&text, "libb.so"), Ok(Some("b".repeat(64))));
        assert_eq!(find(&text, "lib"), Ok(None));
        assert_eq!(find("", "liba.so"), Ok(None));
        for (bad, line_number) in [
            (format!("{text}\n"), 3),
            (format!("{text}{}", line("c", "liba.so")), 3),
            (format!("{}  \n{text}", "a".repeat(64)), 1),
            (format!("{text}{} liba.so\n", "a".repeat(64)), 3),
            (format!("{}  liba.so\n", "a".repeat(63)), 1),
            (format!("{}  liba.so\n", "g".repeat(64)), 1),
        ] {
            let why = find(&bad, "liba.so").unwrap_err();
            assert!(why.starts_with(&format!("line {line_number} ")), "{why}\n{bad}");
        }
    }

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            fs::create_dir(place.folder()).unwrap();
            fs::write(place.library(), "x").unwrap();
            place
        }

        fn folder(&self) -> PathBuf {
            self.0.path().canonicalize().unwrap().join("plugins")
        }

        fn library(&self) -> PathBuf {
            self.folder().join("libx.so")
        }

        fn sum(&self) -> Result<Option<String>> {
            sum(&self.library(), &self.folder())
        }
    }

    #[test]
    fn only_what_lies_in_the_folder_itself_has_a_sum_and_by_whichever_way() {
        let place = Place::new();
        assert_eq!(place.sum().unwrap(), None);
        fs::write(place.folder().join(SUMS), line("a", "libx.so")).unwrap();
        assert_eq!(place.sum().unwrap(), Some("a".repeat(64)));
        let link = place.0.path().join("link");
        symlink(place.folder(), &link).unwrap();
        assert_eq!(sum(&place.library(), &link).unwrap(), Some("a".repeat(64)));
        fs::create_dir(place.folder().join("more")).unwrap();
        for other in ["more/libx.so", "../libx.so", "liby.so"] {
            assert_eq!(sum(&place.folder().join(other), &place.folder()).unwrap(), None, "{other}");
        }
        assert_eq!(sum(&place.library(), &place.folder().join("none")).unwrap(), None);
    }

    #[test]
    fn sums_that_others_could_have_written_or_that_cannot_be_read_are_errors() {
        let place = Place::new();
        let sums = place.folder().join(SUMS);
        fs::write(&sums, line("a", "libx.so")).unwrap();
        fs::set_permissions(&sums, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(place.sum().unwrap_err().code, "PLUGIN-UNTRUSTED");
        fs::set_permissions(&sums, fs::Permissions::from_mode(0o644)).unwrap();
        for bad in ["nonsense\n".to_owned(), line("a", "libx.so").repeat(2), "x".repeat(1 << 17)] {
            fs::write(&sums, bad).unwrap();
            assert_eq!(place.sum().unwrap_err().code, "PLUGIN-PACKAGE-MISMATCH");
        }
        fs::remove_file(&sums).unwrap();
        fs::create_dir(&sums).unwrap();
        assert_eq!(place.sum().unwrap_err().code, "PLUGIN-PACKAGE-MISMATCH");
    }
}
