//! Takes an installation back: removes exactly the packages that it added, and brings back what their
//! scripts wrote. Data of the packages is never removed, whatever their maintainers think of a purge.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Source, Vault, area, capture,
    image::{Package, PackagesImage},
    packages, packages_area,
    packages_image::{DATA, MARKS, acts, added, bare, data, is_there, known, moved},
    restore::bring_file,
};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, Read, Reader, Seen, printable},
};

/// Brings a machine's packages from one image to another; says what had to be left.
pub(super) fn restore(
    source: &mut Source<'_>,
    vault: &dyn Vault,
    from: &PackagesImage,
    to: &PackagesImage,
    line: &mut dyn FnMut(&str),
) -> Result<Vec<String>> {
    let machine = source.machine();
    let now = known(machine)?;
    let surplus = surplus(from, to, &now);
    let there = |name: &String| now.get(name).is_some_and(is_there);
    let lacking: BTreeSet<String> =
        added(from, to).into_iter().filter(|name| !there(name)).collect();
    // Before anything is removed: what removal scripts change is not the user's doing.
    let theirs = packages_area::since(machine, vault, from)?;
    let marks = capture::file(machine, vault, MARKS)?;
    if !surplus.is_empty() {
        remove(source, &surplus, line)?;
    }
    if !lacking.is_empty() {
        let versions = lacking.iter().filter_map(|name| {
            to.known.get(name).map(|package| format!("{name}={}", package.version))
        });
        packages::install(source, &versions.collect::<Vec<_>>(), false, line)?;
    }
    let mut left: Vec<String> = moved(to, from)
        .into_iter()
        .map(|(name, was, is)| format!("`{name}` stays at {is}; it was {was}"))
        .collect();
    forget(machine, vault, (from, to), &theirs, &mut left, line)?;
    left.extend(packages_area::restore(machine, vault, from, to, &theirs)?);
    // A removal changes them too; what the user marked since is worth more than what was there before.
    if marks.node == from.marks.node {
        let now = capture::file(machine, vault, MARKS)?;
        bring_file(machine, vault, &now, &to.marks)?;
    }
    left.extend(data_left(machine, from, to)?);
    // Units have come or gone with the packages. A machine without systemd has nobody to tell.
    machine.exec(&Exec::new(["systemctl", "daemon-reload"]), &mut |_| {}).ok();
    Ok(left)
}

/// The folders with data that came with the packages. Empty ones go; what holds anything stays.
fn data_left(
    machine: &dyn Mutator,
    from: &PackagesImage,
    to: &PackagesImage,
) -> Result<Vec<String>> {
    for name in from.data.difference(&to.data) {
        machine.exec(&Exec::new(["rmdir", "--", &format!("{DATA}/{name}")]), &mut |_| {})?;
    }
    let now = data(machine)?;
    let left = from.data.difference(&to.data).filter(|name| now.contains(*name));
    Ok(left.map(|name| format!("data in `{DATA}/{}` stays", printable(name))).collect())
}

/// What there is to bring from one image to another, in words, as things are now.
pub(super) fn pending(
    vault: &dyn Vault,
    from: &PackagesImage,
    to: &PackagesImage,
    now: &PackagesImage,
) -> Result<Vec<String>> {
    let there = |name: &String| now.known.get(name).is_some_and(is_there);
    let known = |name: &String| now.known.contains_key(name);
    let surplus = from.known.keys().filter(|name| !to.known.contains_key(*name) && known(name));
    let lacking = added(from, to).into_iter().filter(|name| !there(name));
    let mut pending: Vec<String> = surplus.map(|name| format!("remove {name}")).collect();
    pending.extend(lacking.map(|name| format!("install {name}")));
    if now.marks.node == from.marks.node && now.marks.node != to.marks.node {
        pending.push(format!("bring back {MARKS}"));
    }
    pending.extend(
        packages_area::pending(vault, from, to, now)?
            .into_iter()
            .map(|path| format!("bring back {path}")),
    );
    Ok(pending)
}

/// The words of apt-get that remove these packages.
fn removal(names: &BTreeSet<String>) -> Vec<String> {
    let words = ["-o", "Dpkg::Options::=--force-remove-reinstreq", "remove", "--"];
    words.iter().map(|word| (*word).to_owned()).chain(names.iter().cloned()).collect()
}

/// Whether these packages can be removed without any others going along, but for those that are `going`
/// anyway.
///
/// # Errors
/// `ROLLBACK-CONFLICT` with the packages that need them.
fn removable(
    machine: &dyn Reader,
    names: &BTreeSet<String>,
    going: &BTreeSet<String>,
) -> Result<()> {
    let mut simulation = ["apt-get", "--simulate"].map(str::to_owned).to_vec();
    simulation.extend(removal(names));
    let simulated = machine.probe(&Exec::new(simulation))?;
    let would = acts(&simulated.stdout.to_text(), "Remv ");
    let known: BTreeSet<&str> = names.iter().chain(going).map(|name| bare(name)).collect();
    let others: Vec<String> =
        would.into_iter().filter(|name| !known.contains(bare(name))).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Conflict,
        "ROLLBACK-CONFLICT",
        format!(
            "packages that were installed since need what is to be removed: `{}`",
            others.join("`, `")
        ),
    )
    .hint("Remove them first if they are not needed, then roll back again; nothing was touched."))
}

