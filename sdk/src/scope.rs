//! What a step's scope allows: the rules that the orchestrator and the fake host share. Pure.
//!
//! A step of scope `container` cannot touch the host. That is more than it seems: a container's
//! configuration is read by a process of the host's root, and a look at the host can be carried into a
//! container.

use crate::{
    Change, FileState, Kind, Meta, Probe, Result, Scope, StepError, shown, wire::MachineId,
};

/// Keys of a container's configuration that concern the container alone. Others make the host's root run
/// something (`lxc.hook`), write somewhere (`lxc.log.file`), or say who the container's root is
/// (`lxc.idmap`).
const OPTIONS: &[&str] = &[
    "features",
    "lxc.apparmor.allow_nesting",
    "lxc.apparmor.profile",
    "lxc.cap.drop",
    "lxc.environment",
    "lxc.mount.auto",
    "lxc.mount.entry",
    "lxc.seccomp.profile",
];

/// Beginnings of such keys.
const OPTION_FAMILIES: &[&str] = &["lxc.cgroup.", "lxc.cgroup2.", "lxc.prlimit.", "lxc.sysctl."];

/// File systems that bring nothing of the host with them.
const OF_ITS_OWN: &[&str] = &["mqueue", "proc", "sysfs", "tmpfs"];

impl Meta {
    /// The declared probe that a command is, if the step may run it on this machine: a step for containers
    /// runs nothing on the host.
    ///
    /// # Errors
    /// `PROBE-NOT-DECLARED` or `PROBE-OUT-OF-SCOPE`.
    pub fn permitted(&self, machine: MachineId, argv: &[String]) -> Result<&Probe> {
        let probe = self.declared(argv)?;
        if self.sees_what_is_public(machine) {
            let message = format!("step `{}` tried to run `{}` on the host", self.name, probe.name);
            return Err(StepError::new("PROBE-OUT-OF-SCOPE", message)
                .hint("A step for containers runs its probes in its container; one that works on the host too has `Scope::HostAndContainers`."));
        }
        Ok(probe)
    }

    /// Whether the step may want this change: its own target is all that it changes.
    ///
    /// # Errors
    /// `CHANGE-OUT-OF-SCOPE`.
    pub fn allows(&self, change: &Change) -> Result<()> {
        match &change.kind {
            Kind::ContainerOption { key, value, .. } => self.allows_option(key, value),
            Kind::ContainerOptionAbsent { key, .. } => self.allows_removal(key),
            _ => Ok(()),
        }
    }

    /// Lines that a step could not have set cannot be taken away either, but for those that bring others in
    /// or are none: whatever they do, they do it to the container.
    fn allows_removal(&self, key: &str) -> Result<()> {
        if key.is_empty() || key == "lxc.include" || is_of_the_container(key) {
            return Ok(());
        }
        let what = format!("remove `{}` from a container's configuration", shown::name(key));
        Err(self.out_of_scope(&what))
    }

    fn allows_option(&self, key: &str, value: &str) -> Result<()> {
        if !is_of_the_container(key) {
            let what = format!("set `{}` in a container's configuration", shown::name(key));
            return Err(self.out_of_scope(&what).cause(
                "the key concerns the host, or is not known to concern the container alone",
            ));
        }
        if value.contains(char::is_control) {
            return Err(
                self.out_of_scope(&format!("set `{key}` to a value that is no single line"))
            );
        }
        if key == "lxc.mount.entry" && self.scope == Scope::Container && !brings_nothing(value) {
            let what =
                format!("mount something of the host into a container: `{}`", shown::name(value));
            return Err(self
                .out_of_scope(&what)
                .hint("A step that works on the host too (`Scope::HostAndContainers`) may."));
        }
        Ok(())
    }

    fn out_of_scope(&self, what: &str) -> StepError {
        let message = format!("step `{}` wants to {what}", self.name);
        StepError::new("CHANGE-OUT-OF-SCOPE", message)
            .hint("A step changes its own target and nothing else; report it to its author.")
    }

    /// Whether the step sees of this machine only what each of its users may see, and runs nothing there: the
    /// host, for a step for containers.
    pub fn sees_what_is_public(&self, machine: MachineId) -> bool {
        machine == MachineId::Host && self.scope == Scope::Container
    }

    /// The error for what not everybody on the host may see.
    pub fn private(&self, path: &str) -> StepError {
        let (step, path) = (&self.name, shown::name(path));
        let message =
            format!("step `{step}` looked at `{path}` of the host, which not everybody may see");
        StepError::new("HOST-FILE-PRIVATE", message)
            .hint("A step for containers sees of the host what each of its users may: no links, and nothing that is private.")
            .hint("A step that works on the host too (`Scope::HostAndContainers`) sees all.")
    }
}

/// Whether a key of a configuration concerns the container alone.
fn is_of_the_container(key: &str) -> bool {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let in_family = |family: &&str| key.starts_with(*family);
    plain && (OPTIONS.contains(&key) || OPTION_FAMILIES.iter().any(in_family))
}

