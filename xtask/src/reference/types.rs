//! A type as a reader of documents knows it.

use syn::{GenericArgument, PathArguments, Type};

/// `a list of [Unit](#unit)`. Types that are explained on the page are links.
pub(super) fn words(ty: &Type, explained: &[&str]) -> String {
    match ty {
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return "a value".to_owned() };
            let arguments: Vec<&Type> = match &last.arguments {
                PathArguments::AngleBracketed(list) => list
                    .args
                    .iter()
                    .filter_map(|argument| match argument {
                        GenericArgument::Type(ty) => Some(ty),
                        _ => None,
                    })
                    .collect(),
                _ => Vec::new(),
            };
            of_path(&last.ident.to_string(), &arguments, explained)
        }
        Type::Tuple(tuple) => {
            let parts: Vec<String> = tuple.elems.iter().map(|ty| words(ty, explained)).collect();
            format!("a list of {}", parts.join(" and "))
        }
        _ => "a value".to_owned(),
    }
}

fn of_path(name: &str, arguments: &[&Type], explained: &[&str]) -> String {
    let argument = |at: usize| arguments.get(at).map(|ty| words(ty, explained)).unwrap_or_default();
    match name {
        "Box" => argument(0),
        "Option" => format!("{}, or null", argument(0)),
        "Vec" | "BTreeSet" => format!("a list: {}", argument(0)),
        "BTreeMap" => format!("an object: name to {}", argument(1)),
        "String" => "text".to_owned(),
        "bool" => "true or false".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "number".to_owned(),
        "Timestamp" => "time, as in RFC 3339".to_owned(),
        "Bytes" => {
            "bytes: `{\"text\": ...}`, or `{\"base64\": ...}` where they are no text".to_owned()
        }
        "Value" => "any JSON".to_owned(),
        name if explained.contains(&name) => format!("[{name}](#{})", name.to_lowercase()),
        name => name.to_owned(),
    }
}
