//! Pins written into the text of the file. What it does not do: write the file.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, Item, Value, value};

use super::manifest::Manifest;
use super::source::Source;
use super::{codes, from_source};
use crate::error::{Error, ErrorKind, Result};

/// What editors on other systems put before the text; the editing knows nothing of it.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl Manifest {
    /// The text that the file had when it was read.
    pub fn text(&self) -> &str {
        self.source.text()
    }

    /// The same text with these pins, by the names of plugins; everything else in it stays as it is, byte for
    /// byte. The new text was read back, and has the same plugins with these pins.
    ///
    /// # Errors
    /// `CONFIG-PIN` where the text is such that this cannot be done.
    pub fn with_pins(&self, pins: &BTreeMap<String, String>) -> Result<String> {
        let text = edited(self.text(), pins).map_err(cannot_pin)?;
        let again = from_source(&self.path, Source::new(&self.path, text.as_str()))
            .map_err(|error| cannot_pin(&error.to_string()))?;
        let wanted = self.plugins.iter().map(|(name, plugin)| {
            (name, pins.get(name).or(plugin.sha256.as_ref()), &plugin.library)
        });
        let found = again
            .plugins
            .iter()
            .map(|(name, plugin)| (name, plugin.sha256.as_ref(), &plugin.library));
        if wanted.eq(found) { Ok(text) } else { Err(cannot_pin("read back, it says otherwise")) }
    }
}

/// The error `CONFIG-PIN`, where the pins of a file cannot be written for this cause.
pub fn cannot_pin(cause: &str) -> Error {
    Error::new(ErrorKind::Config, codes::PIN, "the pins cannot be written into `plugins.toml`")
        .cause(cause)
        .hint("Write them by hand, as `sha256 = \"...\"` in each plugin's section; `sha256sum` shows them.")
}

/// The text with these pins, or why that cannot be.
fn edited(text: &str, pins: &BTreeMap<String, String>) -> Result<String, &'static str> {
    const NO_SECTION: &str = "it has no section for one of them";

    let (mark, bare) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(bare) => (BYTE_ORDER_MARK.to_string(), bare),
        None => (String::new(), text),
    };
    // The editing ends every line in a line feed alone.
    let (lines, carriage_returns) = (bare.matches('\n').count(), bare.matches("\r\n").count());
    if carriage_returns != 0 && carriage_returns != lines {
        return Err("some of its lines end in CR LF, and some in LF");
    }
    let mut document: DocumentMut = bare.parse().map_err(|_| "it cannot be edited")?;
    let plugins =
        document.get_mut("plugins").and_then(Item::as_table_like_mut).ok_or(NO_SECTION)?;
    for (name, sha256) in pins {
        plugins.get_mut(name).and_then(|section| set(section, sha256)).ok_or(NO_SECTION)?;
    }
    let edited = document.to_string().replace("\r\n", "\n");
    Ok(mark + &if carriage_returns == 0 { edited } else { edited.replace('\n', "\r\n") })
}

