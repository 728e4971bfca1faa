//! Which libraries are loaded: those that nobody else could have changed, and that were pinned or signed.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};
use phoenix_tests::{Finished, Workbench, product};
use xtask::process;

const GRAPH: &[&str] = &["graph", "--features", "x"];

/// A catalogue with one step; the policy and the section have these lines besides.
fn catalogue(library: &Path, policy: &str, section: &str) -> String {
    format!(
        "# of the tests\nformat = 1\n\n[policy]\n{policy}\n[features]\nx = [\"misbehaving\"]\n\n\
         # the step\n[plugins.misbehaving] # and its section\nlibrary = \"{}\" # the file\n\
         version = \"*\"\n{section}\n# the end\n",
        library.display()
    )
}

/// A bench with a copy of a library, outside of any checkout, and a catalogue with this policy.
fn bench_with_copy(policy: &str) -> Result<(Workbench, PathBuf)> {
    let bench = Workbench::empty()?;
    let library = bench.folder().join("libmisbehaving.so");
    fs::copy(product::plugin("misbehaving")?, &library)?;
    bench.write("plugins.toml", catalogue(&library, policy, ""))?;
    Ok((bench, library))
}

/// What is said about a library that is not loaded: one short error with this code.
fn refused(bench: &Workbench, words: &[&str], code: &str) -> Result<String> {
    // The limit is there for whatever would be waited for.
    let finished = bench.run_within(words, Duration::from_secs(60))?.expect_code(5)?;
    let text = finished.stderr().to_owned();
    assert!(text.starts_with(&format!("error[{code}]")), "no {code}:\n{text}");
    assert!(text.contains("hint:"), "{text}");
    assert!(text.lines().count() < 20, "too long:\n{text}");
    assert_eq!(finished.stdout(), "");
    Ok(text)
}

/// Another file, which is the same step.
fn replace(library: &Path) -> Result<()> {
    let mut bytes = fs::read(library)?;
    bytes.push(b'\n');
    fs::remove_file(library)?;
    Ok(fs::write(library, bytes)?)
}

fn sha256(path: &Path) -> Result<String> {
    let output = process::quiet(Command::new("sha256sum").arg(path))?;
    Ok(output.stdout.split(' ').next().context("`sha256sum` said nothing")?.to_owned())
}

fn pin(bench: &Workbench) -> Result<Finished> {
    bench.run(&["plugins", "pin", "misbehaving"])?.expect_code(0)
}

#[test]
fn from_no_pin_to_a_pin_to_another_file() -> Result<()> {
    let (bench, library) = bench_with_copy("")?;
    let text = refused(&bench, GRAPH, "PLUGIN-NOT-PINNED")?;
    assert!(text.contains("`phoenix-orch plugins pin misbehaving`"), "{text}");
    assert!(text.contains("[plugins.misbehaving] # and its section"), "{text}");

    let first = sha256(&library)?;
    assert!(pin(&bench)?.stdout().contains(&format!("none -> {first}")));
    bench.run(GRAPH)?.expect_code(0)?;
    let list = bench.run(&["plugins", "list"])?.expect_code(0)?;
    assert!(list.stdout().contains("trust    pinned\n"), "{}", list.stdout());

    replace(&library)?;
    let second = sha256(&library)?;
    let text = refused(&bench, GRAPH, "PLUGIN-PIN-MISMATCH")?;
    assert!(text.contains(&format!("pinned is {first}")), "{text}");
    assert!(text.contains(&format!("the file is {second}")), "{text}");
    assert!(text.contains("^ the file has another hash"), "{text}");
    assert!(text.contains("hint: Find out who changed it"), "{text}");

    assert!(pin(&bench)?.stdout().contains(&format!("{first} -> {second}")));
    let text = fs::read_to_string(bench.config())?;
    assert_eq!(text, catalogue(&library, "", &format!("sha256 = \"{second}\"\n")));
    bench.run(GRAPH)?.expect_code(0)?;
    assert!(pin(&bench)?.stdout().contains(&format!("unchanged {second}")));
    assert_eq!(fs::read_to_string(bench.config())?, text);
    Ok(())
}

#[test]
fn the_policy_and_the_checkout_decide_who_needs_a_pin() -> Result<()> {
    let (bench, outside) = bench_with_copy("")?;
    let inside = product::plugin("misbehaving")?;
    let wrong = format!("sha256 = \"{}\"", "0".repeat(64));
    for (library, policy, section, refusal) in [
        (&inside, "", "", None),
        (&inside, "pins = \"optional\"", "", None),
        (&inside, "pins = \"required\"", "", Some("PLUGIN-NOT-PINNED")),
        (&inside, "", wrong.as_str(), Some("PLUGIN-PIN-MISMATCH")),
        (&outside, "", "", Some("PLUGIN-NOT-PINNED")),
        (&outside, "pins = \"optional\"", "", None),
        (&outside, "pins = \"required\"", "", Some("PLUGIN-NOT-PINNED")),
        (&outside, "pins = \"optional\"", &wrong, Some("PLUGIN-PIN-MISMATCH")),
    ] {
        bench.write("plugins.toml", catalogue(library, policy, section))?;
        match refusal {
            Some(code) => drop(refused(&bench, GRAPH, code)?),
            None => drop(bench.run(GRAPH)?.expect_code(0)?),
        }
    }
    // Who tries a library does not have a catalogue yet.
    let words = ["plugins", "check", outside.to_str().context("an odd path")?];
    let checked = bench.run(&words)?;
    assert!(checked.stdout().contains("trust    not asked for here"), "{}", checked.stdout());
    Ok(())
}

