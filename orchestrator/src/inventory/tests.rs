//! A file in the form of the old one, and files that are odd in every way.

use std::path::Path;

use serde_json::json;

use super::*;

const FIXTURE: &str = include_str!("../../../tests/fixtures/inventory/phoenix_lxc_configs.json");

fn read(text: &str) -> Result<Inventory> {
    parse(&Source::new(Path::new("phoenix_lxc_configs.json"), text))
}

/// The choice on a host that has these containers, of which the first are templates.
fn choose(
    inventory: &Inventory,
    features: &[&str],
    targets: &[&str],
    templates: usize,
    host: &[&str],
) -> Result<Choice> {
    let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let wish = Wish {
        features: &owned(features),
        targets: &owned(targets),
        provided: &|name| ["docker", "confinement"].contains(&name),
    };
    let containers = owned(host);
    inventory.choose(&wish, &Host { containers: &containers, templates: &containers[..templates] })
}

const ALL: &[&str] =
    &["902", "903", "900", "901", "910", "920", "950", "952", "953", "954", "955", "960"];

fn docker(text: &str) -> Choice {
    choose(&read(text).unwrap(), &["docker"], &[], 0, ALL).unwrap()
}

fn options(choice: &Choice, container: &str) -> serde_json::Value {
    choice.containers[container].params.clone().unwrap_or_default()
}

#[test]
fn the_old_file_gives_containers_features_and_options() {
    let choice = choose(&read(FIXTURE).unwrap(), &["docker"], &[], 2, ALL).unwrap();
    let containers: Vec<_> = choice.containers.keys().map(String::as_str).collect();
    // 902 and 903 are templates here; 952 has a list of its own, 960 cannot be told.
    assert_eq!(containers, ["910", "920", "950", "954"]);
    let gpu = json!([
        "lxc.cgroup2.devices.allow = c 195:* rwm",
        "lxc.mount.entry = /dev/nvidia0 dev/nvidia0 none bind,optional,create=file",
        "lxc.mount.entry = /dev/nvidiactl dev/nvidiactl none bind,optional,create=file",
    ]);
    assert_eq!(
        options(&choice, "910"),
        json!({
            "options": ["lxc.environment = TZ=Europe/Berlin", "lxc.apparmor.allow_nesting = 1"],
            "features": ["keyctl=1"],
        })
    );
    assert_eq!(
        options(&choice, "920"),
        json!({"options": gpu, "features": ["nesting=1", "keyctl=1"]})
    );
    assert_eq!(
        options(&choice, "950"),
        json!({
            "options": [
                "lxc.mount.entry = /dev/nvidia0 dev/nvidia0 none bind,optional,create=file",
                "lxc.prlimit.memlock = unlimited",
            ],
            "features": ["nesting=1", "keyctl=1"],
        })
    );
    assert_eq!(
        options(&choice, "954"),
        json!({"options": ["lxc.mount.auto = proc:rw sys:rw"], "features": ["nesting=1"]})
    );
}

#[test]
fn each_container_has_the_asked_features_that_it_names() {
    let text = r#"{"lxc_configs": {
        "900": {"features": ["docker", "nvidia"]}, "901": {"features": ["nvidia"]},
        "902": {"features": ["docker"]}, "903": {"features": ["vllm"]}}}"#;
    let features = |asked: &[&str], targets: &[&str]| {
        let choice = choose(&read(text).unwrap(), asked, targets, 0, ALL).unwrap();
        let each = choice.containers.into_iter();
        each.map(|(id, chosen)| format!("{id}: {}", chosen.features.join(" "))).collect::<Vec<_>>()
    };
    assert_eq!(
        features(&["docker", "nvidia"], &[]),
        ["900: docker nvidia", "901: nvidia", "902: docker"]
    );
    assert_eq!(features(&["docker"], &[]), ["900: docker", "902: docker"]);
    assert_eq!(features(&["docker", "nvidia"], &["901"]), ["901: nvidia"]);
}