/// Whether a restoration could be made now, before anything of the rollback is. The packages that it will
/// remove are added to those that are `going`.
///
/// # Errors
/// As [`removable`].
pub(super) fn feasible(
    machine: &dyn Reader,
    from: &PackagesImage,
    to: &PackagesImage,
    going: &mut BTreeSet<String>,
) -> Result<()> {
    let surplus = surplus(from, to, &known(machine)?);
    if !surplus.is_empty() {
        removable(machine, &surplus, going)?;
    }
    going.extend(surplus);
    Ok(())
}

/// The packages that came and are still there.
fn surplus(
    from: &PackagesImage,
    to: &PackagesImage,
    now: &BTreeMap<String, Package>,
) -> BTreeSet<String> {
    added(to, from).into_iter().filter(|name| now.get(name).is_some_and(is_there)).collect()
}

/// Removes these packages and no others.
fn remove(
    source: &mut Source<'_>,
    names: &BTreeSet<String>,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    finish(source, names, line)?;
    let machine = source.machine();
    removable(machine, names, &BTreeSet::new())?;
    packages::apt_get_words(machine, &removal(names), line)
}

/// Finishes what an installation that was cut off has begun, as far as that goes. Only dpkg knows what it
/// has unpacked of a package, and only once it has unpacked all of it: half of a package cannot be removed.
/// Where the package cannot be fetched any more, dpkg's temporary files are all that can be found of it.
fn finish(
    source: &mut Source<'_>,
    names: &BTreeSet<String>,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let machine = source.machine();
    // Triggers of packages that are none of ours may be pending too: apt does nothing before all is settled.
    let settled =
        |package: &Package| matches!(package.status.as_str(), "installed" | "config-files");
    let unsettled = !known(machine)?.values().all(settled);
    if !unsettled && !was_interrupted(machine)? {
        return Ok(());
    }
    packages::configure_all(machine, line)?;
    let now = known(machine)?;
    let is_half =
        |name: &&String| now.get(*name).is_some_and(|package| package.status == "half-installed");
    let half: Vec<String> = names.iter().filter(is_half).cloned().collect();
    if !half.is_empty() && packages::install(source, &half, false, line).is_err() {
        let folders = ["/usr", "/opt", "/etc", "/lib", "/bin", "/sbin"];
        let words = ["find", "-H"].into_iter().chain(folders);
        let words = words.chain(["-xdev", "-type", "f", "-name", "*.dpkg-new", "-delete"]);
        machine.exec(&Exec::new(words), &mut |_| {})?;
    }
    Ok(())
}

/// Whether dpkg has changes that it has not yet made part of its database.
fn was_interrupted(machine: &dyn Mutator) -> Result<bool> {
    let read = Read::Folder { path: "/var/lib/dpkg/updates".to_owned() };
    let seen = machine.read(&[read])?.pop().transpose()?;
    Ok(matches!(seen, Some(Seen::Folder(Some(names))) if !names.is_empty()))
}

/// Makes dpkg forget packages of which only configuration is left. A purge would run their scripts, and
/// those delete data: Debian's `docker.io` removes all of `/var/lib/docker`. So the script is put away
/// first, and what else it does (links, groups) is brought back from the area.
fn forget(
    machine: &dyn Mutator,
    vault: &dyn Vault,
    (from, to): (&PackagesImage, &PackagesImage),
    theirs: &BTreeSet<String>,
    left: &mut Vec<String>,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let now = known(machine)?;
    // What somebody else has installed and removed since keeps its configuration.
    let only_config = |(name, package): &(&String, &Package)| {
        let added = from.known.contains_key(*name) && !to.known.contains_key(*name);
        added && !is_there(package)
    };
    let names: Vec<&String> = now.iter().filter(only_config).map(|(name, _)| name).collect();
    let before = area::fetch(vault, &to.area)?;
    for name in names {
        let own = conffiles(machine, name)?;
        // Edited since, or there before the package was: that is the user's, and dpkg would delete it.
        let kept: Vec<&String> = own
            .iter()
            .filter(|path| theirs.contains(*path) || before.contains_key(*path))
            .collect();
        if !kept.is_empty() {
            left.push(format!(
                "the configuration of `{name}` stays, because it was changed since: {}",
                kept.iter().map(|path| printable(path)).collect::<Vec<_>>().join(", ")
            ));
            continue;
        }
        let script = "rm -f -- \"/var/lib/dpkg/info/$1.postrm\" && exec dpkg --purge -- \"$1\"";
        let exec = Exec::new(["/bin/sh", "-c", script, "phoenix-orch", name]);
        let output = machine.exec(&exec, line)?;
        if !output.success() {
            left.push(format!("the configuration of `{name}`: {}", printable(&output.complaint())));
        }
    }
    Ok(())
}

/// The configuration files of a package.
fn conffiles(machine: &dyn Mutator, name: &str) -> Result<Vec<String>> {
    let output =
        machine.probe(&Exec::new(["dpkg-query", "-W", "-f=${Conffiles}\\n", "--", name]))?;
    let text = output.stdout.to_text();
    let paths = text.lines().filter_map(|line| line.split_whitespace().next());
    Ok(paths.map(str::to_owned).collect())
}
