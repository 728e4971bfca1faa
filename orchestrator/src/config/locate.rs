//! Where plugins.toml is. What it does not do: read it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::codes;
use super::shown::shown;
use crate::error::{Error, ErrorKind, Result};

/// The variable that names the file.
pub const ENV: &str = "PHOENIX_ORCH_CONFIG";

/// The name that is looked for in the working directory.
pub const FILE_NAME: &str = "plugins.toml";

/// Where the file is looked for at last.
pub const SYSTEM: &str = "/etc/phoenix-orch/plugins.toml";

/// The configuration file: the one named by `--config`, else the one named by `PHOENIX_ORCH_CONFIG`
/// (unless that is empty), else `plugins.toml` in the working directory, else the system's.
///
/// Whatever is there counts, also a directory or a file that cannot be read: [`super::load`] then
/// says what is wrong with it, instead of another file being taken silently.
///
/// # Errors
/// `CONFIG-MISSING` with the places that were looked at.
pub fn locate(explicit: Option<&Path>, env: Option<&OsStr>, cwd: &Path) -> Result<PathBuf> {
    search(explicit, env, cwd, Path::new(SYSTEM))
}

fn search(
    explicit: Option<&Path>,
    env: Option<&OsStr>,
    cwd: &Path,
    system: &Path,
) -> Result<PathBuf> {
    if let Some(path) = explicit {
        return named(cwd.join(path), "--config");
    }
    if let Some(path) = env.filter(|path| !path.is_empty()) {
        return named(cwd.join(path), ENV);
    }
    let places = [cwd.join(FILE_NAME), system.to_owned()];
    if let Some(path) = places.iter().find(|path| is_there(path)) {
        return Ok(path.clone());
    }
    let [here, system] = places.map(|path| shown(&path.to_string_lossy()));
    Err(Error::new(ErrorKind::Config, codes::MISSING, "there is no `plugins.toml`")
        .cause(format!("looked at `{here}` and `{system}`"))
        .hint(format!("Name the file with `--config FILE` or in `{ENV}`."))
        .hint("`phoenix-orch init` writes one for this host."))
}

/// A path that somebody named is used or refused; nothing else is tried in its place.
fn named(path: PathBuf, by: &str) -> Result<PathBuf> {
    if is_there(&path) {
        return Ok(path);
    }
    let name = shown(&path.to_string_lossy());
    Err(Error::new(ErrorKind::Config, codes::MISSING, format!("`{name}` does not exist"))
        .cause(format!("`{by}` names it"))
        .hint(format!("Correct `{by}`, or leave it out to use `./{FILE_NAME}` or `{SYSTEM}`.")))
}

/// Not being able to tell counts as being there: then reading it says why.
fn is_there(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(_) => true,
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_four_places_wins() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let cwd = at("cwd");
        std::fs::create_dir(&cwd).unwrap();
        let find = |explicit: Option<&str>, env: Option<&str>| {
            let explicit = explicit.map(Path::new);
            search(explicit, env.map(OsStr::new), &cwd, &at("system.toml"))
        };

        let error = find(None, None).unwrap_err();
        assert_eq!(error.code, codes::MISSING);
        assert!(error.causes[0].contains("cwd/plugins.toml"), "{error}");
        assert!(error.causes[0].contains("system.toml"), "{error}");

        std::fs::write(at("system.toml"), "").unwrap();
        assert_eq!(find(None, None).unwrap(), at("system.toml"));
        std::fs::write(cwd.join("plugins.toml"), "").unwrap();
        assert_eq!(find(None, None).unwrap(), cwd.join("plugins.toml"));
        assert_eq!(find(None, Some("")).unwrap(), cwd.join("plugins.toml"));
        std::fs::write(cwd.join("env.toml"), "").unwrap();
        assert_eq!(find(None, Some("env.toml")).unwrap(), cwd.join("env.toml"));
        std::fs::write(cwd.join("flag.toml"), "").unwrap();
        assert_eq!(find(Some("flag.toml"), Some("env.toml")).unwrap(), cwd.join("flag.toml"));
    }

    #[test]
    fn a_named_file_that_is_not_there_is_never_replaced_by_another() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE_NAME), "").unwrap();
        for (explicit, env, by) in
            [(Some("gone.toml"), None, "--config"), (None, Some("gone.toml"), ENV)]
        {
            let error =
                locate(explicit.map(Path::new), env.map(OsStr::new), dir.path()).unwrap_err();
            assert_eq!(error.code, codes::MISSING);
            assert!(error.causes[0].contains(by), "{error}");
        }
    }
}
