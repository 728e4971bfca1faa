//! A container's configuration, as far as it matters here. Pure.

use phoenix_sdk::{change::properties, dev_fuse};

use crate::runtime::Config;

pub(super) const PROFILE: &str = "lxc.apparmor.profile";
pub(super) const NESTING: &str = "lxc.apparmor.allow_nesting";
pub(super) const DEVICES: &str = "lxc.cgroup2.devices.allow";
const IDMAP: &str = "lxc.idmap";
const INCLUDE: &str = "lxc.include";
/// Lines that are none of a configuration.
const STRAY: &str = "";
/// Proxmox's `dev0`, `dev1` and so on.
const PASSED: &str = "dev[n]";

/// The keys whose values are asked of the runtime.
pub(super) const KEYS: [&str; 10] = [
    PROFILE,
    NESTING,
    DEVICES,
    dev_fuse::KEY,
    IDMAP,
    STRAY,
    PASSED,
    "features",
    "lock",
    "template",
];

/// What the configuration says, and what is in force by it.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    /// Whether Proxmox writes it.
    pub(super) proxmox: bool,
    /// Whether the container is unprivileged.
    pub(super) unprivileged: bool,
    pub(super) path: String,
    /// The profile that the file itself names, whatever it includes below.
    pub(super) own_profile: Option<String>,
    values: Vec<(&'static str, Vec<String>)>,
}

impl Settings {
    pub(super) fn new(
        config: &Config,
        proxmox: bool,
        unprivileged: bool,
        values: impl Fn(&Config, &str) -> Vec<String>,
    ) -> Self {
        let lines = config.text.split_inclusive('\n');
        let text = lines.filter(|line| !line.trim_start().starts_with(INCLUDE)).collect();
        let alone = Config { path: config.path.clone(), text };
        Self {
            proxmox,
            unprivileged,
            path: config.path.clone(),
            own_profile: values(&alone, PROFILE).pop(),
            values: KEYS.into_iter().map(|key| (key, values(config, key))).collect(),
        }
    }

    /// Every value of one of [`KEYS`] that is in force.
    pub(super) fn values(&self, key: &str) -> &[String] {
        let found = self.values.iter().find(|(known, _)| *known == key);
        found.map(|(_, values)| values.as_slice()).unwrap_or_default()
    }

    /// The last one, which overrides those before it.
    pub(super) fn last(&self, key: &str) -> Option<&str> {
        self.values(key).last().map(String::as_str)
    }

    /// Lines that are neither empty, nor a comment, nor a key with a value.
    pub(super) fn stray(&self) -> &[String] {
        self.values(STRAY)
    }

    /// Whether Proxmox's `features` have this one.
    pub(super) fn feature(&self, name: &str) -> bool {
        let wanted = format!("{name}=1");
        self.values("features").iter().any(|list| properties::missing(list, &wanted).is_empty())
    }

    /// The AppArmor profile that the next start has.
    pub(super) fn profile(&self) -> &str {
        match self.last(PROFILE) {
            Some(profile) => profile,
            None if self.proxmox => "generated",
            // LXC's own default.
            None => "lxc-container-default-cgns",
        }
    }

    /// Whether the next start gets what nested mounts of proc and sysfs need.
    pub(super) fn nests(&self) -> bool {
        // An explicit profile switches Proxmox's feature off; an included nesting.conf brings mounts of its own.
        let by_feature = self.proxmox && self.last(PROFILE).is_none() && self.feature("nesting");
        let helper = |value: &String| value.split_whitespace().nth(1) == Some("dev/.lxc/proc");
        self.last(NESTING) == Some("1")
            || by_feature
            || self.values(dev_fuse::KEY).iter().any(helper)
    }

    /// The value of a `dev[n]` of Proxmox that brings `/dev/fuse` in.
    pub(super) fn passed(&self) -> Option<&str> {
        let path = |value: &&String| {
            let path = value.split(',').next().unwrap_or_default().trim();
            path.trim_start_matches("path=") == dev_fuse::PATH
        };
        self.values(PASSED).iter().find(path).map(String::as_str)
    }

