//! Whether the versions that were found are those that the file demands.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use super::codes;
use super::manifest::{Manifest, Part, Plugin};
use crate::error::{Error, ErrorKind, Result};

/// Compares the versions of the steps that were loaded with `version` and `requires` of their sections; a
/// script has none. Steps that were not loaded are not looked at, unless a loaded one requires them.
///
/// # Errors
/// `PLUGIN-VERSION` for a step that is not in the version demanded of it, `REQUIREMENT-UNMET` for one
/// that is not in the version that another step requires, or was not loaded; the first in the order of
/// names, with the requirement's place in the file.
pub fn check_versions(
    manifest: &Manifest,
    found: &BTreeMap<String, Option<Version>>,
) -> Result<()> {
    for (name, version) in found {
        if let (Some(plugin), Some(version)) = (manifest.plugins.get(name), version)
            && !plugin.version.matches(version)
        {
            return Err(wrong_version(manifest, plugin, version));
        }
    }
    for by in found.keys() {
        let plugin = manifest.plugins.get(by);
        let script = manifest.scripts.get(by);
        let requires = plugin.map(|one| &one.requires).or(script.map(|one| &one.requires));
        for (step, wanted) in requires.into_iter().flatten() {
            let version = match found.get(step) {
                // Of a script nothing but its being there can be asked.
                Some(None) => continue,
                Some(Some(version)) if wanted.matches(version) => continue,
                found => found.and_then(Option::as_ref),
            };
            let excerpt = |label: &str| match (plugin, script) {
                (Some(plugin), _) => Some(manifest.excerpt(plugin, Part::Requires(step), label)),
                (None, Some(script)) => Some(manifest.excerpt_of_requirement(script, step, label)),
                (None, None) => None,
            };
            return Err(unmet(by, step, wanted, version, excerpt));
        }
    }
    Ok(())
}

fn wrong_version(manifest: &Manifest, plugin: &Plugin, found: &Version) -> Error {
    let Plugin { name, version: wanted, .. } = plugin;
    let message = format!("`{name}` is version {found}, and {wanted} is demanded");
    let mut error = Error::new(ErrorKind::Config, codes::PLUGIN_VERSION, message).hint(format!(
        "Install a version of `{name}` that fits {wanted}, or change the requirement."
    ));
    error.excerpt = Some(manifest.excerpt(plugin, Part::Version, &format!("found {found}")));
    pre_release(error, wanted, found)
}

fn unmet(
    by: &str,
    step: &str,
    wanted: &VersionReq,
    found: Option<&Version>,
    excerpt: impl Fn(&str) -> Option<String>,
) -> Error {
    let (what, label) = match found {
        Some(found) => (format!("found is {found}"), format!("found {found}")),
        None => (format!("no `{step}` is loaded"), "not loaded".to_owned()),
    };
    let message = format!("`{by}` requires `{step}` {wanted}, and {what}");
    let mut error = Error::new(ErrorKind::Config, codes::REQUIREMENT_UNMET, message).hint(format!(
        "Install a version of `{step}` that fits {wanted}, or change what `{by}` requires."
    ));
    error.excerpt = excerpt(&label);
    match found {
        Some(found) => pre_release(error, wanted, found),
        None => error,
    }
}

/// That `1.2.0-rc.1` does not fit `^1.1` surprises everybody, so it is said.
fn pre_release(error: Error, wanted: &VersionReq, found: &Version) -> Error {
    if found.pre.is_empty() || wanted.comparators.iter().any(|one| !one.pre.is_empty()) {
        return error;
    }
    error.hint(format!("Pre-releases fit only where they are named: `={found}` would accept it."))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::parse_text;
    use super::*;

    const TEXT: &str = "format = 1\n\n[plugins.driver]\nversion = \"^0.1\"\n\n\
        [plugins.install]\nversion = \"^1.2\"\nrequires = { driver = \">=0.1.3\" }\n\
        [scripts.gpu]\napply = \"/gpu.sh\"\nscope = \"host\"\nrequires = { driver = \">=0.1.5\", other = \"*\" }\n\
        [scripts.other]\napply = \"/other.sh\"\nscope = \"host\"\n";

    /// A version of `-` stands for a script.
    fn check(found: &[(&str, &str)]) -> Result<()> {
        let manifest = parse_text(Path::new("plugins.toml"), TEXT).unwrap();
        let version = |text: &str| (text != "-").then(|| text.parse().unwrap());
        let found = found.iter().map(|(name, text)| ((*name).to_owned(), version(text)));
        check_versions(&manifest, &found.collect())
    }

    #[test]
    fn what_fits_passes_and_what_is_not_loaded_does_not_matter() {
        check(&[]).unwrap();
        check(&[("driver", "0.1.0")]).unwrap();
        check(&[("driver", "0.1.3"), ("install", "1.9.0")]).unwrap();
    }

    #[test]
    fn the_wrong_version_of_a_plugin_is_shown_with_the_demand() {
        let error = check(&[("driver", "0.2.0-rc.1")]).unwrap_err();
        assert_eq!(error.code, codes::PLUGIN_VERSION);
        assert_eq!(error.message, "`driver` is version 0.2.0-rc.1, and ^0.1 is demanded");
        assert_eq!(error.hints.len(), 2);
        insta::assert_snapshot!(error.excerpt.unwrap(), @r#"
         --> plugins.toml:4:11
          |
        3 | [plugins.driver]
        4 | version = "^0.1"
          |           ^^^^^^ found 0.2.0-rc.1
        "#);
    }

    #[test]
    fn an_unmet_requirement_names_who_requires_what_and_what_was_found() {
        let error = check(&[("driver", "0.1.2"), ("install", "1.2.0")]).unwrap_err();
        assert_eq!(error.code, codes::REQUIREMENT_UNMET);
        assert_eq!(error.message, "`install` requires `driver` >=0.1.3, and found is 0.1.2");
        insta::assert_snapshot!(error.excerpt.unwrap(), @r#"
         --> plugins.toml:8:23
          |
        7 | version = "^1.2"
        8 | requires = { driver = ">=0.1.3" }
          |                       ^^^^^^^^^ found 0.1.2
        "#);
        let error = check(&[("install", "1.2.0")]).unwrap_err();
        assert_eq!(error.message, "`install` requires `driver` >=0.1.3, and no `driver` is loaded");
    }

    #[test]
    fn what_a_script_requires_counts_too() {
        check(&[("gpu", "-"), ("other", "-"), ("driver", "0.1.5")]).unwrap();
        let error = check(&[("gpu", "-"), ("other", "-"), ("driver", "0.1.3")]).unwrap_err();
        assert_eq!(error.message, "`gpu` requires `driver` >=0.1.5, and found is 0.1.3");
        assert!(error.excerpt.unwrap().contains("plugins.toml:12:23"));
        let error = check(&[("gpu", "-"), ("driver", "0.1.9")]).unwrap_err();
        assert_eq!(error.code, codes::REQUIREMENT_UNMET);
    }
}