#[test]
fn whoever_could_have_changed_the_way_is_named() -> Result<()> {
    let (bench, library) = bench_with_copy("")?;
    let folder = |name: &str, mode: u32| -> Result<PathBuf> {
        let path = bench.folder().join(name);
        fs::create_dir(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        Ok(path)
    };
    let link = |at: PathBuf| symlink(&library, &at).map(|()| at);
    let copy = |at: PathBuf| fs::copy(&library, &at).map(|_| at);

    let open = folder("open", 0o777)?;
    let in_open = link(open.join("libx.so"))?;
    let group = folder("group", 0o775)?;
    let below = folder("group/below", 0o755)?;
    let in_group = copy(below.join("libx.so"))?;
    let others = folder("others", 0o755)?;
    let in_others = copy(others.join("libx.so"))?;
    chown(&others, Some(65534), None)?;
    let shared = folder("shared", 0o1777)?;
    let others_link = link(shared.join("libx.so"))?;
    lchown(&others_link, Some(65534), None)?;
    let by_others_link = others_link.display().to_string();
    let others_file = copy(shared.join("liby.so"))?;
    chown(&others_file, Some(65534), None)?;
    let writable = copy(bench.folder().join("libz.so"))?;
    fs::set_permissions(&writable, fs::Permissions::from_mode(0o666))?;
    let pipe = bench.folder().join("pipe.so");
    process::quiet(Command::new("mkfifo").arg(&pipe))?;

    // The pin fits: it does not matter what is there now, if it can be exchanged in a moment.
    let pinned = format!("sha256 = \"{}\"", sha256(&library)?);
    for (path, blamed) in [
        (in_open, format!("`{}` has mode 0777", open.display())),
        (in_group, format!("`{}` has mode 0775", group.display())),
        (in_others, format!("`{}` belongs to user 65534", others.display())),
        (others_link, format!("`{by_others_link}` belongs to user 65534")),
        (others_file.clone(), format!("`{}` belongs to user 65534", others_file.display())),
        (writable.clone(), format!("`{}` has mode 0666", writable.display())),
        (pipe.clone(), format!("`{}` is not a regular file", pipe.display())),
    ] {
        bench.write("plugins.toml", catalogue(&path, "", &pinned))?;
        for words in [GRAPH, &["plugins", "pin", "--all"]] {
            let text = refused(&bench, words, "PLUGIN-UNTRUSTED")?;
            assert!(text.contains(&blamed), "no {blamed}:\n{text}");
        }
    }
    // Of a sticky folder others have no say in what is ours.
    let path = link(shared.join("ours.so"))?;
    bench.write("plugins.toml", catalogue(&path, "", &pinned))?;
    bench.run(GRAPH)?.expect_code(0)?;
    Ok(())
}

#[test]
fn pins_are_written_for_all_or_for_none() -> Result<()> {
    let (bench, library) = bench_with_copy("")?;
    let text = catalogue(&library, "", "")
        + "\n[plugins.other]\nlibrary = \"./libother.so\"\nversion = \"*\" # any\n";
    // The catalogue is a link to a file with a mode and a group of its own.
    fs::remove_file(bench.config())?;
    let real = bench.write("real.toml", &text)?;
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640))?;
    chown(&real, None, Some(65534))?;
    symlink("real.toml", bench.config())?;

    let all = &["plugins", "pin", "--all"];
    refused(&bench, all, "PLUGIN-MISSING")?;
    fs::copy(&library, bench.folder().join("libother.so"))?;
    refused(&bench, all, "PLUGIN-OTHER-STEP")?;
    let unknown = bench.run(&["plugins", "pin", "misbehaving", "misbehavin"])?.expect_code(2)?;
    assert!(unknown.stderr().starts_with("error[PLUGIN-UNKNOWN]"), "{}", unknown.stderr());
    assert!(unknown.stderr().contains("Did you mean `misbehaving`?"), "{}", unknown.stderr());
    assert_eq!(fs::read_to_string(&real)?, text);

    pin(&bench)?;
    let section = format!("sha256 = \"{}\"\n", sha256(&library)?);
    let rest = &text[text.find("\n[plugins.other]").context("no other section")?..];
    assert_eq!(fs::read_to_string(&real)?, catalogue(&library, "", &section) + rest);
    let metadata = fs::metadata(&real)?;
    assert_eq!((metadata.mode() & 0o7777, metadata.gid()), (0o640, 65534));
    assert_eq!(fs::read_link(bench.config())?, Path::new("real.toml"));
    Ok(())
}

