//! The head of a request from a container. Pure.

use crate::transport::http_head::printable;

/// The longest head that is taken, in bytes.
pub(super) const LONGEST: usize = 8 * 1024;

/// How many lines it may have.
const MOST_HEADERS: usize = 32;

/// What is passed on with a request for what may have changed. A part (`Range`) is never asked for: whoever asks for one takes
/// the whole as well.
const PASSED_ON: &[&str] = &["If-Modified-Since", "If-None-Match", "Cache-Control"];

/// A request for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// What stands in its first line.
    pub(super) address: String,
    /// Headers for the upstream.
    pub(super) passed_on: Vec<(&'static str, String)>,
    /// Whether another request may come over the same connection.
    pub(super) keeps: bool,
    /// Where the next one would begin, in bytes.
    pub(super) end: usize,
}

/// Why a request is not answered: a status of HTTP, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) u16, pub(super) &'static str);

impl Request {
    /// Nothing if the head is not all there yet.
    ///
    /// # Errors
    /// For anything but a GET without a body.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let end = match head.parse(bytes) {
            Ok(httparse::Status::Complete(end)) if end <= LONGEST => end,
            Ok(httparse::Status::Partial) if bytes.len() <= LONGEST => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => {
                return Err(Refusal(431, "its head is too long"));
            }
            Err(_) => return Err(Refusal(400, "it is no request of HTTP")),
        };
        if head.method != Some("GET") {
            return Err(Refusal(405, "it is no GET"));
        }
        let mut keeps = head.version == Some(1);
        let mut passed_on = Vec::new();
        for header in head.headers.iter() {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("transfer-encoding") || is("content-length") && header.value != b"0" {
                return Err(Refusal(400, "it has a body"));
            }
            if is("connection") && header.value.eq_ignore_ascii_case(b"close") {
                keeps = false;
            }
            if let Some(name) = PASSED_ON.iter().find(|name| is(name)) {
                let value = printable(header.value).ok_or(Refusal(400, "it has an odd header"))?;
                passed_on.push((*name, value));
            }
        }
        let address = head.path.unwrap_or_default().to_owned();
        Ok(Some(Self { address, passed_on, keeps, end }))
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Refusal, Request};

    #[test]
    fn what_apt_sends_is_understood() {
        let text = "GET http://deb.debian.org/debian/dists/bookworm/InRelease HTTP/1.1\r\n\
                    Host: deb.debian.org\r\nCache-Control: max-age=0\r\nRange: bytes=5-\r\n\
                    If-Modified-Since: Sat, 10 May 2025 08:00:00 GMT\r\nUser-Agent: x\r\n\r\n";
        let request = Request::parse(format!("{text}GET").as_bytes()).unwrap().unwrap();
        assert_eq!(request.address, "http://deb.debian.org/debian/dists/bookworm/InRelease");
        let names: Vec<_> = request.passed_on.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["Cache-Control", "If-Modified-Since"]);
        assert_eq!((request.keeps, request.end), (true, text.len()));
        assert_eq!(Request::parse(&text.as_bytes()[..40]), Ok(None));
        let closes = "GET http://a/ HTTP/1.1\r\nConnection: Close\r\n\r\n";
        assert!(!Request::parse(closes.as_bytes()).unwrap().unwrap().keeps);
        let old = "GET http://a/ HTTP/1.0\r\n\r\n";
        assert!(!Request::parse(old.as_bytes()).unwrap().unwrap().keeps);
    }

    #[test]
    fn anything_else_is_refused() {
        for (text, status) in [
            ("CONNECT deb.debian.org:443 HTTP/1.1\r\n\r\n", 405),
            ("POST http://a/ HTTP/1.1\r\n\r\n", 405),
            ("HEAD http://a/ HTTP/1.1\r\n\r\n", 405),
            ("GET http://a/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde", 400),
            ("GET http://a/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("GET http://a/ HTTP/1.1\r\nIf-None-Match: \x07\r\n\r\n", 400),
            ("GET http://a/ HTTP/1.1\r\nIf-None-Match: ä\r\n\r\n", 400),
            ("GET http://a/\r\n\r\n", 400),
            ("\x16\x03\x01\x02", 400),
        ] {
            let refused = Request::parse(text.as_bytes()).unwrap_err();
            assert_eq!(refused.0, status, "{text:?}");
        }
        let long = format!("GET http://a/{} HTTP/1.1\r\n", "x".repeat(LONGEST));
        assert_eq!(Request::parse(long.as_bytes()), Err(Refusal(431, "its head is too long")));
        let many = format!("GET http://a/ HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(40));
        assert_eq!(Request::parse(many.as_bytes()), Err(Refusal(431, "its head is too long")));
    }
}
