//! The archive itself: tar, compressed by zstd.

use std::{
    io::{self, Write},
    path::Path,
};

use jiff::Timestamp;
use tempfile::NamedTempFile;

use super::{Bundle, readme};
use crate::error::{Error, ErrorKind, Result};

/// Texts become a tenth; more effort would gain little.
const LEVEL: i32 = 9;

pub(super) fn write(bundle: &Bundle, path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let unwritable = |error: io::Error| {
        let message = format!("the support bundle `{}` cannot be written", path.display());
        Error::new(ErrorKind::Internal, "BUNDLE-UNWRITABLE", message)
            .cause(error)
            .hint("Name another file with `--output`.")
    };
    if path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let file = NamedTempFile::new_in(folder).map_err(unwritable)?;
    pack(bundle, file.as_file()).and_then(|()| file.as_file().sync_all()).map_err(unwritable)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(unwritable(error.error)),
    }
}

fn exists(path: &Path) -> Error {
    let message = format!("there is something at `{}` already", path.display());
    Error::new(ErrorKind::Usage, "BUNDLE-EXISTS", message)
        .hint("Name another file with `--output`.")
}

fn pack(bundle: &Bundle, out: impl Write) -> io::Result<()> {
    let now = Timestamp::now();
    let mut archive = tar::Builder::new(zstd::Encoder::new(out, LEVEL)?);
    let readme = readme::of(bundle, now);
    let files = bundle.files.iter().map(|file| (file.name, file.text.as_str()));
    for (name, text) in [("README", readme.as_str())].into_iter().chain(files) {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(now.as_second()).unwrap_or_default());
        let path = format!("phoenix-orch-{}/{name}", bundle.run);
        archive.append_data(&mut header, path, text.as_bytes())?;
    }
    archive.into_inner()?.finish().map(drop)
}
