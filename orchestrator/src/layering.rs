//! Holds the sources to the table in `lib.rs`.

use std::{collections::BTreeMap, fs, path::Path};

fn table() -> BTreeMap<String, Vec<String>> {
    include_str!("lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | ")?.strip_suffix(" |")?.split_once(" | "))
        .filter(|(module, _)| *module != "module")
        .map(|(module, uses)| (module.to_owned(), uses.split(", ").map(str::to_owned).collect()))
        .collect()
}

/// The modules that a source names behind `crate::`, in a list of imports too.
fn named(text: &str) -> Vec<String> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = code.collect::<Vec<_>>().join("\n");
    code.split("crate::")
        .skip(1)
        .flat_map(|rest| match rest.strip_prefix('{') {
            None => vec![word(rest)],
            Some(list) => top_level(list),
        })
        .filter(|name| !name.is_empty())
        .collect()
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first words of the items of a braced list.
fn top_level(list: &str) -> Vec<String> {
    let (mut depth, mut items, mut item) = (0_i32, Vec::new(), String::new());
    for c in list.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(std::mem::take(&mut item)),
            c => item.push(c),
        }
    }
    items.push(item);
    items.iter().map(|item| word(item.trim())).collect()
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (module, allowed) in &table {
        let mut found = Vec::new();
        let file = root.join(format!("{module}.rs"));
        match file.exists() {
            true => found.push((file.display().to_string(), fs::read_to_string(&file).unwrap())),
            false => sources(&root.join(module), &mut found),
        }
        assert!(!found.is_empty(), "no sources of {module}");
        for (path, text) in found {
            for name in named(&text) {
                if name != *module && table.contains_key(&name) && !allowed.contains(&name) {
                    wrong.push(format!("{path}: {module} must not use {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_is_in_the_table() {
    let modules = include_str!("lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod "));
    for module in modules {
        let module = module.trim_end_matches(';');
        assert!(table().contains_key(module), "{module} is missing from the table in lib.rs");
    }
}

#[test]
fn imports_are_understood() {
    let text = "use crate::{\n    graph::{Unit, x},\n    error::Result,\n};\nlet a = crate::config::load();";
    assert_eq!(named(text), ["graph", "error", "config"]);
}
