//! One machine of a world: what is on it, and how its probes answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Fact;
use crate::{Bytes, FileState, Permissions, Probe, ServiceState};

/// What a machine has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FakeMachine {
    /// Path to state.
    pub files: BTreeMap<String, FileState>,
    /// Installed packages and their versions.
    pub packages: BTreeMap<String, String>,
    /// Unit name to state.
    pub services: BTreeMap<String, ServiceState>,
    /// Settings of the running kernel.
    pub sysctls: BTreeMap<String, String>,
    /// Settings at boot.
    pub sysctls_at_boot: BTreeMap<String, String>,
    /// Loaded modules, and whether they are loaded at boot.
    pub modules: BTreeMap<String, bool>,
    /// How probes answer: the first one that fits.
    pub probes: Vec<FakeProbe>,
}

/// How a probe answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FakeProbe {
    /// Leading words of its argv.
    pub argv: Vec<String>,
    /// It answers so only if all of these hold.
    pub when: Vec<Fact>,
    /// Its exit code.
    pub exit: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl FakeMachine {
    /// A machine with nothing but Debian 12's `/etc/os-release`, booted with systemd.
    pub fn debian_12() -> Self {
        Self::default().folder("/run/systemd/system").file(
            "/etc/os-release",
            "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n\
             PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
        )
    }

    /// The same with a folder of mode 0755 that belongs to root.
    #[must_use]
    pub fn folder(mut self, path: &str) -> Self {
        let permissions = Permissions { mode: 0o755, uid: 0, gid: 0 };
        self.files.insert(path.to_owned(), FileState::Folder { permissions });
        self
    }

    /// The same with a file of mode 0644 that belongs to root.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Bytes>) -> Self {
        self.files.insert(path.to_owned(), regular(content));
        self
    }

    /// The same with a package.
    #[must_use]
    pub fn package(mut self, name: &str, version: &str) -> Self {
        self.packages.insert(name.to_owned(), version.to_owned());
        self
    }

    /// The same with a service.
    #[must_use]
    pub fn service(mut self, name: &str, state: ServiceState) -> Self {
        self.services.insert(name.to_owned(), state);
        self
    }

    /// The same with a probe that answers so while all facts hold.
    #[must_use]
    pub fn probe(mut self, argv: &[&str], when: Vec<Fact>, exit: i32, stdout: &str) -> Self {
        self.probes.push(FakeProbe {
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            when,
            exit,
            stdout: stdout.to_owned(),
            stderr: String::new(),
        });
        self
    }

    /// The same with a declared probe that answers so while all facts hold.
    #[must_use]
    pub fn answers(self, probe: &Probe, when: Vec<Fact>, exit: i32, stdout: &str) -> Self {
        let argv: Vec<&str> = probe.argv.iter().map(|word| &**word).collect();
        self.probe(&argv, when, exit, stdout)
    }

    /// The same with a declared probe that answers so while all facts hold, whatever it answered before.
    #[must_use]
    pub fn answers_first(self, probe: &Probe, when: Vec<Fact>, exit: i32, stdout: &str) -> Self {
        let mut machine = self.answers(probe, when, exit, stdout);
        machine.probes.rotate_right(1);
        machine
    }

    /// The same with a declared probe that answers so and no longer otherwise.
    #[must_use]
    pub fn answers_only(mut self, probe: &Probe, exit: i32, stdout: &str) -> Self {
        self.probes.retain(|known| !known.argv.iter().eq(probe.argv.iter()));
        self.answers(probe, Vec::new(), exit, stdout)
    }
}

/// A regular file of mode 0644 that belongs to root.
pub fn regular(content: impl Into<Bytes>) -> FileState {
    FileState::Regular {
        content: content.into(),
        permissions: Permissions { mode: 0o644, uid: 0, gid: 0 },
    }
}

impl ServiceState {
    /// A service that is enabled and runs.
    pub fn running() -> Self {
        Self {
            load: "loaded".to_owned(),
            enabled: "enabled".to_owned(),
            active: "active".to_owned(),
            sub: "running".to_owned(),
        }
    }

    /// There is no such unit.
    pub fn not_found() -> Self {
        Self {
            load: "not-found".to_owned(),
            enabled: String::new(),
            active: "inactive".to_owned(),
            sub: "dead".to_owned(),
        }
    }
}
