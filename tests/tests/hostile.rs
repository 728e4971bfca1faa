//! Plugins that try what no plugin may do (`tests/plugins/hostile`). Each attempt fails, is attributed, and
//! costs the units of its own plugin at most: an innocent one beside it converges on two real containers.

use anyhow::Result;

use phoenix_tests::{
    lair::{HOSTILE, Lair, Stage, all},
    product,
};

/// What must come of an attempt that the kernel holds: it ends the process, or it says no.
const KERNEL: &[&str] = &["STEP-FORBIDDEN", "HOSTILE-HELD"];

/// All that is tried without asking anybody, by the library that it is in.
const BY_ITSELF: &[(&str, &[&str])] = &[
    (
        "files",
        &[
            "read-shadow",
            "list-root",
            "write-tmp",
            "overwrite-own-library",
            "make-folder",
            "make-link",
            "make-device",
        ],
    ),
    ("programs", &["exec", "exec-from-memory", "fork-bomb", "thread-bomb", "load-library"]),
    ("network", &["connect-unix", "connect-inet", "connect-netlink", "send-on-own-socket"]),
    (
        "others",
        &[
            "trace",
            "read-memory",
            "read-memory-file",
            "read-descriptors",
            "take-descriptor",
            "kill",
            "kill-all",
            "parent",
            "priority",
        ],
    ),
    (
        "kernel",
        &[
            "raise-limit",
            "raise-limit-of-process",
            "mount",
            "unmount",
            "change-root",
            "unshare",
            "enter-namespace",
            "become-root",
            "get-capabilities",
            "be-dumpable",
            "outlive-orchestrator",
            "bpf",
            "keyring",
            "perf",
            "io-uring",
            "userfaultfd",
            "type-on-terminal",
            "escape-trap",
            "other-architecture",
        ],
    ),
];

