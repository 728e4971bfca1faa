//! The `[scripts]` of the file, one step each: programs of the host that are steps without being plugins.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use phoenix_sdk::Scope;
use semver::VersionReq;
use toml::de::DeValue;

use super::problems::Problems;
use super::requires::{Known, Requirements};
use super::section::{Section, Value};
use super::shown::shown;
use super::source::Source;
use super::words::Word;
use super::{codes, keys, names};
use crate::error::{Error, Result};

/// How long each call may take where nothing else is said.
const TIME_LIMIT_S: u32 = 1800;
/// The longest that can be said: a week.
pub(super) const LONGEST_S: u32 = 7 * 24 * 3600;

/// How often it runs, as that is written.
pub(super) const SCOPES: &[(&str, Scope)] =
    &[("container", Scope::Container), ("host", Scope::Host)];

/// A step that is a script, or any other program of the host.
#[derive(Debug, Clone)]
pub struct Script {
    /// The step's name.
    pub name: String,
    /// Whether it runs once, or once for each container; on the host in both cases.
    pub scope: Scope,
    /// What it does.
    pub apply: Call,
    /// Whether there is something to do: exit code 0 for no, 1 for yes.
    pub check: Option<Call>,
    /// Whether it works: exit code 0 for yes.
    pub verify: Option<Call>,
    /// The steps that come before it, and which versions of them are accepted.
    pub requires: BTreeMap<String, VersionReq>,
    /// The steps that come before it where they are in the run anyhow; it does not bring them.
    pub after: BTreeSet<String>,
    /// After this a call is ended.
    pub time_limit: Duration,
    pub(super) section: Range<usize>,
    pub(super) places: BTreeMap<String, Range<usize>>,
}

/// One command line of a script.
#[derive(Debug, Clone)]
pub struct Call {
    /// The program: an absolute path.
    pub program: String,
    words: Vec<Word>,
    pub(super) place: Range<usize>,
}

impl Call {
    /// Program and words for this target.
    pub fn argv(&self, target: &str) -> Vec<String> {
        let words = self.words.iter().map(|word| word.for_target(target));
        std::iter::once(self.program.clone()).chain(words).collect()
    }
}

/// All scripts by name; relative paths are relative to this folder.
pub(super) fn all(
    source: &Source,
    root: &Section<'_>,
    folder: &Path,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Result<BTreeMap<String, Script>> {
    let Some(section) = root.section("scripts")? else { return Ok(BTreeMap::new()) };
    let mut scripts = BTreeMap::new();
    for (key, value) in section.entries() {
        if problems.enough() {
            break;
        }
        let name = key.get_ref().as_ref();
        let named = names::word(source, key.span(), name, "step");
        let section = named.and_then(|()| section.inside(name, value));
        let Some(section) = problems.keep(section) else { continue };
        if known.plugins.contains(name) {
            let message = format!("`{name}` is a plugin and a script");
            problems.add(
                source
                    .error(key.span(), codes::DUPLICATE, message, "the second time")
                    .hint("Rename one of the two, or remove it: a step is either."),
            );
            continue;
        }
        section.only(keys::SCRIPT, problems);
        let reader = Reader { source, section: &section, folder };
        if let Some(script) = problems.keep(reader.script(name, known)) {
            scripts.insert(name.to_owned(), script);
        }
    }
    Ok(scripts)
}

/// Reads the section of one script.
struct Reader<'a> {
    source: &'a Source,
    section: &'a Section<'a>,
    folder: &'a Path,
}