/// Sets one pin, if the item is a section.
fn set(section: &mut Item, sha256: &str) -> Option<()> {
    let mut pin = Value::from(sha256);
    if let Some(old) = section.get_mut("sha256").and_then(Item::as_value_mut) {
        // In place, because an insertion would drop the comments around the key.
        *pin.decor_mut() = old.decor().clone();
        *old = pin;
        return Some(());
    }
    // The room before the closing brace belongs to the value that is the last one.
    if let Some(inline) = section.as_inline_table_mut()
        && let Some((_, last)) = inline.iter_mut().last()
    {
        let room = last.decor().suffix().cloned().unwrap_or_default();
        last.decor_mut().set_suffix("");
        pin.decor_mut().set_prefix(" ");
        pin.decor_mut().set_suffix(room);
    }
    section.as_table_like_mut()?.insert("sha256", value(pin));
    Some(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::parse_text;

    fn pin(text: &str, pins: &[(&str, String)]) -> String {
        let manifest = parse_text(Path::new("plugins.toml"), text).unwrap();
        let pins = pins.iter().map(|(name, sha256)| ((*name).to_owned(), sha256.clone())).collect();
        manifest.with_pins(&pins).unwrap()
    }

    fn hash(digit: &str) -> String {
        digit.repeat(64)
    }

    #[test]
    fn only_the_pins_change_however_a_section_is_written() {
        let (one, two) = (hash("1"), hash("2"));
        let line = format!("sha256 = \"{one}\"");
        for (before, after) in [
            (
                "# mine\nformat = 1\n\n# a\n[plugins.a] # here\nversion = \"1\" # why\n\n# b\n[plugins.b]\nversion = \"1\"\n",
                format!(
                    "# mine\nformat = 1\n\n# a\n[plugins.a] # here\nversion = \"1\" # why\n{line}\n\n# b\n[plugins.b]\nversion = \"1\"\n"
                ),
            ),
            (
                "format = 1\n[plugins.a]\n# pinned\nsha256   =  \"OLD\"  # by me\nversion = \"1\"\n[plugins.a.params]\nx = 1\n",
                format!(
                    "format = 1\n[plugins.a]\n# pinned\nsha256   =  \"{one}\"  # by me\nversion = \"1\"\n[plugins.a.params]\nx = 1\n"
                ),
            ),
            (
                "format = 1\n[plugins]\na = { version = \"1\" } # short\n",
                format!("format = 1\n[plugins]\na = {{ version = \"1\", {line} }} # short\n"),
            ),
            (
                "format = 1\nplugins.a.version = \"1\" # dotted\n",
                format!("format = 1\nplugins.a.version = \"1\" # dotted\nplugins.a.{line}\n"),
            ),
            (
                "format = 1\n[plugins.a]\nversion = \"1\"\nparams.x = 1",
                format!("format = 1\n[plugins.a]\nversion = \"1\"\nparams.x = 1\n{line}\n"),
            ),
            (
                "\u{feff}format = 1\r\n# a\r\n[plugins.a]\r\nversion = \"1\"\r\n",
                format!(
                    "\u{feff}format = 1\r\n# a\r\n[plugins.a]\r\nversion = \"1\"\r\n{line}\r\n"
                ),
            ),
        ] {
            let pinned = pin(&before.replace("OLD", &two), &[("a", one.clone())]);
            assert_eq!(pinned, after, "{before}");
            assert_eq!(pin(&pinned, &[("a", one.clone())]), pinned);
        }
    }

    #[test]
    fn lines_that_end_in_two_ways_are_left_alone() {
        let text = "format = 1\r\n[plugins.a]\nversion = \"1\"\n";
        let manifest = parse_text(Path::new("plugins.toml"), text).unwrap();
        let error = manifest.with_pins(&[("a".to_owned(), hash("1"))].into()).unwrap_err();
        assert_eq!(error.code, "CONFIG-PIN");
    }

    /// A section with comments and whatever else may stand in it.
    fn section() -> impl Strategy<Value = (String, bool)> {
        let extra = prop::sample::select(vec![
            "",
            "\n",
            "# a comment\n",
            "params = { x = [1, 2], y = \"#\" }\n",
            "  # indented\n",
            "params.text = \"\"\"\nsha256 = 1\n\"\"\"\n",
            "library = \"l\" # which\n",
        ]);
        let pinned =
            prop::sample::select(vec!["", "sha256 = 'PIN' # mine\n", "\tsha256=\"PIN\"\n"]);
        let end = prop::sample::select(vec!["", "# the end", "\n\n  # the end\n\n"]);
        (extra.clone(), pinned, extra, end).prop_map(|(a, pinned, b, c)| {
            // A key may be there once only.
            let key = |text: &str| text.split(['.', ' ']).next().unwrap_or_default().to_owned();
            let b = if key(b) == key(a) { "" } else { b };
            let text = format!("{a}version = \"1\"\n{pinned}{b}{c}");
            (text, !pinned.is_empty())
        })
    }

    proptest! {
        #[test]
        fn every_other_line_stays_in_its_place(
            sections in prop::collection::vec(section(), 1..6),
            chosen in any::<u8>(),
        ) {
            let (old, new) = (hash("a"), hash("b"));
            let mut text = "# first\nformat = 1\n".to_owned();
            let mut pins = Vec::new();
            let names = ["zeta", "alpha", "mid-dle", "a1", "last"];
            for (index, (name, (section, _))) in names.iter().zip(&sections).enumerate() {
                text += &format!("\n# about {name}\n[plugins.{name}]\n{}", section.replace("PIN", &old));
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                if chosen & (1 << index) != 0 {
                    pins.push((*name, new.clone()));
                }
            }
            let after = pin(&text, &pins);
            // Pins aside, no line has changed; the lines of the pins are those that were asked for.
            let others = |text: &str| -> Vec<String> {
                let pin = |line: &&str| !line.contains(&old) && !line.contains(&new);
                text.lines().filter(pin).map(str::to_owned).collect()
            };
            prop_assert_eq!(others(&text), others(&after));
            let manifest = parse_text(Path::new("plugins.toml"), &after).unwrap();
            for (index, (name, (_, pinned))) in names.iter().zip(&sections).enumerate() {
                let expected = match (chosen & (1 << index) != 0, pinned) {
                    (true, _) => Some(new.clone()),
                    (false, true) => Some(old.clone()),
                    (false, false) => None,
                };
                prop_assert_eq!(&manifest.plugins[*name].sha256, &expected);
            }
        }
    }
}