/// Each of them with one of these moments, in turn.
fn by_itself(moments: &[&'static str]) -> Vec<(&'static str, &'static str, &'static str)> {
    let each = BY_ITSELF.iter().flat_map(|(kind, names)| names.iter().map(|name| (*kind, *name)));
    each.zip(moments.iter().cycle()).map(|((kind, name), moment)| (kind, name, *moment)).collect()
}

#[test]
fn what_a_library_does_by_itself_while_it_is_loaded_is_refused() -> Result<()> {
    let lair = Lair::new()?;
    let cases = by_itself(&["new", "meta"]);
    // The filter of the loader is another one than that of a step which is called.
    all(&cases, |(kind, name, _)| lair.refuses(kind, name, "load", KERNEL))?;
    all(&cases, |(kind, name, moment)| lair.refuses(kind, name, moment, KERNEL))?;
    lair.refuses("programs", "make-code", "new", KERNEL)
}

#[test]
fn where_there_are_no_namespaces_the_others_hold() -> Result<()> {
    let lair = Lair::without_namespaces()?;
    all(&by_itself(&["load", "new", "meta"]), |(kind, name, moment)| {
        lair.refuses(kind, name, moment, KERNEL)
    })?;
    let library = product::plugin("misbehaving")?;
    let check = lair.run(&["plugins", "check", &library.to_string_lossy()])?.expect_code(0)?;
    for word in ["missing  network namespace", "missing  mount namespace", "laws     hold"] {
        assert!(check.stdout().contains(word), "no `{word}`: {}", check.stdout());
    }
    Ok(())
}

#[test]
fn what_a_step_does_by_itself_costs_its_unit() -> Result<()> {
    let stage = Stage::new("hostile")?;
    all(by_itself(&["check", "apply", "verify"]), |(kind, name, moment)| {
        stage.costs(kind, name, moment, KERNEL)
    })?;
    stage.costs("programs", "make-code", "check", KERNEL)
}

#[test]
fn a_unit_for_which_another_left_no_thread_gets_another_process() -> Result<()> {
    let stage = Stage::new("threads")?;
    all(["check", "apply", "verify"], |moment| {
        stage.costs("programs", "hoard-threads", moment, &["HOSTILE-HELD"])
    })
}

#[test]
fn a_step_that_dies_costs_its_unit() -> Result<()> {
    let (lair, stage) = (Lair::new()?, Stage::new("deaths")?);
    let died = &["STEP-DIED"];
    all(["exit", "abort", "crash"], |name| {
        all(["load", "new", "meta"], |moment| lair.refuses("deaths", name, moment, died))?;
        all(["check", "apply", "verify"], |moment| stage.costs("deaths", name, moment, died))
    })?;
    // The first process of a namespace is safe from itself; without a namespace it dies.
    lair.refuses("deaths", "kill-itself", "new", &["STEP-DIED", "HOSTILE-HELD"])
}

#[test]
fn a_step_that_dies_after_a_change_is_taken_up_by_the_next_run() -> Result<()> {
    // One after the other: under the call of another unit the process could have died through that one, and
    // the change, which is there, would be taken for what it is.
    let mut stage = Stage::new("midway")?;
    stage.jobs = "1";
    stage.costs("deaths", "die-after-a-change", "apply", &["STEP-DIED"])?;
    for container in &stage.containers {
        assert!(container.rootfs().join(HOSTILE).exists(), "the change was not made");
    }
    let again = stage.run("deaths", "die-after-a-change", "never")?.expect_code(0)?.events()?;
    let verified = again
        .iter()
        .filter(|event| event["event"] == "verified" && event["unit"]["step"] == "hostile")
        .count();
    assert_eq!(verified, 2, "what was made is verified");
    Ok(())
}

#[test]
fn a_step_does_not_outlive_a_killed_orchestrator() -> Result<()> {
    Lair::new()?.ends_with_the_orchestrator("resources", "spin", "new")
}

#[test]
fn a_thread_that_outlives_its_call_is_no_more_than_a_death() -> Result<()> {
    let stage = Stage::new("behind")?;
    all(["check", "apply", "verify"], |moment| {
        stage.costs("deaths", "die-behind-the-call", moment, &["STEP-DIED", "HOSTILE-HELD"])
    })
}

#[test]
fn a_step_that_takes_all_there_is_costs_its_unit() -> Result<()> {
    let stage = Stage::new("resources")?;
    all(
        [
            ("allocate", "STEP-DIED"),
            ("map", "HOSTILE-HELD"),
            ("recurse", "STEP-DIED"),
            ("print", "HOSTILE-HELD"),
        ],
        |(name, code)| stage.costs("resources", name, "check", &[code]),
    )
}

#[test]
fn a_step_that_never_comes_to_an_end_costs_its_unit() -> Result<()> {
    Stage::new("spin")?.costs("resources", "spin", "check", &["STEP-SILENT"])
}

#[test]
fn a_step_that_says_nothing_any_more_costs_its_unit() -> Result<()> {
    Stage::new("silence")?.costs("frames", "silence", "apply", &["STEP-SILENT"])
}

#[test]
fn a_step_that_hangs_up_costs_its_unit() -> Result<()> {
    // As long as its process still waits for the socket, that is open; on a busy machine the process finds it
    // closed before that, and ends. The second unit of the same process finds nothing to close.
    let codes = ["STEP-SILENT", "STEP-PROTOCOL", "STEP-DIED", "HOSTILE-HELD"];
    Stage::new("hangs-up")?.costs("frames", "close-socket", "verify", &codes)
}

#[test]
fn a_library_that_never_comes_to_an_end_is_refused() -> Result<()> {
    Lair::new()?.refuses("resources", "spin", "load", &["STEP-SILENT"])
}

#[test]
fn whoever_takes_what_is_for_others_harms_its_own_plugin_alone() -> Result<()> {
    let stage = Stage::new("stealing")?;
    all(["steal-answers", "steal-from-lanes"], |name| {
        stage.costs("frames", name, "check", &["STEP-SILENT", "STEP-DIED"])
    })
}

#[test]
fn frames_that_cannot_come_cost_a_unit() -> Result<()> {
    let (lair, stage) = (Lair::new()?, Stage::new("frames")?);
    let cases = [
        ("garbage", "STEP-TOO-LARGE"),
        ("announce-4-gb", "STEP-TOO-LARGE"),
        ("reply-of-100-mb", "STEP-TOO-LARGE"),
        ("short-frame", "STEP-PROTOCOL"),
        ("unknown-kind", "STEP-PROTOCOL"),
        ("no-text", "STEP-PROTOCOL"),
        ("reply-to-nobody", "STEP-PROTOCOL"),
        ("request-of-nobody", "STEP-PROTOCOL"),
        ("orchestrators-frame", "STEP-PROTOCOL"),
        ("answer-for-others", "STEP-PROTOCOL"),
        ("flood-frames", "STEP-PROTOCOL"),
    ];
    all(cases, |(name, code)| lair.refuses("frames", name, "load", &[code]))?;
    all(cases, |(name, code)| stage.costs("frames", name, "check", &[code]))?;
    lair.refuses("frames", "close-socket", "load", &["STEP-PROTOCOL"])?;
    let in_lanes = ["garbage-in-lanes", "reply-in-lanes", "request-in-lanes", "full-in-lanes"];
    let codes = ["STEP-PROTOCOL", "STEP-TOO-LARGE", "STEP-DIED"];
    all(in_lanes, |name| stage.costs("frames", name, "check", &codes))?;
    stage.costs("frames", "ready-again", "check", &["STEP-PROTOCOL"])?;
    stage.costs("frames", "flood-requests", "check", &["STEP-INSATIABLE"])?;
    stage.costs("frames", "report-of-100-mb", "check", &["STEP-TOO-LARGE", "STEP-DIED"])
}

#[test]
fn requests_beyond_a_steps_scope_cost_its_unit() -> Result<()> {
    let stage = Stage::new("requests")?;
    all(
        [
            ("change", "check", "CHANGE-NOT-ANNOUNCED"),
            ("change", "apply", "CHANGE-NOT-ANNOUNCED"),
            ("change", "verify", "CHANGE-NOT-ANNOUNCED"),
            ("change-more", "apply", "CHANGE-NOT-ANNOUNCED"),
            ("take-back", "check", "CHANGE-NOT-ANNOUNCED"),
            ("take-back", "verify", "CHANGE-NOT-ANNOUNCED"),
            ("record", "check", "CHANGE-NOT-ANNOUNCED"),
            ("run-undeclared", "check", "PROBE-NOT-DECLARED"),
            ("run-undeclared", "apply", "PROBE-NOT-DECLARED"),
            ("run-on-host", "check", "PROBE-OUT-OF-SCOPE"),
            ("run-on-host", "verify", "PROBE-OUT-OF-SCOPE"),
            ("look-at-shadow", "check", "HOST-FILE-PRIVATE"),
            ("look-at-others", "check", "HOST-FILE-PRIVATE"),
            ("hook-of-host", "check", "CHANGE-OUT-OF-SCOPE"),
            ("mount-of-host", "check", "CHANGE-OUT-OF-SCOPE"),
            ("mount-of-host-relative", "check", "CHANGE-OUT-OF-SCOPE"),
            ("mount-of-another", "check", "CHANGE-OUT-OF-SCOPE"),
            ("option-with-line", "check", "CHANGE-OUT-OF-SCOPE"),
            ("idmap", "check", "CHANGE-OUT-OF-SCOPE"),
        ],
        |(name, moment, code)| stage.costs("requests", name, moment, &[code]),
    )
}

#[test]
fn a_step_that_says_it_is_another_is_refused() -> Result<()> {
    Lair::new()?.refuses("impostor", "impostor", "new", &["PLUGIN-OTHER-STEP"])
}
