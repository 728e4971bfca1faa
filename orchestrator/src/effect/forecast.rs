//! How much an installation will be, as apt reckons it beforehand. Nothing is changed for that, not even
//! apt's own caches.

use phoenix_sdk::Output;
use serde::{Deserialize, Serialize};

use super::packages::install_words;
use crate::transport::{Read, Reader, Seen};

/// What an installation will bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// Packages, with those that they depend on.
    pub packages: u64,
    /// What has to be downloaded, in bytes. apt gives three digits of it, or so.
    pub download: u64,
    /// What it takes on the target's disk, in bytes, as exactly.
    pub disk: u64,
}

/// What installing these packages will bring. Nothing if apt cannot say, because its lists are missing or it
/// is busy: that is no reason to fail before anything is to be done.
pub fn installation(
    machine: &dyn Reader,
    names: &[String],
    recommends: bool,
) -> Option<Installation> {
    // With URIs to print, apt takes no lock; without names for its caches, it writes none.
    let words = ["apt-get", "-y", "-q", "--print-uris"];
    let caches = ["-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="];
    let argv = words.iter().chain(&caches).map(|word| (*word).to_owned());
    let argv = argv.chain(install_words(names, recommends)).collect();
    match machine.read(&[Read::Exec { argv }]).ok()?.pop()?.ok()? {
        Seen::Exec(output) if output.success() => parse(&output),
        _ => None,
    }
}

fn parse(output: &Output) -> Option<Installation> {
    let text = output.stdout.to_text();
    let line = |begin: &str| text.lines().find_map(|line| line.strip_prefix(begin));
    let counted = text.lines().find(|line| line.contains(" newly installed, "))?;
    let (upgraded, rest) = counted.split_once(" upgraded, ")?;
    let packages: u64 = rest.split_once(" newly installed")?.0.parse().ok()?;
    // Of `Need to get 3 MB/74.2 MB of archives.` the former is what is missing.
    let download = line("Need to get ")?.split(['/']).next()?;
    let disk = line("After this operation, ").unwrap_or_default();
    Some(Installation {
        packages: packages + upgraded.parse::<u64>().ok()?,
        download: bytes(download)?,
        disk: match disk.contains("additional") {
            true => bytes(disk)?,
            false => 0,
        },
    })
}

/// `74.2 MB of archives.`, in bytes: apt counts in thousands.
fn bytes(text: &str) -> Option<u64> {
    let mut words = text.split_whitespace();
    let number: f64 = words.next()?.replace(',', "").parse().ok()?;
    let unit = match words.next()? {
        "B" => 1.0,
        "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "apt prints no negative sizes, and none of an exabyte"
    )]
    Some((number * unit).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::{Installation, Output, parse};

    fn said(text: &str) -> Option<Installation> {
        parse(&Output { exit: 0, stdout: text.into(), stderr: "".into() })
    }

    #[test]
    fn what_apt_says() {
        let text = "The following NEW packages will be installed:\n  docker.io runc\n\
            1 upgraded, 14 newly installed, 0 to remove and 3 not upgraded.\n\
            Need to get 3,072 kB/74.2 MB of archives.\n\
            After this operation, 289 MB of additional disk space will be used.\n\
            'http://deb/x.deb' x.deb 123 SHA256:0\n";
        let expected = Installation { packages: 15, download: 3_072_000, disk: 289_000_000 };
        assert_eq!(said(text), Some(expected));
        let freed =
            text.replace("of additional disk space will be used", "disk space will be freed");
        assert_eq!(said(&freed), Some(Installation { disk: 0, ..expected }));
        assert_eq!(said("Need to get 1 B of archives.\n"), None);
        assert_eq!(said(""), None);
    }
}
