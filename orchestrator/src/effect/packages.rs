//! Packages, through apt and dpkg.

use std::{collections::BTreeMap, thread, time::Duration};

use phoenix_sdk::{Observed, Output};

use super::{apt, apt_source::Source};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, Read, printable},
};

/// Between tries of a download. Three tries in all; apt itself retries each file besides.
#[cfg(not(test))]
const BACKOFF: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(8)];
#[cfg(test)]
const BACKOFF: [Duration; 2] = [Duration::from_millis(1); 2];

/// Packages may be large and mirrors slow; what hangs longer than this hangs for ever.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);

pub(super) fn reads(names: &[String]) -> Vec<Read> {
    let format = "-f=${Package}\\t${db:Status-Status}\\t${Version}\\n";
    let mut argv = vec!["dpkg-query".to_owned(), "-W".to_owned(), format.to_owned()];
    argv.push("--".to_owned());
    argv.extend(names.iter().cloned());
    vec![Read::Exec { argv }]
}

/// dpkg-query ends with 1 when it does not know one of the names, which is no error here.
pub(super) fn parse(names: &[String], output: &Output) -> Result<Observed> {
    if !matches!(output.exit, 0 | 1) {
        return Err(missing(printable(&output.complaint())));
    }
    let text = output.stdout.to_text();
    let installed: BTreeMap<String, String> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split('\t');
            let (name, status, version) = (words.next()?, words.next()?, words.next()?);
            let wanted = status == "installed" && names.iter().any(|wanted| wanted == name);
            wanted.then(|| (name.to_owned(), version.to_owned()))
        })
        .collect();
    Ok(Observed::Packages { installed })
}

/// The target has no package database that we know.
pub(super) fn missing(cause: String) -> Error {
    Error::new(ErrorKind::Step, "APT-MISSING", "the target's package database does not answer")
        .cause(cause)
        .hint("Supported are Debian 12 and 13 and Ubuntu 22.04 and 24.04.")
}

/// Installs packages that apt knows. The package lists are updated if a download fails because they are
/// out of date; what an earlier installation that was cut off has left is ended first.
pub(super) fn install(
    source: &mut Source<'_>,
    names: &[String],
    recommends: bool,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    download(source, &install_words(names, recommends), true, line)
}

/// Sees to it that apt knows these packages: its lists are updated if it does not. Nothing but lists is
/// changed.
pub(super) fn prepare(
    source: &mut Source<'_>,
    names: &[String],
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    if apt::unknown(names, &policy(source.machine(), names)?).is_empty() {
        return Ok(());
    }
    update(source, line)?;
    match apt::unknown(names, &policy(source.machine(), names)?) {
        unknown if unknown.is_empty() => Ok(()),
        unknown => Err(apt::no_candidate(&unknown)),
    }
}

/// Ends what an interrupted dpkg has begun, as far as it can be ended.
pub(super) fn configure_all(machine: &dyn Mutator, line: &mut dyn FnMut(&str)) -> Result<()> {
    let words = ["dpkg", "--configure", "--pending", "--force-confold"];
    machine.exec(&Exec::new(words).within(TIME_LIMIT), line).map(drop)
}

/// Runs apt-get with these words, once.
pub(super) fn apt_get_words(
    machine: &dyn Mutator,
    words: &[String],
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let output = machine.exec(&apt_get(words, Vec::new()), line)?;
    if output.success() { Ok(()) } else { Err(apt::explain(&output)) }
}

fn update(source: &mut Source<'_>, line: &mut dyn FnMut(&str)) -> Result<()> {
    // Without this option apt-get ends with 0 although a list could not be fetched.
    let words = ["-o", "APT::Update::Error-Mode=any", "update"].map(str::to_owned);
    download(source, &words, false, line)
}

/// Runs apt-get, and again after a while if a download fails. Lists that may be out of date are updated
/// before the second try. Where the package cache is of no use, apt is asked again at once without it.
fn download(
    source: &mut Source<'_>,
    words: &[String],
    mut outdated: bool,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let machine = source.machine();
    let mut waits = BACKOFF.iter();
    let mut mended = false;
    loop {
        let options = source.options(line);
        let output = machine.exec(&apt_get(words, options), line)?;
        let served = source.report(line);
        if output.success() {
            return Ok(());
        }
        if !mended && let Some(mend) = apt::mend(&output) {
            line("an earlier installation was cut off; it is ended first");
            mended = true;
            match mend {
                apt::Mend::Configure => configure_all(machine, line)?,
                apt::Mend::FixBroken => {
                    let words = ["--fix-broken", "install"].map(str::to_owned);
                    let options = source.options(line);
                    machine.exec(&apt_get(&words, options), line)?;
                }
            }
            continue;
        }
        let error = apt::explain(&output);
        if error.code != "APT-DOWNLOAD" {
            return Err(error);
        }
        if source.failed(&served, waits.len() == 0, line) {
            continue;
        }
        let Some(wait) = waits.next() else { return Err(error) };
        line(&format!("a download failed, trying again in {} s", wait.as_secs()));
        thread::sleep(*wait);
        if std::mem::take(&mut outdated) {
            update(source, line)?;
        }
    }
}

