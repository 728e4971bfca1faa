//! The usual way to write a `check`: say what is wanted; what is needed is found out in one round trip.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Bytes, Change, CheckReport, Machine, Result,
    change::{Kind, Others, Verdict},
};

/// A list of wanted things, compared with a machine by [`Wanted::into_report`].
///
/// ```
/// # use phoenix_sdk::{testing::FakeHost, *};
/// fn check(cx: &Context<'_>) -> Result<CheckReport> {
///     Wanted::on(cx.machine())
///         .packages(["chrony"])
///         .file("/etc/chrony/conf.d/site.conf", "server ntp.example.org\n")
///         .because("the clocks of this site agree")
///         .service("chrony.service")
///         .into_report()
/// }
/// # // The package is there already, and its service runs.
/// # let world = World::host("installed").on_target(|host| {
/// #     host.package("chrony", "4.3").service("chrony.service", ServiceState::running())
/// # });
/// # let host = FakeHost::new(world, Meta::new("time", "0.1.0", Scope::Host, "time"));
/// # let report = host.with(&host.input()?, &[], check)?;
/// // On a host where chrony is installed and runs already:
/// assert_eq!(report.changes[0].kind.to_string(), "write `/etc/chrony/conf.d/site.conf`");
/// assert_eq!(report.notes.len(), 2);
/// # Ok::<(), StepError>(())
/// ```
#[must_use = "nothing is looked at before `into_report`"]
pub struct Wanted<'a> {
    machine: Machine<'a>,
    changes: Vec<Change>,
}

impl<'a> Wanted<'a> {
    /// Nothing yet.
    pub fn on(machine: Machine<'a>) -> Self {
        Self { machine, changes: Vec::new() }
    }

    /// Any change.
    pub fn change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    fn kind(self, kind: Kind) -> Self {
        self.change(Change::new(kind))
    }

    /// Gives the reason for the change before it.
    pub fn because(mut self, why: impl Into<String>) -> Self {
        if let Some(last) = self.changes.last_mut() {
            last.why = why.into();
        }
        self
    }

    /// Packages are installed, without recommended ones.
    pub fn packages<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.kind(Kind::Packages { names, recommends: false })
    }

    /// A file has these contents; mode and owner are kept, or 0644 and root for a new file.
    pub fn file(self, path: impl Into<String>, content: impl Into<Bytes>) -> Self {
        self.kind(Kind::File {
            path: path.into(),
            content: Some(content.into()),
            mode: None,
            owner: None,
        })
    }

    /// There is no such file.
    pub fn absent(self, path: impl Into<String>) -> Self {
        self.kind(Kind::Absent { path: path.into() })
    }

    /// A JSON file has these values (JSON pointer to value), whatever else it has.
    pub fn json_keys<K: Into<String>>(
        self,
        path: impl Into<String>,
        keys: impl IntoIterator<Item = (K, Value)>,
    ) -> Self {
        let keys: BTreeMap<_, _> =
            keys.into_iter().map(|(key, value)| (key.into(), value)).collect();
        self.kind(Kind::JsonKeys { path: path.into(), keys })
    }

    /// A service is enabled and runs.
    pub fn service(self, name: impl Into<String>) -> Self {
        self.kind(Kind::Service { name: name.into(), enabled: Some(true), active: Some(true) })
    }

    /// A kernel setting, now and at boot.
    pub fn sysctl(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.kind(Kind::Sysctl { key: key.into(), value: value.into() })
    }

    /// A kernel module of the host, now and at boot.
    pub fn kernel_module(self, name: impl Into<String>) -> Self {
        self.kind(Kind::KernelModule { name: name.into() })
    }

    /// The container's configuration has this value; see [`Others`] for other values of the key.
    pub fn container_option(
        self,
        key: impl Into<String>,
        value: impl Into<String>,
        others: Others,
    ) -> Self {
        self.kind(Kind::ContainerOption { key: key.into(), value: value.into(), others })
    }

    /// Looks at everything in one round trip, and keeps the changes that are needed. What is fine
    /// already becomes a note.
    ///
    /// # Errors
    /// The first thing that could not be looked at, or could not be compared.
    pub fn into_report(self) -> Result<CheckReport> {
        let subjects = self.changes.iter().map(|change| change.kind.subject()).collect();
        let seen = self.machine.observe_all(subjects)?;
        let mut report = CheckReport::default();
        for (mut change, observed) in self.changes.into_iter().zip(seen) {
            match change.compare(&observed?)? {
                Verdict::Fine(note) => report.notes.push(note),
                Verdict::Needed(why) => {
                    if change.why.is_empty() {
                        change.why = why;
                    }
                    report.changes.push(change);
                }
            }
        }
        Ok(report)
    }
}
