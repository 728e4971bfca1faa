//! How much is logged: `RUST_LOG`, and what holds without it.

use std::env;

use tracing_subscriber::EnvFilter;

use crate::config::nearest;

/// The variable.
const VARIABLE: &str = "RUST_LOG";
/// On a terminal errors alone: whatever people need is in the report.
pub(super) const TERMINAL: &str = "error";
/// In the journal what was begun, changed and ended.
pub(super) const SERVICE: &str = "info";
/// In a file, at the least: every command and session of ours too.
pub(super) const FILE: &str = "info,phoenix_orch=debug";

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// What `RUST_LOG` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    directives: Option<String>,
    /// What is wrong with it, for the operator.
    pub(super) warnings: Vec<String>,
}

impl Asked {
    pub(super) fn of_environment() -> Self {
        match env::var(VARIABLE) {
            Ok(text) => Self::of(&text),
            Err(env::VarError::NotPresent) => Self::default(),
            Err(env::VarError::NotUnicode(_)) => Self::wrong("it is no text"),
        }
    }

    fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::default();
        }
        if let Err(error) = EnvFilter::builder().parse(text) {
            return Self::wrong(&format!("`{text}`: {error}"));
        }
        // Any word is the name of a module to this filter, so that a misspelt level would silence everything.
        let misspelt = text.split(',').map(str::trim).find_map(|word| {
            let is_name = !word.contains(['=', '[', ':']) && !word.contains("phoenix");
            let is_level = LEVELS.contains(&word.to_lowercase().as_str());
            if is_name && !is_level { Some((word, nearest(word, LEVELS)?)) } else { None }
        });
        match misspelt {
            Some((word, level)) => {
                Self::wrong(&format!("`{word}` is no level; did you mean `{level}`?"))
            }
            None => Self { directives: Some(text.to_owned()), warnings: Vec::new() },
        }
    }

    fn wrong(why: &str) -> Self {
        Self {
            directives: None,
            warnings: vec![format!("{VARIABLE} is left out of account: {why}")],
        }
    }

    /// What was asked for, else what is usual.
    pub(super) fn filter(&self, usual: &str) -> EnvFilter {
        parsed(self.directives.as_deref().unwrap_or(usual))
    }
}

/// Directives that are known to be right.
pub(super) fn parsed(directives: &str) -> EnvFilter {
    EnvFilter::builder().parse_lossy(directives)
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn what_is_right_is_taken_and_what_is_wrong_is_said() {
        for text in ["debug", "phoenix_orch=trace", "INFO,zbus=off", "[unit{step=a}]=debug", "zbus"]
        {
            assert_eq!(Asked::of(text).directives.as_deref(), Some(text), "{text}");
        }
        assert_eq!(Asked::of("  "), Asked::default());
        for (text, said) in [
            ("phoenix_orch=loud", "RUST_LOG is left out of account: `phoenix_orch=loud`: "),
            (
                "debgu",
                "RUST_LOG is left out of account: `debgu` is no level; did you mean `debug`?",
            ),
            ("info,[", "RUST_LOG is left out of account: `info,[`: "),
        ] {
            let asked = Asked::of(text);
            assert_eq!(asked.directives, None);
            assert!(asked.warnings[0].starts_with(said), "{:?}", asked.warnings);
            assert!(!asked.warnings[0].contains('\n'));
        }
    }
}
