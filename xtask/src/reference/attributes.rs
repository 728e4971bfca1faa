//! What comments and serde's attributes say of a type, a variant or a field.

use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta};

/// Of serde's attributes, those that are seen in a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Serde {
    /// The key that says which variant it is.
    pub(super) tag: Option<String>,
    pub(super) flatten: bool,
    /// It is not there where it would say nothing.
    pub(super) may_be_missing: bool,
    pub(super) transparent: bool,
}

pub(super) fn serde(attributes: &[Attribute]) -> syn::Result<Serde> {
    let mut found = Serde::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            let value = match meta.input.peek(syn::Token![=]) {
                true => Some(meta.value()?.parse::<LitStr>()?.value()),
                false => None,
            };
            found.flatten |= meta.path.is_ident("flatten");
            found.transparent |= meta.path.is_ident("transparent");
            found.may_be_missing |= meta.path.is_ident("skip_serializing_if");
            if meta.path.is_ident("tag") {
                found.tag = value;
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// The first paragraph of the comment, in one line, without the brackets of links that only rustdoc understands.
pub(super) fn comment(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    lines.join(" ").replace("[`", "`").replace("`]", "`").replace("super::", "")
}

/// `RunStarted` as it is written in a document.
pub(super) fn snake(name: &str) -> String {
    let mut text = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
