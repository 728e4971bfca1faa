//! `explain`: what a code means and what to do about it. The steps' codes come from their metadata.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _, io::Write as _};

use phoenix_sdk::Code;

use super::{
    args::{Explain, Global, Page},
    codes, manual, setting,
};
use crate::{
    catalog,
    config::nearest,
    error::{Error, ErrorKind, Result},
    report,
    transport::printable,
};

pub(super) fn run(global: &Global, verb: &Explain) -> Result<u8> {
    let text = match (&verb.code, verb.markdown) {
        (Some(code), _) => one(&sections(global), code)?,
        (None, Some(Page::Commands)) => manual::commands(super::command()),
        (None, Some(Page::Errors)) => markdown(&sections(global)),
        (None, None) => sections(global)
            .iter()
            .flat_map(|(_, codes)| codes.values())
            .map(|code| format!("{}\n", code.code))
            .collect(),
    };
    // Only a reader who stopped reading makes this fail.
    let _ = anstream::stdout().write_all(text.as_bytes());
    Ok(0)
}

type Section = (String, BTreeMap<String, Code>);

/// Our own codes first, then those of each step that loads. A catalogue that cannot be read is a warning:
/// somebody who asks what an error means may be about to mend it.
fn sections(global: &Global) -> Vec<Section> {
    let own = codes::all().map(|code| (code.code.to_string(), code.clone())).collect();
    let mut sections = vec![("phoenix-orch".to_owned(), own)];
    let manifest = match setting::manifest(global) {
        Ok(manifest) => manifest,
        Err(error) => {
            report::warning(&format!("the steps' own codes are not known: {error}"));
            return sections;
        }
    };
    for name in manifest.plugins.keys() {
        match catalog::load(&manifest, &[name.clone()].into(), &setting::exe_dir()) {
            Ok(steps) => sections.extend(steps.into_iter().map(|(name, step)| {
                let codes = step.meta.codes.iter();
                (name, codes.map(|code| (code.code.to_string(), code.clone())).collect())
            })),
            Err(error) => report::warning(&error.to_string()),
        }
    }
    sections
}

fn one(sections: &[Section], wanted: &str) -> Result<String> {
    let wanted = wanted.to_uppercase();
    let found = sections.iter().find_map(|(owner, codes)| Some((owner, codes.get(&wanted)?)));
    match found {
        Some((owner, code)) => Ok(format!(
            "{} ({})\n\n{}\n\nWhat to do: {}\n",
            printable(&code.code),
            printable(owner),
            printable(&code.about),
            printable(&code.remedy)
        )),
        None => {
            let known = sections.iter().flat_map(|(_, codes)| codes.keys().map(String::as_str));
            let error = Error::new(
                ErrorKind::Usage,
                "CODE-UNKNOWN",
                format!("no error has the code `{}`", printable(&wanted)),
            );
            Err(match nearest(&wanted, known) {
                Some(near) => error.hint(format!("Did you mean `{near}`?")),
                None => error.hint("`phoenix-orch explain` lists all codes."),
            })
        }
    }
}

fn markdown(sections: &[Section]) -> String {
    let mut text = String::from(
        "# Errors\n\nMade by `cargo xtask docs` from the code tables; do not edit. \
         `phoenix-orch explain CODE` says the same.\n",
    );
    for (owner, codes) in sections {
        let _ = writeln!(text, "\n## {owner}\n");
        for code in codes.values() {
            let line = |text: &Cow<'static, str>| printable(text).replace('\n', " ");
            let _ = writeln!(
                text,
                "### {}\n\n{}\n\nWhat to do: {}\n",
                line(&code.code),
                line(&code.about),
                line(&code.remedy)
            );
        }
    }
    text
}
