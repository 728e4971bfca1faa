//! Every code that phoenix-orch itself can give, for `explain` and `docs/errors.md`. Each module keeps
//! the list of its own codes; steps bring theirs in their metadata.

use phoenix_sdk::Code;

use crate::{
    bundle, catalog, cli, config, denials, doctor, effect, engine, graph, inventory, journal, lock,
    log, report, runtime, transport,
};

/// All of them, in the order of the modules.
pub(super) fn all() -> impl Iterator<Item = &'static Code> {
    [
        phoenix_sdk::CODES,
        config::CODES,
        graph::CODES,
        inventory::CODES,
        lock::CODES,
        transport::CODES,
        runtime::CODES,
        catalog::CODES,
        catalog::host::CODES,
        catalog::script::CODES,
        denials::CODES,
        doctor::CODES,
        effect::CODES,
        engine::CODES,
        journal::CODES,
        log::CODES,
        report::CODES,
        bundle::CODES,
        cli::CODES,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    fn codes_in(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                codes_in(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            // Tests and the examples in comments name codes that need no documentation.
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let text: String = code.map(|line| format!("{line}\n")).collect();
            for word in text.split('"') {
                let code = word.len() > 4
                    && word.contains('-')
                    && word.chars().all(|c| c.is_ascii_uppercase() || c == '-')
                    && !word.starts_with('-')
                    && !word.ends_with('-');
                if code {
                    found.insert(word.to_owned());
                }
            }
        }
    }

    #[test]
    fn every_code_in_the_sources_is_documented() {
        let mut used = BTreeSet::new();
        for folder in ["../sdk/src", "src"] {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            codes_in(&root, &mut used);
        }
        let documented: BTreeSet<String> = super::all().map(|code| code.code.to_string()).collect();
        let missing: Vec<_> = used.difference(&documented).collect();
        assert!(missing.is_empty(), "not documented: {missing:?}");
    }

    #[test]
    fn no_code_is_documented_twice() {
        let mut seen = BTreeSet::new();
        for code in super::all() {
            assert!(seen.insert(code.code.clone()), "{}", code.code);
        }
    }
}
