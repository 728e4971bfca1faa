//! The old scripts' file drives plan, run and verify.

use std::{fs, os::unix::fs::PermissionsExt};

use anyhow::Result;
use phoenix_tests::{Node, Workbench, events, product};
use serde_json::{Value, json};
use xtask::testbed::{Container, Image, Options, Release};

const FILE: &str = "phoenix_lxc_configs.json";

/// The repository's catalogue with one feature more, which is quick to have.
fn bench() -> Result<Workbench> {
    let catalogue = xtask::catalogue::for_this_kernel()?;
    let library = product::plugin("misbehaving")?.display().to_string();
    let quick = "[features]\nquick = [\"misbehaving\"]";
    assert_eq!(catalogue.matches("\n[features]\n").count(), 1);
    let catalogue = catalogue.replacen("[features]", quick, 1);
    Workbench::new(format!(
        "{catalogue}\n[plugins.misbehaving]\nlibrary = \"{library}\"\nversion = \"*\"\nafter = [\"container-options\"]\n"
    ))
}

/// The units of a run as `step@container`, those of the host left out.
fn units(events: &[Value]) -> Vec<String> {
    let started = events.iter().find(|event| event["event"] == "run_started");
    let units = started.and_then(|event| event["units"].as_array()).cloned().unwrap_or_default();
    let name = |unit: &Value, key: &str| unit[key].as_str().unwrap_or_default().to_owned();
    units
        .iter()
        .filter(|unit| unit["target"] != "host")
        .map(|unit| format!("{}@{}", name(unit, "step"), name(unit, "target")))
        .collect()
}

#[test]
fn containers_get_the_features_and_the_options_that_the_file_has() -> Result<()> {
    let image = Image::ensure(Release::Bookworm)?;
    let docker = Container::create(&image, "inv-docker", &Options::default())?;
    let quick = Container::create(&image, "inv-quick", &Options::default())?;
    let bench = bench()?;
    let inventory = json!({ "unprivileged": true, "lxc_configs": {
        "900": { "name": "base", "features": ["base_setup"], "pct_options": ["nesting=1", "keyctl=1"] },
        "902": {
            "clone_from_ctid": "900",
            "features": ["base_setup", "docker"],
            "lxc_options": [
                "lxc.mount.entry=/dev/null dev/phoenix none bind,optional,create=file",
                "lxc.mount.entry: tmpfs srv/scratch tmpfs size=1m,create=dir 0 0",
                "lxc.environment = GREETING=two words",
                "lxc.mount.entry=/dev/fuse",
                "lxc.apparmor.profile=unconfined",
            ],
        },
        docker.name(): { "clone_from_ctid": "902", "zfs_volumes": [] },
        quick.name(): { "features": ["quick", "vllm"], "lxc_options": ["lxc.environment=A=b  c"] },
    }});
    bench.write(FILE, inventory.to_string())?;
    let words = |verb, more: &[&'static str]| {
        [&[verb, "--features", "docker,quick", "--inventory", FILE][..], more].concat()
    };

    // A plan shows each option whole, and says what it leaves out.
    let before = fs::read_to_string(docker.config_path())?;
    let plan = bench.run(&words("plan", &[]))?.expect_code(0)?;
    for part in ["= /dev/null dev/phoenix none bind,optional,create=file", "= GREETING=two words"] {
        assert!(plan.stdout().contains(part), "`{part}` is missing:\n{}", plan.stdout());
    }
    for part in [
        "`$.lxc_configs.902.lxc_options[3]`: `lxc.mount.entry=/dev/fuse` is left out",
        "`$.lxc_configs.902.lxc_options[4]`: `lxc.apparmor.profile=unconfined` is left out",
        "no such container (or not yet): `902`",
        &format!("`$.lxc_configs.{}.zfs_volumes`: the key", docker.name()),
        "`vllm` (1 container)",
    ] {
        assert!(plan.stderr().contains(part), "`{part}` is missing:\n{}", plan.stderr());
    }
    assert_eq!(fs::read_to_string(docker.config_path())?, before);

    // The run: each container has its own steps.
    let run = bench.run(&words("run", &["--allow", "restart", "--output", "json"]))?;
    let done = events::parse(&run)?;
    let mut seen = units(&done);
    let both = [docker.name(), quick.name()];
    let expected = |step: &str, at: usize| format!("{step}@{}", both[at]);
    let mut wanted: Vec<_> =
        ["container-options", "apparmor-profile", "fuse-overlayfs", "docker-install"]
            .map(|step| expected(step, 0))
            .into_iter()
            .chain(["container-options", "misbehaving"].map(|step| expected(step, 1)))
            .collect();
    seen.sort();
    wanted.sort();
    assert_eq!(seen, wanted);
    let config = fs::read_to_string(docker.config_path())?;
    for line in [
        "lxc.mount.entry = /dev/null dev/phoenix none bind,optional,create=file",
        "lxc.mount.entry = tmpfs srv/scratch tmpfs size=1m,create=dir 0 0",
        "lxc.environment = GREETING=two words",
    ] {
        assert!(config.lines().any(|found| found == line), "`{line}` is missing:\n{config}");
    }
    assert!(!config.contains("unconfined") || before.contains("unconfined"), "{config}");
    // The restart that the device needed brought them in, in one go.
    docker.ok(&["test", "-c", "/dev/phoenix"])?;
    docker.ok(&["mountpoint", "-q", "/srv/scratch"])?;
    let environment = docker.ok(&["sh", "-c", "tr '\\0' '\\n' < /proc/1/environ"])?;
    assert!(environment.lines().any(|line| line == "GREETING=two words"), "{environment}");
    assert!(fs::read_to_string(quick.config_path())?.contains("lxc.environment = A=b  c\n"));

    // The second run changes nothing; verify has evidence of each option.
    let configs = || -> Result<Vec<String>> {
        Ok(vec![
            fs::read_to_string(docker.config_path())?,
            fs::read_to_string(quick.config_path())?,
        ])
    };
    let before = configs()?;
    let second = bench.run(&words("run", &["--output", "json"]))?;
    assert_eq!(events::intended(&events::parse(&second)?), [""; 0]);
    assert_eq!(configs()?, before);
    bench.run(&words("plan", &["--check"]))?.expect_code(0)?;
    let verified = bench.run(&words("verify", &["--verbose"]))?.expect_code(0)?;
    let claim = "the next start has `lxc.mount.entry` with exactly this value";
    assert_eq!(verified.stdout().matches(claim).count(), 2, "{}", verified.stdout());

    // One container of them; and taken back is taken back.
    let one = [&words("plan", &["--output", "json", "--target"])[..], &[quick.name()]].concat();
    let planned = events::parse(&bench.run(&one)?)?;
    assert!(units(&planned).iter().all(|unit| unit.ends_with(quick.name())), "{planned:?}");
    let run = done[0]["run"].as_str().unwrap_or_default();
    bench.run(&["rollback", run, "--target", quick.name()])?.expect_code(0)?;
    assert!(!fs::read_to_string(quick.config_path())?.contains("A=b"));
    Ok(())
}

