//! Which packages Docker is, by source and distribution.

use phoenix_sdk::{Code, Machine, Observed, OsRelease, Result, StepError, Subject};

use crate::{Params, Source};

pub(crate) const OTHER_FAMILY: Code = Code::new(
    "DOCKER-OTHER-FAMILY",
    "Docker is installed already from another source than the one that is configured. The two families of packages \
     exclude each other, and replacing one by the other takes all containers down.",
    "Set `source` of `docker-install` to what is installed, or remove the installed packages yourself and run again.",
);

/// The packages of each family that hold the daemon.
const DISTRIBUTION: &str = "docker.io";
const DOCKER: &str = "docker-ce";

/// The packages to install, without recommended ones.
pub(crate) fn wanted(os: &OsRelease, params: &Params) -> Vec<String> {
    let names: &[&str] = match params.source {
        Source::Docker if !params.repository.packages.is_empty() => {
            return params.repository.packages.clone();
        }
        Source::Docker => &[DOCKER, "docker-ce-cli", "containerd.io"],
        // Debian 13 has the command line in a package of its own and only recommends it.
        Source::Distribution if (&*os.id, &*os.version) == ("debian", "13") => {
            &[DISTRIBUTION, "docker-cli", "iptables"]
        }
        // Docker's networks need iptables whether or not the package depends on it.
        Source::Distribution => &[DISTRIBUTION, "iptables"],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Fails when Docker is there from the other source.
pub(crate) fn no_other_family(machine: &Machine<'_>, source: Source) -> Result<()> {
    let (other, its_source) = match source {
        Source::Distribution => (DOCKER, "docker"),
        Source::Docker => (DISTRIBUTION, "distribution"),
    };
    let seen = machine.observe(Subject::Packages { names: vec![other.to_owned()] })?;
    match seen {
        Observed::Packages { installed } if installed.is_empty() => Ok(()),
        _ => Err(StepError::new(
            "DOCKER-OTHER-FAMILY",
            format!("`{other}` is installed, and Docker is to come from elsewhere"),
        )
        .hint(format!(
            "Set `source = \"{its_source}\"` for `docker-install` in plugins.toml to keep it."
        ))
        .hint(format!("Or remove `{other}` in the container yourself, and run again."))),
    }
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::OsRelease;

    use super::wanted;
    use crate::{Params, Source};

    #[test]
    fn the_command_line_always_comes_along() {
        let os = |id: &str, version: &str| OsRelease {
            id: id.to_owned(),
            version: version.to_owned(),
            codename: String::new(),
            pretty: String::new(),
        };
        let params = Params::default();
        assert_eq!(wanted(&os("debian", "12"), &params), ["docker.io", "iptables"]);
        assert_eq!(wanted(&os("debian", "13"), &params), ["docker.io", "docker-cli", "iptables"]);
        assert_eq!(wanted(&os("ubuntu", "24.04"), &params), ["docker.io", "iptables"]);
        let mut params = Params { source: Source::Docker, ..Params::default() };
        assert_eq!(wanted(&os("debian", "12"), &params)[0], "docker-ce");
        params.repository.packages = vec!["docker-ce".to_owned()];
        assert_eq!(wanted(&os("debian", "12"), &params), ["docker-ce"]);
    }
}
