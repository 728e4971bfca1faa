//! The page: a section for each type, in the order in which they are given.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use syn::{Field, Fields, Item, ItemEnum, ItemStruct};

use super::{
    attributes::{Serde, comment, serde, snake},
    types::words,
};

const HEAD: &str = "# Events

Made by `cargo xtask docs` from the types in the sources; do not edit.

Whatever happens in a run is an event. The journal keeps them, the report is made of them, and `--output json` writes each as one line
of JSON: `phoenix-orch runs show RUN --output json` gives those of a past run. `format` changes when a reader of the former form would be
wrong; new kinds of events and new fields may come at any time, and a reader should pass over what it does not know.

Whatever a container or a step said is in events as it was: make it harmless before you show it on a terminal.
";

/// The page from sources, each with the names of its types that are explained.
///
/// # Errors
/// When a source is no Rust, or does not have one of the types.
pub fn of(sources: &[(String, &[&str])]) -> Result<String> {
    let explained: Vec<&str> =
        sources.iter().flat_map(|(_, types)| types.iter().copied()).collect();
    let mut text = HEAD.to_owned();
    for (source, types) in sources {
        let file = syn::parse_file(source).context("a source cannot be parsed")?;
        for name in *types {
            let section = file.items.iter().find_map(|item| match item {
                Item::Struct(item) if item.ident == name => Some(structure(item, &explained)),
                Item::Enum(item) if item.ident == name => Some(choice(item, &explained)),
                _ => None,
            });
            let section = section.with_context(|| format!("no source has the type `{name}`"))??;
            let _ = write!(text, "\n## {name}\n\n{section}");
        }
    }
    Ok(text)
}

fn structure(item: &ItemStruct, explained: &[&str]) -> Result<String> {
    let about = comment(&item.attrs);
    if serde(&item.attrs)?.transparent {
        return Ok(format!("{about} It is written as text.\n"));
    }
    Ok(format!("{about}\n{}", fields(&item.fields, explained)?))
}

fn choice(item: &ItemEnum, explained: &[&str]) -> Result<String> {
    let Serde { tag, .. } = serde(&item.attrs)?;
    let mut text = comment(&item.attrs);
    let is_word = item.variants.iter().all(|variant| variant.fields.is_empty());
    match (&tag, is_word) {
        (Some(tag), _) => {
            let _ = writeln!(
                text,
                " The key `{tag}` says which of these it is; its fields stand beside it."
            );
        }
        (None, true) => text.push_str(" One of these words.\n"),
        (None, false) => text.push_str(" An object with one of these keys.\n"),
    }
    if is_word && tag.is_none() {
        text.push_str("\n| word | |\n|---|---|\n");
        for variant in &item.variants {
            let name = snake(&variant.ident.to_string());
            let _ = writeln!(text, "| `{name}` | {} |", cell(&comment(&variant.attrs)));
        }
        return Ok(text);
    }
    for variant in &item.variants {
        let name = snake(&variant.ident.to_string());
        let _ = writeln!(text, "\n### {}: {name}\n\n{}", item.ident, comment(&variant.attrs));
        text.push_str(&fields(&variant.fields, explained)?);
    }
    Ok(text)
}

fn fields(fields: &Fields, explained: &[&str]) -> Result<String> {
    if let Fields::Unnamed(unnamed) = fields {
        let of: Vec<String> =
            unnamed.unnamed.iter().map(|field| words(&field.ty, explained)).collect();
        return Ok(format!("\nWhat {} has.\n", of.join(" and ")));
    }
    if fields.is_empty() {
        return Ok(String::new());
    }
    let rows = fields.iter().map(|field| row(field, explained)).collect::<Result<String>>()?;
    Ok(format!("\n| field | is | |\n|---|---|---|\n{rows}"))
}

fn row(field: &Field, explained: &[&str]) -> Result<String> {
    let Serde { flatten, may_be_missing, .. } = serde(&field.attrs)?;
    let about = cell(&comment(&field.attrs));
    let is = words(&field.ty, explained);
    if flatten {
        return Ok(format!("| | all fields of {is} | {about} |\n"));
    }
    let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
    let is = match may_be_missing {
        true => format!("{}; may be missing", is.trim_end_matches(", or null")),
        false => is,
    };
    Ok(format!("| `{name}` | {} | {about} |\n", cell(&is)))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_page_says_what_comments_and_attributes_say() {
        let source = r#"
            /// A thing, as [`Other`] has it.
            ///
            /// More that nobody needs.
            #[derive(Serialize)]
            #[serde(tag = "kind", rename_all = "snake_case")]
            pub enum Thing {
                /// It is so.
                IsSo {
                    /// How many | at most.
                    count: Option<u32>,
                    /// The rest.
                    #[serde(default, skip_serializing_if = "Vec::is_empty")]
                    rest: Vec<Word>,
                    /// Beside it.
                    #[serde(flatten)]
                    word: Box<Word>,
                },
                /// Nothing.
                Nothing,
            }
            /// A word.
            pub enum Word { /// The first.
                FirstOne }
        "#;
        let page = of(&[(source.to_owned(), &["Thing", "Word"])]).unwrap();
        let (_, sections) = page.split_once("\n## ").unwrap();
        assert_eq!(
            sections,
            "Thing\n\nA thing, as `Other` has it. The key `kind` says which of these it is; its fields stand beside it.\n\
             \n### Thing: is_so\n\nIt is so.\n\n| field | is | |\n|---|---|---|\n\
             | `count` | number, or null | How many \\| at most. |\n\
             | `rest` | a list: [Word](#word); may be missing | The rest. |\n\
             | | all fields of [Word](#word) | Beside it. |\n\
             \n### Thing: nothing\n\nNothing.\n\
             \n## Word\n\nA word. One of these words.\n\n| word | |\n|---|---|\n| `first_one` | The first. |\n"
        );
        assert!(of(&[(source.to_owned(), &["Gone"])]).is_err());
    }
}
