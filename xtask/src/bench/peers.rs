//! Other tools that people use for this, at pinned versions from PyPI. Whoever cannot be had is reported as missing.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde_json::json;
use xtask::{say, testbed::Container};

use super::{
    competitor::{Competitor, Duty, Missing, Verdict, Without, recipe, unclear},
    sampler::Finished,
    venv,
};

const PYINFRA: [&str; 2] = ["pyinfra==3.10.0", "setuptools==80.9.0"];
const ANSIBLE: &str = "ansible-core==2.19.14";
const MITOGEN: &str = "mitogen==0.3.54";

/// What the recipes have to be told.
pub(crate) struct Facts {
    /// A folder with the files that the host should have.
    pub(crate) host_files: PathBuf,
    /// Where the recipes may write.
    pub(crate) folder: PathBuf,
    /// A file like `daemon.json` in the containers. No peer merges, so they put the whole file there.
    pub(crate) daemon: PathBuf,
    /// Whether the containers are fresh, and apt needs its lists first.
    pub(crate) fresh: bool,
}

impl Facts {
    /// Of a converged container.
    pub(crate) fn of(container: &Container, host_files: &Path, folder: &Path) -> Result<Self> {
        let daemon = folder.join("daemon.json");
        fs::write(&daemon, container.read_file("/etc/docker/daemon.json")?)
            .with_context(|| format!("cannot write `{}`", daemon.display()))?;
        Ok(Self {
            host_files: host_files.to_owned(),
            folder: folder.to_owned(),
            daemon,
            fresh: false,
        })
    }
}

/// Makes a competitor, or says why it cannot be had.
type Make<'a> = fn(&'a Facts) -> Result<Competitor<'a>>;

/// Those that are wanted and can be had; the others as missing.
pub(crate) fn those_there<'a>(
    facts: &'a Facts,
    without: &Without,
    missing: &mut Vec<Missing>,
) -> Vec<Competitor<'a>> {
    let all: [(&'static str, Make<'a>); 3] = [
        ("pyinfra", pyinfra),
        ("Ansible", |facts| ansible(facts, false)),
        ("Ansible with Mitogen", |facts| ansible(facts, true)),
    ];
    let mut found = Vec::new();
    for (name, make) in without.apply(all.map(|(name, make)| (name, (name, make))), missing) {
        match make(facts) {
            Ok(peer) => found.push(peer),
            Err(error) => {
                say::note(&format!("{name} is missing: {error:#}"));
                missing.push(Missing { name, reason: format!("{error:#}") });
            }
        }
    }
    found
}

fn pyinfra(facts: &Facts) -> Result<Competitor<'_>> {
    let programs = venv::ensure("pyinfra", &PYINFRA, Some(&recipe("pyinfra")))?;
    let start = move |containers: &[&str]| {
        let hosts = containers.iter().map(|name| format!("@lxc/{name}"));
        let hosts: Vec<String> = ["@local".to_owned()].into_iter().chain(hosts).collect();
        let mut command = Command::new(programs.join("pyinfra"));
        command.current_dir(&facts.folder).arg("--yes");
        let (names, fresh) = (containers.join(","), if facts.fresh { "yes" } else { "" });
        let paths = [&facts.daemon, &facts.host_files].map(|path| path.to_string_lossy());
        let [daemon, host_files] = paths.each_ref().map(|path| &**path);
        for (key, value) in
            [("daemon", daemon), ("host_files", host_files), ("names", &names), ("fresh", fresh)]
        {
            command.arg("--data").arg(format!("{key}={value}"));
        }
        command.arg(hosts.join(",")).arg(recipe("pyinfra/deploy.py"));
        command
    };
    Ok(Competitor {
        name: "pyinfra",
        duty: Duty::Repair,
        start: Box::new(start),
        verdict: pyinfra_found,
    })
}

/// From the last line of its table: `Grand total   9   -   -   9`, which are hosts, changed, errors, unchanged; a dash is none.
fn pyinfra_found(finished: &Finished) -> Result<Verdict> {
    finished.success()?;
    let total = finished.text.lines().find_map(|line| line.trim().strip_prefix("Grand total"));
    let figures: Vec<&str> = total.unwrap_or_default().split_whitespace().collect();
    match figures[..] {
        [_, "-", "-", unchanged] if unchanged != "-" => Ok(Verdict::NothingToChange),
        [_, changed, "-", _] if changed != "-" => Ok(Verdict::Differs),
        _ => unclear(finished),
    }
}

