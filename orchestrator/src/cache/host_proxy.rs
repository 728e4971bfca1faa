//! The proxy through which the host itself fetches packages: apt's own setting, else the variable `http_proxy`.

use std::{collections::BTreeMap, env};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use phoenix_sdk::Secret;

use super::address::unescaped;
use crate::transport::{Exec, LocalMachine, Reader as _};

/// The key of apt's setting; one for a single host has the host behind it.
const KEY: &str = "Acquire::http::Proxy";

/// What the host says about proxies.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct HostProxy {
    /// Apt's values by key. There may be a password in each, as in that of the variable.
    apt: BTreeMap<String, Secret>,
    /// Of `http_proxy`.
    general: Option<Secret>,
    /// Of `no_proxy`.
    without: Vec<String>,
}

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<Secret>,
}

impl HostProxy {
    /// That of this host. Where apt is not there to be asked, the variables alone decide.
    pub(super) fn of_this_host() -> Self {
        let asked = Exec::new(["apt-config", "dump", "--format=%f %v%n"]);
        let dump = LocalMachine.probe(&asked).map(|output| output.stdout.to_text());
        Self::parse(&dump.unwrap_or_default(), |name| env::var(name).ok())
    }

    pub(super) fn parse(dump: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let apt = dump
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(key, value)| key.starts_with(KEY) && !value.is_empty())
            .map(|(key, value)| (key.to_owned(), Secret::new(value.to_owned())))
            .collect();
        let without = variable("no_proxy").unwrap_or_default();
        let without = without.split(',').map(|entry| entry.trim().trim_start_matches('.'));
        Self {
            apt,
            general: variable("http_proxy").filter(|value| !value.is_empty()).map(Secret::new),
            without: without.filter(|entry| !entry.is_empty()).map(str::to_owned).collect(),
        }
    }

    /// The proxy on the way to a host, if there is one.
    ///
    /// # Errors
    /// In words, when there is one that is not spoken to here.
    pub(super) fn before(&self, host: &str) -> Result<Option<Proxy>, String> {
        let is_without = self.without.iter().any(|entry| {
            entry == "*"
                || host
                    .strip_suffix(entry.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        let value = self
            .apt
            .get(&format!("{KEY}::{host}"))
            .or_else(|| self.apt.get(KEY))
            .or(self.general.as_ref())
            .map(Secret::expose)
            .filter(|value| *value != "DIRECT" && !is_without);
        value
            .map(|value| {
                // Its value may hold a password.
                parse(value).ok_or_else(|| "the host's proxy is none of plain HTTP".to_owned())
            })
            .transpose()
    }
}

fn parse(value: &str) -> Option<Proxy> {
    let value = value.strip_prefix("http://")?.trim_end_matches('/');
    let (credentials, place) = match value.rsplit_once('@') {
        Some((credentials, place)) => (Some(credentials), place),
        None => (None, value),
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (place, 80),
    };
    let is_host = !host.is_empty() && !host.contains(['/', ':', '[', ']']);
    let authorization = match credentials {
        None => None,
        Some(credentials) => {
            Some(Secret::new(format!("Basic {}", STANDARD.encode(unescaped(credentials)?))))
        }
    };
    is_host.then(|| Proxy { host: host.to_owned(), port, authorization })
}

#[cfg(test)]
mod tests {
    use super::{HostProxy, Proxy};

    fn of(dump: &str, http_proxy: &str, no_proxy: &str) -> HostProxy {
        HostProxy::parse(dump, |name| match name {
            "http_proxy" => Some(http_proxy.to_owned()),
            "no_proxy" => Some(no_proxy.to_owned()),
            _ => None,
        })
    }

    fn host(proxy: &HostProxy, host: &str) -> Option<String> {
        proxy.before(host).unwrap().map(|proxy| format!("{}:{}", proxy.host, proxy.port))
    }

    #[test]
    fn apt_goes_before_the_variables_and_its_hosts_before_all() {
        let dump = "APT \nAcquire::http::Proxy http://a:1/\nAcquire::http::Proxy::b DIRECT\n\
                    Acquire::http::Proxy::c http://c\nAcquire::http::Proxy-Auto-Detect \n";
        let proxy = of(dump, "http://env:9", "d.lan, .e");
        assert_eq!(host(&proxy, "x"), Some("a:1".to_owned()));
        assert_eq!(host(&proxy, "b"), None);
        assert_eq!(host(&proxy, "c"), Some("c:80".to_owned()));
        assert_eq!(host(&proxy, "sub.d.lan"), None);
        assert_eq!(host(&proxy, "e"), None);
        assert_eq!(host(&proxy, "xd.lan"), Some("a:1".to_owned()));
        assert_eq!(host(&of("", "http://env:9", ""), "x"), Some("env:9".to_owned()));
        assert_eq!(host(&of("", "", ""), "x"), None);
        assert_eq!(host(&of("", "http://env:9", "*"), "x"), None);
    }

    #[test]
    fn a_password_is_sent_and_never_told() {
        let proxy = of("", "http://me:p%40ss@proxy:3128", "").before("x").unwrap();
        assert!(!format!("{proxy:?}").contains("bWU6"), "{proxy:?}");
        let authorization = Some("Basic bWU6cEBzcw==".to_owned().into());
        assert_eq!(proxy, Some(Proxy { host: "proxy".to_owned(), port: 3128, authorization }));
        for odd in ["socks5h://me:secret@a", "https://me:secret@a", "http://", "http://a:x"] {
            let error = of("", odd, "").before("x").unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