fn policy(machine: &dyn Mutator, names: &[String]) -> Result<Output> {
    let mut argv = vec!["apt-cache".to_owned(), "policy".to_owned()];
    argv.extend(names.iter().cloned());
    machine.exec(&Exec::new(argv), &mut |_| {})
}

pub(super) fn install_words(names: &[String], recommends: bool) -> Vec<String> {
    let mut words = vec![
        "install".to_owned(),
        // A configuration file that the user edited stays the user's.
        "-o".to_owned(),
        "Dpkg::Options::=--force-confold".to_owned(),
        "-o".to_owned(),
        format!("APT::Install-Recommends={recommends}"),
        "--".to_owned(),
    ];
    words.extend(names.iter().cloned());
    words
}

fn apt_get(words: &[String], options: Vec<String>) -> Exec {
    let usual = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"];
    let argv = ["apt-get", "-y", "-q"].iter().chain(&usual).map(|word| (*word).to_owned());
    Exec::new(argv.chain(options).chain(words.iter().cloned())).within(TIME_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::{super::scripted::Scripted, Observed, Output, Source, install, parse, prepare};

    const KNOWN: (&str, i32, &str) = ("apt-cache policy", 0, "x:\n  Candidate: 1\n");
    const UNKNOWN: (&str, i32, &str) = ("apt-cache policy", 0, "x:\n  Candidate: (none)\n");
    const INSTALL: &str = "apt-get -y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install";
    const OFFLINE: &str = "E: Failed to fetch http://deb/x";

    /// What was done, by the verbs that matter.
    fn verbs(machine: &Scripted) -> Vec<&'static str> {
        let verb = |done: &String| {
            ["policy", "update", "install"]
                .into_iter()
                .find(|verb| done.contains(&format!(" {verb}")))
        };
        machine.done().iter().filter_map(verb).collect()
    }

    fn x(machine: &Scripted) -> crate::error::Result<()> {
        let mut source = Source::none(machine);
        prepare(&mut source, &["x".to_owned()], &mut |_| {})?;
        install(&mut source, &["x".to_owned()], false, &mut |_| {})
    }

    #[test]
    fn lists_are_updated_only_when_needed() {
        let machine = Scripted::new(&[KNOWN]);
        x(&machine).unwrap();
        assert_eq!(verbs(&machine), ["policy", "install"]);

        let machine = Scripted::new(&[UNKNOWN, KNOWN]);
        x(&machine).unwrap();
        assert_eq!(verbs(&machine), ["policy", "update", "policy", "install"]);

        let machine = Scripted::new(&[UNKNOWN, UNKNOWN]);
        assert_eq!(x(&machine).unwrap_err().code, "APT-UNKNOWN-PACKAGE");
    }

    #[test]
    fn a_failed_download_is_tried_again_with_new_lists_and_not_for_ever() {
        let machine = Scripted::new(&[KNOWN, (INSTALL, 100, OFFLINE)]);
        x(&machine).unwrap();
        assert_eq!(verbs(&machine), ["policy", "install", "update", "install"]);

        let machine = Scripted::new(&[
            KNOWN,
            (INSTALL, 100, OFFLINE),
            (INSTALL, 100, OFFLINE),
            (INSTALL, 100, OFFLINE),
        ]);
        assert_eq!(x(&machine).unwrap_err().code, "APT-DOWNLOAD");
        assert_eq!(verbs(&machine), ["policy", "install", "update", "install", "install"]);
    }

    #[test]
    fn what_was_cut_off_is_ended_first() {
        let interrupted = "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'";
        let machine = Scripted::new(&[KNOWN, (INSTALL, 100, interrupted)]);
        x(&machine).unwrap();
        assert!(machine.done().iter().any(|done| done.starts_with("dpkg --configure")));
        let machine =
            Scripted::new(&[KNOWN, (INSTALL, 100, interrupted), (INSTALL, 100, interrupted)]);
        assert_eq!(x(&machine).unwrap_err().code, "APT-FAILED");
    }

    #[test]
    fn script_bug_13_removed_packages_with_configuration_left_are_not_installed() {
        let output = Output {
            exit: 1,
            stdout: "docker.io\tconfig-files\t20.10\niptables\tinstalled\t1.8.9-2\n".into(),
            stderr: "dpkg-query: no packages found matching fuse-overlayfs\n".into(),
        };
        let names = ["docker.io", "iptables", "fuse-overlayfs"].map(str::to_owned);
        let installed = [("iptables".to_owned(), "1.8.9-2".to_owned())].into();
        assert_eq!(parse(&names, &output).unwrap(), Observed::Packages { installed });
    }
}
