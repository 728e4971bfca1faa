//! Schema and parser say the same, each held against the other.

use std::path::Path;

use jsonschema::Validator;
use serde_json::{Map, Value as Json};
use toml::de::DeTable;

use super::super::{keys::Key, params::to_json, parse_text, source::Source, tests::with};
use super::*;

fn validator() -> Validator {
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .build(&schema())
        .unwrap_or_else(|error| panic!("the schema is none: {error}"))
}

/// What an editor validates: the document as JSON.
fn document(text: &str) -> Json {
    let source = Source::new(Path::new("plugins.toml"), text);
    let table = DeTable::parse(text).unwrap();
    let entries = table.get_ref().iter();
    let entries =
        entries.map(|(key, value)| (key.get_ref().to_string(), to_json(&source, value).unwrap()));
    Json::Object(entries.collect::<Map<_, _>>())
}

/// What the schema says against it.
fn complaints(validator: &Validator, text: &str) -> Vec<String> {
    validator.iter_errors(&document(text)).map(|error| error.to_string()).collect()
}

#[test]
fn it_is_a_valid_schema_of_its_draft() {
    assert!(jsonschema::meta::is_valid(&schema()));
}

#[test]
fn the_catalogue_that_comes_with_phoenix_orch_is_valid_with_all_that_is_commented_out() {
    let shipped = include_str!("../../../../plugins.toml");
    let validator = validator();
    assert_eq!(complaints(&validator, shipped), [""; 0]);
    // A comment that holds a setting has nothing but one space before it; prose does not parse.
    let mut more = String::new();
    for line in shipped.lines() {
        let setting = line.strip_prefix("# ").filter(|line| {
            line.starts_with('[') || (line.contains(" = ") && DeTable::parse(line).is_ok())
        });
        // Signers are shown cut off, and the cache's hosts need the switch beside them.
        let setting = setting.filter(|line| !line.contains("RWQ..."));
        more.push_str(setting.unwrap_or(line));
        more.push('\n');
    }
    assert!(more.len() < shipped.len() - 40, "nothing was uncommented");
    assert_eq!(complaints(&validator, &more), [""; 0]);
    parse_text(Path::new("plugins.toml"), &more).unwrap();
}

/// The text of each whole catalogue in the documentation.
fn documented() -> Vec<String> {
    let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs"));
    let pages = std::fs::read_dir(docs).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let texts = pages.map(|path| std::fs::read_to_string(path).unwrap());
    let mut found = Vec::new();
    for text in texts {
        for block in text.split("\n```toml").skip(1) {
            let (_, lines) = block.split_once('\n').unwrap();
            let (lines, _) = lines.split_once("```").unwrap();
            found.extend(lines.starts_with("format = 1").then(|| lines.to_owned()));
        }
    }
    found
}

#[test]
fn the_catalogues_of_the_documentation_are_valid() {
    let (validator, found) = (validator(), documented());
    assert!(found.len() > 1, "{found:?}");
    for text in found {
        parse_text(Path::new("plugins.toml"), &text).unwrap();
        assert_eq!(complaints(&validator, &text), [""; 0], "{text}");
    }
}

/// Every key that the parser accepts: a whole file with all of them.
const WHOLE: &str = r#"
    format = 1
    plugin_dirs = ["/opt/our-plugins", "ours"]
    [policy]
    apparmor = "optional"
    restart = "allow"
    pins = "required"
    signers = ["RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"]
    package_cache = true
    package_cache_upstreams = ["mirror.lan:8080", "10.0.0.1", "deb.debian.org"]
    [targets]
    runtime = "pve"
    containers = [101, "web", "Web.local_1"]
    [features]
    docker = ["install", "driver", "gpu"]
    of_the_inventory = ["driver"]
    [plugins.driver]
    library = "/opt/driver.so"
    version = "*"
    [plugins.install]
    library = "docker_install"
    sha256 = "0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A"
    version = " >= 1.2, <2.0.0-rc.1 "
    requires = { driver = "~0.1.x", gpu = "*" }
    after = ["early"]
    params = { source = "debian", daemon = { debug = false, list = [1, 1.5] } }
    [plugins.install.targets.web.params]
    source = "docker"
    [plugins.install.targets.host]
    params = {}
    [scripts.gpu]
    apply = "gpu.sh"
    check = ["/usr/bin/check", "--id={ctid}", "{{}}", ""]
    verify = "/usr/bin/verify"
    scope = "container"
    args = ["{ctid}"]
    requires = { driver = "=1.2.3-beta.1+build" }
    after = ["driver"]
    time_limit_s = 604800
    [scripts.early]
    apply = ["/x"]
    scope = "host"
"#;

