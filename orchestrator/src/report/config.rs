//! What `config check` and `init` say.

use std::fmt::Write as _;

use serde_json::json;

use super::{
    style::{GOOD, QUIET, count, paint},
    view::View,
};
use crate::{error::Error, transport::printable};

/// What is known of a plugins.toml after it was looked at.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// Where it is.
    pub path: String,
    /// The steps of each feature.
    pub features: Vec<(String, Vec<String>)>,
    /// What was found of each step that is fine.
    pub steps: Vec<CheckedStep>,
    /// All that is wrong.
    pub errors: Vec<Error>,
}

/// A step that is as plugins.toml says.
#[derive(Debug, Clone)]
pub struct CheckedStep {
    /// Its name.
    pub name: String,
    /// The version that was found; scripts have none.
    pub version: Option<String>,
    /// Why it may be loaded, or run.
    pub trust: String,
    /// The targets for which it has parameters of their own.
    pub targets: Vec<String>,
}

/// That a file is fine, and why.
pub fn fine(checked: &Checked, view: View) -> String {
    let Checked { path, features, steps, .. } = checked;
    let words = format!(
        "{} is {}: {}, {}",
        printable(path),
        paint(GOOD, "fine"),
        count(steps.len(), "step"),
        count(features.len(), "feature")
    );
    let mut text = view.folded("", "", &words);
    let line = |word: &str, words: &str| {
        let label = format!("  {} ", paint(QUIET, &format!("{word:8}")));
        view.folded(&label, "             ", words)
    };
    for (name, steps) in features {
        text += &line("feature", &format!("{name}: {}", steps.join(", ")));
    }
    for CheckedStep { name, version, trust, targets } in steps {
        let what = version.as_deref().unwrap_or("a script");
        let own = match targets.is_empty() {
            true => String::new(),
            false => format!("; parameters of their own for {}", targets.join(", ")),
        };
        let what = printable(&format!("{name}: {what}, {trust}{own}"));
        text += &line("step", &what);
    }
    text
}

/// Everything that is wrong with a file, and how much that is; of so many, that there may be more.
pub fn faults(checked: &Checked, most: usize) {
    checked.errors.iter().for_each(super::error);
    let first = if checked.errors.len() >= most { "the first " } else { "" };
    if checked.errors.len() > 1 {
        let count = count(checked.errors.len(), "error");
        super::warning(&format!("{first}{count} in `{}`", checked.path));
    }
}

/// Both, as one JSON document.
pub fn checked_json(checked: &Checked) -> String {
    let Checked { path, features, steps, errors } = checked;
    let error = |error: &Error| {
        json!({
            "exit_code": error.kind.exit_code(), "code": error.code, "message": error.message,
            "causes": error.causes, "hints": error.hints, "excerpt": error.excerpt,
        })
    };
    let step = |step: &CheckedStep| {
        json!({
            "name": step.name, "version": step.version, "script": step.version.is_none(), "trust": step.trust,
            "own_params_for": step.targets,
        })
    };
    let document = json!({
        "path": path,
        "fine": errors.is_empty(),
        "features": features.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "steps": steps.iter().map(step).collect::<Vec<_>>(),
        "errors": errors.iter().map(error).collect::<Vec<_>>(),
    });
    document.to_string()
}

/// That a file was written, what is in it, and what comes next.
pub fn written(path: &str, found: &[String]) -> String {
    let mut text = format!("{} {}\n", paint(GOOD, "wrote"), printable(path));
    for line in found {
        let _ = writeln!(text, "  {}", printable(line));
    }
    text.push_str(
        "Next: read it, and look at this host with `phoenix-orch doctor`; it changes nothing.\n",
    );
    text
}
