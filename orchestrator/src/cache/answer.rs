//! The heads of answers to a container. Pure.

use std::fmt::Write as _;

use super::request::Refusal;
use crate::transport::http_head::Head;

/// What is told of an upstream's answer besides its status and length.
const TOLD: &[&str] = &["Content-Type", "Date", "ETag", "Expires", "Last-Modified", "Location"];

/// The head of an answer. Without a length the body ends with the connection.
pub(super) fn head(status: u16, length: Option<u64>, of: Option<&Head>, keeps: bool) -> String {
    let reason = match status {
        200 => "OK",
        304 => "Not Modified",
        404 => "Not Found",
        502 => "Bad Gateway",
        _ => "As Upstream Says",
    };
    let mut text = format!("HTTP/1.1 {status} {reason}\r\n");
    // These never have a body, and no length of one.
    if let Some(length) = length.filter(|_| !matches!(status, 204 | 304)) {
        let _ = write!(text, "Content-Length: {length}\r\n");
    }
    for name in TOLD {
        if let Some(value) = of.and_then(|head| head.value(name)) {
            let _ = write!(text, "{name}: {value}\r\n");
        }
    }
    if !keeps {
        text.push_str("Connection: close\r\n");
    }
    text.push_str("\r\n");
    text
}

/// A whole answer to a request that is refused. The connection ends with it.
pub(super) fn refusal(Refusal(status, why): Refusal) -> String {
    whole(status, "Refused", why)
}

/// A whole answer where the upstream has none. The connection ends with it.
pub(super) fn unanswered() -> String {
    // Why is for the host alone: it may tell of the host's network.
    whole(502, "Bad Gateway", "the upstream does not answer")
}

fn whole(status: u16, reason: &str, why: &str) -> String {
    let body = format!("phoenix-orch: {why}\n");
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
