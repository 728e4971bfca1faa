//! How Perl reads its arguments: with the locale of the caller.

use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// An argument as text. What the caller's locale cannot read is replaced, without a word.
pub(super) fn decode(word: &OsStr) -> String {
    let set = |name: &&str| env::var(name).is_ok_and(|value| !value.is_empty());
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(set);
    let locale = name.and_then(|name| env::var(name).ok()).unwrap_or_default();
    decode_in(&locale, word.as_bytes())
}

fn decode_in(locale: &str, bytes: &[u8]) -> String {
    let locale = locale.to_ascii_lowercase();
    if locale.contains("utf-8") || locale.contains("utf8") {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let one =
        |&byte: &u8| if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER };
    bytes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_utf_8_locales_keep_what_is_not_ascii() {
        assert_eq!(decode_in("C.UTF-8", "ä€".as_bytes()), "ä€");
        assert_eq!(decode_in("C.UTF-8", b"a\xffb"), "a\u{fffd}b");
        for locale in ["", "C", "POSIX"] {
            assert_eq!(decode_in(locale, "ä€".as_bytes()), "\u{fffd}".repeat(5));
        }
    }
}
