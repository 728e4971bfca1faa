//! `/dev/fuse` in a container, and the line of the container's configuration that brings it in.
//!
//! More than one step needs it: whichever restarts the container first brings the device along, so that
//! no second restart is needed for it.

use crate::{
    Change, Context, Evidence, FileState, Kind, Machine, Manager, Others, Result, StepError,
    change::properties,
};

/// Where the device is, on the host and in the container.
pub const PATH: &str = "/dev/fuse";
/// The key of the container's configuration.
pub const KEY: &str = "lxc.mount.entry";
/// The same text as Proxmox VE writes for `features: fuse=1`.
pub const VALUE: &str = "/dev/fuse dev/fuse none bind,create=file 0 0";
/// The key and the property that stand for that line on Proxmox VE.
const FEATURES: &str = "features";
const FEATURE: &str = "fuse=1";

/// Whether a path is the FUSE device.
pub fn is_fuse(state: &FileState) -> bool {
    matches!(state, FileState::Device { block: false, major: 10, minor: 229, .. })
}

/// Requires the device on the host. LXC refuses to start a container whose entry has no source, so it is
/// better to stop while the container still runs.
///
/// # Errors
/// - `FUSE-NO-DEVICE` when it is not there.
/// - Those of [`Machine::file`].
pub fn require(host: &Machine<'_>) -> Result<()> {
    let device = host.file(PATH)?;
    if is_fuse(&device) {
        return Ok(());
    }
    Err(StepError::new("FUSE-NO-DEVICE", format!("`{PATH}` on the host is {}", device.kind()))
        .hint("Run `host-tunables` first, or `modprobe fuse` on the host."))
}

/// The changes with which the container gets the device at each start, for [`crate::Wanted::change`]: lines
/// that keep it from starting, or from having the device, are removed; then there is one that brings it in. One that
/// is there already and works as well is kept. On Proxmox it is its own `features: fuse=1`.
///
/// # Errors
/// - `FUSE-TWICE` on Proxmox, when a `dev[n]` brings the device in as well: the container would not start.
/// - Those of [`Machine::observe`].
pub fn wanted(cx: &Context<'_>) -> Result<Vec<Change>> {
    let options = Options::of(cx)?;
    let mut changes: Vec<Change> = broken(&options.entries)
        .into_iter()
        .map(|(value, why)| {
            let (key, value) = (KEY.to_owned(), value.to_owned());
            Change::new(Kind::ContainerOptionAbsent { key, value }).because(why)
        })
        .collect();
    if options.feature && options.passed {
        let message = "`/dev/fuse` comes into the container by `dev[n]` and by `features: fuse=1`";
        return Err(StepError::new("FUSE-TWICE", message)
            .cause("Proxmox cannot start a container with both")
            .hint("Take one of the two away: `pct set ID --delete devN`."));
    }
    let (key, value, others) = match cx.manager() {
        Manager::Pve if options.passed => return Ok(changes),
        Manager::Pve if working(&options.entries).is_none() => (FEATURES, FEATURE, Others::Merged),
        _ => (KEY, working(&options.entries).unwrap_or(VALUE), Others::Kept),
    };
    let (key, value) = (key.to_owned(), value.to_owned());
    changes.push(
        Change::new(Kind::ContainerOption { key, value, others })
            .because("Docker's mounts need `/dev/fuse` in the container"),
    );
    Ok(changes)
}

/// The first entry that brings the device in.
pub fn working(entries: &[String]) -> Option<&str> {
    entries.iter().map(String::as_str).find(|value| judge(value) == Judgement::Good)
}

/// The entries that were meant to bring the device in, and with which the container would not start, or would
/// start without it; and why.
pub fn broken(entries: &[String]) -> Vec<(&str, &'static str)> {
    let why = |value: &String| match judge(value) {
        Judgement::Broken(why) => Some(why),
        Judgement::Good | Judgement::Foreign => None,
    };
    entries.iter().filter_map(|value| Some((value.as_str(), why(value)?))).collect()
}

/// That the device will be there after the next start too.
///
/// # Errors
/// As [`Machine::observe`].
pub fn evidence(cx: &Context<'_>) -> Result<Evidence> {
    let options = Options::of(cx)?;
    let good = working(&options.entries);
    let expected = match cx.manager() {
        Manager::Lxc => format!("{KEY} = {VALUE}"),
        Manager::Pve => format!("{FEATURES}: {FEATURE}"),
    };
    let observed = match good {
        _ if options.feature => format!("{FEATURES}: {FEATURE}"),
        Some(value) => format!("{KEY} = {value}"),
        None if options.passed => format!("dev[n]: {PATH}"),
        None => "no option that brings `/dev/fuse` in".to_owned(),
    };
    let holds = good.is_some() || options.feature || options.passed;
    Ok(Evidence {
        claim: "the container gets `/dev/fuse` at each start".to_owned(),
        how: "the container's configuration".to_owned(),
        expected,
        observed,
        holds,
    })
}

/// What the configuration says about the device.
struct Options {
    /// All of `lxc.mount.entry`.
    entries: Vec<String>,
    /// Proxmox's `features: fuse=1`.
    feature: bool,
    /// Proxmox's `dev[n]`.
    passed: bool,
}

impl Options {
    fn of(cx: &Context<'_>) -> Result<Self> {
        let keys: &[&str] = match cx.manager() {
            Manager::Lxc => &[KEY],
            Manager::Pve => &[KEY, FEATURES, "dev[n]"],
        };
        let mut values = cx.machine().container_options(keys)?.into_iter();
        let mut next = || values.next().unwrap_or_default();
        let (entries, features, devices) = (next(), next(), next());
        Ok(Self {
            entries,
            feature: features.iter().any(|list| properties::missing(list, FEATURE).is_empty()),
            passed: devices.iter().any(|device| passes(device)),
        })
    }
}

