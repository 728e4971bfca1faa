//! What is told of a container from outside is what its own tools tell inside.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use phoenix_orch::{
    effect::{self, Dockers, Eyes},
    runtime::{Lxc, Runtime},
    transport::{ContainerMachine, Exec, LocalMachine, Mutator, Read, Reader},
};
use phoenix_sdk::{Observed, Output, Subject};
use xtask::testbed::{Container, Flavor, Image, LXC_PATH, Options, Release};

/// One container, and the two ways to look at it.
struct Both {
    container: Container,
    outside: Box<dyn Mutator>,
    inside: ContainerMachine,
}

impl Both {
    fn new(image: Result<Image>) -> Result<Self> {
        let options = Options { config: vec![FUSE.to_owned()], ..Options::default() };
        let container = Container::create(&image?, "outside", &options)?;
        let lxc = Lxc::new(LXC_PATH);
        let (name, runtime): (_, &dyn Runtime) = (container.name(), &lxc);
        let (outside, inside) =
            (runtime.machine(name), ContainerMachine::new(name, runtime.attach(name)));
        assert!(outside.view().is_some() && inside.view().is_none());
        Ok(Self { outside, inside, container })
    }

    fn seen(machine: &dyn Reader, subjects: &[Subject]) -> Result<Vec<Option<Observed>>> {
        let eyes = Eyes { host: &LocalMachine, container: None };
        Ok(effect::observe_all(eyes, machine, subjects)?.into_iter().map(Result::ok).collect())
    }

    /// Both ways see the same; gives how many there were.
    fn agree(&self, subjects: &[Subject]) -> Result<usize> {
        let outside = Self::seen(&*self.outside, subjects)?;
        let inside = Self::seen(&self.inside, subjects)?;
        for ((subject, outside), inside) in subjects.iter().zip(outside).zip(inside) {
            assert_eq!(outside, inside, "{subject:?}");
        }
        Ok(subjects.len())
    }

    fn lines(&self, script: &str) -> Result<Vec<String>> {
        let lines = self.container.script(script)?;
        Ok(lines.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect())
    }

    fn answers(&self, argv: &[&str]) -> Result<(Output, Output)> {
        let exec = Exec::new(argv.iter().copied());
        let outside = effect::probe(&*self.outside, &exec, None)?;
        Ok((outside, effect::probe(&self.inside, &exec, None)?))
    }

    /// Whether the machine was entered since it was last asked; entering shows as a shell of ours in the container.
    fn was_entered(&self) -> Result<bool> {
        let shells = self
            .container
            .script("grep -l PHOENIX_ORCH_SESSION /proc/[0-9]*/environ 2>/dev/null || :")?;
        self.outside.reconnect();
        self.inside.reconnect();
        Ok(!shells.trim().is_empty())
    }
}

/// A device that belongs to nobody in the container.
const FUSE: &str = "lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0";

fn everything_agrees(release: Release) -> Result<()> {
    let both = Both::new(Image::ensure(release))?;

    let files = "find /etc /usr/lib/systemd /usr/share/doc/apt /var/lib/dpkg /dev /run -xdev -not -name 'phoenix*' -print; \
                 echo /proc/version; echo /proc/1/comm; echo /proc/self/status/x; echo /sys/kernel; echo /etc/no/such; \
                 ln -s /proc/self /etc/way; echo /etc/way; echo /etc/way/limits; echo /etc/way/no";
    let paths = both.lines(files)?;
    // What systemd itself rewrites while we look.
    let steady =
        |path: &String| !path.starts_with("/run/systemd/journal") && !path.starts_with("/run/log");
    let paths: Vec<String> = paths.into_iter().filter(steady).collect();
    let file = |path: &String| Subject::File { path: path.clone() };
    let folder = |path: &String| Subject::Folder { path: path.clone() };
    assert!(both.agree(&paths.iter().map(file).collect::<Vec<_>>())? > 500);
    both.agree(&paths.iter().map(folder).collect::<Vec<_>>())?;

    let mut packages = both.lines("dpkg-query -W -f='${Package}\\n'")?;
    packages.extend(["no-such-package", "docker.io", "a"].map(str::to_owned));
    let whole = Subject::Packages { names: packages.clone() };
    let one = |name: &String| Subject::Packages { names: vec![name.clone()] };
    let each = packages.iter().map(one).chain([whole]).collect::<Vec<_>>();
    assert!(both.agree(&each)? > 100);

    let units = "systemctl list-units --all --plain --no-legend | cut -d' ' -f1; \
                 systemctl list-unit-files --no-legend | cut -d' ' -f1; echo no-such.service; echo docker; echo getty@.service";
    let units: BTreeSet<String> = both.lines(units)?.into_iter().collect();
    let service = |name: &String| Subject::Service { name: name.clone() };
    assert!(both.agree(&units.iter().map(service).collect::<Vec<_>>())? > 100);
    Ok(())
}

