//! What looks like a credential in a text.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

/// Each form, and what stands in its place; `$1` is what may be told of it.
///
/// They are tried in this order, each on what the former ones have left. Where it is doubtful how far a secret goes, too
/// much is masked and not too little.
const FORMS: &[(&str, &str)] = &[
    // A private key, to its end or to that of the text.
    (
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)",
        "[masked]",
    ),
    // A user and a password in an address. A slash in a password should have been escaped; it was not always.
    (r#"([A-Za-z][A-Za-z0-9+.-]*://)[^ \t\r\n/"'<>]+@"#, "$1[masked]@"),
    (r#"([A-Za-z][A-Za-z0-9+.-]*://)[^ \t\r\n/"'<>:@]*:[^ \t\r\n"'<>@]+@"#, "$1[masked]@"),
    // A header, to the end of its line or of what it is quoted in.
    (
        r#"(?i)((?-u:\b)(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*(?:auth|key|token)[a-z-]*)\\?["']?[ \t]*[:=][ \t]*\\?["']?)[^\r\n"'\\\[]+"#,
        "$1[masked]",
    ),
    (r"(?i)((?-u:\b)bearer[ \t]+)[A-Za-z0-9+/=._~-]{8,}", "$1[masked]"),
    // `machine HOST login USER password PASSWORD`: netrc, and apt's auth.conf.
    (
        r"(?i)((?-u:\b)login[ \t\r\n]+[^ \t\r\n]+[ \t\r\n]+password[ \t\r\n]+)[^ \t\r\n]+",
        "$1[masked]",
    ),
    // `name = value` and `"name": "value"`, where the name tells.
    (
        r#"(?i)((?:[A-Za-z0-9_.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[A-Za-z0-9_.-]*|(?-u:\b)(?:auth|pass|psk|pwd))\\?["']?[ \t]*[:=][ \t]*)(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|\\"(?:[^"\\]|\\[^"])*(?:\\")?|[^ \t\r\n,;"'&{}\[\]\\][^ \t\r\n,;"'&]*)"#,
        "$1[masked]",
    ),
    // `--password VALUE`.
    (
        r"(?i)(--?[a-z-]*(?:password|passwd|passphrase|secret|token|api-?key|access-?key|private-?key|credential)[a-z-]*[ \t]+)[^ \t\r\n-][^ \t\r\n]*",
        "$1[masked]",
    ),
    // Keys that their makers have given a form, and hashes of passwords.
    (
        r"(?-u:\b)(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|dckr_pat_[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)",
        "[masked]",
    ),
    (r"\$(?:1|2[aby]|5|6|y|argon2id?)\$[./A-Za-z0-9$,=]{8,}", "[masked]"),
];

static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    // A test compiles each; one that did not would be left out here.
    FORMS.iter().filter_map(|(form, by)| Some((Regex::new(form).ok()?, *by))).collect()
});

/// The text without them.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (form, by) in COMPILED.iter() {
        if let Cow::Owned(changed) = form.replace_all(&text, *by) {
            text = Cow::Owned(changed);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{COMPILED, FORMS, masked};

    #[test]
    fn every_form_is_understood() {
        assert_eq!(COMPILED.len(), FORMS.len());
    }

    #[test]
    fn what_looks_like_a_credential_is_masked_and_the_rest_stays() {
        for (text, wanted) in [
            ("deb http://me:p@ss@mirror.lan/debian x", "deb http://[masked]@mirror.lan/debian x"),
            (
                "https://token@host and http://host:80/a",
                "https://[masked]@host and http://host:80/a",
            ),
            ("http://me:a/b@host/", "http://[masked]@host/"),
            (
                "Proxy-Authorization: Basic bWU6cA==\nHost: x",
                "Proxy-Authorization: [masked]\nHost: x",
            ),
            ("curl -H 'Authorization: Bearer abc' x", "curl -H 'Authorization: [masked]' x"),
            (
                "machine a login me password s3 port 1",
                "machine a login me password [masked] port 1",
            ),
            ("DB_PASSWORD=hunter2 next=1", "DB_PASSWORD=[masked] next=1"),
            ("+password = \"a \\\" b\" # c", "+password = [masked] # c"),
            (r#"{"auth": "bWU6cA==", "auths": {}}"#, r#"{"auth": [masked], "auths": {}}"#),
            (r#"{\"api_key\": \"x y\", \"a\": 1}"#, r#"{\"api_key\": [masked], \"a\": 1}"#),
            ("login --password hunter2 -u me", "login --password [masked] -u me"),
            (
                "a -----BEGIN RSA PRIVATE KEY-----\n+MII\n-----END RSA PRIVATE KEY----- b",
                "a [masked] b",
            ),
            ("-----BEGIN PRIVATE KEY-----\nMII", "[masked]"),
            ("root:$6$abc$defghijklm:1:2", "root:[masked]:1:2"),
            ("with ghp_0123456789abcdefghij!", "with [masked]!"),
        ] {
            assert_eq!(masked(text), wanted);
        }
        for text in [
            "install `docker.io`, `fuse-overlayfs`",
            "lxc.apparmor.profile = lxc-phoenix-v2",
            "{\"storage-driver\": \"fuse-overlayfs\"}",
            "http://deb.debian.org/debian bookworm main",
            "the passphrase, the token and the secret of it",
            "author: somebody",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_of_a_password_is_left_in_its_address(password in "[!#-&(-.0-;=?-~]{1,24}") {
            let text = format!("deb http://robot:{password}@mirror.lan/debian stable main");
            prop_assert_eq!(masked(&text), "deb http://[masked]@mirror.lan/debian stable main");
        }

        #[test]
        fn any_text_can_be_masked_and_twice_is_as_once(text in "(?s).{0,200}") {
            let once = masked(&text).into_owned();
            prop_assert_eq!(masked(&once).into_owned(), once);
        }
    }
}
