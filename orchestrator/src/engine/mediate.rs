//! What a step may have: pure decisions on its requests. What its scope allows is the SDK's
//! (`sdk/src/scope.rs`); here it is held to what it announced, too, and the plan has shown.

use phoenix_sdk::{Change, FileState, Meta, Observed, Subject, scope::is_private, wire::MachineId};

use super::doer::step;
use crate::error::{Error, ErrorKind, Result};

/// Whether a step may do this now.
///
/// # Errors
/// `CHANGE-NOT-ANNOUNCED`. `announced` is nothing outside `apply`.
pub(super) fn perform(meta: &Meta, announced: Option<&[Change]>, wanted: &Change) -> Result<()> {
    let tried = format!("step `{}` tried to {}", meta.name, wanted.kind);
    match announced {
        Some(announced) if announced.contains(wanted) => meta.allows(wanted).map_err(step),
        Some(_) => Err(not_announced(format!("{tried} without announcing it"))),
        None => Err(not_announced(format!("{tried} outside `apply`"))),
    }
}

/// The error for something that is no change, and that only `apply` may do.
pub(super) fn outside_apply(meta: &Meta, what: &str) -> Error {
    not_announced(format!("step `{}` tried to {what} outside `apply`", meta.name))
}

fn not_announced(message: String) -> Error {
    Error::new(ErrorKind::Step, "CHANGE-NOT-ANNOUNCED", message)
        .hint("`check` and `verify` change nothing, and `apply` only what this round's `check` put into its report.")
}

/// What has to be looked at besides, so that [`visible`] can tell who else may see it: the folders above.
pub(super) fn surroundings(meta: &Meta, machine: MachineId, subject: &Subject) -> Vec<Subject> {
    let (Subject::File { path } | Subject::Folder { path }) = subject else { return Vec::new() };
    if !meta.sees_what_is_public(machine) {
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
    if !meta.sees_what_is_public(machine) {
        return Ok(());
    }
    // What cannot be looked at is not known to be public.
    let hidden = |seen: &Result<Observed>| match seen {
        Ok(Observed::File(state)) => is_private(state),
        Ok(_) => false,
        Err(_) => true,
    };
    // That a link is there says nothing of what it leads to.
    let own = matches!(seen, Ok(Observed::File(FileState::Regular { .. }))) && hidden(seen);
    match own || around.iter().any(hidden) {
        true => Err(step(meta.private(path))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{Kind, Others, Permissions, Scope};

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
