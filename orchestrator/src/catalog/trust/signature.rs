//! The signature beside a library, as minisign makes it.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use minisign_verify::{Signature, StreamVerifier};
use rustix::fs::OFlags;

use crate::{config::Signer, transport::printable};

/// Four lines are a few hundred bytes; the rest is room for a comment.
const LARGEST: u64 = 8 * 1024;

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key in the policy that it was made with.
    pub key: String,
    /// What the signer says in it, fit for a terminal.
    pub comment: String,
}

/// What was found beside a library.
pub(super) enum Found {
    /// The policy names no signers, so nothing was looked for.
    NotAsked,
    /// There is no such file.
    Absent,
    /// It is no signature; a fragment that says why.
    Unusable(String),
    Read(Signature),
}

/// What the signature says of the library.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    NotAsked,
    Absent,
    /// A fragment that says why.
    Bad(String),
    Good(Signed),
}

/// Where the signature of a library lies.
pub(super) fn beside(library: &Path) -> PathBuf {
    let mut path = library.as_os_str().to_owned();
    path.push(".minisig");
    path.into()
}

/// Reads the signature of a library, if anybody's is asked for.
pub(super) fn read(library: &Path, signers: &[Signer]) -> Found {
    if signers.is_empty() {
        return Found::NotAsked;
    }
    let path = beside(library);
    let text = match text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Absent,
        Err(error) => return Found::Unusable(format!("cannot read `{}`: {error}", path.display())),
    };
    match Signature::decode(&text) {
        Ok(signature) => Found::Read(signature),
        Err(_) => Found::Unusable(format!("`{}` is no signature of minisign", path.display())),
    }
}

/// The file's text. It proves itself, so it does not matter who wrote it; but it may be anything.
fn text(path: &Path) -> io::Result<String> {
    let regular = |metadata: fs::Metadata| match metadata.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("it is not a regular file")),
    };
    // Before it is opened, because that has effects with some devices, and after, for it may be another.
    regular(fs::metadata(path)?)?;
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    regular(file.metadata()?)?;
    let mut text = String::new();
    if file.take(LARGEST + 1).read_to_string(&mut text)? as u64 > LARGEST {
        return Err(io::Error::other(format!("it has more than {LARGEST} bytes")));
    }
    Ok(text)
}

/// The keys that may have made the signature; whoever reads the library feeds them all of it.
pub(super) fn candidates<'a>(
    found: &'a Found,
    signers: &'a [Signer],
) -> Vec<(&'a Signer, StreamVerifier<'a>)> {
    let Found::Read(signature) = found else { return Vec::new() };
    let verifier = |signer: &'a Signer| Some((signer, signer.key.verify_stream(signature).ok()?));
    signers.iter().filter_map(verifier).collect()
}

