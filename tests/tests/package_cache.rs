//! The package cache on real containers without any network: whatever they get, they get through the cache.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, Result};
use phoenix_tests::{
    Finished, Listing, Workbench, mirror::Mirror, packages, product, running::until,
};
use xtask::{
    process,
    testbed::{Container, Image, Options, Release},
};

/// A workbench whose step installs two packages and their dependencies.
struct Stage {
    bench: Workbench,
    mirror: Mirror,
}

impl Stage {
    /// With these lines in the policy.
    fn new(container: &Container, policy: &str) -> Result<Self> {
        let mirror = Mirror::of(container)?;
        let policy = policy.replace("MIRROR", &mirror.authority());
        let bench = Workbench::new(format!(
            "format = 1\n[policy]\napparmor = \"optional\"\npins = \"optional\"\n{policy}\n\
             [features]\nx = [\"misbehaving\"]\n\
             [plugins.misbehaving]\nlibrary = \"{}\"\nversion = \"*\"\n\
             params.packages = [\"fuse-overlayfs\", \"iptables\"]\n",
            product::plugin("misbehaving")?.display()
        ))?;
        Ok(Self { bench, mirror })
    }

    fn folder(&self) -> PathBuf {
        self.bench.folder().join("packages")
    }

    fn command(&self, words: &[&str]) -> Result<Command> {
        let mut command = self.bench.command()?;
        // What the developer's machine fetches through must not decide a test.
        command.env("PHOENIX_ORCH_PACKAGE_CACHE", self.folder()).env("no_proxy", "127.0.0.1");
        command.args(words);
        Ok(command)
    }

    fn run(&self, targets: &[&Container]) -> Result<Finished> {
        let mut words = vec!["run", "--features", "x", "--verbose"];
        targets.iter().for_each(|container| words.extend(["--target", container.name()]));
        Ok(process::capture(&mut self.command(&words)?, None, Duration::from_secs(300))?.into())
    }
}

const ON: &str = "package_cache = true\npackage_cache_upstreams = [\"MIRROR\"]";

fn container(label: &str) -> Result<Container> {
    Container::create(&Image::ensure(Release::Bookworm)?, label, &Options::default())
}

/// What never changes, among what was asked for.
fn lasting(asked: &[String]) -> Vec<&String> {
    let is_lasting = |path: &&String| path.contains("/pool/") || path.contains("/by-hash/");
    asked.iter().filter(is_lasting).collect()
}

fn all(finished: &Finished) -> String {
    format!("{}{}", finished.stdout(), finished.stderr())
}

#[test]
fn the_second_container_is_served_without_upstream_and_neither_keeps_anything_of_it() -> Result<()>
{
    let (first, second) = (container("cache-a")?, container("cache-b")?);
    let stage = Stage::new(&first, ON)?;
    for container in [&first, &second] {
        stage.mirror.become_source_of(container)?;
    }
    let apt = |container: &Container| Listing::of([container.rootfs().join("etc/apt")]);
    let before = apt(&second)?;

    let finished = stage.run(&[&first])?.expect_code(0)?;
    let asked = stage.mirror.take_asked();
    assert!(lasting(&asked).len() > 3, "{asked:?}");
    let kept = fs::read_dir(stage.folder())?.count();
    assert_eq!(kept, lasting(&asked).len());
    assert!(
        finished.stdout().contains("package cache: 0 files from the cache"),
        "{}",
        finished.stdout()
    );

    let finished = stage.run(&[&second])?.expect_code(0)?;
    let asked = stage.mirror.take_asked();
    assert_eq!(lasting(&asked), Vec::<&String>::new());
    let words = format!("package cache: {} files from the cache", kept - 1);
    assert!(finished.stdout().contains(&words), "no `{words}`:\n{}", finished.stdout());
    assert_eq!(finished.stderr(), "");
    second.ok(&["fuse-overlayfs", "--version"])?;

    // Nothing is left but the line in apt's own log, which names each of its options.
    assert_eq!(before.differences(&apt(&second)?), Vec::<String>::new());
    assert!(!second.ok(&["apt-config", "dump"])?.contains("127.0.0.1"));
    assert_eq!(second.ok(&["ss", "-ltnH"])?, "");
    let left =
        second.exec(&["grep", "-rlE", "Acquire::http::Proxy", "/etc", "/var", "/root", "/tmp"])?;
    assert_eq!(left.stdout.trim(), "/var/log/apt/history.log");
    assert_eq!(fs::metadata(stage.folder())?.permissions().mode() & 0o7777, 0o700);
    Ok(())
}

#[test]
fn containers_side_by_side_share_each_fetch() -> Result<()> {
    let containers = ["c", "d", "e"].map(|label| container(&format!("cache-{label}")));
    let [first, second, third] = containers;
    let containers = [&first?, &second?, &third?];
    let stage = Stage::new(containers[0], ON)?;
    for container in containers {
        stage.mirror.become_source_of(container)?;
    }
    stage.run(&containers)?.expect_code(0)?;
    let asked = stage.mirror.take_asked();
    let mut once = lasting(&asked);
    let count = once.len();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), count, "{asked:?}");
    Ok(())
}

