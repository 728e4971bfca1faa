//! The cache from outside: a client on one side, an upstream on the other.

mod hostile;
mod mirror;

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{
    Service, Upstream,
    flights::Flights,
    host_proxy::HostProxy,
    store::{Limits, Store},
    upstream::Upstreams,
};
use mirror::{Mirror, Page};

/// A cache with one service, at a port of this machine.
struct Bench {
    service: Service,
    flights: Arc<Flights>,
    port: u16,
    folder: TempDir,
}

impl Bench {
    fn new(allowed: Vec<Upstream>) -> Self {
        Self::through(allowed, HostProxy::default())
    }

    fn through(allowed: Vec<Upstream>, proxy: HostProxy) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits { spare: 0, ..Limits::default() };
        let store = Store::open(&folder.path().join("packages"), limits).unwrap();
        let flights = Arc::new(Flights::new(store, Upstreams::through(allowed, proxy)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let service = Service::start(listener, Arc::clone(&flights)).unwrap();
        Self { service, flights, port, folder }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// All that comes for these bytes until the connection ends.
    fn raw(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        // It may have heard enough before all is said.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    /// Status and body of an answer to a single request.
    fn get(&self, address: &str, headers: &str) -> (u16, String, Vec<u8>) {
        let request = format!("GET {address} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        let answer = self.raw(request.as_bytes());
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        (status, head, answer[end..].to_vec())
    }

    fn kept(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("packages")).unwrap().count()
    }
}

fn by_hash(content: &[u8]) -> String {
    let hash: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("/debian/dists/x/main/binary-amd64/by-hash/SHA256/{hash}")
}

const PACKAGE: &str = "/debian/pool/main/x/x_1_all.deb";

#[test]
fn what_never_changes_comes_once_and_what_may_each_time() {
    let content: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    let list = by_hash(b"a list");
    let mirror = Mirror::new(&[
        (PACKAGE, Page::of(&content)),
        (&list, Page::of(b"a list")),
        ("/debian/dists/x/InRelease", Page::of(b"signed")),
    ]);
    let bench = Bench::new(vec![mirror.named()]);
    for _ in 0..3 {
        assert_eq!(bench.get(&mirror.address(PACKAGE), ""), {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\nConnection: close\r\n\r\n";
            (200, head.to_owned(), content.clone())
        });
        assert_eq!(bench.get(&mirror.address(&list), "").2, b"a list");
        assert_eq!(bench.get(&mirror.address("/debian/dists/x/InRelease"), "").2, b"signed");
        // A part is not given; whoever asks for one gets all of it.
        let part = bench.get(&mirror.address(PACKAGE), "Range: bytes=5-9\r\n");
        assert_eq!((part.0, part.2.len()), (200, content.len()));
    }
    let count = |path: &str| {
        mirror.heard().iter().filter(|head| head.starts_with(&format!("GET {path} "))).count()
    };
    assert_eq!((count(PACKAGE), count(&list), count("/debian/dists/x/InRelease")), (1, 1, 3));
    assert_eq!(bench.kept(), 2);

    let tally = bench.service.take_tally();
    assert_eq!((tally.kept.files, tally.fetched.files, tally.passed.files), (7, 2, 3));
    assert_eq!(tally.fetched.bytes, 300_006);
    assert_eq!(tally.fault, None);
    // What apt refuses is fetched anew.
    bench.service.discard(&tally);
    assert_eq!(bench.kept(), 0);
    assert_eq!(bench.get(&mirror.address(PACKAGE), "").2, content);
    assert_eq!(count(PACKAGE), 2);
}

#[test]
fn many_who_wait_cost_one_fetch_and_begin_to_read_at_once() {
    let content = vec![7; 200_000];
    let slow = Page::of(&content).slow(Duration::from_millis(700));
    let mirror = Mirror::new(&[(PACKAGE, slow)]);
    let bench = Bench::new(vec![mirror.named()]);
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| assert_eq!(bench.get(&mirror.address(PACKAGE), "").2, content));
        }
        // Before the second half has come.
        let mut stream = bench.connect();
        let request = format!("GET {} HTTP/1.1\r\n\r\n", mirror.address(PACKAGE));
        let begin = Instant::now();
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_exact(&mut [0; 50_000]).unwrap();
        assert!(begin.elapsed() < Duration::from_millis(500), "{:?}", begin.elapsed());
    });
    assert_eq!(mirror.heard().len(), 1);
}

#[test]
fn one_connection_serves_requests_that_come_ahead_of_their_answers() {
    let mirror =
        Mirror::new(&[(PACKAGE, Page::of(b"package")), ("/dists/x/Release", Page::of(b"r"))]);
    let bench = Bench::new(vec![mirror.named()]);
    let one =
        |path: &str, more: &str| format!("GET {} HTTP/1.1\r\n{more}\r\n", mirror.address(path));
    let none = "/dists/x/none";
    let all = one(PACKAGE, "")
        + &one("/dists/x/Release", "")
        + &one(none, "")
        + &one(PACKAGE, "Connection: close\r\n");
    let answer = String::from_utf8(bench.raw(all.as_bytes())).unwrap();
    let statuses: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).map(|part| &part[..3]).collect();
    assert_eq!(statuses, ["200", "200", "404", "200"], "{answer}");
    assert!(answer.ends_with("\r\n\r\npackage"), "{answer}");
}

