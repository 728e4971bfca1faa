//! `init`: a plugins.toml to begin with, for this host.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, Permissions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use phoenix_sdk::Manager;

use super::{
    args::{Global, Init},
    setting,
};
use crate::{
    catalog,
    config::{self, Manifest, Surroundings},
    error::{Error, ErrorKind, Result},
    report,
    runtime::{self, Runtime},
    transport::printable,
};

pub(super) fn run(global: &Global, verb: &Init) -> Result<u8> {
    let path = verb.file.clone().or_else(|| global.config.clone());
    let path = path.unwrap_or_else(|| PathBuf::from(config::SYSTEM));
    // Before anything is looked at; and once more when it is written.
    if path.symlink_metadata().is_ok() {
        return Err(exists(&path));
    }
    let found = surroundings();
    let mut lines = told(&found);
    let mut text = config::template(&found);
    let manifest = config::parse_text(&path, &text)?;
    let pins = pins(&manifest);
    if !pins.is_empty() {
        text = manifest.with_pins(&pins)?;
        lines.push(format!("pinned: {}", pins.keys().cloned().collect::<Vec<_>>().join(", ")));
    }
    write(&path, &text).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(&path),
        _ => unwritable(&path, &error),
    })?;
    // Only a reader who stopped reading makes this fail.
    let _ =
        anstream::stdout().write_all(report::written(&path.to_string_lossy(), &lines).as_bytes());
    Ok(0)
}

/// What is here. Whatever cannot be found out is told, and left to the administrator: there may be no container yet.
fn surroundings() -> Surroundings {
    let enabled = fs::read_to_string("/sys/module/apparmor/parameters/enabled");
    let apparmor = enabled.is_ok_and(|text| text.trim_end() == "Y");
    let runtime = runtime::named(None).map_err(|error| report::warning(&error.to_string())).ok();
    let list = |runtime: &dyn Runtime| setting::all(runtime).or_else(|_| runtime.list());
    let containers = runtime.as_deref().and_then(|runtime| {
        list(runtime).map_err(|error| report::warning(&error.to_string())).ok()
    });
    let name = |runtime: &dyn Runtime| match runtime.manager() {
        Manager::Lxc => "lxc",
        Manager::Pve => "pve",
    };
    Surroundings { runtime: runtime.as_deref().map(name), containers, apparmor }
}

/// The same in words.
fn told(found: &Surroundings) -> Vec<String> {
    let runtime = match found.runtime {
        Some("pve") => "Proxmox VE",
        Some(_) => "plain LXC",
        None => "none found",
    };
    let containers = match found.containers.as_deref() {
        None => "not known".to_owned(),
        Some([]) => "none".to_owned(),
        Some(names) => names.join(", "),
    };
    let apparmor = if found.apparmor {
        "in the kernel"
    } else {
        "not in the kernel; `policy.apparmor` says what to do then"
    };
    vec![
        format!("runtime: {runtime}"),
        format!("containers: {containers}"),
        format!("apparmor: {apparmor}"),
    ]
}

/// The pins of the libraries that need one. A library that is refused, or not there yet, is told and has none.
fn pins(manifest: &Manifest) -> BTreeMap<String, String> {
    let mut pins = BTreeMap::new();
    for name in manifest.plugins.keys() {
        match catalog::load_to_pin(manifest, &[name.clone()].into(), &setting::exe_dir()) {
            // In a checkout the next build is another library.
            Ok(steps) => pins.extend(
                steps
                    .into_iter()
                    .filter(|(_, step)| !step.standing.in_checkout)
                    .map(|(name, step)| (name, step.sha256)),
            ),
            Err(error) => report::warning(&error.to_string()),
        }
    }
    pins
}

/// Writes a new file that everybody may read, whole or not at all. Of the folders above only the last is made.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let absolute = std::path::absolute(path)?;
    let folder = absolute.parent().unwrap_or(Path::new("/"));
    match DirBuilder::new().mode(0o755).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let mut file = tempfile::Builder::new().prefix(".plugins.toml-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    // Whatever the umask says: what is in it is no secret, and who may not be root wants to read it too.
    file.as_file().set_permissions(Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    file.persist_noclobber(&absolute).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()
}

fn exists(path: &Path) -> Error {
    let name = printable(&path.to_string_lossy());
    Error::new(ErrorKind::Usage, "INIT-EXISTS", format!("`{name}` is there already"))
        .cause("`init` never overwrites; nothing was written")
        .hint("Look at it with `phoenix-orch config check`.")
        .hint("To compare, write another: `phoenix-orch init FILE`. To begin anew, move it away first.")
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let name = printable(&path.to_string_lossy());
    let made =
        Error::new(ErrorKind::Internal, "INIT-UNWRITABLE", format!("`{name}` cannot be written"))
            .cause(error);
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            made.hint("Run it as root, or name a file of your own: `phoenix-orch init FILE`.")
        }
        io::ErrorKind::NotFound => made.hint("Make the folders above it first."),
        _ => made.hint("Mend the cause, or name another file: `phoenix-orch init FILE`."),
    }
}
