//! What may be asked for: an address of a file that a repository has, at a host of the list. Pure.

use crate::config::Upstream;

/// The longest path, in bytes.
const LONGEST: usize = 1024;

/// What a repository has besides what lies below `dists` and `pool`: a flat one has them beside its packages.
const FLAT: &[&str] = &["InRelease", "Release", "Release.gpg", "Packages", "Sources"];

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) upstream: Upstream,
    /// From the first `/` on, as it was asked for.
    pub(super) path: String,
    pub(super) kind: Kind,
}

/// Whether it can ever be another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A package in a pool: another version has another name.
    Package,
    /// Named by its SHA-256, in lower-case hexadecimal.
    ByHash(String),
    /// It changes when it likes.
    Changing,
}

impl Address {
    /// An absolute address, such as `http://deb.debian.org/debian/dists/bookworm/InRelease`.
    ///
    /// # Errors
    /// In words, why it is none that may be asked for.
    pub(super) fn parse(text: &str, allowed: &[Upstream]) -> Result<Self, &'static str> {
        let rest = text.strip_prefix("http://").ok_or("it is no absolute address of http")?;
        let slash = rest.find('/').ok_or("it has no path")?;
        let (authority, path) = rest.split_at(slash);
        let authority = authority.to_ascii_lowercase();
        let authority = authority.strip_suffix(":80").unwrap_or(&authority);
        let upstream = allowed.iter().find(|upstream| upstream.authority() == authority);
        let upstream = upstream.ok_or("its host is not in the list")?;
        let kind = kind(path)?;
        Ok(Self { upstream: upstream.clone(), path: path.to_owned(), kind })
    }

    /// The whole address; one file has one.
    pub(super) fn text(&self) -> String {
        format!("http://{}{}", self.upstream.authority(), self.path)
    }
}

fn kind(path: &str) -> Result<Kind, &'static str> {
    const NO_PATH: &str = "its path is none of a repository";
    if path.len() > LONGEST {
        return Err("its path is too long");
    }
    let mut segments = Vec::new();
    for segment in path.split('/').skip(1) {
        let decoded = decoded(segment).ok_or(NO_PATH)?;
        if matches!(decoded.as_str(), "" | "." | "..") {
            return Err(NO_PATH);
        }
        segments.push(decoded);
    }
    let name = segments.pop().ok_or(NO_PATH)?;
    let is_package = name.ends_with(".deb") || name.ends_with(".udeb");
    let in_pool = segments.iter().any(|segment| segment == "pool");
    let in_dists = segments.iter().any(|segment| segment == "dists");
    let is_flat = FLAT.iter().any(|flat| {
        name.strip_prefix(flat).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    if let [.., by_hash, algorithm] = segments.as_slice()
        && (by_hash.as_str(), algorithm.as_str()) == ("by-hash", "SHA256")
        && name.len() == 64
        && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    {
        return Ok(Kind::ByHash(name));
    }
    match (is_package && in_pool, is_package || in_pool || in_dists || is_flat) {
        (true, _) => Ok(Kind::Package),
        (false, true) => Ok(Kind::Changing),
        (false, false) => Err(NO_PATH),
    }
}

/// A part of a path without its escapes. Nothing if there is anything in it that names in repositories have not: a query, a
/// fragment, a slash in disguise.
fn decoded(segment: &str) -> Option<String> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+:=@,".contains(byte);
    let bytes = unescaped(segment)?;
    bytes.iter().all(is_plain).then(|| bytes.into_iter().map(char::from).collect())
}

/// A part of an address without its escapes. Nothing if one of them is none.
pub(super) fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => digit(bytes.next()?)? * 16 + digit(bytes.next()?)?,
            byte => byte,
        });
    }
    Some(plain)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{Address, Kind, Upstream};

    fn allowed() -> Vec<Upstream> {
        let upstream =
            |host: &str, port| Upstream { host: host.to_owned(), port, named: port != 80 };
        vec![upstream("deb.debian.org", 80), upstream("mirror.lan", 8080)]
    }

    fn parse(text: &str) -> Result<Address, &'static str> {
        Address::parse(text, &allowed())
    }

    #[test]
    fn what_never_changes_is_told_from_what_does() {
        let hash = "0f".repeat(32);
        let list = format!("http://deb.debian.org/debian/dists/x/main/by-hash/SHA256/{hash}");
        let short =
            format!("http://deb.debian.org/debian/dists/x/main/by-hash/SHA256/{}", &hash[1..]);
        let package = "http://deb.debian.org/debian/pool/main/g/g%2b%2b/g%2b%2b_4%3a12_amd64.deb";
        for (text, kind) in [
            (package, Kind::Package),
            ("http://MIRROR.lan:8080/pool/x_1_all.udeb", Kind::Package),
            (&list, Kind::ByHash(hash)),
            (&short, Kind::Changing),
            ("http://deb.debian.org:80/debian/dists/bookworm/InRelease", Kind::Changing),
            ("http://mirror.lan:8080/ours/Packages.xz", Kind::Changing),
            // Not in a pool, so it may have been replaced in its place.
            ("http://mirror.lan:8080/ours/x.deb", Kind::Changing),
        ] {
            let address = parse(text).unwrap();
            assert_eq!(address.kind, kind, "{text}");
        }
        let same = parse("http://deb.debian.org:80/pool/x.deb").unwrap().text();
        assert_eq!(same, "http://deb.debian.org/pool/x.deb");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "/debian/dists/bookworm/InRelease",
            "https://deb.debian.org/debian/dists/bookworm/InRelease",
            "http://deb.debian.org",
            "http://deb.debian.org/",
            "http://deb.debian.org/etc/passwd",
            "http://deb.debian.org/debian/dists/../../etc/passwd",
            "http://deb.debian.org/debian/dists/%2e%2e/x",
            "http://deb.debian.org/debian/dists/a%2fb",
            "http://deb.debian.org/debian/dists/a%0d%0aHost:b",
            "http://deb.debian.org/debian/dists//x",
            "http://deb.debian.org/debian/dists/",
            "http://deb.debian.org/debian/dists/x?y",
            "http://deb.debian.org/debian/dists/x#y",
            "http://deb.debian.org/debian/dists/%",
            "http://deb.debian.org/debian/dists/%+1",
            "http://deb.debian.org:8080/debian/dists/x",
            "http://mirror.lan/dists/x",
            "http://deb.debian.org@169.254.169.254/dists/x",
            "http://deb.debian.org.evil.example/dists/x",
            "http://169.254.169.254/latest/dists/x",
            "http://127.0.0.1/dists/x",
            "http://[::1]/dists/x",
            "http:///dists/x",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&format!("http://deb.debian.org/dists/{}", "x".repeat(2000))).is_err());
    }
}
