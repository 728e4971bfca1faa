//! `new step`: a crate to begin with, which builds, keeps its laws, and explains itself.

mod place;
mod template;
mod write;

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
};

use super::args::{New, NewStep, NewVerb};
use crate::{
    config,
    error::{Error, ErrorKind, Result},
    transport::printable,
};

/// Names that are fine in plugins.toml, and that no crate of a step can have: Rust's own words, the
/// crates that come with the compiler, and the two that a step is built on.
const TAKEN: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "phoenix-sdk",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "serde",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

pub(super) fn run(verb: &New) -> Result<u8> {
    match &verb.verb {
        NewVerb::Step(step) => new_step(step),
    }
}

fn new_step(step: &NewStep) -> Result<u8> {
    config::check_step_name(&step.name)?;
    if TAKEN.contains(&&*step.name) {
        let message = format!("no crate of a step can be called `{}`", step.name);
        return Err(Error::new(ErrorKind::Usage, "NEW-NAME-TAKEN", message)
            .hint("Say in the name what the step is about: two words are better than one."));
    }
    let here = env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let place = place::find(&here, &step.name, step.path.as_deref(), step.sdk.as_deref())?;
    let files = template::render(&step.name, step.scope, place.sdk.as_deref());
    write::folder(&place.folder, &files)?;
    // Only a reader who stopped reading makes this fail.
    let _ = anstream::stdout().write_all(next(&step.name, &place, &here).as_bytes());
    Ok(0)
}

/// What was written, and what comes next.
fn next(name: &str, place: &place::Place, here: &Path) -> String {
    let library = format!("lib{}.so", name.replace('-', "_"));
    let shown = |path: &Path| printable(&path.display().to_string());
    let folder = shown(place.folder.strip_prefix(here).unwrap_or(&place.folder));
    let (build, built, entry) = match &place.sdk {
        None => (
            format!("cargo test -p {name}\n  cargo build -p {name}"),
            format!("target/debug/{library}"),
            template::quoted(&name.replace('-', "_")),
        ),
        Some(_) => {
            let built = format!("target/release/{library}");
            let entry = template::quoted(&place.folder.join(&built).to_string_lossy());
            (format!("cd {folder}\n  cargo test\n  cargo build --release"), built, entry)
        }
    };
    let member = match &place.foreign {
        Some(manifest) => format!("\nAdd it to the `members` in {} first.\n", shown(manifest)),
        None => String::new(),
    };
    format!(
        "Wrote the step `{name}`:\n\
         \x20 {folder}/src/lib.rs     what it wants, and how it proves that it is so\n\
         \x20 {folder}/src/worlds.rs  the machines that it is tried on\n\
         {member}\
         \n\
         Next:\n\
         \x20 {build}\n\
         \x20 phoenix-orch plugins check {built}\n\
         \n\
         In plugins.toml, with `{name} = [\"{name}\"]` under [features]:\n\
         \x20 [plugins.{name}]\n\
         \x20 library = {entry}\n\
         \x20 version = \"^0.1\"\n\
         \n\
         Then `phoenix-orch plan --features {name}` shows what it would do.\n"
    )
}
