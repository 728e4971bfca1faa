//! An upstream on this machine, that counts what it is asked.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::config::Upstream;

/// What a path has: a head without its end, the body, and how long that takes.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    pub(super) pause: Duration,
}

impl Page {
    pub(super) fn of(body: &[u8]) -> Self {
        let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}", body.len());
        Self { head, body: body.to_vec(), pause: Duration::ZERO }
    }

    pub(super) fn head(head: &str) -> Self {
        Self { head: head.to_owned(), body: Vec::new(), pause: Duration::ZERO }
    }

    /// The second half of the body comes so much later.
    pub(super) fn slow(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }
}

pub(super) struct Mirror {
    pub(super) port: u16,
    /// The heads of all requests.
    heard: Arc<Mutex<Vec<String>>>,
}

impl Mirror {
    /// It stays until the tests end.
    pub(super) fn new(pages: &[(&str, Page)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let pages: BTreeMap<String, Page> =
            pages.iter().map(|(path, page)| ((*path).to_owned(), page.clone())).collect();
        let (pages, log) = (Arc::new(pages), Arc::clone(&heard));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (pages, log) = (Arc::clone(&pages), Arc::clone(&log));
                thread::spawn(move || answer(stream.unwrap(), &pages, &log));
            }
        });
        Self { port, heard }
    }

    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// As an administrator would name it.
    pub(super) fn named(&self) -> Upstream {
        Upstream { host: "127.0.0.1".to_owned(), port: self.port, named: true }
    }

    pub(super) fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// Whoever asks may hang up at any time.
fn answer(mut stream: TcpStream, pages: &BTreeMap<String, Page>, log: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let path = path.strip_prefix("http://").map_or(path, |rest| &rest[rest.find('/').unwrap()..]);
    let missing = Page::head("HTTP/1.0 404 Not Found\r\nContent-Length: 0");
    let page = pages.get(path).cloned().unwrap_or(missing);
    log.lock().unwrap().push(head);
    let (first, second) = page.body.split_at(page.body.len() / 2);
    let _ = stream.write_all(format!("{}\r\n\r\n", page.head).as_bytes());
    let _ = stream.write_all(first);
    thread::sleep(page.pause);
    let _ = stream.write_all(second);
}
