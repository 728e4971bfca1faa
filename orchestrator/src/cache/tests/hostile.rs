//! Containers that mean ill.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use super::{Bench, Mirror, PACKAGE, Page, Upstream};
use crate::cache::{Cache, address::Address, flights::Found};

#[test]
fn whatever_is_no_file_of_a_repository_is_refused_and_nobody_is_asked() {
    let mirror = Mirror::new(&[("/etc/passwd", Page::of(b"root")), (PACKAGE, Page::of(b"p"))]);
    // A second server on the same machine, that is not in the list.
    let other = Mirror::new(&[(PACKAGE, Page::of(b"secret"))]);
    let bench = Bench::new(vec![mirror.named()]);
    let get = |address: String| format!("GET {address} HTTP/1.1\r\nHost: x\r\n\r\n");
    let authority = format!("127.0.0.1:{}", mirror.port);
    for (request, status) in [
        (get(other.address(PACKAGE)), "403"),
        (get(mirror.address("/etc/passwd")), "403"),
        (get(mirror.address("/pool/../etc/passwd")), "403"),
        (get(mirror.address("/pool/%2e%2e/etc/passwd")), "403"),
        (get(format!("http://{authority}@127.0.0.1:{}{PACKAGE}", other.port)), "403"),
        (get("http://169.254.169.254/latest/dists/x".to_owned()), "403"),
        (get("file:///etc/dists/x".to_owned()), "403"),
        (get(PACKAGE.to_owned()), "403"),
        (format!("CONNECT {authority} HTTP/1.1\r\n\r\n"), "405"),
        (format!("PUT {} HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", mirror.address(PACKAGE)), "405"),
        (format!("GET {} HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", mirror.address(PACKAGE)), "400"),
        (
            format!(
                "GET {} HTTP/1.1\r\nX: {}\r\n\r\n",
                mirror.address(PACKAGE),
                "x".repeat(100_000)
            ),
            "431",
        ),
        ("\0\x01\x02\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = bench.raw(request.as_bytes());
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.80}: {answer}");
        assert!(answer.contains("Connection: close"), "{answer}");
    }
    assert_eq!((mirror.heard().len(), other.heard().len(), bench.kept()), (0, 0, 0));
    assert_eq!(bench.get(&mirror.address(PACKAGE), "").2, b"p");
}

#[test]
fn a_usual_host_that_leads_into_a_private_network_is_not_asked() {
    let mirror = Mirror::new(&[("/dists/x/Release", Page::of(b"r"))]);
    let upstream = |named| Upstream { host: "localhost".to_owned(), port: mirror.port, named };
    let address = format!("http://localhost:{}/dists/x/Release", mirror.port);
    let bench = Bench::new(vec![upstream(false)]);
    let (status, _, body) = bench.get(&address, "");
    assert_eq!(status, 502);
    // What is told outside says nothing about the host's network.
    assert!(!String::from_utf8_lossy(&body).contains("private"), "{body:?}");
    let why = bench.service.take_tally().fault.unwrap();
    assert!(why.contains("in a private network"), "{why}");
    assert_eq!(mirror.heard().len(), 0);
    assert_eq!(Bench::new(vec![upstream(true)]).get(&address, "").0, 200);
}

#[test]
fn whoever_reads_slowly_or_hangs_up_keeps_nobody_waiting() {
    let content = vec![1; 8 << 20];
    let mirror = Mirror::new(&[(PACKAGE, Page::of(&content))]);
    let bench = Bench::new(vec![mirror.named()]);
    let mut idle = bench.connect();
    idle.write_all(format!("GET {} HTTP/1.1\r\n\r\n", mirror.address(PACKAGE)).as_bytes()).unwrap();
    let begin = Instant::now();
    assert_eq!(bench.get(&mirror.address(PACKAGE), "").2.len(), content.len());
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!(mirror.heard().len(), 1);
    // The end of the service does not wait for it either.
    let begin = Instant::now();
    let Bench { service, .. } = bench;
    drop(service);
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
}

#[test]
fn no_more_connections_are_held_than_a_bound() {
    let mirror = Mirror::new(&[(PACKAGE, Page::of(b"p"))]);
    let bench = Bench::new(vec![mirror.named()]);
    let idle: Vec<TcpStream> = (0..40).map(|_| bench.connect()).collect();
    thread::sleep(Duration::from_millis(300));
    let is_closed = |mut stream: &TcpStream| {
        stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        matches!(stream.read(&mut [0]), Ok(0))
    };
    assert_eq!(idle.iter().filter(|stream| !is_closed(stream)).count(), 16);
    drop(idle);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(bench.get(&mirror.address(PACKAGE), "").2, b"p");
}

#[test]
fn a_fetch_that_nobody_waits_for_ends() {
    let page = Page::of(&vec![1; 100_000]).slow(Duration::from_millis(500));
    let mirror = Mirror::new(&[(PACKAGE, page)]);
    let bench = Bench::new(vec![mirror.named()]);
    let address = Address::parse(&mirror.address(PACKAGE), &[mirror.named()]).unwrap();
    let found = bench.flights.find(&address).unwrap();
    assert!(matches!(found, Found::Fetched(_)));
    assert!(matches!(bench.flights.find(&address).unwrap(), Found::Shared(_)));
    drop(found);
    thread::sleep(Duration::from_millis(1000));
    assert_eq!(bench.kept(), 0);
    // And whoever comes later begins anew.
    assert_eq!(bench.get(&mirror.address(PACKAGE), "").2.len(), 100_000);
    assert_eq!((mirror.heard().len(), bench.kept()), (2, 1));
}

#[test]
fn a_folder_that_cannot_be_used_is_said_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let cache = Cache::new(Vec::new(), file.join("packages"));
    for _ in 0..2 {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let why = cache.serve(listener).err().unwrap();
        assert!(why.contains("cannot be made"), "{why}");
    }
}
