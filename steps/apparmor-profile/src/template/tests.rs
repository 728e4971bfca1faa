use super::{Effect, Gpu, Settings, StorageDriver, groups, render, render_without};

fn every_setting() -> Settings {
    Settings {
        storage_driver: StorageDriver::Overlay2,
        data_roots: vec!["/srv/docker".to_owned(), "/mnt/data/docker".to_owned()],
        read_write: vec!["/dev/sdb1".to_owned(), "/mnt/shared/**".to_owned()],
        gpu: Gpu::Usual(true),
        extra_rules: vec!["mount fstype=nfs4 -> /mnt/{a,b}/,".to_owned()],
    }
}

fn settings() -> Vec<Settings> {
    let of = |storage_driver| Settings { storage_driver, ..Settings::default() };
    let drivers = [StorageDriver::FuseOverlayfs, StorageDriver::Overlay2, StorageDriver::Vfs];
    drivers.map(of).into_iter().chain([every_setting()]).collect()
}

#[test]
fn every_group_has_a_name_a_reason_and_whole_rules() {
    for settings in settings() {
        let groups = groups(&settings);
        for group in &groups {
            let id = group.id;
            assert!(id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{id}");
            assert_eq!(groups.iter().filter(|other| other.id == id).count(), 1, "{id}");
            assert!(group.reason.ends_with('.') && group.reason.contains(' '), "{id}");
            assert!(!group.rules.is_empty(), "{id}");
            for rule in &group.rules {
                assert!(rule.ends_with(',') && !rule.contains(['\n', '#']), "{rule}");
                assert_eq!(rule.starts_with("deny "), group.effect == Effect::Deny, "{rule}");
            }
        }
    }
}

#[test]
fn script_bug_11_what_must_and_must_not_be_in_it() {
    let text = render(&Settings::default());
    let needed =
        ["include <tunables/nesting>", "peer=@{apparmor_nesting_profiles}", "abi <abi/3.0>,"];
    for needed in needed {
        assert!(text.contains(needed), "{needed}");
    }
    let rules: Vec<_> = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).collect();
    let banned = [
        "container-base",
        "audit ",
        ",audit",
        "mac_admin",
        "mac_override",
        "sys_module",
        "sys_rawio",
        "unconfined",
        "change_profile",
        "complain",
        "deny /sys/",
    ];
    for banned in banned {
        assert!(rules.iter().all(|rule| !rule.contains(banned)), "{banned}");
    }
    for broad in ["mount,", "umount,", "pivot_root,", "file,", "capability,", "network,"] {
        assert!(!rules.contains(&broad), "{broad}");
    }
    let comments = text.lines().filter(|line| line.trim_start().starts_with('#'));
    assert!(comments.clone().all(|line| line.len() <= 100));
    assert!(comments.count() > groups(&Settings::default()).len());
}

/// Parser 3.0.8 makes a rule for any file system of an `rw`.
#[test]
fn no_mount_rule_says_rw() {
    for group in groups(&every_setting()) {
        for rule in group.rules.iter().filter(|rule| rule.contains("mount ")) {
            assert!(!rule.contains("(rw") && !rule.contains(" rw"), "{rule}");
        }
    }
}

#[test]
fn a_group_can_be_left_out() {
    let settings = every_setting();
    let whole = render(&settings);
    for group in groups(&settings) {
        let without = render_without(&settings, group.id);
        assert!(!without.contains(&format!("[{}]", group.id)));
        let lost = whole.lines().count() - without.lines().count();
        assert!(lost > group.rules.len(), "{}", group.id);
    }
    assert_eq!(render_without(&settings, "no-such-group"), whole);
}

#[test]
fn the_driver_decides_where_containers_have_their_roots() {
    let text = |storage_driver| render(&Settings { storage_driver, ..Settings::default() });
    let variable = |path: &str| format!("@{{PHOENIX_ROOT}} = @{{PHOENIX_DOCKER}}/{path} ");
    assert!(text(StorageDriver::FuseOverlayfs).contains("fstype=fuse.fuse-overlayfs"));
    assert!(text(StorageDriver::Overlay2).contains(&variable("overlay2/*/merged")));
    assert!(text(StorageDriver::Vfs).contains(&variable("vfs/dir/*")));
    assert!(!text(StorageDriver::Vfs).contains("fuse-overlayfs"));
}

/// The parser compiles it; that needs no AppArmor in the kernel.
#[test]
fn script_bug_08_the_parser_accepts_it() {
    for (at, settings) in settings().iter().enumerate() {
        let folder = format!("phoenix-profile-{}-{at}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(folder.join("tunables")).unwrap();
        let tunable = format!("@{{apparmor_nesting_profiles}} = {}\n", super::NAME);
        std::fs::write(folder.join("tunables/nesting"), tunable).unwrap();
        std::fs::write(folder.join("profile"), render(settings)).unwrap();
        let output = std::process::Command::new("apparmor_parser")
            .args(["--skip-kernel-load", "--skip-cache", "-I"])
            .args([folder.clone(), folder.join("profile")])
            .output()
            .expect("the package `apparmor` is missing; `cargo xtask test` installs it");
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// `lxc-start` may only change to profiles that begin with `lxc-`.
#[test]
fn script_bug_06_the_name_keeps_its_hyphens() {
    let text = render(&Settings::default());
    assert_eq!(super::NAME, "lxc-phoenix-v2");
    assert!(text.contains("profile lxc-phoenix-v2 "), "{text}");
    assert!(!text.contains("lxc_"), "{text}");
}

#[test]
fn script_bug_07_the_flags_stay() {
    for settings in settings() {
        let text = render(&settings);
        let head = text.lines().find(|line| line.starts_with("profile ")).unwrap_or_default();
        let flags = "flags=(attach_disconnected,mediate_deleted)";
        assert!(head.contains(flags), "{head}");
    }
}