/// What it comes to when the keys have seen the whole library.
pub(super) fn verdict(found: &Found, fed: Vec<(&Signer, StreamVerifier<'_>)>) -> Verdict {
    let signature = match found {
        Found::NotAsked => return Verdict::NotAsked,
        Found::Absent => return Verdict::Absent,
        Found::Unusable(why) => return Verdict::Bad(why.clone()),
        Found::Read(signature) => signature,
    };
    if fed.is_empty() {
        let why = "it was made with none of the keys in `signers`, or in minisign's legacy format";
        return Verdict::Bad(why.to_owned());
    }
    let good = fed.into_iter().find_map(|(signer, mut verifier)| {
        verifier.finalize().is_ok().then(|| Signed {
            key: signer.text.clone(),
            comment: printable(signature.trusted_comment()),
        })
    });
    good.map_or_else(
        || Verdict::Bad("it was made for another file, or was changed".to_owned()),
        Verdict::Good,
    )
}

#[cfg(test)]
mod tests {
    use minisign_verify::PublicKey;

    use super::*;

    // Made with minisign 0.11: the key, and signatures with it for a file that says `a step`.
    const KEY: &str = "RWQyYaxLCxlq3s4Mp8STp6G4Tr0svSwF0jJyzAr3RVKv+1AintnK5kcO";
    const OTHER: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const GOOD: &str = "untrusted comment: signature from minisign secret key
RUQyYaxLCxlq3m1j0StKwMwARJxljeor6sk6+aOdlmt+ZLflKg7kw6AGkxtSAGurKFNeVXLUPagVUUr0FNX1uE/ocvmSo5FBVgo=
trusted comment: libx 1.0 for tests
a3i9uJs42FjDBQKswAHHlUwzYhNsaO0g6NtJMQODhk3kU97lNWMsKy/ZKqBblVKbbCunOxDrZSt+JR17z+GPCQ==
";
    const LEGACY: &str = "untrusted comment: signature from minisign secret key
RWQyYaxLCxlq3n0iRxhgk3tydmLnU85TCzsjGr5EWS4GAokjuaFqGqYj3xrenZPlaRr1WTuShpGt2DDk3fHpmDyBmMqx034QRwQ=
trusted comment: legacy
7l1qlSC6b22yctUiutjkKWxOWhpTSOrqTIXfREXj2kJ1jh831vpLU588GspVvZ9Z2Xu3ujzXKHrs60FMfsqSBQ==
";

    /// What a library of these bytes and a signature of this text come to, with these signers.
    fn judged(bytes: &[u8], signature: Option<&[u8]>, keys: &[&str]) -> Verdict {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libx.so");
        if let Some(signature) = signature {
            fs::write(folder.path().join("libx.so.minisig"), signature).unwrap();
        }
        let signers: Vec<Signer> = keys
            .iter()
            .map(|text| Signer {
                text: (*text).to_owned(),
                key: PublicKey::from_base64(text).unwrap(),
            })
            .collect();
        let found = read(&library, &signers);
        let mut candidates = candidates(&found, &signers);
        candidates.iter_mut().for_each(|(_, verifier)| verifier.update(bytes));
        verdict(&found, candidates)
    }

    fn bad(verdict: Verdict) -> String {
        match verdict {
            Verdict::Bad(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_signature_by_any_of_the_keys_holds_for_its_own_file_only() {
        let good = Some(GOOD.as_bytes());
        let signed = Signed { key: KEY.to_owned(), comment: "libx 1.0 for tests".to_owned() };
        assert_eq!(judged(b"a step", good, &[OTHER, KEY]), Verdict::Good(signed));
        assert!(bad(judged(b"a Step", good, &[OTHER, KEY])).contains("another file"));
        assert!(bad(judged(b"a step", good, &[OTHER])).contains("none of the keys"));
        assert!(bad(judged(b"a step", Some(LEGACY.as_bytes()), &[KEY])).contains("legacy"));
        assert_eq!(judged(b"a step", None, &[KEY]), Verdict::Absent);
        assert_eq!(judged(b"a step", None, &[]), Verdict::NotAsked);
        assert_eq!(judged(b"a step", good, &[]), Verdict::NotAsked);
    }

    #[test]
    fn nobody_can_change_what_the_signer_says() {
        let changed = GOOD.replace("libx 1.0", "libx 2.0");
        assert!(bad(judged(b"a step", Some(changed.as_bytes()), &[KEY])).contains("was changed"));
    }

    #[test]
    fn what_is_no_signature_is_bad_and_never_absent() {
        let large = vec![b'x'; LARGEST as usize + 1];
        for (bytes, why) in [
            (&b""[..], "no signature"),
            (b"untrusted comment: x\nRUQ=\n", "no signature"),
            (b"\xff\n\n\n\n", "cannot read"),
            (&large, "more than 8192 bytes"),
        ] {
            let told = bad(judged(b"a step", Some(bytes), &[KEY]));
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn a_pipe_in_its_place_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let mode = rustix::fs::Mode::RUSR;
        let pipe = folder.path().join("libx.so.minisig");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let error = text(&pipe).unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");
    }
}
