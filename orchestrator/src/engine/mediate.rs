//! What a step may have: pure decisions on requests and reports. A step's metadata says where it works;
//! what it announces is shown in the plan; here it is held to both.
//!
//! A step of scope `container` cannot touch the host. That is more than it seems: a container's
//! configuration is read by a process of the host's root, and a look at the host can be carried into a
//! container.

use phoenix_sdk::{Change, FileState, Kind, Meta, Observed, Scope, Subject, wire::MachineId};

use crate::error::{Error, ErrorKind, Result};

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

/// Whether a change that a step announces is within its scope.
///
/// # Errors
/// `CHANGE-OUT-OF-SCOPE`.
pub(super) fn change(meta: &Meta, change: &Change) -> Result<()> {
    match &change.kind {
        Kind::ContainerOption { key, value, .. } => option(meta, key, value),
        _ => Ok(()),
    }
}

fn option(meta: &Meta, key: &str, value: &str) -> Result<()> {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let in_family = |family: &&str| key.starts_with(*family);
    if !plain || !(OPTIONS.contains(&key) || OPTION_FAMILIES.iter().any(in_family)) {
        return Err(out_of_scope(meta, &format!("set `{key}` in a container's configuration"))
            .cause("the key concerns the host, or is not known to concern the container alone"));
    }
    if value.contains(char::is_control) {
        return Err(out_of_scope(meta, &format!("set `{key}` to a value that is no single line")));
    }
    // What is mounted from the host can be read in the container. A path without a `/` in front is looked up
    // from where LXC happens to be started.
    let mut words = value.split_whitespace();
    let source = words.next().unwrap_or_default();
    let binds = words
        .nth(2)
        .is_some_and(|options| options.split(',').any(|option| matches!(option, "bind" | "rbind")));
    let device = source.starts_with("/dev/") && !source.split('/').any(|part| part == "..");
    if key == "lxc.mount.entry"
        && meta.scope == Scope::Container
        && (source.starts_with('/') || binds)
        && !device
    {
        return Err(out_of_scope(meta, &format!("mount `{source}` of the host into a container"))
            .hint("A step that works on the host too (`Scope::HostAndContainers`) may."));
    }
    Ok(())
}

fn out_of_scope(meta: &Meta, what: &str) -> Error {
    let message = format!("step `{}` wants to {what}", meta.name);
    Error::new(ErrorKind::Step, "CHANGE-OUT-OF-SCOPE", message)
        .hint("A step changes its own target and nothing else; report it to its author.")
}

/// Whether a step may do this now.
///
/// # Errors
/// `CHANGE-NOT-ANNOUNCED`. `announced` is nothing outside `apply`.
pub(super) fn perform(meta: &Meta, announced: Option<&[Change]>, wanted: &Change) -> Result<()> {
    let tried = format!("step `{}` tried to {}", meta.name, wanted.kind);
    match announced {
        Some(announced) if announced.contains(wanted) => change(meta, wanted),
        Some(_) => Err(not_announced(format!("{tried} without announcing it"))),
        None => Err(not_announced(format!("{tried} outside `apply`"))),
    }
}

/// Whether something that is not a change, but that only `apply` may do, may be done now.
///
/// # Errors
/// `CHANGE-NOT-ANNOUNCED`.
pub(super) fn in_apply(meta: &Meta, applying: bool, what: &str) -> Result<()> {
    match applying {
        true => Ok(()),
        false => {
            Err(not_announced(format!("step `{}` tried to {what} outside `apply`", meta.name)))
        }
    }
}

fn not_announced(message: String) -> Error {
    Error::new(ErrorKind::Step, "CHANGE-NOT-ANNOUNCED", message)
        .hint("`check` and `verify` change nothing, and `apply` only what this round's `check` put into its report.")
}

/// What has to be looked at besides, so that [`visible`] can tell who else may see it: the folders above.
pub(super) fn surroundings(meta: &Meta, machine: MachineId, subject: &Subject) -> Vec<Subject> {
    let (Subject::File { path } | Subject::Folder { path }) = subject else { return Vec::new() };
    if !restricted(meta, machine) {
        return Vec::new();
    }
    let file = |path: &str| Subject::File { path: path.to_owned() };
    // A folder's own rights are not in what is seen of its names.
    let own = matches!(subject, Subject::Folder { .. }).then(|| file(path));
    let above = path.match_indices('/').map(|(at, _)| &path[..at]).filter(|path| !path.is_empty());
    own.into_iter().chain(above.map(file)).collect()
}