/// The file as it was shipped, nearly: 13 entries, clones of clones, blanks in options, keys that nobody knows. Ten of
/// them are real containers of a node.
#[test]
fn the_whole_file_drives_plan_and_run_with_scripts_among_the_features() -> Result<()> {
    const IDS: [&str; 10] = ["900", "901", "902", "903", "910", "920", "950", "952", "953", "954"];
    let node = Node::enter()?;
    let image = Image::ensure(Release::Bookworm)?;
    let containers = (0..IDS.len())
        .map(|_| node.container(&image, &Options::default()))
        .collect::<Result<Vec<_>>>()?;
    let of = |id: &str| {
        let at = IDS.iter().position(|one| *one == id).unwrap_or_default();
        &containers[at]
    };
    let bench = mixed_bench()?;
    bench.write(FILE, with_numbers(&|id| IDS.contains(&id).then(|| of(id).id().to_owned()))?)?;
    let asked = ["--features", "base_setup,docker,nvidia", "--inventory", FILE];
    let words = |verb, more: &[&'static str]| [&[verb], &asked[..], more].concat();

    let plan = bench.run(&words("plan", &[]))?.expect_code(0)?;
    for part in ["lxc.mount.auto: proc:rw sys:rw", "run the script"] {
        assert!(plan.stdout().contains(part), "`{part}` is missing:\n{}", plan.stdout());
    }
    for part in ["`955`", "`$.lxc_configs.960`", "`$.lxc_configs.961`", "`vllm` (2 containers)"] {
        assert!(plan.stderr().contains(part), "`{part}` is missing:\n{}", plan.stderr());
    }

    // Each has what it names or inherits; the scripts themselves fail if they come too early.
    let run = bench.run(&words("run", &["--output", "json"]))?.expect_code(0)?;
    let seen = units(&events::parse(&run)?);
    for (step, ids) in [
        ("base", &IDS[..]),
        ("gpu", &["901", "903", "920", "950"]),
        ("misbehaving", &["902", "903", "910", "920", "950", "954"]),
    ] {
        let mut expected: Vec<_> = ids.iter().map(|id| format!("{step}@{}", of(id).id())).collect();
        let mut found: Vec<_> =
            seen.iter().filter(|unit| unit.starts_with(&format!("{step}@"))).cloned().collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    }
    for (id, lines) in [
        ("900", &["features: nesting=1,keyctl=1"][..]),
        ("901", &["lxc.mount.entry: /dev/nvidia0 dev/nvidia0 none bind,optional,create=file"]),
        ("910", &["lxc.apparmor.allow_nesting: 1", "lxc.environment: TZ=Europe/Berlin"]),
        ("950", &["lxc.prlimit.memlock: unlimited"]),
        ("954", &["lxc.mount.auto: proc:rw sys:rw"]),
    ] {
        let conf = of(id).conf()?;
        for line in lines {
            assert!(conf.lines().any(|found| found == *line), "`{line}` is not in {id}:\n{conf}");
        }
        assert!(!conf.contains("unconfined") && !conf.contains("nesting.conf"), "{id}:\n{conf}");
    }
    let second = bench.run(&words("run", &["--output", "json"]))?.expect_code(0)?;
    assert_eq!(events::intended(&events::parse(&second)?), [""; 0]);
    bench.run(&words("plan", &["--check"]))?.expect_code(0)?;
    Ok(())
}

/// The fixture, in which some containers have other numbers.
fn with_numbers(number: &dyn Fn(&str) -> Option<String>) -> Result<String> {
    let path = xtask::workspace::root().join("tests/fixtures/inventory").join(FILE);
    let mut file: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let entries = file["lxc_configs"].as_object().cloned().unwrap_or_default();
    let renamed = entries.into_iter().map(|(id, mut entry)| {
        if let Some(source) = entry.get_mut("clone_from_ctid") {
            let old = source.to_string().trim_matches('"').to_owned();
            *source = number(&old).unwrap_or(old).into();
        }
        (number(&id).unwrap_or(id), entry)
    });
    file["lxc_configs"] = Value::Object(renamed.collect());
    Ok(file.to_string())
}

/// A feature list of scripts and plugins: `gpu` and `misbehaving` both require `base`.
fn mixed_bench() -> Result<Workbench> {
    let [quick, options] = ["misbehaving", "container-options"].map(product::plugin);
    let bench = Workbench::new(format!(
        "format = 1\n[policy]\napparmor = \"optional\"\npins = \"optional\"\n\
         [features]\nbase_setup = [\"base\"]\nnvidia = [\"gpu\"]\ndocker = [\"misbehaving\"]\n\
         [scripts.base]\napply = \"base.sh\"\ncheck = [\"there.sh\", \"base\"]\n\
         [scripts.gpu]\napply = \"gpu.sh\"\ncheck = [\"there.sh\", \"gpu\"]\nrequires = {{ base = \"*\" }}\n\
         [plugins.misbehaving]\nlibrary = \"{}\"\nversion = \"*\"\nrequires = {{ base = \"*\" }}\n\
         [plugins.container-options]\nlibrary = \"{}\"\nversion = \"*\"\n",
        quick?.display(),
        options?.display()
    ))?;
    let folder = bench.folder().display().to_string();
    for (name, text) in [
        ("base.sh", format!("touch {folder}/base-$1")),
        ("gpu.sh", format!("test -e {folder}/base-$1 || exit 1; touch {folder}/gpu-$1")),
        ("there.sh", format!("test -e {folder}/$1-$2")),
    ] {
        let path = bench.write(name, format!("#!/bin/sh\n{text}\n"))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(bench)
}

/// As the old scripts left it: the option in pieces, of which one would keep the container from starting.
#[test]
fn on_proxmox_an_option_that_was_split_is_whole_again() -> Result<()> {
    let node = Node::enter()?;
    let options = Options {
        config: vec!["features: keyctl=1,mount=nfs".into(), "lxc.environment: MINE=a b".into()],
        ..Options::default()
    };
    let container = node.container(&Image::ensure(Release::Bookworm)?, &options)?;
    let snapshot = "\n[before]\nfeatures: nesting=1\nlxc.mount.auto: proc:rw sys:rw\n";
    container.set_conf(&format!("{}lxc.mount.entry=/dev/null\n{snapshot}", container.conf()?))?;
    let bench = bench()?;
    let inventory = json!({ "lxc_configs": { container.id(): {
        "unprivileged": true,
        "features": ["quick"],
        "pct_options": ["nesting=1", "keyctl=1"],
        "lxc_options": [
            "lxc.mount.entry=/dev/null dev/phoenix none bind,optional,create=file",
            "lxc.environment=GREETING=two  words",
        ],
    }}});
    bench.write(FILE, inventory.to_string())?;
    let words = |verb, more: &[&'static str]| {
        [&[verb, "--features", "quick", "--inventory", FILE][..], more].concat()
    };
    bench.run(&words("run", &[]))?.expect_code(0)?;
    let conf = container.conf()?;
    for line in [
        "features: keyctl=1,mount=nfs,nesting=1",
        "lxc.environment: MINE=a b",
        "lxc.environment: GREETING=two  words",
        "lxc.mount.entry: /dev/null dev/phoenix none bind,optional,create=file",
    ] {
        let main = conf.split("\n[before]").next().unwrap_or_default();
        assert!(main.lines().any(|found| found == line), "`{line}` is missing:\n{conf}");
    }
    assert!(!conf.contains("lxc.mount.entry=/dev/null\n"), "{conf}");
    assert!(conf.ends_with(snapshot), "{conf}");
    container.stop()?;
    container.start()?;
    container.ok(&["test", "-c", "/dev/phoenix"])?;
    let second = bench.run(&words("run", &["--output", "json"]))?;
    assert_eq!(events::intended(&events::parse(&second)?), [""; 0]);
    assert_eq!(container.conf()?, conf);
    Ok(())
}

/// What a running container does not have yet is said, until it was started again.
#[test]
fn an_option_that_waits_for_the_next_start_is_not_called_done() -> Result<()> {
    let image = Image::ensure(Release::Bookworm)?;
    let container = Container::create(&image, "inv-late", &Options::default())?;
    let bench = bench()?;
    let inventory = json!({ "lxc_configs": { container.name(): {
        "unprivileged": true,
        "features": ["quick"],
        "lxc_options": ["lxc.mount.entry=/dev/null dev/phoenix none bind,optional,create=file"],
    }}});
    bench.write(FILE, inventory.to_string())?;
    let run = ["run", "--features", "quick", "--inventory", FILE];
    let first = bench.run(&run)?.expect_code(0)?;
    let late = "takes effect when the container is started the next time";
    assert!(first.stdout().contains(late), "{}", first.stdout());
    let second = bench.run(&run)?.expect_code(0)?;
    let not_yet = "`/dev/phoenix` is not mounted in the running container yet";
    assert!(second.stdout().contains(not_yet), "{}", second.stdout());
    container.stop()?;
    container.start()?;
    container.wait_until_up()?;
    let third = bench.run(&run)?.expect_code(0)?;
    assert!(!third.stdout().contains("next time"), "{}", third.stdout());
    Ok(())
}

#[test]
fn a_file_that_cannot_be_believed_is_one_error_and_nothing_begins() -> Result<()> {
    let bench = bench()?;
    let refused = |more: &[&str], exit: i32, code: &str| -> Result<String> {
        let words = [&["plan", "--features", "quick", "--inventory", FILE][..], more].concat();
        let text = bench.run(&words)?.expect_code(exit)?.stderr().to_owned();
        assert!(text.contains(&format!("error[{code}]")) && text.contains("hint:"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        Ok(text)
    };
    let missing = refused(&[], 4, "CONFIG-MISSING")?;
    assert!(missing.contains("`--inventory FILE`"), "{missing}");
    bench.write(FILE, "{\n  \"lxc_configs\": {\"\u{1b}[2J\": 1}\n}")?;
    refused(&[], 4, "INVENTORY-SYNTAX")?;
    bench.write(FILE, "{\n  \"lxc_configs\": {\"a\": 1},\n}")?;
    let broken = refused(&[], 4, "INVENTORY-SYNTAX")?;
    assert!(broken.contains(&format!("{FILE}:3:1")), "{broken}");
    let path = bench.write(FILE, r#"{"lxc_configs": {"phx-nobody": {"features": ["quick"]}}}"#)?;
    refused(&[], 4, "INVENTORY-NO-CONTAINER")?;
    refused(&["--target", "phx-nobody"], 6, "TARGET-UNKNOWN")?;
    refused(&["--target", "phx-other"], 4, "INVENTORY-TARGET")?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666))?;
    refused(&[], 4, "CONFIG-UNTRUSTED")?;
    Ok(())
}
