//! May this file be loaded?
//!
//! Nobody but root and the caller may have had a say in what it holds; it has to be the one that was pinned;
//! where signers are named, one of them has to have signed it. What this module does not do: load it.

mod checkout;
mod decide;
mod packaged;
mod refusal;
mod signature;
mod sum;

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::SystemTime,
};

use minisign_verify::StreamVerifier;
use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use crate::{
    config::{Manifest, Pins, Plugin, SYSTEM_LIBRARIES, Signer},
    error::Result,
    trust::{Stop, distrust, way},
};
use decide::{Pin, Signature};
use signature::Verdict;

pub(super) use refusal::place;
pub use signature::Signed;
pub(super) use sum::Sum;

/// The largest library that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// What is demanded of a library besides that nobody else could have changed it.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    name: &'a str,
    pin: Option<&'a str>,
    pins: Option<Pins>,
    /// The folder with the libraries of packages, whose sums stand in for a pin that is not there.
    packages: Option<&'a Path>,
    signers: &'a [Signer],
}

impl<'a> Demand<'a> {
    /// What plugins.toml demands.
    pub fn of(manifest: &'a Manifest, plugin: &'a Plugin) -> Self {
        let pin = plugin.sha256.as_deref();
        let policy = &manifest.policy;
        let packages = Some(Path::new(SYSTEM_LIBRARIES));
        Self { name: &plugin.name, pin, pins: policy.pins, packages, signers: &policy.signers }
    }

    /// The same without the pin, which is about to be written.
    pub fn before_pinning(manifest: &'a Manifest, plugin: &'a Plugin) -> Self {
        let pins = Some(Pins::Optional);
        Self { pin: None, pins, packages: None, ..Self::of(manifest, plugin) }
    }

    /// Nothing: for the library of somebody who is about to try it.
    pub fn nothing() -> Self {
        let pins = Some(Pins::Optional);
        Self { name: "NAME", pin: None, pins, packages: None, signers: &[] }
    }
}

/// Why a library was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// It is the file that was pinned.
    pub pinned: bool,
    /// It is the file that its package brought.
    pub packaged: bool,
    /// The signature that was asked for.
    pub signed: Option<Signed>,
    /// It lies where cargo builds it.
    pub in_checkout: bool,
}

/// A library that may be loaded.
#[derive(Debug)]
pub(super) struct Trusted {
    /// The file that was looked at, at its beginning: whatever lies at its path by now, this is the one to load.
    pub(super) file: File,
    /// SHA-256 of all of it.
    pub(super) sum: Sum,
    /// Why it was accepted.
    pub(super) standing: Standing,
}

