//! Where a new step goes, and where its SDK is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::error::{Error, ErrorKind, Result};

/// The `sdk` folder of the checkout that this program was built in. It may be gone by now.
const BUILT_WITH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk");

/// Where a step goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The folder of its crate, which is not there yet.
    pub(super) folder: PathBuf,
    /// The folder of the SDK; nothing inside the workspace of phoenix-orch, which knows it itself.
    pub(super) sdk: Option<PathBuf>,
    /// The manifest of another workspace that the folder is in.
    pub(super) foreign: Option<PathBuf>,
}

/// Decides by what is on the disk; writes nothing.
///
/// # Errors
/// `NEW-PLACE`, `NEW-EXISTS` or `NEW-NO-SDK`.
pub(super) fn find(
    here: &Path,
    name: &str,
    path: Option<&Path>,
    sdk: Option<&Path>,
) -> Result<Place> {
    let asked = here.join(path.unwrap_or(Path::new(name)));
    let parent = canonical(asked.parent().unwrap_or(&asked))?;
    let asked = match asked.file_name() {
        Some(last) => parent.join(last),
        None => return Err(place(&asked, "does not end in the name of a folder")),
    };
    let workspace = workspace_above(&parent);
    let folder = match &workspace {
        Some(Workspace { root, ours: true }) if path.is_none() => root.join("steps").join(name),
        Some(Workspace { root, ours: true }) if asked.parent() != Some(&root.join("steps")) => {
            return Err(place(&asked, "is in the workspace, and not in its folder `steps`"));
        }
        _ => asked,
    };
    if fs::symlink_metadata(&folder).is_ok() {
        let message = format!("`{}` is there already", folder.display());
        return Err(Error::new(ErrorKind::Usage, "NEW-EXISTS", message).hint(
            "Choose another name, or another folder with `--path`; nothing is overwritten.",
        ));
    }
    match workspace {
        Some(Workspace { ours: true, .. }) => Ok(Place { folder, sdk: None, foreign: None }),
        other => {
            let foreign = other.map(|workspace| workspace.root.join("Cargo.toml"));
            Ok(Place { folder, sdk: Some(sdk_at(here, sdk)?), foreign })
        }
    }
}

fn canonical(parent: &Path) -> Result<PathBuf> {
    let found = fs::canonicalize(parent);
    found.map_err(|error| place(parent, "is no folder to make another one in").cause(error))
}

fn place(path: &Path, why: &str) -> Error {
    let message = format!("`{}` {why}", path.display());
    Error::new(ErrorKind::Usage, "NEW-PLACE", message)
        .hint("Make the folder above it, or choose another one with `--path`.")
}

struct Workspace {
    root: PathBuf,
    /// Whether it is that of phoenix-orch, or one laid out as it is.
    ours: bool,
}

/// The nearest workspace, as cargo looks for it. A manifest that cannot be read is cargo's to complain of.
fn workspace_above(folder: &Path) -> Option<Workspace> {
    folder.ancestors().find_map(|root| {
        let manifest = manifest(root)?;
        let workspace = manifest.get("workspace")?;
        let sdk = workspace.get("dependencies").and_then(|all| all.get("phoenix-sdk"));
        let ours = sdk.is_some_and(|sdk| sdk.get("path").is_some()) && root.join("steps").is_dir();
        Some(Workspace { root: root.to_owned(), ours })
    })
}

fn manifest(folder: &Path) -> Option<toml::Table> {
    fs::read_to_string(folder.join("Cargo.toml")).ok()?.parse().ok()
}

fn sdk_at(here: &Path, given: Option<&Path>) -> Result<PathBuf> {
    let wanted = given.map_or_else(|| PathBuf::from(BUILT_WITH), |given| here.join(given));
    // Whoever names the checkout means the folder in it.
    let folders = [wanted.clone(), wanted.join("sdk")];
    let found = folders.iter().find(|folder| {
        let manifest = manifest(folder);
        let name = manifest.as_ref().and_then(|manifest| manifest.get("package")?.get("name"));
        name.and_then(toml::Value::as_str) == Some("phoenix-sdk")
    });
    let found = found.and_then(|folder| fs::canonicalize(folder).ok());
    found.filter(|folder| folder.to_str().is_some()).ok_or_else(|| {
        let message = format!("`phoenix-sdk` is not at `{}`", wanted.display());
        Error::new(ErrorKind::Usage, "NEW-NO-SDK", message)
            .hint("Name the folder `sdk` of a checkout of phoenix-orch with `--sdk`.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with this manifest, with `steps` in it, and with an SDK.
    fn checkout(manifest: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["steps", "sdk", "deep"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        let sdk = "[package]\nname = \"phoenix-sdk\"\n";
        fs::write(folder.path().join("sdk/Cargo.toml"), sdk).unwrap();
        folder
    }

    const OURS: &str = "[workspace.dependencies]\nphoenix-sdk = { path = \"sdk\" }\n";

    #[test]
    fn inside_the_workspace_steps_have_their_folder() {
        let checkout = checkout(OURS);
        let root = checkout.path().canonicalize().unwrap();
        let expected = Place { folder: root.join("steps/a"), sdk: None, foreign: None };
        for (here, path) in [
            (root.clone(), None),
            (root.join("deep"), None),
            (root.clone(), Some("steps/a")),
            (root.join("steps"), Some("a")),
        ] {
            assert_eq!(find(&here, "a", path.map(Path::new), None).unwrap(), expected);
        }
        let elsewhere = find(&root, "a", Some(Path::new("deep/a")), None).unwrap_err();
        assert_eq!(elsewhere.code, "NEW-PLACE");
    }

    #[test]
    fn outside_the_sdk_is_where_it_was_said_or_where_we_were_built() {
        let checkout = checkout(OURS);
        let outside = tempfile::tempdir().unwrap();
        let here = outside.path().canonicalize().unwrap();
        let sdk = checkout.path().join("sdk").canonicalize().unwrap();
        for given in [checkout.path(), &sdk] {
            let place = find(&here, "a", None, Some(given)).unwrap();
            let expected = Place { folder: here.join("a"), sdk: Some(sdk.clone()), foreign: None };
            assert_eq!(place, expected);
        }
        let built = find(&here, "a", Some(Path::new("./b/")), None).unwrap();
        assert_eq!(built.folder, here.join("b"));
        assert_eq!(built.sdk, fs::canonicalize(BUILT_WITH).ok());
        assert_eq!(find(&here, "a", None, Some(&here)).unwrap_err().code, "NEW-NO-SDK");
    }

    #[test]
    fn another_workspace_is_told_of() {
        let checkout = checkout("[workspace]\n");
        let root = checkout.path().canonicalize().unwrap();
        let place = find(&root, "a", None, Some(&root)).unwrap();
        assert_eq!(place.folder, root.join("a"));
        assert_eq!(place.foreign, Some(root.join("Cargo.toml")));
    }

    #[test]
    fn what_is_there_stays_and_what_is_not_is_not_made() {
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("nowhere", outside.path().join("a")).unwrap();
        for (path, code) in [("a", "NEW-EXISTS"), ("missing/a", "NEW-PLACE"), ("..", "NEW-PLACE")] {
            let error = find(outside.path(), "a", Some(Path::new(path)), None).unwrap_err();
            assert_eq!((&*error.code, error.hints.len()), (code, 1), "{path}");
        }
    }
}