fn ansible(facts: &Facts, mitogen: bool) -> Result<Competitor<'_>> {
    let (name, requirements) = if mitogen {
        ("Ansible with Mitogen", vec![ANSIBLE, MITOGEN])
    } else {
        ("Ansible", vec![ANSIBLE])
    };
    let programs = venv::ensure(if mitogen { "mitogen" } else { "ansible" }, &requirements, None)?;
    let mut paths = Vec::new();
    files_below(&facts.host_files, &mut paths)?;
    let variables = json!({
        "daemon": facts.daemon,
        "host_files": facts.host_files,
        "host_paths": paths,
        "fresh": facts.fresh,
    });
    let file = facts.folder.join("ansible.json");
    fs::write(&file, variables.to_string())
        .with_context(|| format!("cannot write `{}`", file.display()))?;
    let strategies = mitogen.then(|| strategies(&programs)).transpose()?;
    let start = move |containers: &[&str]| {
        let connection = if mitogen { "lxc" } else { "lxc_attach" };
        let mut inventory = "[fleet]\n".to_owned();
        for container in containers {
            inventory += &format!("{container} ansible_connection={connection}\n");
        }
        inventory += "[local]\nlocalhost ansible_connection=local\n";
        let hosts = facts.folder.join("ansible-inventory");
        // A play without an inventory has no hosts, and is no result; with that of another round it would be a wrong one.
        if fs::write(&hosts, inventory).is_err() {
            let _ = fs::remove_file(&hosts);
        }
        let mut command = Command::new(programs.join("ansible-playbook"));
        command.current_dir(&facts.folder).env("ANSIBLE_CONFIG", recipe("ansible/ansible.cfg"));
        command.env("ANSIBLE_HOME", facts.folder.join("ansible"));
        if let Some(strategies) = &strategies {
            command.env("ANSIBLE_STRATEGY", "mitogen_free");
            command.env("ANSIBLE_STRATEGY_PLUGINS", strategies);
        }
        command.arg("--inventory").arg(hosts).arg("--extra-vars");
        command.arg(format!("@{}", file.display())).arg(recipe("ansible/site.yml"));
        command
    };
    Ok(Competitor { name, duty: Duty::Repair, start: Box::new(start), verdict: ansible_found })
}

/// Where Mitogen keeps its strategies.
fn strategies(programs: &Path) -> Result<PathBuf> {
    let libraries = programs.join("../lib");
    let list = fs::read_dir(&libraries)
        .with_context(|| format!("cannot list `{}`", libraries.display()))?;
    let found = list
        .flatten()
        .map(|python| python.path().join("site-packages/ansible_mitogen/plugins/strategy"));
    found.into_iter().find(|path| path.exists()).context("Mitogen has no strategies")
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files_below(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// From the recap: `web : ok=5 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0`, a line for each host.
fn ansible_found(finished: &Finished) -> Result<Verdict> {
    finished.success()?;
    let Some((_, recap)) = finished.text.split_once("PLAY RECAP") else {
        return unclear(finished);
    };
    let hosts = || recap.lines().filter(|line| line.contains(" unreachable="));
    if hosts().count() < 2 {
        return unclear(finished);
    }
    let is_unchanged = |line: &str| line.split_whitespace().any(|word| word == "changed=0");
    Ok(if hosts().all(is_unchanged) { Verdict::NothingToChange } else { Verdict::Differs })
}

#[cfg(test)]
mod tests {
    use super::{Finished, Verdict, ansible_found, pyinfra_found};

    #[test]
    fn what_pyinfra_says() {
        let found = |total: &str| {
            let text =
                format!("    Operation    Hosts   Success   Error   No Change\n    {total}\n\n");
            pyinfra_found(&Finished::told(0, &text)).ok()
        };
        assert_eq!(found("Grand total   9   -   -   9"), Some(Verdict::NothingToChange));
        assert_eq!(found("Grand total   9   2   -   7"), Some(Verdict::Differs));
        assert_eq!(found("Grand total   9   2   1   6"), None);
        assert_eq!(found("Grand total   -   -   -   -"), None);
        assert_eq!(found(""), None);
        assert!(pyinfra_found(&Finished::told(1, "Grand total 9 - - 9")).is_err());
    }

    #[test]
    fn what_ansible_says() {
        let found = |web: &str| {
            let host = "localhost : ok=2 changed=0 unreachable=0 failed=0\n";
            ansible_found(&Finished::told(0, &format!("PLAY RECAP ****\n{web}{host}"))).ok()
        };
        let web = "web : ok=4 changed=0 unreachable=0 failed=0\n";
        assert_eq!(found(web), Some(Verdict::NothingToChange));
        assert_eq!(found(&web.replace("changed=0", "changed=1")), Some(Verdict::Differs));
        // A play whose hosts were not found ends well, too.
        assert_eq!(found(""), None);
        assert!(ansible_found(&Finished::told(0, web)).is_err());
    }
}