/// Whether everybody on the host may see what a step of scope `container` has looked at there.
///
/// # Errors
/// `HOST-FILE-PRIVATE`.
pub(super) fn visible(
    meta: &Meta,
    machine: MachineId,
    subject: &Subject,
    seen: &Result<Observed>,
    around: &[Result<Observed>],
) -> Result<()> {
    let (Subject::File { path } | Subject::Folder { path }) = subject else { return Ok(()) };
    if !restricted(meta, machine) {
        return Ok(());
    }
    let hidden = |seen: &Result<Observed>| match seen {
        Ok(Observed::File(FileState::Regular { permissions, .. })) => permissions.mode & 0o004 == 0,
        Ok(Observed::File(FileState::Folder { permissions })) => permissions.mode & 0o005 != 0o005,
        // A link's target was not looked at; what cannot be looked at is not known to be public.
        Ok(Observed::File(FileState::Symlink { .. })) | Err(_) => true,
        _ => false,
    };
    let own = matches!(seen, Ok(Observed::File(FileState::Regular { .. }))) && hidden(seen);
    if !own && !around.iter().any(hidden) {
        return Ok(());
    }
    let message =
        format!("step `{}` looked at `{path}` of the host, which not everybody may see", meta.name);
    Err(Error::new(ErrorKind::Step, "HOST-FILE-PRIVATE", message)
        .hint("A step for containers sees of the host what each of its users may: no links, and nothing that is private.")
        .hint("A step that works on the host too (`Scope::HostAndContainers`) sees all."))
}

fn restricted(meta: &Meta, machine: MachineId) -> bool {
    machine == MachineId::Host && meta.scope == Scope::Container
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{Others, Permissions};

    use super::*;

    fn meta(scope: Scope) -> Meta {
        Meta::new("x", "1.0.0", scope, "")
    }

    fn set(key: &str, value: &str) -> Change {
        Change::new(Kind::ContainerOption {
            key: key.to_owned(),
            value: value.to_owned(),
            others: Others::Kept,
        })
    }

    #[test]
    fn only_options_that_concern_the_container_alone_can_be_set() {
        let ok = |scope, key, value| change(&meta(scope), &set(key, value)).is_ok();
        for (key, value, container, both) in [
            ("lxc.apparmor.profile", "lxc-phoenix-v2", true, true),
            ("lxc.cgroup2.devices.allow", "c 10:229 rwm", true, true),
            ("lxc.mount.entry", "/dev/fuse dev/fuse none bind,create=file 0 0", true, true),
            ("lxc.mount.entry", "tmpfs run tmpfs defaults 0 0", true, true),
            ("lxc.mount.entry", "/root root none bind 0 0", false, true),
            ("lxc.mount.entry", "/dev/../root root none bind 0 0", false, true),
            ("lxc.mount.entry", "root root none ro,rbind 0 0", false, true),
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
    fn only_what_was_announced_is_performed_and_only_in_apply() {
        let meta = meta(Scope::Container);
        let (wanted, other) = (set("lxc.environment", "a=b"), set("lxc.environment", "a=c"));
        let announced = [wanted.clone()];
        assert!(perform(&meta, Some(&announced), &wanted).is_ok());
        for (announced, tried) in
            [(Some(&announced[..]), &other), (Some(&[]), &wanted), (None, &wanted)]
        {
            assert_eq!(perform(&meta, announced, tried).unwrap_err().code, "CHANGE-NOT-ANNOUNCED");
        }
        let hook = set("lxc.hook.mount", "/bin/sh");
        let refused = perform(&meta, Some(std::slice::from_ref(&hook)), &hook).unwrap_err();
        assert_eq!(refused.code, "CHANGE-OUT-OF-SCOPE");
    }

    #[test]
    fn a_step_for_containers_sees_of_the_host_what_everybody_may() {
        let at = |mode| Permissions { mode, uid: 0, gid: 0 };
        let file = |mode| {
            Ok(Observed::File(FileState::Regular { content: "".into(), permissions: at(mode) }))
        };
        let folder = |mode| Ok(Observed::File(FileState::Folder { permissions: at(mode) }));
        let path = Subject::File { path: "/a/b".to_owned() };
        let sees = |scope, machine, seen, above: Result<Observed>| {
            visible(&meta(scope), machine, &path, &seen, &[above]).is_ok()
        };
        let (host, inside) = (MachineId::Host, MachineId::Container);
        assert!(sees(Scope::Container, host, file(0o644), folder(0o755)));
        assert!(!sees(Scope::Container, host, file(0o640), folder(0o755)));
        assert!(!sees(Scope::Container, host, file(0o644), folder(0o700)));
        assert!(sees(Scope::Container, host, Ok(Observed::File(FileState::Absent)), folder(0o755)));
        assert!(!sees(
            Scope::Container,
            host,
            Ok(Observed::File(FileState::Absent)),
            folder(0o750)
        ));
        assert!(sees(Scope::HostAndContainers, host, file(0o600), folder(0o700)));
        assert!(sees(Scope::Container, inside, file(0o600), folder(0o700)));
    }

    #[test]
    fn the_folders_above_are_looked_at_too() {
        let looked = |scope, subject| {
            surroundings(&meta(scope), MachineId::Host, &subject)
                .into_iter()
                .map(|subject| match subject {
                    Subject::File { path } => path,
                    other => panic!("{other:?}"),
                })
                .collect::<Vec<_>>()
        };
        let file = || Subject::File { path: "/a/b/c".to_owned() };
        assert_eq!(looked(Scope::Container, file()), ["/a", "/a/b"]);
        let folder = Subject::Folder { path: "/a/b".to_owned() };
        assert_eq!(looked(Scope::Container, folder), ["/a/b", "/a"]);
        assert!(looked(Scope::Host, file()).is_empty());
        assert!(looked(Scope::Container, Subject::AppArmor).is_empty());
    }
}
