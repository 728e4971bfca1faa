//! The repository's `plugins.toml`, fitted to the kernel that we are on.

use std::fs;

use anyhow::{Context, Result};
use toml_edit::{DocumentMut, Item, Table, Value, value};

use crate::workspace;

/// Whether this kernel enforces AppArmor. The folder is absent on a kernel built without it.
pub fn kernel_has_apparmor() -> bool {
    fs::read_to_string("/sys/module/apparmor/parameters/enabled")
        .is_ok_and(|text| text.trim_end() == "Y")
}

/// The text of the repository's `plugins.toml`; where the kernel has no AppArmor, confinement is made
/// optional in it, for a run would refuse to go on otherwise.
pub fn for_this_kernel() -> Result<String> {
    let path = workspace::root().join("plugins.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    if kernel_has_apparmor() {
        return Ok(text);
    }
    with_optional_apparmor(&text).with_context(|| format!("cannot edit `{}`", path.display()))
}

/// The same catalogue with `policy.apparmor = "optional"`; comments and order are kept.
pub fn with_optional_apparmor(text: &str) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let policy = document.entry("policy").or_insert_with(|| Item::Table(Table::new()));
    let policy = policy.as_table_like_mut().context("`policy` is not a table")?;
    if let Some(old) = policy.get_mut("apparmor").and_then(Item::as_value_mut) {
        // In place, because an insertion would drop the comments around the key.
        let decor = old.decor().clone();
        *old = Value::from("optional");
        *old.decor_mut() = decor;
    } else {
        policy.insert("apparmor", value("optional"));
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_policy_changes() {
        let text =
            "# mine\nformat = 1\n\n[policy]\n# why\napparmor = \"required\" # so\nrestart = 1\n";
        let expected = text.replace("required", "optional");
        assert_eq!(with_optional_apparmor(text).unwrap(), expected);
    }

    #[test]
    fn a_missing_policy_is_added() {
        let text = with_optional_apparmor("format = 1\n").unwrap();
        assert_eq!(text, "format = 1\n\n[policy]\napparmor = \"optional\"\n");
    }
}