/// Whether an entry mounts a device node or a file system of its own. A path without a `/` in front would
/// be looked up from where LXC happens to be started; other file systems name the host's disks and folders as
/// sources and in options.
fn brings_nothing(entry: &str) -> bool {
    let mut words = entry.split_whitespace();
    let (source, _target, kind, options) = (words.next(), words.next(), words.next(), words.next());
    let (Some(source), Some(kind), Some(options)) = (source, kind, options) else { return false };
    if options.split(',').any(|option| matches!(option, "bind" | "rbind")) {
        return is_node(source);
    }
    OF_ITS_OWN.contains(&kind)
}

/// Whether a path is that of a device node, as far as a name can tell: below `/dev`, and not in one of the
/// places there that hold what processes share.
fn is_node(path: &str) -> bool {
    const SHARED: &[&str] = &["fd", "hugepages", "mqueue", "pts", "shm"];
    let Some(name) = path.strip_prefix("/dev/") else { return false };
    let mut parts = name.split('/');
    let first = parts.clone().next().unwrap_or_default();
    !SHARED.contains(&first) && parts.all(|part| !part.is_empty() && part != "." && part != "..")
}

/// Whether some user of a machine may not see this, by its own rights. Those of the folders above come
/// besides.
pub fn is_private(state: &FileState) -> bool {
    match state {
        FileState::Regular { permissions, .. } => permissions.mode & 0o004 == 0,
        FileState::Folder { permissions } => permissions.mode & 0o005 != 0o005,
        // A link's target was not looked at.
        FileState::Symlink { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Others;

    fn meta(scope: Scope) -> Meta {
        Meta::new("x", "1.0.0", scope, "")
    }

    #[test]
    fn only_options_that_concern_the_container_alone_can_be_set() {
        let ok = |scope, key: &str, value: &str| {
            let (key, value) = (key.to_owned(), value.to_owned());
            let kind = Kind::ContainerOption { key, value, others: Others::Kept };
            meta(scope).allows(&Change::new(kind)).is_ok()
        };
        for (key, value, container, both) in [
            ("lxc.apparmor.profile", "lxc-phoenix-v2", true, true),
            ("lxc.cgroup2.devices.allow", "c 10:229 rwm", true, true),
            ("lxc.mount.entry", "/dev/fuse dev/fuse none bind,create=file 0 0", true, true),
            ("lxc.mount.entry", "tmpfs run tmpfs defaults 0 0", true, true),
            ("lxc.mount.entry", "/root root none bind 0 0", false, true),
            ("lxc.mount.entry", "/dev/../root root none bind 0 0", false, true),
            ("lxc.mount.entry", "root root none ro,rbind 0 0", false, true),
            ("lxc.mount.entry", "/dev/net/tun dev/net/tun none bind,create=file 0 0", true, true),
            ("lxc.mount.entry", "/dev/shm dev/shm none bind 0 0", false, true),
            ("lxc.mount.entry", "/dev//shm dev/shm none bind 0 0", false, true),
            ("lxc.mount.entry", "/dev/./shm dev/shm none bind 0 0", false, true),
            ("lxc.mount.entry", "/dev/ dev none rbind 0 0", false, true),
            ("lxc.mount.entry", "/dev/sda1 mnt ext4 ro 0 0", false, true),
            ("lxc.mount.entry", "o mnt overlay lowerdir=/root 0 0", false, true),
            ("lxc.mount.entry", "/root", false, true),
            ("lxc.environment", "a=b\nlxc.hook.pre-start = /bin/sh", false, false),
            ("lxc.hook.pre-start", "/bin/sh", false, false),
            ("lxc.idmap", "u 0 0 65536", false, false),
            ("lxc.log.file", "/etc/passwd", false, false),
            ("lxc.include", "/tmp/x", false, false),
            ("lxc.sysctl.x\nlxc.hook.pre-start", "/bin/sh", false, false),
            ("lxc.seccomp.notify.proxy", "unix:/run/x", false, false),
        ] {
            assert_eq!(ok(Scope::Container, key, value), container, "{key} = {value}");
            assert_eq!(ok(Scope::HostAndContainers, key, value), both, "{key} = {value}");
        }
    }

    #[test]
    fn a_step_for_containers_runs_nothing_on_the_host() {
        const PROBES: &[Probe] = &[Probe::new("look", crate::argv!["true"], "")];
        for (scope, machine, ok) in [
            (Scope::Container, MachineId::Host, false),
            (Scope::Container, MachineId::Container, true),
            (Scope::HostAndContainers, MachineId::Host, true),
            (Scope::Host, MachineId::Host, true),
        ] {
            let meta = Meta::with("x", "1.0.0", scope, "", PROBES, &[]);
            assert_eq!(meta.permitted(machine, &["true".to_owned()]).is_ok(), ok, "{scope:?}");
            assert!(meta.permitted(machine, &["false".to_owned()]).is_err());
        }
    }
}
