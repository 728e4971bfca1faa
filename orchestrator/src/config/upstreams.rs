//! From where the package cache may fetch.

use std::net::Ipv4Addr;

use super::codes;
use super::section::{Section, Value};
use super::shown::shown;
use super::source::Source;
use crate::error::{Error, Result};

/// The mirrors of those that make what is installed, as their own documentation and installers name them.
const USUAL: &[&str] = &[
    "deb.debian.org",
    "security.debian.org",
    "archive.ubuntu.com",
    "security.ubuntu.com",
    "ports.ubuntu.com",
    "download.docker.com",
];

/// A server of packages, over plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// A name in lower case, or an IPv4 address.
    pub host: String,
    /// Usually 80.
    pub port: u16,
    /// Whether the administrator has written it down. Only such a one may be in a private network.
    pub named: bool,
}

impl Upstream {
    /// A host, and its port unless that is 80. Nothing if it cannot be the name of one.
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port != 0)?),
            None => (text, 80),
        };
        let is_label = |label: &str| {
            let fits = !label.is_empty() && label.len() <= 63 && !label.starts_with('-');
            fits && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_name = host.len() <= 253 && host.split('.').all(is_label);
        // What ends in a number is read as an address by some, and refused by others.
        let last = host.rsplit('.').next().unwrap_or_default();
        let looks_like_address = last.bytes().all(|byte| byte.is_ascii_digit());
        let is_host = is_name && (!looks_like_address || host.parse::<Ipv4Addr>().is_ok());
        is_host.then(|| Self { host: host.to_ascii_lowercase(), port, named: true })
    }

    /// As it stands in an address: `deb.debian.org`, or `mirror.lan:8080`.
    pub fn authority(&self) -> String {
        match self.port {
            80 => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }
}

/// From where it may fetch, if it is switched on.
pub(super) fn package_cache(
    source: &Source,
    section: &Section<'_>,
) -> Result<Option<Vec<Upstream>>> {
    const KEY: &str = "package_cache_upstreams";
    let on = section.switch("package_cache")?.unwrap_or(false);
    let upstreams = match section.get(KEY) {
        None => USUAL
            .iter()
            .map(|host| Upstream { host: (*host).to_owned(), port: 80, named: false })
            .collect(),
        Some(value) => listed(source, section, KEY, value)?,
    };
    Ok(on.then_some(upstreams))
}

fn listed(
    source: &Source,
    section: &Section<'_>,
    key: &str,
    value: Value<'_>,
) -> Result<Vec<Upstream>> {
    let list = section.list(key, value)?;
    if list.is_empty() {
        let message = format!("`{}` is empty", section.path(key));
        return Err(source
            .error(value.span(), codes::VALUE, message, "no host")
            .hint("Leave it out to mean the mirrors of Debian, Ubuntu and Docker."));
    }
    list.iter()
        .map(|value| {
            let text = section.entry(key, value)?;
            Upstream::parse(text).ok_or_else(|| no_host(source, section, key, value, text))
        })
        .collect()
}

fn no_host(
    source: &Source,
    section: &Section<'_>,
    key: &str,
    value: Value<'_>,
    text: &str,
) -> Error {
    let message = format!("`{}` cannot have `{}`", section.path(key), shown(text));
    source
        .error(value.span(), codes::VALUE, message, "not a host")
        .hint("Write the host alone, as in the containers' apt sources: \"deb.debian.org\", or \"mirror.lan:8080\".")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::parse_text;
    use super::*;

    fn parse(policy: &str) -> Result<Option<Vec<Upstream>>> {
        let text = format!("format = 1\n[policy]\n{policy}\n[plugins.a]\nversion = \"1\"\n");
        Ok(parse_text(Path::new("plugins.toml"), &text)?.policy.package_cache)
    }

    #[test]
    fn it_is_off_unless_one_line_says_otherwise() {
        assert_eq!(parse("").unwrap(), None);
        assert_eq!(parse("package_cache = false").unwrap(), None);
        assert_eq!(parse("package_cache_upstreams = [\"a\"]").unwrap(), None);
        let usual = parse("package_cache = true").unwrap().unwrap();
        assert!(usual.iter().any(|one| one.authority() == "deb.debian.org" && !one.named));

        let mine =
            "package_cache = true\npackage_cache_upstreams = [\"Mirror.lan:8080\", \"10.0.0.1\"]";
        let mine = parse(mine).unwrap().unwrap();
        let authorities: Vec<_> = mine.iter().map(Upstream::authority).collect();
        assert_eq!(authorities, ["mirror.lan:8080", "10.0.0.1"]);
        assert!(mine.iter().all(|one| one.named));
    }

    #[test]
    fn what_is_no_host_is_shown_with_its_place() {
        for (policy, place, expected) in [
            ("package_cache = \"on\"", "3:17", "`policy.package_cache` must be true or false"),
            ("package_cache_upstreams = []", "3:27", "`policy.package_cache_upstreams` is empty"),
            (
                "package_cache_upstreams = \"a\"",
                "3:27",
                "`policy.package_cache_upstreams` must be a list",
            ),
            (
                "package_cache_upstreams = [1]",
                "3:28",
                "an entry of `policy.package_cache_upstreams` must be a string",
            ),
        ] {
            let error = parse(policy).unwrap_err();
            assert!(error.message.starts_with(expected), "{error}");
            let excerpt = error.excerpt.unwrap();
            assert!(excerpt.contains(&format!("plugins.toml:{place}\n")), "{expected}\n{excerpt}");
        }
        let none =
            ["", "http://a", "a/b", "a:0", "a:x", "a:1:2", "a b", "-a", "a..b", "1.2.3", "[::1]"];
        for host in none {
            let error = parse(&format!("package_cache_upstreams = [\"{host}\"]")).unwrap_err();
            assert!(error.message.contains("cannot have"), "{host}: {error}");
        }
    }
}