    /// Whether the next start has `/dev/fuse`.
    pub(super) fn has_fuse(&self) -> bool {
        let by_entry = dev_fuse::working(self.values(dev_fuse::KEY)).is_some();
        self.feature("fuse") || self.passed().is_some() || by_entry
    }

    /// The maps of ids. Proxmox has a default, which it does not write.
    pub(super) fn maps(&self) -> Vec<String> {
        let maps = self.values(IDMAP);
        if maps.is_empty() && self.proxmox && self.unprivileged {
            return ["u 0 100000 65536", "g 0 100000 65536"].map(str::to_owned).to_vec();
        }
        maps.to_vec()
    }
}

#[cfg(test)]
impl Settings {
    /// Of a text in the folder of Proxmox, or else of plain LXC, as its runtime reads it.
    pub(super) fn of(path: &str, text: &str) -> Self {
        use crate::runtime::{Lxc, Pve, Runtime};
        let config = Config { path: path.to_owned(), text: text.to_owned() };
        let proxmox = path.starts_with("/etc/pve/");
        let values = |config: &Config, key: &str| match proxmox {
            true => Pve::new("/no/cluster", "/no/containers").values(config, key),
            false => Lxc::new("/var/lib/lxc").values(config, key),
        };
        Self::new(&config, proxmox, true, values)
    }

    /// The same with one value more, from an included file.
    pub(super) fn included(mut self, key: &'static str, value: &str) -> Self {
        let found = self.values.iter_mut().find(|(known, _)| *known == key);
        found.unwrap().1.push(value.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    const PVE: &str = "/etc/pve/lxc/101.conf";
    const LXC: &str = "/var/lib/lxc/web/config";

    #[test]
    fn what_the_next_start_has() {
        for (path, text, profile, nests, fuse) in [
            (PVE, "", "generated", false, false),
            (PVE, "features: nesting=1,fuse=1\n", "generated", true, true),
            (PVE, "features: keyctl=1,nesting=0\n", "generated", false, false),
            (PVE, "features: nesting=1\nlxc.apparmor.profile: lxc-x\n", "lxc-x", false, false),
            (
                PVE,
                "lxc.apparmor.profile: lxc-x\nlxc.apparmor.allow_nesting: 1\n",
                "lxc-x",
                true,
                false,
            ),
            (PVE, "dev0: /dev/fuse,mode=0666\n", "generated", false, true),
            (PVE, "dev0: path=/dev/fuse\n", "generated", false, true),
            (PVE, "[snap]\nfeatures: nesting=1,fuse=1\n", "generated", false, false),
            (LXC, "", "lxc-container-default-cgns", false, false),
            (
                LXC,
                "lxc.apparmor.profile = generated\nlxc.apparmor.allow_nesting=1\n",
                "generated",
                true,
                false,
            ),
            (
                LXC,
                "lxc.mount.entry = proc dev/.lxc/proc proc create=dir,optional 0 0\n",
                "lxc-container-default-cgns",
                true,
                false,
            ),
            (
                LXC,
                "lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0\n",
                "lxc-container-default-cgns",
                false,
                true,
            ),
            (LXC, "lxc.mount.entry = /dev/fuse\n", "lxc-container-default-cgns", false, false),
        ] {
            let settings = Settings::of(path, text);
            let seen = (settings.profile(), settings.nests(), settings.has_fuse());
            assert_eq!(seen, (profile, nests, fuse), "{path} {text}");
        }
    }

    #[test]
    fn stray_lines_are_those_of_the_main_part() {
        let text =
            "# about\nlxc.mount.entry: /dev/fuse\nnone\nbind,create=file\n\n[snap]\nnone at all\n";
        let settings = Settings::of(PVE, text);
        assert_eq!(settings.stray(), ["none", "bind,create=file"]);
    }
}