#[test]
fn every_warning_of_the_old_file() {
    let choice = choose(&read(FIXTURE).unwrap(), &["docker"], &[], 2, &ALL[..11]).unwrap();
    insta::assert_snapshot!(choice.warnings.join("\n"), @r#"
    `$.lxc_configs.901.gpu_assignment`: not as the file's schema has it: `none`, or numbers as in `0,1`, without blanks
    `$.lxc_configs.952.firewall`: not as the file's schema has it: there are no `rules`
    `$.lxc_configs.950.integration_tests`: the key is not in the file's schema, and is passed over
    `$.lxc_configs.953.lxc_option`: the key is not known, and is passed over; did you mean `lxc_options`?
    `$.lxc_configs.902.tests` (and in one container more): the key is not in the file's schema, and is passed over
    `$.lxc_configs.920.vllm_gpu_count`: the key is not in the file's schema, and is passed over
    `$.lxc_configs.920.vllm_model` (and in one container more): the key is not in the file's schema, and is passed over
    `$.lxc_configs.910.zfs_volumes`: the key is not in the file's schema, and is passed over
    `$.lxc_configs.954.pct_options`: a text and no list; it is read as a list
    `$.lxc_configs.954.lxc_options[2]`: it is a number and no text: passed over
    `$.lxc_configs.961`: it is a text and no object: left out
    `$.lxc_configs.902`: it is a template, which never runs: left out
    `$.lxc_configs.903`: it is a template, which never runs: left out
    `$.lxc_configs.910.lxc_options[0]`: `lxc.apparmor.profile=unconfined` is left out: with it the container is not confined at all; the step `apparmor-profile` selects `lxc-phoenix-v2`
    `$.lxc_configs.910.lxc_options[1]`: `lxc.include = /usr/share/lxc/config/nesting.conf` is left out: that file selects a profile of LXC's own, and overrides ours; `lxc.apparmor.allow_nesting` does what else is in it
    `$.lxc_configs.910.lxc_options[2]`: `lxc.mount.entry=/dev/fuse` is left out: the step `fuse-overlayfs` brings the device into the container, and this entry is broken: it has no target, so LXC would mount it over the container's root
    `$.lxc_configs.910.lxc_options[3]`: `none` is left out: it is not of the form `lxc.KEY = VALUE`
    `$.lxc_configs.903.pct_options[1]`: `--onboot 1` is left out: phoenix-orch sets no such option of `pct`; `pct set ID --onboot 1` does
    `$.lxc_configs.950.lxc_options[1]`: `lxc.mount.entry=/mnt/models models none bind,create=dir` is left out: a step for containers may not set it, because it concerns the host as well; set it by hand if it is needed
    `$.lxc_configs.950.lxc_options[3]`: `lxc.apparmor.allow_nesting=0` is left out: nested containers need it to be 1
    `$.lxc_configs.952.features`: `docker` is not in this list, though it is in that of `902`, which the container is cloned from; it is left out of `docker`, and has to be named here if it is meant
    `$.lxc_configs.954.unprivileged`: the file has it as a privileged container; steps work in unprivileged ones only, and look at what it really is
    `$.lxc_configs.954.lxc_options[1]`: `lxc.apparmor.profile=unconfined` is left out: with it the container is not confined at all; the step `apparmor-profile` selects `lxc-phoenix-v2`
    `$.lxc_configs.902.apparmor_profile`: `unconfined` is left out: with it the container is not confined at all; the step `apparmor-profile` selects `lxc-phoenix-v2`
    `$.lxc_configs.960`: what it is to have cannot be told, so it is left out: `$.lxc_configs.960.features`: it is an object and no list
    features of the inventory that plugins.toml has nothing for, and that are not looked after here: `base_setup` (11 containers), `nvidia` (5 containers), `ollama` (1 container), `vllm` (2 containers)
    "#);
}

#[test]
fn a_key_falls_back_along_the_chain_and_then_to_the_root() {
    let text = r#"{"lxc_options": ["lxc.environment=A=root"], "pct_options": ["keyctl=1"], "lxc_configs": {
        "900": {"features": ["docker"], "pct_options": ["mknod=1"], "apparmor_manages_nesting": "true"},
        "901": {"clone_from_ctid": "900", "features": null},
        "902": {"clone_from_ctid": 901, "pct_options": [], "apparmor_manages_nesting": false},
        "903": {"clone_from_ctid": "", "features": "base_setup, docker", "lxc_options": ["lxc.environment=A=own b"]}}}"#;
    let choice = docker(text);
    let root = "lxc.environment = A=root";
    let nesting = "lxc.apparmor.allow_nesting = 1";
    for (id, expected) in [
        ("900", json!({"options": [root, nesting], "features": ["mknod=1"]})),
        ("901", json!({"options": [root, nesting], "features": ["mknod=1"]})),
        ("902", json!({"options": [root]})),
        ("903", json!({"options": ["lxc.environment = A=own b"], "features": ["keyctl=1"]})),
    ] {
        assert_eq!(options(&choice, id), expected, "{id}");
    }
}

