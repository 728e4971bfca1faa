//! The configuration file of a container, as an administrator of a plain LXC host would have it.

use std::path::Path;

use super::options::{AppArmor, Init, Network, Options};
use super::{FIRST_ID, ID_COUNT};

/// Where the script that replaces systemd lies inside the container.
pub(super) const SHELL_INIT: &str = "/usr/local/sbin/waiting-init";

/// The text of `config` for a container whose folder and name are given.
pub(super) fn render(folder: &Path, name: &str, options: &Options) -> String {
    let rootfs = folder.join("rootfs");
    let rootfs = rootfs.display();
    let profile = match options.apparmor {
        AppArmor::Generated => "generated",
        AppArmor::Unconfined => "unconfined",
    };
    let mut text = format!(
        "\
# Made for the tests of phoenix-orch. The remarks below stand for those of a user, and must survive.
lxc.include = /usr/share/lxc/config/common.conf
lxc.include = /usr/share/lxc/config/userns.conf
lxc.arch = linux64

# Unprivileged: root in here is {FIRST_ID} outside (agreed with the storage team, do not change)
lxc.idmap = u 0 {FIRST_ID} {ID_COUNT}
lxc.idmap = g 0 {FIRST_ID} {ID_COUNT}

# Where nested containers are wanted, this is what Debian's own default.conf says.
lxc.apparmor.profile = {profile}
lxc.apparmor.allow_nesting = 1

lxc.rootfs.path = dir:{rootfs}
lxc.uts.name = {name}
"
    );
    text.push_str(match options.network {
        Network::None => "lxc.net.0.type = empty\n",
        Network::Bridge => "lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\n",
    });
    if options.init == Init::Shell {
        text.push_str(&format!("lxc.init.cmd = {SHELL_INIT}\n"));
    }
    if options.read_only_etc {
        text.push_str(&format!("lxc.mount.entry = {rootfs}/etc etc none bind,ro 0 0\n"));
    }
    for line in &options.config {
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_wishes_are_added_at_the_end() {
        let options = Options {
            init: Init::Shell,
            read_only_etc: true,
            config: vec!["# mine".to_owned()],
            ..Options::default()
        };
        let plain = render(Path::new("/var/lib/lxc/a"), "a", &Options::default());
        let special = render(Path::new("/var/lib/lxc/a"), "a", &options);
        assert_eq!(
            special.strip_prefix(&plain).unwrap(),
            "lxc.init.cmd = /usr/local/sbin/waiting-init\n\
             lxc.mount.entry = /var/lib/lxc/a/rootfs/etc etc none bind,ro 0 0\n\
             # mine\n"
        );
    }
}
