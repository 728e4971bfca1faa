//! What the file says about the libraries' own files: their hashes, and whose signatures they need.

use minisign_verify::PublicKey;

use super::codes;
use super::section::{Section, Value};
use super::shown::shown;
use super::source::Source;
use crate::error::{Error, Result};

/// Whether a library needs a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pins {
    /// Each does, also in a development checkout and with a signature.
    Required,
    /// None does.
    Optional,
}

/// How that is written.
pub(super) const CHOICES: &[(&str, Pins)] =
    &[("required", Pins::Required), ("optional", Pins::Optional)];

/// Somebody whose signature is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The public key as it stands in the file.
    pub text: String,
    /// The same key, to verify with.
    pub key: PublicKey,
}

/// The pin of a plugin, if it has one.
pub(super) fn sha256(source: &Source, section: &Section<'_>) -> Result<Option<String>> {
    let Some(value) = section.get("sha256") else { return Ok(None) };
    let text = section.string("sha256", value)?;
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Some(text.to_ascii_lowercase()));
    }
    let message = format!("`{}` cannot be `{}`", section.path("sha256"), shown(text));
    Err(source
        .error(value.span(), codes::VALUE, message, "not 64 hexadecimal digits")
        .hint("`phoenix-orch plugins pin NAME` writes it."))
}

/// The keys in the policy.
pub(super) fn signers(source: &Source, section: &Section<'_>) -> Result<Vec<Signer>> {
    let Some(list) = section.get("signers") else { return Ok(Vec::new()) };
    let values = section.list("signers", list)?;
    // Nobody's signature would be accepted, or none would be asked for: it can be read either way.
    if values.is_empty() {
        let message = format!("`{}` is empty", section.path("signers"));
        return Err(source
            .error(list.span(), codes::VALUE, message, "no key")
            .hint("Leave `signers` out to ask for no signature."));
    }
    values.iter().map(|value| signer(source, section, value)).collect()
}

fn signer(source: &Source, section: &Section<'_>, value: Value<'_>) -> Result<Signer> {
    let text = section.entry("signers", value)?;
    match PublicKey::from_base64(text) {
        Ok(key) => Ok(Signer { text: text.to_owned(), key }),
        Err(_) => Err(no_key(source, section, value, text)),
    }
}

fn no_key(source: &Source, section: &Section<'_>, value: Value<'_>, text: &str) -> Error {
    let message = format!("`{}` cannot have `{}`", section.path("signers"), shown(text));
    source
        .error(value.span(), codes::VALUE, message, "not a public key of minisign")
        .hint("Write the second line of the `.pub` file that `minisign -G` made.")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::parse_text;
    use super::*;

    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    fn parse(policy: &str, plugin: &str) -> Result<super::super::Manifest> {
        let text = format!("format = 1\n{policy}\n[plugins.a]\nversion = \"1\"\n{plugin}\n");
        parse_text(Path::new("plugins.toml"), &text)
    }

    #[test]
    fn pins_and_signers_are_read() {
        let policy = format!("policy = {{ pins = \"required\", signers = [\"{KEY}\"] }}");
        let manifest = parse(&policy, &format!("sha256 = \"{}\"", "0A".repeat(32))).unwrap();
        assert_eq!(manifest.policy.pins, Some(Pins::Required));
        assert_eq!(manifest.policy.signers[0].text, KEY);
        assert_eq!(manifest.plugins["a"].sha256, Some("0a".repeat(32)));

        let silent = parse("", "").unwrap();
        assert_eq!((silent.policy.pins, silent.policy.signers), (None, Vec::new()));
        assert_eq!(silent.plugins["a"].sha256, None);
        assert_eq!(
            parse("policy.pins = \"optional\"", "").unwrap().policy.pins,
            Some(Pins::Optional)
        );
    }

    #[test]
    fn what_is_neither_hash_nor_key_is_shown_with_its_place() {
        let long = format!("sha256 = \"{}\"", "a".repeat(65));
        let odd = format!("sha256 = \"{}\"", "g".repeat(64));
        let cut = format!("policy.signers = [\"{KEY}\", \"{}\"]", &KEY[..55]);
        for (policy, plugin, place, expected) in [
            ("", "sha256 = \"abc\"", "5:10", "CONFIG-VALUE: `plugins.a.sha256` cannot be `abc`"),
            ("", &long, "5:10", "CONFIG-VALUE: `plugins.a.sha256` cannot be `aaa"),
            ("", &odd, "5:10", "CONFIG-VALUE: `plugins.a.sha256` cannot be `ggg"),
            ("", "sha256 = 1", "5:10", "CONFIG-TYPE: `plugins.a.sha256` must be a string"),
            ("policy.pins = true", "", "2:15", "CONFIG-TYPE: `policy.pins` must be a string"),
            ("policy.pins = \"no\"", "", "2:15", "CONFIG-VALUE: `policy.pins` cannot be `no`"),
            ("policy.signers = []", "", "2:18", "CONFIG-VALUE: `policy.signers` is empty"),
            ("policy.signers = [\"x\"]", "", "2:19", "CONFIG-VALUE: `policy.signers` cannot have"),
            (&cut, "", "2:79", "CONFIG-VALUE: `policy.signers` cannot have"),
        ] {
            let error = parse(policy, plugin).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
            let excerpt = error.excerpt.unwrap();
            assert!(excerpt.contains(&format!("plugins.toml:{place}\n")), "{expected}\n{excerpt}");
            assert!(!error.hints.is_empty(), "{expected}");
        }
    }
}