#[test]
fn conditions_go_through_and_redirections_come_back() {
    let moved =
        "HTTP/1.0 302 Found\r\nContent-Length: 0\r\nLocation: http://169.254.169.254/dists/x";
    let mirror = Mirror::new(&[
        ("/dists/x/InRelease", Page::head("HTTP/1.0 304 Not Modified\r\nETag: \"a\"")),
        ("/dists/x/moved", Page::head(moved)),
        (PACKAGE, Page::head(moved)),
    ]);
    let bench = Bench::new(vec![mirror.named()]);
    let condition = "If-None-Match: \"a\"\r\nCookie: mine\r\n";
    let (status, head, body) = bench.get(&mirror.address("/dists/x/InRelease"), condition);
    assert_eq!((status, body.len()), (304, 0));
    assert!(head.contains("ETag: \"a\"") && !head.contains("Content-Length"), "{head}");
    let heard = mirror.heard().remove(0);
    assert!(heard.contains("If-None-Match: \"a\"") && !heard.contains("Cookie"), "{heard}");
    for path in ["/dists/x/moved", PACKAGE] {
        let (status, head, _) = bench.get(&mirror.address(path), "");
        assert_eq!(status, 302);
        assert!(head.contains("Location: http://169.254.169.254/dists/x"), "{head}");
    }
    assert_eq!((mirror.heard().len(), bench.kept()), (3, 0));
}

#[test]
fn the_hosts_own_proxy_is_asked_instead() {
    let proxy = Mirror::new(&[(PACKAGE, Page::of(b"package"))]);
    let setting = format!("Acquire::http::Proxy http://me:pw@127.0.0.1:{}/\n", proxy.port);
    let upstream = Upstream { host: "deb.debian.org".to_owned(), port: 80, named: false };
    let bench = Bench::through(vec![upstream], HostProxy::parse(&setting, |_| None));
    assert_eq!(bench.get(&format!("http://deb.debian.org{PACKAGE}"), "").2, b"package");
    let heard = proxy.heard().remove(0);
    assert!(
        heard.starts_with(&format!("GET http://deb.debian.org{PACKAGE} HTTP/1.1\r\n")),
        "{heard}"
    );
    assert!(heard.contains("Host: deb.debian.org\r\n"), "{heard}");
    assert!(heard.contains("Proxy-Authorization: Basic bWU6cHc=\r\n"), "{heard}");
}

#[test]
fn an_upstream_that_is_not_there_or_breaks_off_is_no_file() {
    let list = by_hash(b"truth");
    let mirror = Mirror::new(&[
        (
            PACKAGE,
            Page { head: "HTTP/1.0 200 OK\r\nContent-Length: 10".to_owned(), ..Page::of(b"short") },
        ),
        (&list, Page::of(b"a lie")),
        ("/pool/endless.deb", Page::head("HTTP/1.0 200 OK")),
        ("/pool/huge.deb", Page::head("HTTP/1.0 200 OK\r\nContent-Length: 99999999999")),
        ("/dists/x/old", Page::head("HTTP/1.0 426 Upgrade Required\r\nContent-Length: 0")),
        ("/dists/x/chunks", Page::head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked")),
    ]);
    let gone = Upstream { host: "127.0.0.1".to_owned(), port: 1, named: true };
    let bench = Bench::new(vec![mirror.named(), gone]);
    let fault = |address: &str| {
        let (status, _, body) = bench.get(address, "");
        (status, body.len(), bench.service.take_tally().fault.unwrap())
    };
    let (status, length, why) = fault(&mirror.address(PACKAGE));
    assert!(status == 200 && length < 10 && why.contains("shorter"), "{status} {length} {why}");
    // Nobody gets all of what is not what it says.
    let (status, length, why) = fault(&mirror.address(&list));
    assert!(status == 200 && length < 5 && why.contains("its name"), "{status} {length} {why}");
    let (status, _, why) = fault(&mirror.address("/dists/x/old"));
    assert!(status == 426 && why.contains("answered 426"), "{status} {why}");
    for (address, word) in [
        (mirror.address("/pool/endless.deb"), "length"),
        (mirror.address("/pool/huge.deb"), "more than is kept"),
        (mirror.address("/dists/x/chunks"), "chunks"),
        ("http://127.0.0.1:1/dists/x/InRelease".to_owned(), "cannot be reached"),
        ("http://127.0.0.1:1/pool/x.deb".to_owned(), "cannot be reached"),
    ] {
        let (status, _, why) = fault(&address);
        assert!(status == 502 && why.contains(word), "{address}: {status} {why}");
    }
    assert_eq!(bench.kept(), 0);
}
