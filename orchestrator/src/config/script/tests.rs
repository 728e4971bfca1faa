//! What a script's section can say, and every way in which it can be wrong.

use std::path::Path;

use phoenix_sdk::Scope;

use super::super::{
    parse_text,
    tests::{is_refused, with},
};
use super::{Call, Script};

/// The same with the script `s`, which has these lines from the fourth on.
fn script(lines: &str) -> String {
    with(&format!("[scripts.s]\napply = \"/x\"\n{lines}"))
}

#[test]
fn every_mistake_has_its_own_error() {
    for (text, place, expected) in [
        (
            &with("scripts.s = \"/x\""),
            "2:13",
            "CONFIG-TYPE: `scripts.s` must be a table, and is a string",
        ),
        (&with("[scripts.s]"), "2:1", "CONFIG-KEY-MISSING: `scripts.s.apply` is missing"),
        (
            &with("[scripts.a]\napply = \"/x\""),
            "2:10",
            "CONFIG-DUPLICATE: `a` is a plugin and a script",
        ),
        (&script("params = {}"), "4:1", "CONFIG-KEY-UNKNOWN: unknown key `scripts.s.params`"),
        (&script("scope = \"all\""), "4:9", "CONFIG-VALUE: `scripts.s.scope` cannot be `all`"),
        (&script("check = \"\""), "4:9", "CONFIG-VALUE: `scripts.s.check` cannot be ``"),
        (&script("check = []"), "4:9", "CONFIG-VALUE: `scripts.s.check` cannot be ``"),
        (&script("check = [\"/x/\"]"), "4:10", "CONFIG-VALUE: `scripts.s.check` cannot be `/x/`"),
        (
            &script("check = 1"),
            "4:9",
            "CONFIG-TYPE: `scripts.s.check` must be a path or a list of words, and is an integer",
        ),
        (
            &script("verify = [\"/x\", 1]"),
            "4:17",
            "CONFIG-TYPE: an entry of `scripts.s.verify` must be a string in quotes, and is an integer",
        ),
        (
            &script("verify = [\"/x\", \"{name}\"]"),
            "4:17",
            "CONFIG-VALUE: an entry of `scripts.s.verify` has the unknown placeholder `{name}`",
        ),
        (
            &script("args = \"{ctid}\""),
            "4:8",
            "CONFIG-TYPE: `scripts.s.args` must be a list in square brackets, and is a string",
        ),
        (
            &script("args = [\"{ctid}\", \"{\"]"),
            "4:19",
            "CONFIG-VALUE: an entry of `scripts.s.args` has a single `{`",
        ),
        (
            &script("scope = \"host\"\nargs = [\"{ctid}\"]"),
            "5:9",
            "CONFIG-VALUE: an entry of `scripts.s.args` has `{ctid}`, and a script of scope `host` has no container",
        ),
        (
            &script("time_limit_s = 0"),
            "4:16",
            "CONFIG-VALUE: `scripts.s.time_limit_s` cannot be `0`",
        ),
        (
            &script("time_limit_s = 604801"),
            "4:16",
            "CONFIG-VALUE: `scripts.s.time_limit_s` cannot be `604801`",
        ),
        (
            &script("time_limit_s = \"1h\""),
            "4:16",
            "CONFIG-TYPE: `scripts.s.time_limit_s` must be a whole number of seconds, and is a string",
        ),
        (&script("requires.c = \"*\""), "4:10", "CONFIG-STEP-UNKNOWN: unknown step `c`"),
        (
            &script("[scripts.t]\napply = \"t\"\nrequires.s = \"^1\""),
            "6:14",
            "CONFIG-VERSION: `scripts.t.requires.s` asks for a version of a script",
        ),
        (&script("after = [\"c\"]"), "4:10", "CONFIG-STEP-UNKNOWN: unknown step `c`"),
        (
            &(script("after = [\"b\"]") + "requires.s = \"*\""),
            "9:14",
            "CONFIG-CYCLE: steps require each other in a circle: `b -> s -> b`",
        ),
        (
            &(script("requires.b = \"1\"") + "requires.s = \"*\""),
            "9:14",
            "CONFIG-CYCLE: steps require each other in a circle: `b -> s -> b`",
        ),
    ] {
        is_refused(text, place, expected);
    }
}

#[test]
fn scripts_are_steps_like_others() {
    let text = r#"
        format = 1
        [features]
        gpu = ["install", "nvidia"]
        [plugins.install]
        version = "^0.1"
        requires = { base = "*" }
        [scripts.nvidia]
        apply = ["/opt/nvidia.sh", "--for", "ct {ctid}"]
        check = "bin/check nvidia.sh"
        verify = ["/opt/nvidia.sh", "{{x}}"]
        args = ["{ctid}", "a b"]
        requires = { base = "*", install = ">=0.1" }
        after = ["plain"]
        time_limit_s = 60
        [scripts.base]
        apply = "base.sh"
        scope = "host"
        [scripts.plain]
        apply = "/plain.sh"
    "#;
    let manifest = parse_text(Path::new("/etc/x/plugins.toml"), text).unwrap();
    let selected = Vec::from_iter(manifest.select(&["gpu"]).unwrap());
    assert_eq!(selected, ["base", "install", "nvidia"]);
    assert_eq!(Vec::from_iter(manifest.after("nvidia")), ["plain"]);
    assert_eq!(manifest.after("install").count(), 0);
    let Script { scope, apply, check, verify, time_limit, .. } = &manifest.scripts["nvidia"];
    assert_eq!((*scope, time_limit.as_secs()), (Scope::Container, 60));
    assert_eq!(apply.argv("101"), ["/opt/nvidia.sh", "--for", "ct 101", "101", "a b"]);
    let argv = |call: &Option<Call>| call.as_ref().unwrap().argv("101");
    assert_eq!(argv(check), ["/etc/x/bin/check nvidia.sh", "101", "a b"]);
    assert_eq!(argv(verify), ["/opt/nvidia.sh", "{x}", "101", "a b"]);
    let base = &manifest.scripts["base"];
    assert_eq!(base.scope, Scope::Host);
    assert_eq!(base.apply.argv("host"), ["/etc/x/base.sh"]);
    assert!(base.check.is_none() && base.verify.is_none());
    assert_eq!(base.time_limit.as_secs(), 1800);
    let plain = &manifest.scripts["plain"];
    assert_eq!((plain.scope, plain.apply.argv("web").len()), (Scope::Container, 2));
}
