//! The mistakes.

/// One of them.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// What is wrong, in words.
    pub(crate) what: &'static str,
    /// What makes it wrong before: lines of bash, with the words of [`crate::stage`].
    pub(crate) before: &'static str,
    /// What is typed then.
    pub(crate) line: &'static str,
    /// Whether it is one that does no harm.
    pub(crate) passes: bool,
}

/// A wrong command line.
const fn typed(what: &'static str, line: &'static str) -> Mistake {
    Mistake { what, before: "", line, passes: false }
}

/// A right one where something else is wrong.
const fn with(what: &'static str, before: &'static str, line: &'static str) -> Mistake {
    Mistake { what, before, line, passes: false }
}

const GRAPH: &str = "phoenix-orch graph --features docker";
const PLAN: &str = "phoenix-orch plan --features docker --target web";

/// All of them.
pub(crate) const MISTAKES: &[Mistake] = &[
    // The command line.
    typed("nothing at all", "phoenix-orch 2>&1 | head -n 3; exit ${PIPESTATUS[0]}"),
    typed("a verb that is misspelt", "phoenix-orch veryfy --features docker"),
    typed("a verb of another tool", "phoenix-orch apply"),
    typed("half of a verb", "phoenix-orch runs 2>&1 | head -n 3; exit ${PIPESTATUS[0]}"),
    typed("an option without its s", "phoenix-orch plan --feature docker --target web"),
    typed("an option that is misspelt", "phoenix-orch plan --features docker --chek"),
    typed("the feature without its option", "phoenix-orch plan docker"),
    typed("the option before the verb", "phoenix-orch --features docker plan"),
    typed("no feature", "phoenix-orch run"),
    typed("a feature that is misspelt", "phoenix-orch plan --features dokcer --target web"),
    typed(
        "a step in the place of a feature",
        "phoenix-orch plan --features docker-install --target web",
    ),
    typed("a comma too many", "phoenix-orch plan --features docker, --target web"),
    typed("no target", "phoenix-orch plan --features docker"),
    typed("a container that is misspelt", "phoenix-orch plan --features docker --target wbe"),
    typed("a container that is nowhere near", "phoenix-orch run --features docker --target 101"),
    typed("a blank in a list", "phoenix-orch plan --features docker --target web, db"),
    typed("one target and all", "phoenix-orch run --features docker --target web --all"),
    typed(
        "consent to something else",
        "phoenix-orch run --features docker --target web --allow reboot",
    ),
    typed("no jobs", "phoenix-orch run --features docker --target web --jobs 0"),
    typed("too many jobs", "phoenix-orch run --features docker --target web --jobs many"),
    typed("a wait that is no number", "phoenix-orch run --features docker --target web --wait 5m"),
    typed("a form that there is not", "phoenix-orch graph --features docker --format pdf"),
    typed("an output that there is not", "phoenix-orch runs list --output yaml"),
    typed("a run that there is not", "phoenix-orch rollback 20260101-000000"),
    typed("no run yet", "phoenix-orch rollback last --plan"),
    typed("a run that is misspelt", "phoenix-orch runs show lst"),
    typed("no run to show", "phoenix-orch runs show"),
    typed("an age that is none", "phoenix-orch runs prune --older soon"),
    typed("neither a number nor an age", "phoenix-orch runs prune"),
    typed("a time that is none", "phoenix-orch denials --since yesterday"),
    typed("a code that is misspelt", "phoenix-orch explain CONFIG-CYCEL"),
    typed("a code of nobody", "phoenix-orch explain E0308"),
    typed("a step with a name that cannot be", "phoenix-orch new step Foo_Bar"),
    typed("a step with a name that is taken", "phoenix-orch new step loop"),
    with("a step where something is", "mkdir idle-logout", "phoenix-orch new step idle-logout"),
    typed("a plugin that is misspelt", "phoenix-orch plugins pin docker-instal"),
    typed("no plugin to pin", "phoenix-orch plugins pin"),
    typed("an old script without its container", "phoenix-orch compat install-docker"),
    // The file.
    typed(
        "a file that is not there",
        "phoenix-orch plan --config /etc/phoenix/plugins.toml --features docker --target web",
    ),
    with("no file anywhere", "rm plugins.toml", PLAN),
    with("a folder in the place of the file", "rm plugins.toml; mkdir plugins.toml", GRAPH),
    typed("the folder of the file", "phoenix-orch config check --config /mnt"),
    with(
        "a file that may not be read",
        "chmod 600 plugins.toml",
        "as_nobody phoenix-orch graph --features docker",
    ),
    with("a file that others may write", "chmod 666 plugins.toml", GRAPH),
    with("an empty file", ": >plugins.toml", GRAPH),
    with("another file altogether", "head -c 1000 /opt/phoenix-orch >plugins.toml", GRAPH),
    with("a key that is misspelt", r#"edit 's/^restart = /restrat = /'"#, GRAPH),
    with("a key in the wrong section", r#"edit 's/^format = 1/&\nrestart = "allow"/'"#, GRAPH),
    with(
        "a parameter outside of params",
        r#"edit 's/^library = "docker_install"/&\nsource = "docker"/'"#,
        GRAPH,
    ),
    with("a value that there is not", r#"edit 's/^restart = "ask"/restart = "always"/'"#, GRAPH),
    with(
        "a text where a list belongs",
        r#"edit 's/^confinement = .*/confinement = "apparmor-profile"/'"#,
        GRAPH,
    ),
    with("a text without quotes", r#"edit 's/^restart = "ask"/restart = ask/'"#, GRAPH),
    with("a bracket too few", r#"edit 's/^\[policy\]/[policy/'"#, GRAPH),
    with("a section twice", r#"edit 's/^\[features\]/[policy]\n&/'"#, GRAPH),
    with("a version that is none", r#"edit '0,/^version = .*/s//version = "latest"/'"#, GRAPH),
    with("a version that is not there", r#"edit '0,/^version = .*/s//version = "^2"/'"#, GRAPH),
    with("a step that is misspelt", r#"edit 's/"fuse-overlayfs", /"fuse-overlay", /'"#, GRAPH),
    with(
        "a circle",
        r#"edit 's/^library = "host_tunables"/&\nrequires = { docker-install = "*" }/'"#,
        GRAPH,
    ),
    with("a pin that is none", r#"edit 's/^library = "docker_install"/&\nsha256 = "abc"/'"#, GRAPH),
    with("a format of the future", "edit 's/^format = 1/format = 2/'", GRAPH),
    with(
        "several at once",
        r#"edit 's/^restart = /restrat = /; s/"fuse-overlayfs", /"fuse-overlay", /; s/^library = "docker_install"/libary = "docker_install"/'"#,
        "phoenix-orch config check",
    ),
    with(
        "a parameter that is misspelt",
        r#"printf '[plugins.docker-install.params]\nsorce = "docker"\n' >>plugins.toml"#,
        "phoenix-orch config check",
    ),
    with(
        "a parameter of the wrong type, for one container",
        r#"printf '[plugins.host-tunables.targets.host.params]\nrepair_home = "yes"\n' >>plugins.toml"#,
        "phoenix-orch config check",
    ),
    with("a file that is there already", "", "phoenix-orch init plugins.toml"),
    typed("a folder that is not there", "phoenix-orch init /nowhere/at/all/plugins.toml"),
    typed("a sub-verb that is misspelt", "phoenix-orch config chek"),
    // Libraries and scripts.
    with(
        "a library that is not there",
        r#"edit 's/^library = "docker_install"/library = "docker_instal"/'"#,
        GRAPH,
    ),
    with(
        "a library that its group may write",
        r#"cp /opt/libdocker_install.so .; chmod 775 libdocker_install.so; edit 's|^library = "docker_install"|library = "./libdocker_install.so"|'"#,
        GRAPH,
    ),
    with(
        "a library of another machine",
        // The machine in the header of ELF: s390.
        r#"cp /opt/libdocker_install.so .; printf '\0\26' | dd of=libdocker_install.so bs=1 seek=18 conv=notrunc; edit 's|^library = "docker_install"|library = "./libdocker_install.so"|'"#,
        GRAPH,
    ),
    with(
        "a text in the place of a library",
        r#"cp plugins.toml libdocker_install.so; edit 's|^library = "docker_install"|library = "./libdocker_install.so"|'"#,
        GRAPH,
    ),
    with(
        "the library of another step",
        r#"edit 's/^library = "docker_install"/library = "host_tunables"/'"#,
        GRAPH,
    ),
    with(
        "a library of the system",
        r#"cp -L "$(ldconfig -p | sed -n 's/.* => \(.*libz\.so\.1\)$/\1/p' | head -1)" libz.so; edit 's|^library = "docker_install"|library = "./libz.so"|'"#,
        GRAPH,
    ),
    with(
        "a library that is not the pinned one",
        r#"phoenix-orch plugins pin --all; edit "0,/^sha256 = .*/s//sha256 = \"$(printf %064d 0)\"/""#,
        GRAPH,
    ),
    with("libraries that are not pinned", "edit '/^pins = /d'", GRAPH),
    typed("a check of something that is no library", "phoenix-orch plugins check /etc/hostname"),
    typed("a check of nothing", "phoenix-orch plugins check libx.so"),
    with(
        "a script that is not there",
        r#"printf '[scripts.gpu]\napply = "/usr/local/sbin/gpu.sh"\n' >>plugins.toml"#,
        "phoenix-orch config check",
    ),
    with(
        "a script that may not be run",
        r#"printf '#!/bin/sh\n' >gpu.sh; printf '[scripts.gpu]\napply = "gpu.sh"\n' >>plugins.toml"#,
        "phoenix-orch config check",
    ),
    with(
        "a word in braces",
        r#"printf '[scripts.gpu]\napply = "gpu.sh"\nargs = ["{id}"]\n' >>plugins.toml"#,
        GRAPH,
    ),
    // The inventory.
    typed(
        "an inventory that is not there",
        "phoenix-orch run --features docker --inventory phoenix_lxc_configs.json",
    ),
    with(
        "an inventory that is no JSON",
        "printf '{ \"lxc_configs\": { \"101\": { } },\\n' >lxc.json",
        "phoenix-orch run --features docker --inventory lxc.json",
    ),
    // The host.
    with("not root", "", "as_nobody phoenix-orch plan --features docker --target web"),
    with("no LXC", "hide /usr/bin/lxc-attach", PLAN),
    with("Proxmox where there is none", r#"edit 's/^# runtime = "pve"/runtime = "pve"/'"#, PLAN),
    with(
        "no container at all",
        "rm -r /var/lib/lxc/*",
        "phoenix-orch plan --features docker --target web",
    ),
    with(
        "no AppArmor",
        "[ ! -e /sys/module/apparmor/parameters/enabled ] || { echo N >no; mount --bind no /sys/module/apparmor/parameters/enabled; }",
        "phoenix-orch run --features docker --target host",
    ),
    with(
        "a container that does not run",
        "only_docker",
        "phoenix-orch verify --features docker --target web",
    ),
    // Its own state.
    with(
        "a state folder that is a file",
        "echo >state",
        "phoenix-orch run --features docker --target host --state-dir state",
    ),
    with(
        "a state folder that cannot be written",
        "mkdir state; mount -t tmpfs -o ro none state",
        "phoenix-orch run --features docker --target host --state-dir state",
    ),
    with(
        "a journal of a newer phoenix-orch",
        r#"mkdir /var/lib/phoenix-orch; cp "$JOURNAL" /var/lib/phoenix-orch/journal.sqlite
printf '\0\0\0\143' | dd of=/var/lib/phoenix-orch/journal.sqlite bs=1 seek=60 conv=notrunc"#,
        "phoenix-orch runs list",
    ),
    with(
        "a journal that is something else",
        "mkdir /var/lib/phoenix-orch; cp plugins.toml /var/lib/phoenix-orch/journal.sqlite",
        "phoenix-orch runs list",
    ),
    with(
        "two runs at once",
        // What another run does for as long as it works in `web`.
        r#"only_docker; mkdir -p /var/lib/phoenix-orch/locks; exec 9>/var/lib/phoenix-orch/locks/web.lock; flock 9
printf '{"format":1,"pid":%s,"run":"20260101T000000Z-1","since":"2026-01-01T00:00:00Z"}' $$ >&9"#,
        "phoenix-orch run --features docker --target web",
    ),
    with(
        "a full disk behind the output",
        "",
        "phoenix-orch verify --features docker --target host --output json >/dev/full",
    ),
    Mistake {
        what: "a reader that does not read",
        before: "",
        line: "phoenix-orch explain | head -n 1; exit ${PIPESTATUS[0]}",
        passes: true,
    },
];