#[test]
fn everything_agrees_on_bookworm() -> Result<()> {
    everything_agrees(Release::Bookworm)
}

#[test]
fn everything_agrees_on_trixie() -> Result<()> {
    everything_agrees(Release::Trixie)
}

#[test]
fn commands_whose_answer_is_known_print_just_that() -> Result<()> {
    let both = Both::new(Image::ensure_flavor(Release::Bookworm, Flavor::Docker))?;
    both.container.ok(&["systemctl", "start", "docker.service"])?;
    for zone in ["", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"] {
        if !zone.is_empty() {
            let zoneinfo = format!("/usr/share/zoneinfo/{zone}");
            both.container.ok(&["ln", "-sf", &zoneinfo, "/etc/localtime"])?;
        }
        for unit in
            ["docker.service", "dbus.service", "no-such.service", "systemd-tmpfiles-setup.service"]
        {
            let argv = ["systemctl", "show", unit, "--property=ExecStart,Environment"];
            let (outside, inside) = both.answers(&argv)?;
            assert_eq!(outside, inside, "{unit} in `{zone}`");
        }
    }
    for template in
        ["{{json .Driver}} {{json .DriverStatus}}", "{{json .DockerRootDir}}", "{{.Driver}}"]
    {
        let (outside, inside) = both.answers(&["docker", "info", "--format", template])?;
        assert_eq!(outside, inside, "{template}");
        assert_eq!(outside.exit, 0, "{outside:?}");
    }
    Ok(())
}

const INFO: [&str; 4] = ["docker", "info", "--format", "{{json .Driver}} {{json .DriverStatus}}"];

#[test]
fn a_docker_is_asked_again_once_it_was_started_anew() -> Result<()> {
    let both = Both::new(Image::ensure_flavor(Release::Bookworm, Flavor::Docker))?;
    let (name, state) = (both.container.name(), tempfile::tempdir()?);
    let dockers = Dockers::kept_in(state.path());
    let knowing = || -> Result<(Output, Output)> {
        let exec = Exec::new(INFO);
        let outside = effect::probe(&*both.outside, &exec, Some(dockers.of(name)))?;
        Ok((outside, effect::probe(&both.inside, &exec, None)?))
    };
    let start_with = |driver: &str| {
        both.container.script(&format!(
            "mkdir -p /etc/docker && echo '{{\"storage-driver\": \"{driver}\"}}' > /etc/docker/daemon.json && \
             {{ systemctl reset-failed docker.service || :; }} && systemctl restart docker.service"
        ))
    };

    // Docker asks for no more of the driver than that its program is there.
    both.container.ok(&["ln", "-s", "/bin/true", "/usr/bin/fuse-overlayfs"])?;
    start_with("fuse-overlayfs")?;
    let (first, inside) = knowing()?;
    assert_eq!(first, inside);
    assert_eq!(knowing()?.0, first);
    // That it was not asked the second time shows in what is kept.
    let kept =
        std::fs::read_dir(state.path().join("dockers"))?.next().context("nothing kept")??;
    let text = std::fs::read_to_string(kept.path())?;
    std::fs::write(kept.path(), text.replace("fuse-overlayfs", "what-was-kept"))?;
    assert!(knowing()?.0.stdout.to_text().contains("what-was-kept"));

    // One that does not answer is not said to be well.
    both.container.script("mv /run/docker.sock /run/away.sock")?;
    let (outside, inside) = knowing()?;
    assert_eq!(outside, inside);
    assert_ne!(outside.exit, 0);
    both.container.script("mv /run/away.sock /run/docker.sock")?;

    // The same file says something else, and the same process does what it did.
    both.container.script("echo '{\"storage-driver\": \"vfs\"}' > /etc/docker/daemon.json")?;
    assert!(knowing()?.0.stdout.to_text().contains("what-was-kept"));
    for driver in ["vfs", "fuse-overlayfs"] {
        start_with(driver)?;
        let (outside, inside) = knowing()?;
        assert_eq!(outside, inside, "{driver}");
        assert!(outside.stdout.to_text().contains(driver), "{outside:?}");
    }
    both.container.script("systemctl stop docker.socket docker.service")?;
    let (outside, inside) = knowing()?;
    assert_eq!(outside, inside);
    assert_ne!(outside.exit, 0);
    Ok(())
}