#[test]
fn it_is_off_unless_it_is_switched_on() -> Result<()> {
    let container = container("cache-off")?;
    let stage = Stage::new(&container, "package_cache_upstreams = [\"MIRROR\"]")?;
    stage.mirror.become_source_of(&container)?;
    let finished = stage.run(&[&container])?.expect_code(7)?;
    assert!(finished.stdout().contains("error[APT-DOWNLOAD]"), "{}", finished.stdout());
    assert_eq!(stage.mirror.take_asked(), Vec::<String>::new());
    assert!(!stage.folder().exists());
    let log =
        String::from_utf8(container.read_file("/var/log/apt/history.log").unwrap_or_default())?;
    assert!(!log.contains("Proxy"), "{log}");
    Ok(())
}

#[test]
fn an_upstream_that_is_down_is_said_and_apt_tries_by_itself() -> Result<()> {
    let container = container("cache-down")?;
    let stage = Stage::new(&container, ON)?;
    stage.mirror.become_source_of(&container)?;
    stage.mirror.go_down();
    let finished = stage.run(&[&container])?.expect_code(7)?;
    assert!(finished.stdout().contains("error[APT-DOWNLOAD]"), "{}", finished.stdout());
    let warning =
        format!("packages for `{}` did not come through the package cache", container.name());
    assert!(finished.stderr().contains(&warning), "{}", finished.stderr());
    assert_eq!(finished.stderr().matches("warning").count(), 1, "{}", finished.stderr());
    Ok(())
}

#[test]
fn what_the_cache_cannot_reach_apt_gets_by_itself() -> Result<()> {
    let container = container("cache-alone")?;
    let stage = Stage::new(&container, ON)?;
    stage.mirror.become_source_of(&container)?;
    stage.mirror.go_down();
    stage.mirror.serve_inside(&container)?;
    let finished = stage.run(&[&container])?.expect_code(0)?;
    assert!(finished.stderr().contains("did not come through"), "{}", finished.stderr());
    assert_eq!(fs::read_dir(stage.folder())?.count(), 0);
    container.ok(&["fuse-overlayfs", "--version"])?;
    Ok(())
}

#[test]
fn a_cache_that_cannot_be_used_fails_no_run() -> Result<()> {
    let container = container("cache-broken")?;
    let stage = Stage::new(&container, ON)?;
    // The container's own repository is no matter of the cache, and that others may look into its folder is.
    fs::create_dir(stage.folder())?;
    fs::set_permissions(stage.folder(), fs::Permissions::from_mode(0o755))?;
    let finished = stage.run(&[&container])?.expect_code(0)?;
    assert!(finished.stderr().contains("has mode 0755 and needs 0700"), "{}", finished.stderr());
    container.ok(&["fuse-overlayfs", "--version"])?;
    Ok(())
}

#[test]
fn what_apt_refuses_is_not_kept_for_others() -> Result<()> {
    let (first, second) = (container("cache-spoilt")?, container("cache-good")?);
    let stage = Stage::new(&first, ON)?;
    for container in [&first, &second] {
        stage.mirror.become_source_of(container)?;
    }
    stage.mirror.spoil()?;
    let finished = stage.run(&[&first])?.expect_code(7)?;
    assert!(all(&finished).contains("Hash Sum mismatch"), "{}", all(&finished));
    stage.mirror.heal()?;
    stage.run(&[&second])?.expect_code(0)?;
    second.ok(&["fuse-overlayfs", "--version"])?;
    Ok(())
}

#[test]
fn a_container_can_ask_for_nothing_else_and_nothing_outlives_the_run() -> Result<()> {
    let container = container("cache-hostile")?;
    let stage = Stage::new(&container, ON)?;
    stage.mirror.become_source_of(&container)?;
    packages::hold(&container)?;
    let mut command = stage.command(&["run", "--features", "x", "--target", container.name()])?;
    let mut child = command.stdout(std::process::Stdio::null()).spawn()?;
    packages::until_held(&container)?;

    let listening = container.ok(&["ss", "-ltnH"])?;
    let port = listening.split_whitespace().nth(3).and_then(|place| place.rsplit(':').next());
    let port = port.context("nobody listens")?.to_owned();
    assert!(listening.contains(&format!("127.0.0.1:{port}")), "{listening}");
    let answer = |request: &str| {
        let script = "use IO::Socket::INET; my $s = IO::Socket::INET->new(PeerAddr => \"127.0.0.1:$ARGV[0]\") or die; \
                      print $s $ARGV[1]; local $/; print <$s>;";
        container.ok(&["perl", "-e", script, &port, request])
    };
    let authority = stage.mirror.authority();
    stage.mirror.take_asked();
    for (request, status) in [
        ("GET http://169.254.169.254/latest/dists/x HTTP/1.1\r\n\r\n".to_owned(), "403"),
        ("GET http://127.0.0.1:22/pool/x.deb HTTP/1.1\r\n\r\n".to_owned(), "403"),
        (format!("GET http://{authority}/debian/../etc/passwd HTTP/1.1\r\n\r\n"), "403"),
        (format!("CONNECT {authority} HTTP/1.1\r\n\r\n"), "405"),
        (format!("PUT http://{authority}/debian/pool/x.deb HTTP/1.1\r\n\r\n"), "405"),
    ] {
        let said = answer(&request)?;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {said}");
    }
    assert_eq!(stage.mirror.take_asked(), Vec::<String>::new());
    let honest = format!(
        "GET http://{authority}/debian/dists/test/Release HTTP/1.1\r\nConnection: close\r\n\r\n"
    );
    assert!(answer(&honest)?.starts_with("HTTP/1.1 200 "));

    // Killed, it takes the port along.
    child.kill()?;
    child.wait()?;
    until("the end of the listener", || Ok(container.ok(&["ss", "-ltnH"])?.is_empty()))?;
    packages::release(&container)?;
    Ok(())
}
