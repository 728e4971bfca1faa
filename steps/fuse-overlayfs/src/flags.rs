//! What dockerd gets besides `daemon.json`: flags and variables of its unit.

use phoenix_sdk::{Code, Machine, Probe, Result, StepError, argv, shown};

pub(crate) const UNIT: Probe = Probe::new(
    "docker-unit",
    argv!["systemctl", "show", "docker.service", "--property=ExecStart,Environment"],
    "The flags and variables that Docker's unit gives to dockerd",
);

pub(crate) const ELSEWHERE: Code = Code::new(
    "DOCKER-DRIVER-ELSEWHERE",
    "Docker's unit sets the storage driver itself, by a flag or a variable. dockerd refuses to start when the \
     driver is in `daemon.json` as well, or follows the variable instead.",
    "Remove the flag or the variable from the unit's drop-in or from /etc/default/docker, and run again.",
);

pub(crate) const UNREADABLE: Code = Code::new(
    "DOCKER-UNIT-UNREADABLE",
    "systemd does not show Docker's unit, so nobody can say which driver its flags choose. Nothing was changed.",
    "Run `systemctl show docker.service` in the container, mend what it says, and run again.",
);

/// What this step reads of the flags.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// The word that sets the driver.
    driver: Option<String>,
    pub(crate) data_root: Option<String>,
}

impl Flags {
    /// Of the unit as systemd has loaded it.
    pub(crate) fn look(machine: &Machine<'_>) -> Result<Self> {
        let output = machine.probe(&UNIT, &[])?;
        if !output.success() {
            return Err(StepError::new("DOCKER-UNIT-UNREADABLE", "Docker's unit cannot be read")
                .cause(shown::output(&output))
                .hint(
                    "Run `systemctl show docker.service` in the container and mend what it says.",
                ));
        }
        let unit = output.stdout.to_text();
        // Debian's unit passes this variable on.
        let defaults = if unit.contains("$DOCKER_OPTS") {
            machine.file("/etc/default/docker")?.content().map(phoenix_sdk::Bytes::to_text)
        } else {
            None
        };
        Ok(Self::parse(&unit, &defaults.unwrap_or_default()))
    }

    fn parse(unit: &str, defaults: &str) -> Self {
        let opts = defaults.lines().map(str::trim).filter(|line| line.starts_with("DOCKER_OPTS="));
        let text = format!("{unit} {}", opts.collect::<Vec<_>>().join(" "));
        let words: Vec<_> = text
            .split(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\''))
            .map(|word| word.trim_start_matches("DOCKER_OPTS=").trim_start_matches("Environment="))
            .collect();
        let mut flags = Self::default();
        for (at, word) in words.iter().enumerate() {
            let next = words.get(at + 1).copied().unwrap_or_default();
            if matches!(*word, "-s" | "--storage-driver") {
                flags.driver = Some(format!("{word} {next}"));
            } else if word.starts_with("--storage-driver=")
                || (word.starts_with("DOCKER_DRIVER=") && *word != "DOCKER_DRIVER=fuse-overlayfs")
            {
                flags.driver = Some((*word).to_owned());
            } else if matches!(*word, "--data-root" | "-g" | "--graph") {
                flags.data_root = Some(next.to_owned());
            } else if let Some(path) =
                word.strip_prefix("--data-root=").or(word.strip_prefix("--graph="))
            {
                flags.data_root = Some(path.to_owned());
            }
        }
        flags
    }

    /// Fails when the unit sets the driver.
    pub(crate) fn none_for_the_driver(&self) -> Result<()> {
        let Some(word) = &self.driver else { return Ok(()) };
        Err(StepError::new(
            "DOCKER-DRIVER-ELSEWHERE",
            format!("Docker's unit sets the storage driver: `{}`", shown::name(word)),
        )
        .hint("Remove it from the unit's drop-in or from /etc/default/docker (`systemctl cat docker` shows where)."))
    }
}

#[cfg(test)]
mod tests {
    use super::Flags;

    #[test]
    fn flags_as_systemd_shows_them() {
        let unit = |argv: &str, environment: &str| {
            format!(
                "ExecStart={{ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd {argv} ; \
                 ignore_errors=no ; pid=7 }}\nEnvironment={environment}\n"
            )
        };
        for (argv, environment, defaults, driver, root) in [
            ("-H fd:// $DOCKER_OPTS", "", "# DOCKER_OPTS=\"-s vfs\"\n", None, None),
            (
                "-H fd:// $DOCKER_OPTS",
                "",
                "DOCKER_OPTS=\"-s vfs -g /d\"\n",
                Some("-s vfs"),
                Some("/d"),
            ),
            ("--storage-driver=vfs", "", "", Some("--storage-driver=vfs"), None),
            (
                "--storage-driver vfs --data-root /d",
                "",
                "",
                Some("--storage-driver vfs"),
                Some("/d"),
            ),
            ("-H fd://", "A=1 DOCKER_DRIVER=vfs", "", Some("DOCKER_DRIVER=vfs"), None),
            ("-H fd://", "DOCKER_DRIVER=vfs", "", Some("DOCKER_DRIVER=vfs"), None),
            ("-H fd://", "DOCKER_DRIVER=fuse-overlayfs", "", None, None),
        ] {
            let flags = Flags::parse(&unit(argv, environment), defaults);
            let seen = (flags.driver.as_deref(), flags.data_root.as_deref());
            assert_eq!(seen, (driver, root), "{argv} {environment} {defaults}");
        }
    }
}