#[test]
fn whatever_the_parser_accepts_the_schema_accepts() {
    let validator = validator();
    for text in [WHOLE, &with(""), "format = 1\n"] {
        parse_text(Path::new("plugins.toml"), text).unwrap();
        assert_eq!(complaints(&validator, text), [""; 0]);
    }
    // No key is left out of the file above: what the parser is asked for, it has been given.
    let document = document(WHOLE);
    for (keys, place) in [
        (keys::ROOT, ""),
        (keys::POLICY, "/policy"),
        (keys::TARGETS, "/targets"),
        (keys::PLUGIN, "/plugins/install"),
        (keys::OVERRIDE, "/plugins/install/targets/web"),
        (keys::SCRIPT, "/scripts/gpu"),
    ] {
        let section = document.pointer(place).and_then(Json::as_object).unwrap();
        let names: Vec<_> = keys.iter().map(|key: &Key| key.name).collect();
        for name in &names {
            assert!(section.contains_key(*name), "`{name}` is not in the whole file: {place}");
        }
        assert!(section.keys().all(|key| names.contains(&key.as_str())), "{place}");
        // The same word, misspelt, is a key to neither.
        for name in names {
            let mut wrong = document.clone();
            let section = wrong.pointer_mut(place).and_then(Json::as_object_mut).unwrap();
            section.insert(format!("{name}x"), Json::Bool(true));
            assert!(!validator.is_valid(&wrong), "`{place}/{name}x`");
        }
    }
}

#[test]
fn what_one_refuses_the_other_refuses() {
    let validator = validator();
    let plugin = |line: &str| with("") + line + "\n";
    let script = |line: &str| with(&format!("[scripts.s]\napply = \"/x\"\n{line}"));
    for text in [
        "x = 1\n".to_owned(),
        "format = 2\n".to_owned(),
        "format = \"1\"\n".to_owned(),
        "[features]\n".to_owned(),
        with("plugin-dirs = []"),
        with("plugin_dirs = \"x\""),
        with("plugin_dirs = [\"\"]"),
        with("policy = 1"),
        with("policy.restrat = \"ask\""),
        with("policy.restart = \"no\""),
        with("policy.restart = true"),
        with("policy.apparmor = \"off\""),
        with("policy.pins = \"none\""),
        with("policy.signers = []"),
        with("policy.signers = [\"x\"]"),
        with("policy.package_cache = \"yes\""),
        with("policy.package_cache_upstreams = []"),
        with("policy.package_cache_upstreams = [\"http://a\"]"),
        with("targets.runtime = \"docker\""),
        with("targets.containers = []"),
        with("targets.containers = [\"host\"]"),
        with("targets.containers = [\"-a\"]"),
        with("targets.containers = [-1]"),
        with("targets.containers = [1.5]"),
        with("targets.containers = [\"a\", \"a\"]"),
        with("features.f = []"),
        with("features.f = \"a\""),
        with("features.f = [1]"),
        with("features.f = [\"a\", \"a\"]"),
        with("features.F = [\"a\"]"),
        with("features.f- = [\"a\"]"),
        "format = 1\n[plugins.x]\n".to_owned(),
        "format = 1\n[plugins.\"x y\"]\nversion = \"1\"\n".to_owned(),
        "format = 1\n[plugins]\nx = \"libx.so\"\n".to_owned(),
        "format = 1\n[plugins.x]\nversion = 1.0\n".to_owned(),
        "format = 1\n[plugins.x]\nversion = \"new\"\n".to_owned(),
        "format = 1\n[plugins.x]\nversion = \"\"\n".to_owned(),
        plugin("library = \"libb.so\""),
        plugin("library = \"x/\""),
        plugin("sha256 = \"abc\""),
        plugin("source = \"debian\""),
        plugin("requires = [\"a\"]"),
        plugin("requires.a = \"?\""),
        plugin("after = \"a\""),
        plugin("params = 1"),
        plugin("targets.web = { x = 1 }"),
        plugin("targets.\"../x\".params = {}"),
        with("[scripts.s]"),
        with("scripts.s = \"/x\""),
        script("params = {}"),
        script("scope = \"all\""),
        script("check = \"\""),
        script("check = []"),
        script("check = [\"/x/\"]"),
        script("verify = [\"/x\", 1]"),
        script("verify = [\"/x\", \"{name}\"]"),
        script("args = \"{ctid}\""),
        script("args = [\"{\"]"),
        script("time_limit_s = 0"),
        script("time_limit_s = 604801"),
        script("time_limit_s = 1.5"),
    ] {
        assert!(parse_text(Path::new("plugins.toml"), &text).is_err(), "the parser takes {text}");
        assert!(!complaints(&validator, &text).is_empty(), "the schema takes {text}");
    }
}