#[test]
fn nobody_enters_for_what_is_told_from_outside() -> Result<()> {
    let both = Both::new(Image::ensure_flavor(Release::Bookworm, Flavor::Docker))?;
    both.container.ok(&["systemctl", "start", "docker.service"])?;
    let known = [
        Subject::File { path: "/etc/os-release".to_owned() },
        Subject::Packages { names: vec!["docker.io".to_owned()] },
        Subject::Service { name: "docker.service".to_owned() },
    ];
    Both::seen(&*both.outside, &known)?;
    for argv in
        [&["systemctl", "show", "docker.service", "--property=ExecStart,Environment"][..], &INFO]
    {
        effect::probe(&*both.outside, &Exec::new(argv.iter().copied()), None)?;
    }
    assert!(!both.was_entered()?);
    Both::seen(&both.inside, &known)?;
    assert!(both.was_entered()?);
    Ok(())
}

/// A monitor that was killed leaves its control group behind, and LXC gives the next one another.
#[test]
fn a_container_is_known_by_its_next_monitor() -> Result<()> {
    let container =
        Container::create(&Image::ensure(Release::Bookworm)?, "monitor", &Options::default())?;
    let init = container.init_pid()?;
    let status = std::fs::read_to_string(format!("/proc/{init}/status"))?;
    let monitor = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    let monitor: i32 = monitor.context("no parent")?.trim().parse()?;
    let monitor = rustix::process::Pid::from_raw(monitor).context("no parent")?;
    rustix::process::kill_process(monitor, rustix::process::Signal::KILL)?;
    while container.state()? != "STOPPED" {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    container.start()?;
    let lxc = Lxc::new(LXC_PATH);
    assert!(lxc.machine(container.name()).view().is_some());
    Ok(())
}

/// Somebody who rules in the container cannot make us take his word for what it is not, nor keep us waiting.
#[test]
fn what_is_unusual_is_looked_at_inside() -> Result<()> {
    let both = Both::new(Image::ensure(Release::Bookworm))?;
    let packages = [Subject::Packages { names: vec!["apt".to_owned()] }];
    // Dpkg was cut off: its newest word is not in the database yet.
    both.container.script("cp /var/lib/dpkg/status /tmp/s; printf 'Package: apt\\nStatus: deinstall ok config-files\\nVersion: 1\\nArchitecture: amd64\\n' > /var/lib/dpkg/updates/0000")?;
    both.agree(&packages)?;
    assert!(both.was_entered()?);
    both.container.ok(&["rm", "/var/lib/dpkg/updates/0000"])?;

    // No bus, then one that says nothing at all.
    let service = [Subject::Service { name: "cron.service".to_owned() }];
    let before = Both::seen(&*both.outside, &service)?;
    assert!(before[0].is_some());
    both.container.script("mv /run/dbus/system_bus_socket /run/dbus/away")?;
    assert_eq!(Both::seen(&*both.outside, &service)?, before);
    both.container.script("ln -s /run/systemd/journal/stdout /run/dbus/system_bus_socket")?;
    assert_eq!(Both::seen(&*both.outside, &service)?, before);

    let reads = [Read::File { path: "/proc/uptime".to_owned() }];
    let seen = both.outside.read(&reads)?.remove(0).context("the container's own uptime")?;
    drop(seen);
    Ok(())
}
