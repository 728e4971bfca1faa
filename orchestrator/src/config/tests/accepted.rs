//! Files that are right, and what they mean.

use std::path::Path;

use phoenix_sdk::AppArmorPolicy;
use serde_json::json;

use super::*;

#[test]
fn a_whole_file_says_what_it_means() {
    let text = r#"
        format = 1
        plugin_dirs = ["/opt/our-plugins", "ours"]
        policy = { apparmor = "optional", restart = "allow" }
        targets = { runtime = "pve", containers = [101, "web"] }
        [features]
        docker = ["install", "driver"]
        [plugins.driver]
        library = "/opt/driver.so"
        version = "^0.1"
        [plugins.install]
        version = "^0.1"
        requires = { driver = ">=0.1, <0.3" }
        params = { source = "debian", daemon = { debug = false, mtu = 1400 }, since = 2026-01-01 }
        [plugins.install.targets.web.params]
        source = "docker"
        daemon.debug = true
    "#;
    let manifest =
        parse_text(Path::new("/etc/x/plugins.toml"), &format!("\u{feff}{text}")).unwrap();
    assert_eq!(manifest.plugin_dirs, ["/opt/our-plugins", "/etc/x/ours"].map(Path::new));
    assert_eq!(manifest.policy.apparmor, AppArmorPolicy::Optional);
    assert_eq!(manifest.policy.restart, Restart::Allow);
    assert_eq!(manifest.targets.runtime.as_deref(), Some("pve"));
    assert_eq!(manifest.targets.containers.unwrap(), ["101", "web"]);
    assert_eq!(manifest.features["docker"], ["install", "driver"]);
    assert_eq!(manifest.plugins["driver"].library, "/opt/driver.so");
    let install = &manifest.plugins["install"];
    assert_eq!(install.library, "install");
    assert_eq!(install.requires["driver"].to_string(), ">=0.1, <0.3");
    let daemon = |debug: bool| json!({"debug": debug, "mtu": 1400});
    let params = |source: &str, debug| json!({"source": source, "daemon": daemon(debug), "since": "2026-01-01"});
    assert_eq!(install.params_for("db"), params("debian", false));
    assert_eq!(install.params_for("web"), params("docker", true));
    assert_eq!(manifest.plugins["driver"].params_for("web"), json!({}));
}

#[test]
fn without_a_word_the_strict_settings_hold() {
    let manifest = parse_text(Path::new("plugins.toml"), "format = 1\n").unwrap();
    assert_eq!(manifest.policy.apparmor, AppArmorPolicy::Required);
    assert_eq!(manifest.policy.restart, Restart::Ask);
    assert_eq!(manifest.targets, Targets::default());
    assert!(manifest.dir.is_absolute());
}

#[test]
fn the_catalogue_that_we_ship_is_valid() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins.toml");
    let manifest = load(&path).unwrap();
    let steps = manifest.select(&["docker"]).unwrap();
    let expected = ["apparmor-profile", "docker-install", "fuse-overlayfs", "host-tunables"];
    assert_eq!(Vec::from_iter(&steps), expected.each_ref());
    for (step, requires) in [
        ("host-tunables", None),
        ("apparmor-profile", Some("host-tunables")),
        ("fuse-overlayfs", Some("apparmor-profile")),
        ("docker-install", Some("fuse-overlayfs")),
    ] {
        let plugin = &manifest.plugins[step];
        let after = plugin.after.iter().next().map(String::as_str);
        assert_eq!(after, (step == "apparmor-profile").then_some("container-options"));
        assert_eq!(plugin.library, step.replace('-', "_"));
        assert_eq!(plugin.requires.keys().next().map(String::as_str), requires);
    }
}
