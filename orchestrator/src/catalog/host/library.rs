//! From a library to the step inside it. Runs in the step's own process, where nothing is left to lose.

use std::{io::Write as _, mem::ManuallyDrop, path::Path};

use abi_stable::library::{AbiHeaderRef, LibraryError, ROOT_MODULE_LOADER_NAME_WITH_NUL};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use phoenix_sdk::{
    StepError,
    boundary::{StepBox, StepModuleRef},
};

use crate::error::{Error, ErrorKind, Result};

/// Loads the library that is at `open` now; `path` is what the operator calls it. It stays loaded until
/// the process ends: code of a step may run on any thread.
///
/// # Errors
/// `PLUGIN-NOT-A-LIBRARY`, `PLUGIN-NOT-A-STEP`, or `PLUGIN-SDK-MISMATCH`.
pub(super) fn load(path: &Path, open: &Path) -> Result<StepModuleRef> {
    // SAFETY: the library's constructors run here, in a process that can do nothing but ask.
    let library = unsafe { Library::open(Some(open), RTLD_NOW | RTLD_LOCAL) };
    let library = library.map_err(|error| {
        refuse(path, "PLUGIN-NOT-A-LIBRARY", "is not a shared library for this machine")
            .cause(reason(&error, path, open))
            .hint("Build the step as a `cdylib` for this machine.")
    })?;
    let library = ManuallyDrop::new(library);
    // SAFETY: under this name abi_stable's libraries export a `LibHeader`, which begins with an
    // `AbiHeader`; its magic string and version are checked by `upgrade` before anything else is used.
    let header =
        unsafe { library.get::<AbiHeaderRef>(ROOT_MODULE_LOADER_NAME_WITH_NUL.as_bytes()) };
    let header = header.map_err(|error| {
        refuse(path, "PLUGIN-NOT-A-STEP", "exports no step")
            .cause(reason(&error, path, open))
            .hint("Put `export_step!(YourStep);` into its `lib.rs`, or correct `library`.")
    })?;
    // The symbol's address is the header's; a `Symbol<T>` reads `T` as being that address.
    header
        .upgrade()
        .and_then(|header| header.init_root_module::<StepModuleRef>())
        .map_err(|error| mismatch(path, &error))
}

/// What the loader itself says: the last of the causes, of which the first only names the call.
fn reason(error: &dyn std::error::Error, path: &Path, open: &Path) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let (path, open) = (path.display().to_string(), open.display().to_string());
    let said = last.to_string();
    // The file is open, so this is about what is in it.
    if said.starts_with(&format!("{open}: cannot open shared object file")) {
        return "the loader passes it over, as it does with libraries of other machines".to_owned();
    }
    said.replace(&open, &path)
}

/// Makes the step.
///
/// # Errors
/// That of the step's constructor.
pub(super) fn make(path: &Path, module: StepModuleRef) -> Result<StepBox> {
    (module.new())().into_result().map_err(|document| {
        let error =
            document.read().unwrap_or_else(|_| StepError::new("SDK-DOCUMENT", "unreadable"));
        Error::from_step(ErrorKind::Plugin, error).cause(format!("in `{}`", path.display()))
    })
}

pub(super) fn refuse(path: &Path, code: &str, why: &str) -> Error {
    Error::new(ErrorKind::Plugin, code, format!("`{}` {why}", path.display()))
}

/// abi_stable's report on a changed layout has more than a thousand lines: the operator gets one, the
/// log the rest.
fn mismatch(path: &Path, error: &LibraryError) -> Error {
    // The process has no log of its own; what it prints goes into that of the orchestrator.
    let _ = writeln!(std::io::stderr(), "{error}");
    let ours = env!("CARGO_PKG_VERSION_MAJOR");
    let cause = match error {
        LibraryError::IncompatibleVersionNumber { expected_version, actual_version, .. } => {
            format!(
                "it was built with phoenix-sdk {actual_version}, and this is {expected_version}"
            )
        }
        LibraryError::AbiInstability(_) => "its layout differs from ours".to_owned(),
        LibraryError::InvalidAbiHeader(_) => "it was built with another abi_stable".to_owned(),
        other => other.to_string().lines().next().unwrap_or_default().to_owned(),
    };
    refuse(path, "PLUGIN-SDK-MISMATCH", "was built for another SDK")
        .cause(cause)
        .hint("Rebuild the step with the SDK of this phoenix-orch (`phoenix-orch --version`).")
        .hint(format!("`RUST_LOG=debug` shows all that differs (orchestrator major {ours})."))
}
