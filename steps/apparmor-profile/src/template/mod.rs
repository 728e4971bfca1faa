//! The text of the profile: groups of rules, each with its reason, made from the parameters. Pure.
//!
//! What is not allowed is logged by the kernel; what is denied is not. So the profile allows little and denies
//! only what an allow rule would open: a denial is named as such in its reason.

mod files;
mod kernel;
mod mounts;
mod pattern;
mod processes;
mod rule;
mod settings;
mod systemd;
mod text;

pub(crate) use settings::DATA_ROOT;
pub use settings::{Gpu, Settings, SettingsError, StorageDriver, already_allowed};

/// The profile's name; `lxc-start` may change to nothing that does not begin with `lxc-`.
pub const NAME: &str = "lxc-phoenix-v2";

/// Rules that are there for one reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Group {
    /// A short name that stays the same: tests and the documentation refer to it.
    pub id: &'static str,
    /// Why the rules are there, in whole sentences; the comment above them.
    pub reason: &'static str,
    /// Whether it opens or takes back.
    pub effect: Effect,
    /// Each ends with a comma.
    pub rules: Vec<String>,
}

/// Whether a group opens something or takes back what another group opens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// It opens.
    Allow,
    /// It takes back.
    Deny,
}

impl Group {
    fn allow(id: &'static str, reason: &'static str, rules: &[&str]) -> Group {
        Group { id, reason, effect: Effect::Allow, rules: owned(rules) }
    }

    fn deny(id: &'static str, reason: &'static str, rules: &[&str]) -> Group {
        Group { id, reason, effect: Effect::Deny, rules: owned(rules) }
    }

    fn and(mut self, rules: impl IntoIterator<Item = String>) -> Group {
        self.rules.extend(rules);
        self
    }
}

fn owned(rules: &[&str]) -> Vec<String> {
    rules.iter().map(|rule| (*rule).to_owned()).collect()
}

/// All groups, in the order of the text. (The driver vfs needs no mounts of its own, so it has no group for them.)
pub fn groups(settings: &Settings) -> Vec<Group> {
    let mut groups = processes::groups();
    groups.extend(files::groups(settings));
    groups.extend(kernel::groups());
    groups.extend(mounts::groups(settings));
    groups.extend(systemd::groups());
    groups.extend(settings::groups(settings));
    groups.retain(|group| !group.rules.is_empty());
    groups
}

/// The whole file.
pub fn render(settings: &Settings) -> String {
    text::file(settings, &groups(settings))
}

/// The whole file without one group: what a test that removes groups loads.
pub fn render_without(settings: &Settings, id: &str) -> String {
    let mut groups = groups(settings);
    groups.retain(|group| group.id != id);
    text::file(settings, &groups)
}

#[cfg(test)]
mod tests;
