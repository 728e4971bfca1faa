//! The files of a new step, from templates that are a step themselves: `new-step`.
//!
//! The name stands only where its length does not move a line, so that the files are formatted whatever
//! the step is called.

use std::path::Path;

use super::super::args::NewScope;

const OUTSIDE: &str = include_str!("template/outside.toml");
const WORKSPACE: &str = include_str!("template/workspace.toml");
const LIB: &str = include_str!("template/lib.rs");
const WORLDS: &str = include_str!("template/worlds.rs");

/// A file of the new crate.
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) text: String,
}

/// The files of a step with this name. Without the path of an SDK, it is one of the workspace.
pub(super) fn render(name: &str, scope: NewScope, sdk: Option<&Path>) -> Vec<File> {
    let rust = |text: &str| {
        let text = text
            .replace("NewStep", &type_name(name))
            .replace("NEW_STEP", &name.to_uppercase())
            .replace("new-step", name);
        match scope {
            NewScope::Container => text,
            NewScope::Host => text
                .replace("Scope::Container", "Scope::Host")
                .replace("World::container", "World::host")
                .replace("MachineId::Container", "MachineId::Host")
                .replace("Fact::Contains(Container,", "Fact::Contains(Host,"),
        }
    };
    let manifest = match sdk {
        None => WORKSPACE.replace("new-step", name),
        Some(sdk) => {
            let path = quoted(&sdk.to_string_lossy());
            OUTSIDE.replace("new-step", name).replace("\"path-of-the-sdk\"", &path)
        }
    };
    let mut files = vec![
        File { path: "Cargo.toml", text: manifest },
        File { path: "src/lib.rs", text: rust(LIB) },
        File { path: "src/worlds.rs", text: rust(WORLDS) },
    ];
    if sdk.is_some() {
        files.push(File { path: ".gitignore", text: "/target\n".to_owned() });
    }
    files
}

/// A text as TOML has it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// `time-sync` becomes `TimeSync`. What the template itself calls so gets `Step` behind it.
fn type_name(name: &str) -> String {
    let words = name.split('-').map(|word| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_uppercase() + rest,
        None => String::new(),
    });
    let name: String = words.collect();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let taken = LIB.split(|c| !is_part(c)).any(|word| word == name && word != "NewStep");
    if taken { name + "Step" } else { name }
}

#[cfg(test)]
mod tests {
    use super::type_name;

    #[test]
    fn types_are_named_after_the_step() {
        for (name, expected) in [
            ("time-sync", "TimeSync"),
            ("x509", "X509"),
            ("a--b-2", "AB2"),
            ("probe", "ProbeStep"),
            ("self", "SelfStep"),
            ("new-step", "NewStep"),
        ] {
            assert_eq!(type_name(name), expected);
        }
    }
}
