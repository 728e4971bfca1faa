//! Whether the versions that were found are those that the file demands.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use super::codes;
use super::manifest::{Manifest, Part, Plugin};
use crate::error::{Error, ErrorKind, Result};

/// Compares the versions of the steps that were loaded with `version` and `requires` of their sections.
/// Steps that were not loaded are not looked at, unless a loaded one requires them.
///
/// # Errors
/// `PLUGIN-VERSION` for a step that is not in the version demanded of it, `REQUIREMENT-UNMET` for one
/// that is not in the version that another step requires, or was not loaded; the first in the order of
/// names, with the requirement's place in the file.
pub fn check_versions(manifest: &Manifest, found: &BTreeMap<String, Version>) -> Result<()> {
    let loaded =
        || found.iter().filter_map(|(name, version)| Some((manifest.plugins.get(name)?, version)));
    for (plugin, version) in loaded() {
        if !plugin.version.matches(version) {
            return Err(wrong_version(manifest, plugin, version));
        }
    }
    for (plugin, _) in loaded() {
        for (step, wanted) in &plugin.requires {
            let version = found.get(step);
            if !version.is_some_and(|version| wanted.matches(version)) {
                return Err(unmet(manifest, plugin, step, wanted, version));
            }
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
    manifest: &Manifest,
    plugin: &Plugin,
    step: &str,
    wanted: &VersionReq,
    found: Option<&Version>,
) -> Error {
    let by = &plugin.name;
    let (what, label) = match found {
        Some(found) => (format!("found is {found}"), format!("found {found}")),
        None => (format!("no `{step}` is loaded"), "not loaded".to_owned()),
    };
    let message = format!("`{by}` requires `{step}` {wanted}, and {what}");
    let mut error = Error::new(ErrorKind::Config, codes::REQUIREMENT_UNMET, message).hint(format!(
        "Install a version of `{step}` that fits {wanted}, or change what `{by}` requires."
    ));
    error.excerpt = Some(manifest.excerpt(plugin, Part::Requires(step), &label));
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
        [plugins.install]\nversion = \"^1.2\"\nrequires = { driver = \">=0.1.3\" }\n";

    fn check(found: &[(&str, &str)]) -> Result<()> {
        let manifest = parse_text(Path::new("plugins.toml"), TEXT).unwrap();
        let found =
            found.iter().map(|(name, version)| ((*name).to_owned(), version.parse().unwrap()));
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
}
