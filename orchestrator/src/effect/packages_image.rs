//! The packages of a machine at one moment.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Vault, area, capture,
    image::{Package, PackagesImage},
    packages,
};
use crate::{
    error::Result,
    transport::{Exec, Mutator, Read, Reader, Seen, printable},
};

const FORMAT: &str = "-f=${binary:Package}\\t${db:Status-Status}\\t${Version}\\n";

/// All packages that dpkg knows, and the area that maintainer scripts write into.
pub(super) fn take(machine: &dyn Reader, vault: &dyn Vault) -> Result<PackagesImage> {
    let area = vault.keep(&area::take(machine)?)?;
    let (data, marks) = (data(machine)?, capture::file(machine, vault, MARKS)?);
    Ok(PackagesImage { known: known(machine)?, area, marks, data, planned: BTreeSet::new() })
}

/// Where apt keeps its marks.
pub(super) const MARKS: &str = "/var/lib/apt/extended_states";

/// Where packages keep their data.
pub(super) const DATA: &str = "/var/lib";

/// The names there.
pub(super) fn data(machine: &dyn Reader) -> Result<BTreeSet<String>> {
    let seen = machine.read(&[Read::Folder { path: DATA.to_owned() }])?.pop().transpose()?;
    Ok(match seen {
        Some(Seen::Folder(Some(names))) => names.into_iter().collect(),
        _ => BTreeSet::new(),
    })
}

/// All packages that dpkg knows.
pub(super) fn known(machine: &dyn Reader) -> Result<BTreeMap<String, Package>> {
    let output = machine.probe(&Exec::new(["dpkg-query", "-W", FORMAT]))?;
    if !output.success() {
        return Err(packages::missing(printable(&output.complaint())));
    }
    Ok(parse(&output.stdout.to_text()))
}

fn parse(text: &str) -> BTreeMap<String, Package> {
    let package = |line: &str| {
        let mut words = line.split('\t').map(str::to_owned);
        let (name, status, version) = (words.next()?, words.next()?, words.next()?);
        (status != "not-installed").then_some((name, Package { status, version }))
    };
    text.lines().filter_map(package).collect()
}

/// What an installation will install, by apt's own word, so that a run which is cut off can be told from
/// somebody else's work. Its lists must be up to date enough to know the names.
pub(super) fn planned(
    machine: &dyn Mutator,
    names: &[String],
    recommends: bool,
) -> Result<BTreeSet<String>> {
    // Of an installation that was cut off before, apt simulates nothing else until it may mend that too.
    let mut argv = ["apt-get", "--simulate", "--fix-broken"].map(str::to_owned).to_vec();
    argv.extend(packages::install_words(names, recommends));
    let output = machine.probe(&Exec::new(argv))?;
    // What cannot be simulated will not be installed either, and then the reason is shown.
    Ok(acts(&output.stdout.to_text(), "Inst "))
}

/// The packages on the lines of a simulation that begin so.
pub(super) fn acts(text: &str, verb: &str) -> BTreeSet<String> {
    let names = text.lines().filter_map(|line| line.strip_prefix(verb)?.split(' ').next());
    names.map(str::to_owned).collect()
}

/// Whether anything of the package's own is unpacked.
pub(super) fn is_there(package: &Package) -> bool {
    package.status != "config-files"
}

/// The packages that one image has and another has not.
pub(super) fn added(before: &PackagesImage, after: &PackagesImage) -> BTreeSet<String> {
    let there = |image: &PackagesImage, name: &String| image.known.get(name).is_some_and(is_there);
    let names = after.known.keys().filter(|name| there(after, name) && !there(before, name));
    names.cloned().collect()
}

/// The packages whose version differs, with both versions.
pub(super) fn moved(
    before: &PackagesImage,
    after: &PackagesImage,
) -> Vec<(String, String, String)> {
    let pairs = before.known.iter().filter_map(|(name, was)| {
        let is = after.known.get(name)?;
        let differs = is_there(was) && is_there(is) && was.version != is.version;
        differs.then(|| (name.clone(), was.version.clone(), is.version.clone()))
    });
    pairs.collect()
}

/// The name without its architecture.
pub(super) fn bare(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{acts, parse};

    #[test]
    fn what_dpkg_and_apt_say() {
        let text = "a\tinstalled\t1\nb:amd64\tconfig-files\t2\nc\tnot-installed\t\nd\thalf-configured\t3\n";
        let known = parse(text);
        assert_eq!(known.keys().collect::<Vec<_>>(), ["a", "b:amd64", "d"]);
        assert_eq!(known["d"].status, "half-configured");
        let simulated =
            "Inst libx [1] (2 Debian:12 [amd64])\nInst docker.io (20.10 Debian)\nConf libx (2)\n";
        assert_eq!(acts(simulated, "Inst ").into_iter().collect::<Vec<_>>(), ["docker.io", "libx"]);
    }
}