/// Opens a library, once, and looks at everything that is demanded of it. It is read whole, unless a sum is `known` that is of
/// this very file as it is now, and no signature is asked for.
///
/// # Errors
/// `PLUGIN-MISSING`, `PLUGIN-UNTRUSTED`, `PLUGIN-NOT-A-LIBRARY` if it is too large, `PLUGIN-NOT-PINNED`,
/// `PLUGIN-PIN-MISMATCH`, `PLUGIN-PACKAGE-MISMATCH`, `PLUGIN-NOT-SIGNED` or `PLUGIN-SIGNATURE`.
pub(super) fn open(path: &Path, demand: &Demand<'_>, known: Option<&Sum>) -> Result<Trusted> {
    let unreadable = |error: io::Error| refusal::unreadable(path, &error);
    let absolute = std::path::absolute(path).map_err(unreadable)?;
    let real = way(&absolute).map_err(|stop| match stop {
        Stop::Untrusted(why) => refusal::untrusted(path, why),
        Stop::Unreadable(at, error) => refusal::unreadable(&at, &error),
    })?;
    let mut file = regular(path, &real)?;
    let began = SystemTime::now();
    let metadata = file.metadata().map_err(unreadable)?;

    let found = signature::read(&absolute, demand.signers);
    let mut candidates = signature::candidates(&found, demand.signers);
    let known = known.filter(|sum| demand.signers.is_empty() && sum.is_of(&metadata));
    let sum = match known {
        Some(sum) => sum.clone(),
        None => {
            let Some(sha256) = digest(&mut file, &mut candidates).map_err(unreadable)? else {
                return Err(refusal::too_large(path, LARGEST));
            };
            Sum::new(sha256, &metadata, began, &file.metadata().map_err(unreadable)?)
        }
    };
    let verdict = signature::verdict(&found, candidates);
    let in_checkout = checkout::lies_in(&real);

    let brought = match (demand.pin, demand.packages) {
        (None, Some(folder)) => packaged::sum(&real, folder)?,
        _ => None,
    };
    let pin = match (demand.pin, &brought) {
        (None, None) => Pin::Absent,
        (Some(pin), _) if pin == sum.sha256 => Pin::Fits,
        (Some(_), _) => Pin::Differs,
        (None, Some(brought)) if *brought == sum.sha256 => Pin::Packaged,
        (None, Some(_)) => Pin::Repacked,
    };
    let expected = demand.pin.or(brought.as_deref()).unwrap_or_default();
    let (signature, signed, bad) = match verdict {
        Verdict::NotAsked => (Signature::NotAsked, None, String::new()),
        Verdict::Absent => (Signature::Absent, None, String::new()),
        Verdict::Bad(why) => (Signature::Bad, None, why),
        Verdict::Good(signed) => (Signature::Good, Some(signed), String::new()),
    };
    decide::decide(demand.pins, pin, signature, in_checkout).map_err(|refusal| {
        refusal::error(refusal, path, demand.name, expected, &sum.sha256, &bad)
    })?;
    if let Some(Signed { key, comment }) = &signed {
        tracing::info!(path = %path.display(), key, comment, "the library is signed");
    }
    let (pinned, packaged) = (pin == Pin::Fits, pin == Pin::Packaged);
    let standing = Standing { pinned, packaged, signed, in_checkout };
    Ok(Trusted { file, sum, standing })
}

/// Opens a regular file that is ours and not too large. Opening some devices has effects, so it is looked at before it is
/// opened. A pipe that nobody writes to would be waited for without NONBLOCK, which means nothing for
/// regular files.
fn regular(path: &Path, real: &Path) -> Result<File> {
    let unreadable = |error: io::Error| refusal::unreadable(path, &error);
    let acceptable = |metadata: &fs::Metadata| {
        if !metadata.is_file() {
            let why = format!("`{}` is not a regular file", real.display());
            return Err(refusal::untrusted(path, why));
        }
        distrust(real, metadata).map_or(Ok(()), |why| Err(refusal::untrusted(path, why)))
    };
    acceptable(&fs::symlink_metadata(real).map_err(unreadable)?)?;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let mut options = File::options();
    options.read(true).custom_flags(flags.bits().cast_signed());
    let file = options.open(real).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    acceptable(&metadata)?;
    if metadata.len() > LARGEST { Err(refusal::too_large(path, LARGEST)) } else { Ok(file) }
}

