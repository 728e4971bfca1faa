//! The configuration that LXC gets, made from the guest's.

use std::fs;
use std::path::Path;

use super::failure::Failure;
use super::power::HOOK;
use super::state::LXC_PATH;
use super::voice::Voice;
use crate::conf::{Conf, Section};

/// What an explicit AppArmor profile takes the effect from.
const OVERRIDDEN: [&str; 3] = ["mount", "fuse", "nesting"];

/// Writes `/var/lib/lxc/ID/config`, and says what it leaves out. A guest that is only a file in `/etc/pve` has no
/// folder there, and gets none: nobody would clean it away.
pub(super) fn write(id: u32, conf: &Conf, voice: Voice) -> Result<(), Failure> {
    if let Some(remark) = overridden(&conf.main) {
        voice.remark(&remark);
    }
    let folder = Path::new(LXC_PATH).join(id.to_string());
    if !folder.exists() {
        return Ok(());
    }
    let path = folder.join("config");
    let program = std::env::current_exe()
        .map_err(|error| Failure::system("unable to tell where pct is", &error))?;
    fs::write(&path, render(id, &conf.main, &program))
        .map_err(|error| Failure::system(&format!("unable to write '{}'", path.display()), &error))
}

fn explicit_profile(main: &Section) -> bool {
    main.raw.iter().any(|(key, _)| key == "lxc.apparmor.profile")
}

fn is_on(main: &Section, feature: &str) -> bool {
    main.feature(feature).is_some_and(|value| value != "0")
}

fn overridden(main: &Section) -> Option<String> {
    let on = OVERRIDDEN.iter().filter(|name| is_on(main, name));
    let names: Vec<String> = on.map(|name| format!("features:{name}")).collect();
    (explicit_profile(main) && !names.is_empty()).then(|| {
        let what = "explicitly configured lxc.apparmor.profile overrides the following settings:";
        format!("{what} {}", names.join(", "))
    })
}

fn render(id: u32, main: &Section, pct: &Path) -> String {
    let unprivileged =
        main.is_on("unprivileged") || main.raw.iter().any(|(key, _)| key == "lxc.idmap");
    let mut text =
        "lxc.arch = linux64\nlxc.include = /usr/share/lxc/config/common.conf\n".to_owned();
    if unprivileged {
        text.push_str("lxc.include = /usr/share/lxc/config/userns.conf\n");
        if !main.raw.iter().any(|(key, _)| key == "lxc.idmap") {
            text.push_str("lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n");
        }
    }
    if !explicit_profile(main) {
        text.push_str("lxc.apparmor.profile = generated\n");
        if is_on(main, "nesting") {
            text.push_str("lxc.apparmor.allow_nesting = 1\n");
        }
    }
    if is_on(main, "fuse") {
        text.push_str("lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0\n");
    }
    let unnamed = format!("CT{id}");
    let name = main.get("hostname").unwrap_or(&unnamed);
    text.push_str(&format!(
        "lxc.uts.name = {name}\nlxc.rootfs.path = dir:{LXC_PATH}/{id}/rootfs\n\
         lxc.environment = TERM=linux\nlxc.net.0.type = empty\nlxc.hook.post-stop = {} {HOOK}\n",
        pct.display()
    ));
    for (key, value) in &main.raw {
        text.push_str(&format!("{key} = {value}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::parse;

    fn rendered(text: &str) -> (String, Option<String>) {
        let main = parse(100, text).conf.main;
        (render(100, &main, Path::new("/usr/local/sbin/pct")), overridden(&main))
    }

    #[test]
    fn an_explicit_profile_costs_nesting_and_leaves_the_device() {
        let own = "features: nesting=1,fuse=1\nunprivileged: 1\n";
        let (config, remark) = rendered(own);
        assert!(config.contains("lxc.apparmor.allow_nesting = 1\n") && remark.is_none());
        let (config, remark) = rendered(&format!("{own}lxc.apparmor.profile: lxc-mine\n"));
        assert!(!config.contains("allow_nesting") && !config.contains("generated"), "{config}");
        assert!(
            config.contains("lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0\n")
        );
        assert_eq!(
            remark.unwrap(),
            "explicitly configured lxc.apparmor.profile overrides the following settings: \
             features:fuse, features:nesting"
        );
        let (_, remark) = rendered("unprivileged: 1\nlxc.apparmor.profile: lxc-mine\n");
        assert!(remark.is_none());
    }

    #[test]
    fn raw_lines_come_last_and_in_their_order() {
        let (config, _) = rendered("unprivileged: 1\nlxc.b: 2\nlxc.cap.drop: x\nlxc.arch: y\n");
        assert!(config.ends_with("lxc.cap.drop = x\nlxc.arch = y\n"), "{config}");
        assert!(config.contains("lxc.idmap = u 0 100000 65536\n"), "{config}");
        let (config, _) = rendered("arch: amd64\n");
        assert!(!config.contains("idmap"), "{config}");
    }
}
