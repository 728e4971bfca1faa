//! From an open file to the step inside it.

use std::{fs::File, mem::ManuallyDrop, os::fd::AsRawFd, path::Path};

use abi_stable::library::{AbiHeaderRef, LibraryError, ROOT_MODULE_LOADER_NAME_WITH_NUL};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use phoenix_sdk::{
    StepError,
    boundary::{StepBox, StepModuleRef},
};

use crate::error::{Error, ErrorKind, Result};

/// Loads a library and makes its step. The library stays loaded, and the file open, until the process
/// ends: code of a step may run on any thread, and if the number of a closed file were used again, the
/// loader would take the next library for this one.
///
/// # Errors
/// `PLUGIN-NOT-A-LIBRARY`, `PLUGIN-NOT-A-STEP`, `PLUGIN-SDK-MISMATCH`, or the error of the step's
/// constructor.
pub(super) fn step(path: &Path, file: File) -> Result<StepBox> {
    let file = ManuallyDrop::new(file);
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: the library's constructors run here. It is one that `trust` accepted.
    let library = unsafe { Library::open(Some(&open), RTLD_NOW | RTLD_LOCAL) };
    let library = library.map_err(|error| {
        let cause = error.to_string().replace(&open, &path.display().to_string());
        refuse(path, "PLUGIN-NOT-A-LIBRARY", "is not a shared library for this machine")
            .cause(cause)
            .hint("Build the step as a `cdylib` for this machine.")
    })?;
    let library = ManuallyDrop::new(library);
    // SAFETY: under this name abi_stable's libraries export a `LibHeader`, which begins with an
    // `AbiHeader`; its magic string and version are checked by `upgrade` before anything else is used.
    let header =
        unsafe { library.get::<AbiHeaderRef>(ROOT_MODULE_LOADER_NAME_WITH_NUL.as_bytes()) };
    let header = header.map_err(|error| {
        refuse(path, "PLUGIN-NOT-A-STEP", "exports no step")
            .cause(error)
            .hint("Put `export_step!(YourStep);` into its `lib.rs`, or correct `library`.")
    })?;
    // The symbol's address is the header's; a `Symbol<T>` reads `T` as being that address.
    let module = header
        .upgrade()
        .and_then(|header| header.init_root_module::<StepModuleRef>())
        .map_err(|error| mismatch(path, &error))?;
    (module.new())().into_result().map_err(|document| {
        let error =
            document.read().unwrap_or_else(|_| StepError::new("SDK-DOCUMENT", "unreadable"));
        Error::from_step(ErrorKind::Plugin, error).cause(format!("in `{}`", path.display()))
    })
}

fn refuse(path: &Path, code: &str, why: &str) -> Error {
    Error::new(ErrorKind::Plugin, code, format!("`{}` {why}", path.display()))
}

/// abi_stable's report on a changed layout has more than a thousand lines: the operator gets one, the
/// log the rest.
fn mismatch(path: &Path, error: &LibraryError) -> Error {
    tracing::debug!(path = %path.display(), %error, "the library is not compatible");
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