/// SHA-256 of the file, which the keys see too, and the file at its beginning again; nothing if there is
/// more of it than is read: it may have grown meanwhile.
fn digest(
    file: &mut File,
    candidates: &mut [(&Signer, StreamVerifier<'_>)],
) -> io::Result<Option<String>> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut seen = 0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        seen += count as u64;
        if seen > LARGEST {
            return Ok(None);
        }
        hash.update(&buffer[..count]);
        candidates.iter_mut().for_each(|(_, verifier)| verifier.update(&buffer[..count]));
    }
    file.rewind()?;
    Ok(Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const ANY: Demand<'static> =
        Demand { name: "x", pin: None, pins: Some(Pins::Optional), packages: None, signers: &[] };

    fn code(path: &Path, demand: &Demand<'_>) -> String {
        open(path, demand, None).unwrap_err().code
    }

    #[test]
    fn whatever_others_could_have_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libx.so");
        fs::write(&path, "x").unwrap();
        assert!(open(&path, &ANY, None).is_ok());
        for (what, mode) in [(&path, 0o664), (&folder.path().to_path_buf(), 0o777)] {
            let before = fs::metadata(what).unwrap().permissions();
            fs::set_permissions(what, PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(code(&path, &ANY), "PLUGIN-UNTRUSTED", "{mode:o}");
            fs::set_permissions(what, before).unwrap();
        }
        assert_eq!(code(folder.path(), &ANY), "PLUGIN-UNTRUSTED");
        assert_eq!(code(&folder.path().join("no"), &ANY), "PLUGIN-MISSING");
        assert_eq!(code(Path::new("/dev/zero"), &ANY), "PLUGIN-UNTRUSTED");
    }

    #[test]
    fn a_known_file_is_not_read_again_and_a_changed_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libx.so");
        fs::write(&path, "x").unwrap();
        let metadata = fs::metadata(&path).unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(9);
        let known = Sum::new("known".to_owned(), &metadata, later, &metadata);
        assert_eq!(open(&path, &ANY, Some(&known)).unwrap().sum, known);
        let pinned = Demand { pin: Some("other"), ..ANY };
        assert_eq!(open(&path, &pinned, Some(&known)).unwrap_err().code, "PLUGIN-PIN-MISMATCH");
        // It was made a moment ago, so the next run reads it again.
        let fresh = open(&path, &ANY, None).unwrap().sum;
        assert!(fresh != known && !fresh.is_of(&metadata));
        fs::write(&path, "xy").unwrap();
        assert_eq!(open(&path, &ANY, Some(&known)).unwrap().sum.sha256.len(), 64);
    }

    #[test]
    fn the_sum_of_the_package_stands_in_for_a_pin_that_is_not_there() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().canonicalize().unwrap();
        let path = folder.join("libx.so");
        fs::write(&path, "abc").unwrap();
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let silent = Demand { pins: None, packages: Some(&folder), ..ANY };
        assert_eq!(code(&path, &silent), "PLUGIN-NOT-PINNED");
        fs::write(folder.join("SHA256SUMS"), format!("{sha256}  libx.so\n")).unwrap();
        let standing = open(&path, &silent, None).unwrap().standing;
        assert!(standing.packaged && !standing.pinned);
        // Who demands pins demands their own, and who is about to pin asks no package.
        let required = Demand { pins: Some(Pins::Required), ..silent };
        assert_eq!(code(&path, &required), "PLUGIN-NOT-PINNED");
        fs::write(&path, "abcd").unwrap();
        let error = open(&path, &silent, None).unwrap_err();
        assert_eq!(error.code, "PLUGIN-PACKAGE-MISMATCH");
        assert!(error.causes[0].contains(sha256), "{error:?}");
        assert!(open(&path, &ANY, None).is_ok());
        let own = open(&path, &ANY, None).unwrap().sum.sha256;
        let pinned = Demand { pin: Some(&own), ..silent };
        let standing = open(&path, &pinned, None).unwrap().standing;
        assert!(standing.pinned && !standing.packaged);
    }

    #[test]
    fn a_pipe_is_not_waited_for_and_a_terabyte_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert_eq!(code(&pipe, &ANY), "PLUGIN-UNTRUSTED");
        // Sparse: reading it would be noticed.
        let large = folder.path().join("large");
        File::create(&large).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(code(&large, &ANY), "PLUGIN-NOT-A-LIBRARY");
    }

    #[test]
    fn the_file_that_was_looked_at_is_given_back_whatever_its_path_leads_to_by_then() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("libx.so"), folder.path().join("link.so"));
        fs::write(&path, "abc").unwrap();
        symlink("libx.so", &link).unwrap();
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let pinned = Demand { pin: Some(sha256), pins: Some(Pins::Required), ..ANY };
        let mut trusted = open(&link, &pinned, None).unwrap();
        assert_eq!(trusted.sum.sha256, sha256);
        assert!(trusted.standing.pinned && !trusted.standing.in_checkout);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another").unwrap();
        let mut text = String::new();
        trusted.file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        assert_eq!(code(&link, &pinned), "PLUGIN-PIN-MISMATCH");
        assert_eq!(code(&link, &Demand { pin: None, ..pinned }), "PLUGIN-NOT-PINNED");
        assert_eq!(code(&link, &Demand { pin: None, pins: None, ..pinned }), "PLUGIN-NOT-PINNED");
    }
}
