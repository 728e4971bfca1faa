//! One GET over a socket, as Docker's API answers it. What this module does not do: it follows nothing, keeps
//! no connection, and takes no body in chunks, since HTTP/1.0 has none.

use std::{os::unix::net::UnixStream, time::Instant};

use super::{
    http_head::{Head, LONGEST},
    peer::{Peer, Unanswered},
};

/// The largest body that is taken, in bytes.
const LARGEST: usize = 1024 * 1024;

/// An answer that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Asks for a path, such as `/info`.
///
/// # Errors
/// When there is no whole answer before the deadline, or it is no HTTP or too large. A status such as 404 is none.
pub(crate) fn get(
    stream: UnixStream,
    path: &str,
    deadline: Instant,
) -> Result<Response, Unanswered> {
    let is_path = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_path {
        return Err(Unanswered(format!("`{path}` is no path of an address")));
    }
    let mut peer = Peer::new(stream, deadline);
    peer.send(format!("GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n").as_bytes())?;
    let mut received = Vec::new();
    let head = loop {
        if let Some(head) = Head::parse(&received)? {
            break head;
        }
        if received.len() > LONGEST {
            return Err(Unanswered("the answer's head is too long".to_owned()));
        }
        if peer.receive(&mut received)? == 0 {
            return Err(Unanswered("the answer ends before its body".to_owned()));
        }
    };
    let mut body = received.split_off(head.end);
    loop {
        if body.len() > LARGEST || head.length.is_some_and(|length| length > LARGEST as u64) {
            return Err(Unanswered(format!("the answer is larger than {LARGEST} bytes")));
        }
        match head.length {
            Some(length) if body.len() as u64 == length => break,
            Some(length) if body.len() as u64 > length => {
                return Err(Unanswered("the answer is longer than it says".to_owned()));
            }
            _ => {}
        }
        if peer.receive(&mut body)? == 0 {
            if head.length.is_some() {
                return Err(Unanswered("the answer is shorter than it says".to_owned()));
            }
            break;
        }
    }
    Ok(Response { status: head.status, body })
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        os::unix::net::UnixStream,
        thread,
        time::{Duration, Instant},
    };

    use super::{Response, Unanswered, get};

    fn answered(bytes: Vec<u8>) -> Result<Response, Unanswered> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let writer = thread::spawn(move || {
            // We may have heard enough before it has said all.
            let _ = theirs.write_all(&bytes);
            let _ = theirs.shutdown(std::net::Shutdown::Write);
            theirs
        });
        let answer = get(ours, "/info", Instant::now() + Duration::from_secs(5));
        drop(writer.join().unwrap());
        answer
    }

    #[test]
    fn a_whole_answer_is_taken_with_and_without_its_length() {
        let whole = |status, body: &str| Ok(Response { status, body: body.into() });
        assert_eq!(answered(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}\n".to_vec()), whole(200, "{}\n"));
        let sized = b"HTTP/1.0 404 Not Found\r\nContent-Length: 3\r\n\r\nabc".to_vec();
        assert_eq!(answered(sized), whole(404, "abc"));
    }

    #[test]
    fn anything_else_is_none() {
        for (text, why) in [
            ("", "ends before its body"),
            ("HTTP/1.0 200 OK\r\nA: b\r\n", "ends before its body"),
            ("SSH-2.0\r\n", "no HTTP that we know"),
            ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nab", "shorter"),
            ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabcd", "longer"),
            ("HTTP/1.0 200 OK\r\nContent-Length: +3\r\n\r\nabc", "no number"),
            ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "no number"),
            ("HTTP/1.0 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "larger"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "chunks"),
        ] {
            let error = answered(text.into()).unwrap_err();
            assert!(error.0.contains(why), "{text:?}: {error}");
        }
        let endless = [&b"HTTP/1.0 200 OK\r\n\r\n"[..], &[b'x'; 1024 * 1024 + 1]].concat();
        assert!(answered(endless).unwrap_err().0.contains("larger"));
        let head = format!("HTTP/1.0 200 OK\r\nA: {}", "x".repeat(40_000));
        assert!(answered(head.into()).unwrap_err().0.contains("too long"));
    }

    #[test]
    fn silence_costs_no_more_than_the_deadline() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let begin = Instant::now();
        get(ours, "/info", begin + Duration::from_millis(50)).unwrap_err();
        assert!(begin.elapsed() < Duration::from_secs(2));
        let (ours, _theirs) = UnixStream::pair().unwrap();
        assert!(get(ours, "/a b\r\n", begin).is_err());
    }
}
