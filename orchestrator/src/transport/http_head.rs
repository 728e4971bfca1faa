//! The head of an answer of HTTP, from somebody who may be hostile. Pure.

use super::peer::Unanswered;

/// The longest head that is taken, in bytes.
pub(crate) const LONGEST: usize = 16 * 1024;

/// How many lines it may have.
const MOST_HEADERS: usize = 64;

/// A head that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Where the body begins, in bytes.
    pub(crate) end: usize,
    /// Of the body in bytes, if it says so.
    pub(crate) length: Option<u64>,
    /// Names and values as they came, but for values that are no printable ASCII.
    headers: Vec<(String, String)>,
}

impl Head {
    /// Nothing if the head is not all there yet.
    ///
    /// # Errors
    /// When it is no head of HTTP, says two lengths, or its body comes in chunks.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, Unanswered> {
        let odd = |cause: &str| Unanswered::because("the answer is no HTTP that we know", cause);
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let end = match head.parse(bytes) {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => return Err(odd(&error.to_string())),
        };
        let mut length = None;
        for header in head.headers.iter() {
            if header.name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(odd("it comes in chunks"));
            }
            if header.name.eq_ignore_ascii_case("content-length") {
                let text = std::str::from_utf8(header.value).unwrap_or_default();
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                let number = text.parse().ok().filter(|_| is_number);
                if number.is_none() || length.replace(number).is_some() {
                    return Err(odd("its length is no number"));
                }
            }
        }
        let status = head.code.ok_or_else(|| odd("it has no status"))?;
        let headers = head
            .headers
            .iter()
            .filter_map(|header| Some((header.name.to_owned(), printable(header.value)?)))
            .collect();
        Ok(Some(Self { status, end, length: length.flatten(), headers }))
    }

    /// The value of a header, where it is there once or more; the name in any case.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }
}

/// A value without anything that could end its line.
pub(crate) fn printable(value: &[u8]) -> Option<String> {
    let is_printable = value.iter().all(|byte| matches!(byte, b' '..=b'~'));
    is_printable.then(|| String::from_utf8_lossy(value).into_owned())
}
