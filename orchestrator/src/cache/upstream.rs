//! Fetching from upstream, over plain HTTP: one answer a connection. Mirrors behind some proxies of today refuse HTTP/1.0 (426),
//! so it is 1.1; an answer in chunks is none all the same, for files of a mirror have a length. What this module does not do:
//! follow redirections.

use std::{
    fmt::Write as _,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream, ToSocketAddrs as _},
    time::{Duration, Instant},
};

use super::{
    address::Address,
    host_proxy::{HostProxy, Proxy},
    private::is_private,
};
use crate::{
    config::Upstream,
    transport::{
        http_head::{Head, LONGEST},
        printable,
    },
};

/// For one address of a host to take a connection, and how many of its addresses are tried.
const CONNECTING: Duration = Duration::from_secs(10);
const MOST_ADDRESSES: usize = 4;
/// An upstream that says nothing for so long has gone away.
const SILENCE: Duration = Duration::from_secs(30);
/// For one file in all.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);

/// The hosts from which may be fetched, and the way to them.
pub(super) struct Upstreams {
    allowed: Vec<Upstream>,
    proxy: HostProxy,
}

impl Upstreams {
    /// These, on the way that the host itself takes.
    pub(super) fn of_this_host(allowed: Vec<Upstream>) -> Self {
        Self { allowed, proxy: HostProxy::of_this_host() }
    }

    /// These, whatever the host says about proxies.
    #[cfg(test)]
    pub(super) fn through(allowed: Vec<Upstream>, proxy: HostProxy) -> Self {
        Self { allowed, proxy }
    }

    /// The hosts.
    pub(super) fn allowed(&self) -> &[Upstream] {
        &self.allowed
    }

    /// Asks for a file, with these headers besides.
    ///
    /// # Errors
    /// In words, when there is no answer. Any status is an answer.
    pub(super) fn get(
        &self,
        address: &Address,
        headers: &[(&'static str, String)],
    ) -> Result<Download, String> {
        let proxy = self.proxy.before(&address.upstream.host)?;
        let mut request = match &proxy {
            Some(_) => format!("GET {} HTTP/1.1\r\n", address.text()),
            None => format!("GET {} HTTP/1.1\r\n", address.path),
        };
        let _ = write!(request, "Host: {}\r\n", address.upstream.authority());
        let _ = write!(request, "User-Agent: phoenix-orch/{}\r\n", env!("CARGO_PKG_VERSION"));
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        if let Some(authorization) = proxy.as_ref().and_then(|proxy| proxy.authorization.as_ref()) {
            let _ = write!(request, "Proxy-Authorization: {}\r\n", authorization.expose());
        }
        request.push_str("Connection: close\r\n\r\n");
        let stream = connect(&address.upstream, proxy.as_ref())?;
        let words = |error: io::Error| format!("`{}`: {error}", address.upstream.authority());
        (|| {
            stream.set_read_timeout(Some(SILENCE))?;
            stream.set_write_timeout(Some(SILENCE))?;
            (&stream).write_all(request.as_bytes())
        })()
        .map_err(words)?;
        Download::begin(stream, address)
    }
}

/// Whoever is on the way to the upstream. What a name means is looked up once, and the connection goes to what was looked at.
fn connect(upstream: &Upstream, proxy: Option<&Proxy>) -> Result<TcpStream, String> {
    let (host, port, may_be_private) = match proxy {
        Some(proxy) => (proxy.host.as_str(), proxy.port, true),
        None => (upstream.host.as_str(), upstream.port, upstream.named),
    };
    let found = (host, port).to_socket_addrs();
    let found = found.map_err(|error| format!("`{host}` is not found: {error}"))?;
    let (good, bad): (Vec<SocketAddr>, Vec<SocketAddr>) =
        found.partition(|address| may_be_private || !is_private(address.ip()));
    let mut trouble = match bad.first() {
        Some(bad) => format!(
            "`{host}` is {}, in a private network; name it in `package_cache_upstreams` if that is right",
            bad.ip()
        ),
        None => format!("`{host}` has no address"),
    };
    for address in good.iter().take(MOST_ADDRESSES) {
        match TcpStream::connect_timeout(address, CONNECTING) {
            Ok(stream) => return Ok(stream),
            Err(error) => trouble = format!("`{host}` ({address}) cannot be reached: {error}"),
        }
    }
    Err(trouble)
}

/// An answer that is coming.
pub(super) struct Download {
    pub(super) head: Head,
    stream: TcpStream,
    /// What came of the body along with the head.
    early: Vec<u8>,
    /// Of the body, in bytes, if that is known.
    left: Option<u64>,
    deadline: Instant,
    name: String,
}

impl Download {
    fn begin(mut stream: TcpStream, address: &Address) -> Result<Self, String> {
        let deadline = Instant::now() + TIME_LIMIT;
        let name = address.text();
        let mut received = Vec::new();
        let mut piece = [0; 4096];
        let head = loop {
            if let Some(head) =
                Head::parse(&received).map_err(|error| format!("`{name}`: {error}"))?
            {
                break head;
            }
            if received.len() > LONGEST {
                return Err(format!("`{name}`: the answer's head is too long"));
            }
            match read(&mut stream, &mut piece, deadline, &name)? {
                0 => return Err(format!("`{name}`: the answer ends before its body")),
                count => received.extend_from_slice(&piece[..count]),
            }
        };
        let early = received.split_off(head.end);
        let has_body = !matches!(head.status, 204 | 304);
        let left = if has_body { head.length } else { Some(0) };
        Ok(Self { head, stream, early, left, deadline, name })
    }

    /// What is still to come of the body, in bytes, if that is known.
    pub(super) fn left(&self) -> Option<u64> {
        self.left
    }

    /// What comes next of the body; 0 at its end.
    ///
    /// # Errors
    /// In words, when it ends too early, or takes too long.
    pub(super) fn read(&mut self, piece: &mut [u8]) -> Result<usize, String> {
        let most = self.left.map_or(u64::MAX, |left| left).min(piece.len() as u64);
        // It is no more than the length of a slice.
        let piece = &mut piece[..usize::try_from(most).unwrap_or(0)];
        if piece.is_empty() {
            return Ok(0);
        }
        let count = if self.early.is_empty() {
            read(&mut self.stream, piece, self.deadline, &self.name)?
        } else {
            let count = self.early.len().min(piece.len());
            piece[..count].copy_from_slice(&self.early[..count]);
            self.early.drain(..count);
            count
        };
        match &mut self.left {
            Some(_) if count == 0 => {
                return Err(format!("`{}`: it is shorter than it says", self.name));
            }
            Some(left) => *left -= count as u64,
            None => {}
        }
        Ok(count)
    }
}

fn read(
    stream: &mut TcpStream,
    piece: &mut [u8],
    deadline: Instant,
    name: &str,
) -> Result<usize, String> {
    loop {
        if Instant::now() > deadline {
            return Err(format!("`{name}`: it takes longer than {} s", TIME_LIMIT.as_secs()));
        }
        match stream.read(piece) {
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(format!("`{name}`: {}", printable(&error.to_string()))),
        }
    }
}
