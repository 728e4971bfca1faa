//! What the operator is told when a library is not loaded, and where in plugins.toml it is shown.

use std::{io, path::Path};

use super::{decide::Refusal, packaged, signature};
use crate::{
    config::Part,
    error::{Error, ErrorKind},
};

const NOT_PINNED: &str = "PLUGIN-NOT-PINNED";
const PIN_MISMATCH: &str = "PLUGIN-PIN-MISMATCH";
const PACKAGE_MISMATCH: &str = "PLUGIN-PACKAGE-MISMATCH";
const NOT_SIGNED: &str = "PLUGIN-NOT-SIGNED";
const BAD_SIGNATURE: &str = "PLUGIN-SIGNATURE";

/// Where in plugins.toml an error of this code belongs, and the words under the caret.
pub(in crate::catalog) fn place(code: &str) -> Option<(Part<'static>, &'static str)> {
    match code {
        NOT_PINNED => Some((Part::Pin, "no `sha256`")),
        PIN_MISMATCH => Some((Part::Pin, "the file has another hash")),
        PACKAGE_MISMATCH => Some((Part::Library, "not as its package brought it")),
        NOT_SIGNED => Some((Part::Library, "not signed")),
        BAD_SIGNATURE => Some((Part::Library, "the signature does not hold")),
        "PLUGIN-UNTRUSTED" => Some((Part::Library, "not loaded")),
        _ => None,
    }
}

/// The error for a refusal of the plugin of this name. `expected` is the sum that it was to have, where there is one; `bad` says
/// why the signature is, where it is.
pub(super) fn error(
    refusal: Refusal,
    path: &Path,
    name: &str,
    expected: &str,
    sha256: &str,
    bad: &str,
) -> Error {
    let error = |code, what: &str| {
        Error::new(ErrorKind::Plugin, code, format!("`{}` {what}", path.display()))
    };
    let pin = format!("phoenix-orch plugins pin {name}");
    match refusal {
        Refusal::NotPinned => error(NOT_PINNED, "is not pinned")
            .cause("plugins.toml does not say which file may be loaded")
            .hint(format!("If it is the one that you installed: `{pin}`.")),
        Refusal::PinMismatch => error(PIN_MISMATCH, "is not the file that was pinned")
            .cause(format!("pinned is {expected}"))
            .cause(format!("the file is {sha256}"))
            .hint("Find out who changed it, and why.")
            .hint(format!("If it was you: `{pin}`.")),
        Refusal::PackageMismatch => error(PACKAGE_MISMATCH, "is not the file that its package brought")
            .cause(format!("`{}` beside it has {expected}", packaged::SUMS))
            .cause(format!("the file is {sha256}"))
            .hint("Find out who changed it, and why; `apt-get install --reinstall phoenix-orch` brings the package's own back.")
            .hint(format!("If it was you: `{pin}`.")),
        Refusal::NotSigned => {
            let missing = signature::beside(path);
            error(NOT_SIGNED, "is not signed")
                .cause(format!("there is no `{}`, and the policy names signers", missing.display()))
                .hint("Get the signature from whoever built the library, or sign it: `minisign -S -m FILE`.")
        }
        Refusal::BadSignature => error(BAD_SIGNATURE, "has a signature that does not hold")
            .cause(bad)
            .hint("Get library and signature anew from whoever built them.")
            .hint("If the signer is a new one, add the public key to `signers` under [policy]."),
    }
}

/// Somebody else could have changed it.
pub(super) fn untrusted(path: &Path, why: String) -> Error {
    let message = format!("`{}` could have been changed by somebody else", path.display());
    Error::new(ErrorKind::Plugin, "PLUGIN-UNTRUSTED", message).cause(why).hint(
        "Make root (or yourself) its owner, and take the right to write from group and others.",
    )
}

/// There are sums of a package, and they say nothing.
pub(super) fn sums_unreadable(library: &Path, sums: &Path, why: String) -> Error {
    let message = format!("what its package says of `{}` cannot be read", library.display());
    Error::new(ErrorKind::Plugin, PACKAGE_MISMATCH, message)
        .cause(format!("`{}`: {why}", sums.display()))
        .hint("`apt-get install --reinstall phoenix-orch` brings the package's own files back.")
}

/// It, or what leads to it, cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Plugin, "PLUGIN-MISSING", format!("cannot open `{}`", path.display()))
        .cause(error)
        .hint("Correct `library` or `plugin_dirs` in plugins.toml, or install the plugin.")
}

/// No library of a step is that large.
pub(super) fn too_large(path: &Path, limit: u64) -> Error {
    let message = format!("`{}` is not a library of a step", path.display());
    Error::new(ErrorKind::Plugin, "PLUGIN-NOT-A-LIBRARY", message)
        .cause(format!("it has more than {} MiB", limit >> 20))
        .hint("Check that the right file was named.")
}
