//! Mounts that the running container was started without: the one kind of option of which that can be told.

use phoenix_sdk::{Change, Context, FileState, Kind, Probe, Result, argv, shown};

use crate::params::Opt;

pub(crate) const MOUNTS: Probe = Probe::new(
    "mounts",
    argv!["cut", "-d", " ", "-f", "5", "/proc/self/mountinfo"],
    "Where something is mounted in the container",
);

/// Entries that are written down already, and that the running container does not have, as warnings. One whose
/// source the host does not have either would not come with a restart, so nothing is said of it.
pub(crate) fn missing(
    cx: &Context<'_>,
    options: &[Opt],
    changes: &[Change],
) -> Result<Vec<String>> {
    let sets = |change: &Change, option: &Opt| match &change.kind {
        Kind::ContainerOption { key, value, .. } => (key, value) == (&option.key, &option.value),
        _ => false,
    };
    let written = |option: &&Opt| !changes.iter().any(|change| sets(change, option));
    let entries: Vec<_> = options
        .iter()
        .filter(|option| option.key == "lxc.mount.entry")
        .filter(written)
        .filter_map(|option| target(&option.value))
        .collect();
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let seen = cx.machine().probe(&MOUNTS, &[])?;
    if !seen.success() {
        let why = shown::output(&seen);
        return Ok(vec![format!(
            "whether the running container has its mounts cannot be told: {why}"
        )]);
    }
    let text = seen.stdout.to_text();
    let is_late = |(source, place): &(&str, String)| {
        let there = text.lines().any(|line| line == place);
        let possible = !source.starts_with("/dev/")
            || !matches!(cx.host().file(*source), Ok(FileState::Absent));
        !there && possible
    };
    Ok(entries
        .iter()
        .filter(|entry| is_late(entry))
        .map(|(_, place)| {
            format!(
                "`{}` is not mounted in the running container yet; it will be when the container is started the next time",
                shown::name(place)
            )
        })
        .collect())
}

/// Source of an entry, and where its target is in the container. LXC passes over most absolute targets, so
/// nothing is expected of them.
fn target(entry: &str) -> Option<(&str, String)> {
    let mut words = entry.split_whitespace();
    let (source, target) = (words.next()?, words.next()?);
    (!target.starts_with('/')).then(|| (source, format!("/{}", target.trim_end_matches('/'))))
}