#[test]
fn the_whole_catalogue_is_pinned_and_keeps_all_its_lines() -> Result<()> {
    let bench = Workbench::with_repository_catalogue()?;
    let before = fs::read_to_string(bench.config())?;
    bench.run(&["plugins", "pin", "--all"])?.expect_code(0)?;
    let after = fs::read_to_string(bench.config())?;
    let (pins, others): (Vec<&str>, Vec<&str>) =
        after.lines().partition(|line| line.starts_with("sha256 = "));
    assert_eq!(others, Vec::from_iter(before.lines()));
    let plugins = before.lines().filter(|line| line.starts_with("[plugins.")).count();
    assert_eq!(pins.len(), plugins);
    let list = bench.run(&["plugins", "list"])?.expect_code(0)?;
    assert_eq!(list.stdout().matches("trust    pinned\n").count(), plugins, "{}", list.stdout());
    Ok(())
}

/// A key pair without a password, and the line that names it in a policy.
fn key(bench: &Workbench, name: &str) -> Result<(PathBuf, String)> {
    let (public, secret) =
        (bench.folder().join(format!("{name}.pub")), bench.folder().join(format!("{name}.key")));
    process::quiet(
        Command::new("minisign").args(["-G", "-W", "-p"]).arg(&public).arg("-s").arg(&secret),
    )?;
    let text = fs::read_to_string(public)?;
    Ok((secret, text.lines().nth(1).context("no key")?.to_owned()))
}

fn sign(secret: &Path, library: &Path, comment: &str) -> Result<()> {
    let mut minisign = Command::new("minisign");
    minisign.args(["-S", "-t", comment, "-s"]).arg(secret).arg("-m").arg(library);
    process::quiet(&mut minisign).map(drop)
}

#[test]
fn where_signers_are_named_one_of_them_has_signed() -> Result<()> {
    let (bench, library) = bench_with_copy("")?;
    let (secret, public) = key(&bench, "ours")?;
    let (others_secret, others) = key(&bench, "theirs")?;
    let signers = format!("signers = [\"{public}\"]");
    let write = |policy: &str| bench.write("plugins.toml", catalogue(&library, policy, ""));

    write(&signers)?;
    let text = refused(&bench, GRAPH, "PLUGIN-NOT-SIGNED")?;
    assert!(text.contains("libmisbehaving.so.minisig"), "{text}");
    refused(&bench, &["plugins", "pin", "--all"], "PLUGIN-NOT-SIGNED")?;

    sign(&others_secret, &library, "not ours")?;
    let text = refused(&bench, GRAPH, "PLUGIN-SIGNATURE")?;
    assert!(text.contains("none of the keys"), "{text}");
    assert!(text.contains("add the public key to `signers`"), "{text}");
    write(&format!("signers = [\"{public}\", \"{others}\"]"))?;
    bench.run(GRAPH)?.expect_code(0)?;

    // A signature stands in for a pin, unless pins are required.
    write(&signers)?;
    sign(&secret, &library, "misbehaving 0.1.0 \u{1b}[2J")?;
    let mut command = bench.command()?;
    command.args(["plugins", "list"]).env("RUST_LOG", "info");
    let listed = process::capture(&mut command, None, Duration::from_secs(60))?.success()?;
    let expected = format!("not pinned, signed by {public}: misbehaving 0.1.0 \\u{{1b}}[2J");
    assert!(listed.stdout.contains(&expected), "{listed}");
    assert!(listed.stderr.contains("the library is signed"), "{listed}");
    assert!(listed.stderr.contains("misbehaving 0.1.0"), "{listed}");
    write(&format!("{signers}\npins = \"required\""))?;
    refused(&bench, GRAPH, "PLUGIN-NOT-PINNED")?;
    pin(&bench)?;
    bench.run(GRAPH)?.expect_code(0)?;

    // Another file than was signed; and no signature at all.
    write(&signers)?;
    replace(&library)?;
    assert!(refused(&bench, GRAPH, "PLUGIN-SIGNATURE")?.contains("another file"));
    bench.write("libmisbehaving.so.minisig", "signed, honestly\n")?;
    assert!(refused(&bench, GRAPH, "PLUGIN-SIGNATURE")?.contains("no signature of minisign"));
    // The policy is about every library, also those that were just built.
    bench.write("plugins.toml", catalogue(&product::plugin("misbehaving")?, &signers, ""))?;
    refused(&bench, GRAPH, "PLUGIN-NOT-SIGNED")?;
    Ok(())
}