impl Reader<'_> {
    fn script(&self, name: &str, known: &Known<'_>) -> Result<Script> {
        let Self { source, section, .. } = self;
        let scope = section.choice("scope", SCOPES)?.unwrap_or(Scope::Container);
        let arguments = self.arguments(scope)?;
        let call = |key: &str, value| self.call(key, value, scope, &arguments);
        let requirements = Requirements::of(source, section, known)?;
        let apply = section.required("apply", "apply = \"/usr/local/sbin/x.sh\"")?;
        Ok(Script {
            name: name.to_owned(),
            scope,
            apply: call("apply", apply)?,
            check: section.get("check").map(|value| call("check", value)).transpose()?,
            verify: section.get("verify").map(|value| call("verify", value)).transpose()?,
            requires: requirements.steps,
            after: requirements.after,
            time_limit: self.time_limit()?,
            section: section.place(),
            places: requirements.places,
        })
    }

    /// What every call of it is given.
    fn arguments(&self, scope: Scope) -> Result<Vec<Word>> {
        let Some(list) = self.section.get("args") else {
            return Ok(if scope == Scope::Host { Vec::new() } else { vec![Word::ctid()] });
        };
        let words = self.section.list("args", list)?.iter();
        words.map(|value| self.word("args", value, scope)).collect()
    }

    fn word(&self, key: &str, value: Value<'_>, scope: Scope) -> Result<Word> {
        let text = self.section.entry(key, value)?;
        let word = Word::parse(text).and_then(|word| match scope {
            Scope::Host if word.names_container() => {
                Err("has `{ctid}`, and a script of scope `host` has no container".to_owned())
            }
            _ => Ok(word),
        });
        word.map_err(|what| {
            let message = format!("an entry of `{}` {what}", self.section.path(key));
            let label = "not a possible word";
            self.source.error(value.span(), codes::VALUE, message, label).hint(
                "`{ctid}` is the only placeholder; braces themselves are written as `{{` and `}}`.",
            )
        })
    }

    /// A path, or a list of a path and words; behind them come the arguments of all calls.
    fn call(&self, key: &str, value: Value<'_>, scope: Scope, arguments: &[Word]) -> Result<Call> {
        let (program, own) = match value.get_ref() {
            DeValue::String(text) => (self.program(key, value, text)?, Vec::new()),
            DeValue::Array(list) => {
                let mut list = list.iter();
                let first = list.next().ok_or_else(|| self.no_program(key, value, ""))?;
                let program = self.program(key, first, self.section.entry(key, first)?)?;
                let own = list.map(|value| self.word(key, value, scope)).collect::<Result<_>>()?;
                (program, own)
            }
            _ => return Err(self.section.wrong_type(key, value, "a path or a list of words")),
        };
        let words = own.into_iter().chain(arguments.iter().cloned()).collect();
        Ok(Call { program, words, place: value.span() })
    }

    fn program(&self, key: &str, value: Value<'_>, text: &str) -> Result<String> {
        if text.is_empty() || text.ends_with('/') || text.contains('\0') {
            return Err(self.no_program(key, value, text));
        }
        let path = self.folder.join(text).into_os_string().into_string();
        path.map_err(|_| self.no_program(key, value, text))
    }

    fn no_program(&self, key: &str, value: Value<'_>, text: &str) -> Error {
        let message = format!("`{}` cannot be `{}`", self.section.path(key), shown(text));
        self.source
            .error(value.span(), codes::VALUE, message, "not the path of a program")
            .hint("Write the path of an executable file, or a list of it and its words.")
    }

    fn time_limit(&self) -> Result<Duration> {
        let key = "time_limit_s";
        let Some(value) = self.section.get(key) else {
            return Ok(Duration::from_secs(TIME_LIMIT_S.into()));
        };
        let DeValue::Integer(number) = value.get_ref() else {
            return Err(self.section.wrong_type(key, value, "a whole number of seconds"));
        };
        let seconds = u32::from_str_radix(number.as_str(), number.radix()).ok();
        match seconds.filter(|seconds| (1..=LONGEST_S).contains(seconds)) {
            Some(seconds) => Ok(Duration::from_secs(seconds.into())),
            None => {
                let number = shown(&number.to_string());
                let message = format!("`{}` cannot be `{number}`", self.section.path(key));
                let label = format!("not between 1 and {LONGEST_S}");
                Err(self
                    .source
                    .error(value.span(), codes::VALUE, message, &label)
                    .hint("Write how many seconds a call may take; a week is the most."))
            }
        }
    }
}

#[cfg(test)]
mod tests;