/// Whether the value of a `dev[n]` is about the FUSE device.
fn passes(device: &str) -> bool {
    device.split(',').any(|part| matches!(part.trim(), PATH | "path=/dev/fuse"))
}

#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    /// About something else.
    Foreign,
    /// Binds `/dev/fuse` to its place.
    Good,
    /// Meant to, and does not; why.
    Broken(&'static str),
}

/// What LXC makes of an entry (`fstab(5)` with options of its own).
fn judge(value: &str) -> Judgement {
    let words: Vec<_> = value.split_whitespace().collect();
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    if word(0) != "/dev/fuse" && word(1).trim_start_matches('/') != "dev/fuse" {
        return Judgement::Foreign;
    }
    let options: Vec<_> = word(3).split(',').collect();
    if word(1).is_empty() {
        Judgement::Broken("it has no target, so LXC would mount it over the container's root")
    } else if word(1) == "/dev/fuse" {
        Judgement::Broken("its target is absolute, and LXC ignores such an entry for a device")
    } else if word(1) != "dev/fuse" {
        // Somebody wants the device in another place as well; that does no harm.
        Judgement::Foreign
    } else if word(0) != "/dev/fuse" {
        Judgement::Broken("it puts something else in the place of `/dev/fuse`")
    } else if !options.contains(&"bind") && !options.contains(&"rbind") {
        Judgement::Broken("it has no option `bind`, so LXC looks for a file system called `none`")
    } else if !options.contains(&"create=file") {
        Judgement::Broken(
            "it has no option `create=file`, and the container's fresh `/dev` has no such file",
        )
    } else {
        Judgement::Good
    }
}

#[cfg(test)]
mod tests {
    use super::{Judgement, KEY, VALUE, judge};
    use crate::{Meta, Result, Scope, Wanted, World, testing::FakeHost};

    #[test]
    fn entries_as_lxc_reads_them() {
        for (value, expected) in [
            (VALUE, "good"),
            ("/dev/fuse  dev/fuse\tnone bind,optional,create=file", "good"),
            ("/dev/fuse dev/fuse none bind,create=file,rw,uid=165536,gid=165536 0 0", "good"),
            ("/srv srv none bind,create=dir 0 0", "foreign"),
            ("/dev/fuse dev/my-fuse none bind,create=file 0 0", "foreign"),
            ("/dev/fuse", "no target"),
            ("/dev/fuse /dev/fuse none bind,create=file 0 0", "absolute"),
            ("/dev/fuse dev/fuse none create=file 0 0", "`bind`"),
            ("/dev/fuse dev/fuse none bind 0 0", "`create=file`"),
            ("/dev/fuse dev/fuse none bind,create=dir 0 0", "`create=file`"),
            ("/dev/null dev/fuse none bind,create=file 0 0", "something else"),
        ] {
            let seen = match judge(value) {
                Judgement::Good => "good",
                Judgement::Foreign => "foreign",
                Judgement::Broken(why) => why,
            };
            assert!(seen.contains(expected), "{value}: {seen}");
        }
    }

    /// What is wanted in a container with these options, in words.
    fn wanted_with(world: World, options: &[(&str, &str)]) -> Result<Vec<String>> {
        let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let world = World { options: options.collect(), ..world };
        let host = FakeHost::new(world, Meta::new("x", "0.1.0", Scope::Container, ""));
        let report = host.with(&host.input()?, &[], |cx| {
            let wanted = Wanted::on(cx.machine());
            super::wanted(cx)?.into_iter().fold(wanted, Wanted::change).into_report()
        })?;
        let words = report.changes.iter().map(|change| change.kind.to_string());
        Ok(words.map(|words| words.replace(" from the container's configuration", "")).collect())
    }

    #[test]
    fn what_works_is_kept_and_what_does_not_is_replaced() {
        let own = "/dev/fuse dev/fuse none bind,optional,create=file 0 0";
        let set = format!("set `{KEY} = {VALUE}` in the container's configuration");
        let feature = "set `fuse=1` among the `features` of the container";
        let broken = "remove the line `lxc.mount.entry = /dev/fuse`";
        type Options<'o> = &'o [(&'o str, &'o str)];
        let options: [(Options<'_>, &[&str], &[&str]); 7] = [
            (&[], &[&set], &[feature]),
            (&[(KEY, "/a a none bind 0 0"), (KEY, own)], &[], &[]),
            (&[(KEY, "/dev/fuse")], &[broken, &set], &[broken, feature]),
            (&[(KEY, "/dev/fuse"), (KEY, own)], &[broken], &[broken]),
            (&[("features", "keyctl=1,fuse=1")], &[&set], &[]),
            (&[("features", "fuse=0")], &[&set], &[feature]),
            (&[("dev[n]", "/dev/fuse,mode=0666")], &[&set], &[]),
        ];
        for (options, lxc, pve) in options {
            assert_eq!(wanted_with(World::container("lxc"), options).unwrap(), lxc, "{options:?}");
            let world = World::container("pve").on_pve();
            assert_eq!(wanted_with(world, options).unwrap(), pve, "{options:?}");
        }
    }

    #[test]
    fn proxmox_does_not_start_a_container_that_gets_it_twice() {
        let options = [("features", "fuse=1"), ("dev[n]", "path=/dev/fuse")];
        let twice = wanted_with(World::container("twice").on_pve(), &options).unwrap_err();
        assert_eq!(twice.code, "FUSE-TWICE");
    }
}