#[test]
fn what_is_odd_is_a_warning_with_its_path() {
    let one = |entry: &str| {
        let text = format!(
            "{{\"unprivileged\": true, \"lxc_configs\": {{\"900\": {entry}, \"901\": {{\"features\": [\"docker\"]}}}}}}"
        );
        docker(&text).warnings.join("\n")
    };
    let list = |key: &str, item: &str| {
        one(&format!("{{\"features\": [\"docker\"], \"{key}\": [{item}]}}"))
    };
    for (seen, expected) in [
        (one("7"), "`$.lxc_configs.900`: it is a number and no object: left out"),
        (
            one(r#"{"features": 7}"#),
            "`$.lxc_configs.900`: what it is to have cannot be told, so it is left out: `$.lxc_configs.900.features`: it is a number",
        ),
        (
            one(r#"{"features": ["docker"], "lxc_options": {}}"#),
            "cannot be told, so it is left out",
        ),
        (
            one(r#"{"features": ["docker"], "clone_from_ctid": []}"#),
            "cannot be told, so it is left out",
        ),
        (
            one(r#"{"features": ["docker"], "clone_from_ctid": "899"}"#),
            "`$.lxc_configs.900.clone_from_ctid`: the file has no `899`",
        ),
        (
            one(r#"{"features": ["docker"], "features": ["docker"]}"#),
            "`$.lxc_configs.900.features`: the key is there twice",
        ),
        (
            one(r#"{"features": ["docker"], "a b\u001b": 1}"#),
            "`$.lxc_configs.900[\"a b\\u{1b}\"]`: the key is not in",
        ),
        (one(r#"{"features": ["docker"], "pct_option": []}"#), "did you mean `pct_options`?"),
        (
            one(r#"{"features": ["docker"], "unprivileged": 1}"#),
            "neither true nor false: passed over",
        ),
        (
            list("lxc_options", "\"bind,create=file\""),
            "`$.lxc_configs.900.lxc_options[0]`: `bind,create=file` is left out: it is not of the form",
        ),
        (list("lxc_options", "\"lxc.cap.drop=\""), "an empty value"),
        (
            list("lxc_options", "\"lxc.hook.start=/bin/sh\""),
            "concerns the host as well; set it by hand",
        ),
        (
            list("lxc_options", "\"lxc.mount.entry=/mnt m none bind\""),
            "concerns the host as well; set it by hand",
        ),
        (list("lxc_options", "\"lxc.environment=A=b\\nlxc.hook.start=x\""), "set it by hand"),
        (
            list("lxc_options", "\"lxc.seccomp.profile=/x\""),
            "the step `apparmor-profile` selects it",
        ),
        (
            list("lxc_options", "\"lxc.cgroup2.devices.allow: a *:* rwm\""),
            "it stands for every device",
        ),
        (
            list("lxc_options", "\"lxc.prlimit.nofile=1\", \"lxc.prlimit.nofile=2\""),
            "`lxc.prlimit.nofile = 1` is given again as `lxc.prlimit.nofile = 2`, which counts",
        ),
        (list("pct_options", "\"--onboot 1\""), "phoenix-orch sets no such option of `pct`"),
        (list("pct_options", "\"nesting=0\""), "Docker needs `nesting=1`"),
        (
            list("features", "\"docker\", \"vllm\""),
            "plugins.toml has nothing for, and that are not looked after here: `vllm` (1 container)",
        ),
    ] {
        assert!(seen.contains(expected), "{expected}\nis not in:\n{seen}");
        assert!(!seen.contains(|c: char| c.is_control() && c != '\n'), "{seen:?}");
    }
}

#[test]
fn what_cannot_be_read_is_one_error() {
    for (text, code, part) in [
        ("", "INVENTORY-SYNTAX", "EOF"),
        ("{\n  \"lxc_configs\": {},\n}", "INVENTORY-SYNTAX", "line 3, column 1: trailing comma"),
        ("{\"lxc_configs\": {}} x", "INVENTORY-SYNTAX", "trailing characters"),
        ("[]", "INVENTORY-SHAPE", "no JSON object"),
        ("{}", "INVENTORY-SHAPE", "no `lxc_configs`"),
        ("{\"lxc_configs\": []}", "INVENTORY-SHAPE", "`$.lxc_configs` is no JSON object"),
        (
            r#"{"lxc_configs": {"1": {"clone_from_ctid": "2"}, "2": {"clone_from_ctid": "3"}, "3": {"clone_from_ctid": 1}}}"#,
            "INVENTORY-CYCLE",
            "`1 -> 2 -> 3 -> 1`",
        ),
        (r#"{"lxc_configs": {"1": {"clone_from_ctid": "1"}}}"#, "INVENTORY-CYCLE", "`1 -> 1`"),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.code, code, "{text}");
        assert!(error.message.contains(part), "{text}: {error}");
        assert!(!error.hints.is_empty());
    }
    let error = read("\u{feff}{\n  \"lxc_configs\": { \"900\": { features: [] } }\n}").unwrap_err();
    insta::assert_snapshot!(error.excerpt.unwrap(), @r#"
     --> phoenix_lxc_configs.json:2:29
      |
    1 | �{
    2 |   "lxc_configs": { "900": { features: [] } }
      |                             ^
    "#);
    let deep = format!("{{\"a\": {}", "[".repeat(100_000));
    assert_eq!(read(&deep).unwrap_err().code, "INVENTORY-SYNTAX");
}

#[test]
fn a_container_that_was_asked_for_and_cannot_be_had_is_an_error() {
    let inventory = read(FIXTURE).unwrap();
    for (target, templates, code, part) in [
        ("999", 0, "INVENTORY-TARGET", "`999` is not in the inventory"),
        ("952", 0, "INVENTORY-TARGET", "`952` names none of the asked features"),
        ("960", 0, "INVENTORY-TARGET", "`960` is to have what cannot be told"),
        ("961", 0, "INVENTORY-TARGET", "`961` is not in the inventory"),
        ("902", 1, "INVENTORY-TARGET", "`902` is a template"),
    ] {
        let error = choose(&inventory, &["docker"], &[target], templates, ALL).unwrap_err();
        assert_eq!(error.code, code, "{target}");
        assert!(error.message.contains(part), "{error}");
    }
    let called = choose(&inventory, &["docker"], &["Portainer"], 0, ALL).unwrap_err();
    assert_eq!(called.hints[1], "Did you mean `910`, which is called so?");
    // Only what concerns the container and its sources is told.
    let one = choose(&inventory, &["docker"], &["954"], 0, ALL).unwrap();
    assert!(one.warnings.iter().all(|warning| !warning.contains(".952")), "{:?}", one.warnings);
    assert!(one.warnings.iter().any(|warning| warning.contains(".954.lxc_options[2]")));
}

#[test]
fn nobody_to_work_on_is_an_error_and_no_success() {
    let inventory = read(FIXTURE).unwrap();
    let error = choose(&inventory, &["confinement"], &[], 0, ALL).unwrap_err();
    assert_eq!(error.code, "INVENTORY-NO-CONTAINER");
    assert!(error.hints[0].contains("`docker`"), "{error:?}");
    let error = choose(&inventory, &["docker"], &[], 0, &["web"]).unwrap_err();
    assert_eq!(error.code, "INVENTORY-NO-CONTAINER");
    assert!(error.causes.iter().any(|cause| cause.contains("no such container")), "{error:?}");
}

#[test]
fn no_text_makes_it_panic() {
    for cut in (0..FIXTURE.len()).step_by(7).filter(|cut| FIXTURE.is_char_boundary(*cut)) {
        let _ = read(&FIXTURE[..cut]);
        let _ = read(&format!("{}\u{1f600}{}", &FIXTURE[..cut], &FIXTURE[cut..]));
    }
}

#[test]
fn a_file_at_the_size_limit_is_read_quickly_whatever_it_holds() {
    use std::fmt::Write as _;

    let mut text = r#"{"lxc_configs": {"0": {"features": ["docker"]}"#.to_owned();
    for id in 1..15_000 {
        let _ = write!(text, ",\"{id}\":{{\"clone_from_ctid\":\"0\",\"features\":[\"x\"]}}");
    }
    text += "}}";
    assert!(text.len() < 1 << 20);
    let begin = std::time::Instant::now();
    let choice = choose(&read(&text).unwrap(), &["docker"], &[], 0, &["0"]).unwrap();
    assert_eq!(choice.warnings.len(), 14_999 + 2);
    assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
}
