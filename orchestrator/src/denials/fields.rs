//! The fields of an audit record: `key=value`, where a value is quoted, bare, or hex digits in place of
//! text that the kernel does not trust.

use std::collections::BTreeMap;

/// Fields whose value the kernel writes as hex when it contains blanks, quotes or control characters.
const UNTRUSTED: &[&str] = &[
    "name",
    "comm",
    "profile",
    "label",
    "namespace",
    "srcname",
    "target",
    "peer",
    "info",
    "trans",
    "addr",
    "peer_addr",
    "exe",
];

/// More fields than any record has.
const MOST: usize = 64;

/// All fields; of one that comes twice, the first counts. Anything that is no field is passed over.
pub(super) fn parse(text: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut rest = text;
    while fields.len() < MOST {
        let Some((before, after)) = rest.split_once('=') else { break };
        let key = before.rsplit([' ', ',']).next().unwrap_or_default();
        let (value, next) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => match after[1..].split_once(quote) {
                Some((value, next)) => (value.to_owned(), next),
                // Cut off in the middle: what is there is no more than a part of the value.
                None => break,
            },
            _ => {
                let end = after.find(' ').unwrap_or(after.len());
                (bare(key, &after[..end]), &after[end..])
            }
        };
        if !key.is_empty() {
            fields.entry(key.to_owned()).or_insert(value);
        }
        rest = next;
    }
    fields
}

fn bare(key: &str, value: &str) -> String {
    match unhex(value) {
        Some(bytes) if UNTRUSTED.contains(&key) => String::from_utf8_lossy(&bytes).into_owned(),
        _ => value.to_owned(),
    }
}

/// The kernel writes hex in capitals, two digits a byte.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse;

    #[test]
    fn quoted_bare_and_hex() {
        let fields = parse(
            "apparmor=\"DENIED\" info=\"failed mntpnt match\" error=-13 name=2F612062 pid=12 \
             capability=0  capname=\"chown\" flags=\"rw, bind\" signal=chld addr=none",
        );
        for (key, value) in [
            ("apparmor", "DENIED"),
            ("info", "failed mntpnt match"),
            ("error", "-13"),
            ("name", "/a b"),
            ("pid", "12"),
            ("capname", "chown"),
            ("flags", "rw, bind"),
            ("signal", "chld"),
            ("addr", "none"),
        ] {
            assert_eq!(fields[key], value, "{key}");
        }
    }

    #[test]
    fn a_quoted_value_is_never_read_as_hex_and_the_first_of_a_name_counts() {
        let fields = parse("name=\"41\" comm=41 name=\"/other\" pid=41");
        assert_eq!((&*fields["name"], &*fields["comm"], &*fields["pid"]), ("41", "A", "41"));
        assert!(!parse("name=\"/cut off").contains_key("name"));
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            parse(&text);
        }

        #[test]
        fn what_the_kernel_hides_in_hex_comes_back(name in "[^\u{0}]{1,40}") {
            let hex: String = name.bytes().map(|byte| format!("{byte:02X}")).collect();
            prop_assert_eq!(&parse(&format!("name={hex} pid=1"))["name"], &name);
        }
    }
}
