//! From what the command line names to what the file has under that name.

use std::collections::BTreeSet;

use super::codes;
use super::manifest::{Manifest, Plugin};
use super::nearest::suggest;
use super::shown::shown;
use crate::error::{Error, ErrorKind, Result};

impl Manifest {
    /// The steps of these features and every step that those require, in the order of their names.
    ///
    /// # Errors
    /// `FEATURE-UNKNOWN`, a usage error, with the nearest name; also when no feature is named at all.
    pub fn select<S: AsRef<str>>(&self, features: &[S]) -> Result<BTreeSet<String>> {
        if features.is_empty() {
            return Err(self.unknown("", "no feature is named"));
        }
        let mut open: Vec<&str> = Vec::new();
        for feature in features {
            let feature = feature.as_ref();
            let steps = self.features.get(feature).ok_or_else(|| self.no_feature(feature))?;
            open.extend(steps.iter().map(String::as_str));
        }
        Ok(self.with_required(open))
    }

    /// These steps and every step that they require, in the order of their names.
    pub fn with_required<'a>(
        &'a self,
        steps: impl IntoIterator<Item = &'a str>,
    ) -> BTreeSet<String> {
        let mut open: Vec<&str> = steps.into_iter().collect();
        let mut selected = BTreeSet::new();
        while let Some(step) = open.pop() {
            if selected.insert(step.to_owned()) {
                open.extend(self.requires(step).map(String::as_str));
            }
        }
        selected
    }

    /// The plugin of this name.
    ///
    /// # Errors
    /// `PLUGIN-UNKNOWN`, a usage error, with the nearest name.
    pub fn plugin(&self, name: &str) -> Result<&Plugin> {
        self.plugins.get(name).ok_or_else(|| {
            let file = shown(&self.path.to_string_lossy());
            let message = format!("unknown plugin `{}`", shown(name));
            let error = Error::new(ErrorKind::Usage, codes::PLUGIN_UNKNOWN, message)
                .cause(format!("the plugins are those in `{file}`"));
            suggest(error, name, "plugins", self.plugins.keys().map(String::as_str))
        })
    }

    /// There is none of this name; but perhaps a step, or a comma too many.
    fn no_feature(&self, name: &str) -> Error {
        if name.is_empty() {
            let error = self.unknown("", "a feature has no name");
            return error.hint("There is a comma too many, or nothing between the quotes.");
        }
        let error = self.unknown(name, &format!("unknown feature `{}`", shown(name)));
        let having =
            self.features.iter().filter(|(_, steps)| steps.iter().any(|step| step == name));
        let having: Vec<_> = having.map(|(feature, _)| format!("`{feature}`")).collect();
        match having.is_empty() {
            true => error,
            false => {
                error.hint(format!("`{name}` is a step; features with it: {}.", having.join(", ")))
            }
        }
    }

    fn unknown(&self, feature: &str, message: &str) -> Error {
        let file = shown(&self.path.to_string_lossy());
        let error = Error::new(ErrorKind::Usage, codes::FEATURE_UNKNOWN, message)
            .cause(format!("the features are those in `{file}`"));
        suggest(error, feature, "features", self.features.keys().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::parse_text;
    use super::*;

    const TEXT: &str = "format = 1\n[features]\ndocker = [\"install\"]\nother = [\"alone\"]\n\
        [plugins.install]\nversion = \"1\"\nrequires = { driver = \"1\" }\n\
        [plugins.driver]\nversion = \"1\"\nrequires = { host = \"1\" }\n\
        [plugins.host]\nversion = \"1\"\n[plugins.alone]\nversion = \"1\"\n";

    #[test]
    fn requirements_come_along() {
        let manifest = parse_text(Path::new("plugins.toml"), TEXT).unwrap();
        let steps = |features: &[&str]| Vec::from_iter(manifest.select(features).unwrap());
        assert_eq!(steps(&["docker"]), ["driver", "host", "install"]);
        assert_eq!(steps(&["other"]), ["alone"]);
        assert_eq!(steps(&["other", "docker", "other"]), ["alone", "driver", "host", "install"]);
    }

    #[test]
    fn an_unknown_name_is_a_usage_error_with_the_nearest_name() {
        let manifest = parse_text(Path::new("plugins.toml"), TEXT).unwrap();
        let error = manifest.select(&["dokcer"]).unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Usage, codes::FEATURE_UNKNOWN));
        assert_eq!(error.hints, ["Did you mean `docker`?", "Known features: `docker`, `other`."]);
        assert_eq!(manifest.select::<&str>(&[]).unwrap_err().code, codes::FEATURE_UNKNOWN);
        let hint = |name: &str| manifest.select(&[name]).unwrap_err().hints.pop().unwrap();
        assert_eq!(hint("install"), "`install` is a step; features with it: `docker`.");
        assert!(hint("").contains("a comma too many"));
        let error = manifest.plugin("instal").unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Usage, codes::PLUGIN_UNKNOWN));
        assert_eq!(error.hints[0], "Did you mean `install`?");
        assert_eq!(manifest.plugin("install").unwrap().name, "install");
        let hostile = manifest.select(&["\u{1b}[2J"]).unwrap_err();
        assert!(!format!("{hostile:?}").contains('\u{1b}'));
    }
}
