//! Looking: subjects become reads, all reads of a machine go in one round trip, answers become
//! observations.

use phoenix_sdk::{Observed, Subject};

use super::{Eyes, apparmor_profile, container, facts::Facts, kernel, packages, service};
use crate::{
    denials,
    error::{Error, ErrorKind, Result},
    transport::{Read, Reader, Seen},
};

/// How a subject is looked at.
enum Look {
    /// By reads on the asked machine, and a pure reading of the answers.
    Reads(Vec<Read>),
    /// Directly: by the container's runtime, or in steps that depend on each other.
    Direct,
    /// It was told from outside.
    Known(Observed),
}

fn look(subject: &Subject) -> Look {
    match subject {
        Subject::File { path } => Look::Reads(vec![Read::File { path: path.clone() }]),
        Subject::Folder { path } => Look::Reads(vec![Read::Folder { path: path.clone() }]),
        Subject::Packages { names } => Look::Reads(packages::reads(names)),
        Subject::Service { name } => Look::Reads(service::reads(name)),
        Subject::Sysctl { key } => Look::Reads(kernel::sysctl_reads(key)),
        Subject::Command { argv } => Look::Reads(vec![Read::Exec { argv: argv.clone() }]),
        Subject::AppArmorProfile { .. }
        | Subject::KernelModule { .. }
        | Subject::ContainerOption { .. }
        | Subject::Container
        | Subject::AppArmor
        | Subject::Mark
        | Subject::Denials { .. } => Look::Direct,
    }
}

/// Looks at everything in one round trip, as far as reads go and it cannot be told from outside. One subject that cannot be looked at is an
/// error of its own.
///
/// # Errors
/// When the machine cannot be reached.
pub fn observe_all(
    eyes: Eyes<'_>,
    machine: &dyn Reader,
    subjects: &[Subject],
) -> Result<Vec<Result<Observed>>> {
    let mut facts = None;
    let mut known = |subject: &Subject| match subject {
        Subject::Packages { .. } | Subject::Service { .. } => {
            facts.get_or_insert_with(|| Facts::of(machine)).as_mut()?.look(subject)
        }
        _ => None,
    };
    let looks: Vec<Look> = subjects
        .iter()
        .map(|subject| known(subject).map_or_else(|| look(subject), Look::Known))
        .collect();
    drop(facts);
    let reads: Vec<Read> = looks
        .iter()
        .flat_map(|look| match look {
            Look::Reads(reads) => reads.as_slice(),
            Look::Direct | Look::Known(_) => &[],
        })
        .cloned()
        .collect();
    let mut seen = if reads.is_empty() { Vec::new() } else { machine.read(&reads)? }.into_iter();
    Ok(subjects
        .iter()
        .zip(looks)
        .map(|(subject, look)| match look {
            Look::Known(observed) => Ok(observed),
            Look::Direct => direct(eyes, subject),
            Look::Reads(reads) => {
                let answers = seen.by_ref().take(reads.len()).collect::<Result<Vec<_>>>();
                parse(subject, answers.map_err(|error| without_tool(subject, error))?)
            }
        })
        .collect())
}

/// The machine has no such program: what that means depends on what was asked.
fn without_tool(subject: &Subject, error: Error) -> Error {
    match (subject, error.code.as_str()) {
        (Subject::Packages { .. }, "EXEC-NOT-FOUND") => packages::missing(error.message),
        (Subject::Service { name }, "EXEC-NOT-FOUND") => service::silent(name, error.message),
        _ => error,
    }
}

fn direct(eyes: Eyes<'_>, subject: &Subject) -> Result<Observed> {
    match subject {
        Subject::KernelModule { name } => kernel::observe_module(eyes.host, name),
        Subject::AppArmor => apparmor_profile::observe_kernel(eyes.host),
        Subject::AppArmorProfile { name } => apparmor_profile::observe(eyes.host, name),
        Subject::ContainerOption { key } => container::observe_option(eyes, key),
        Subject::Container => container::observe(eyes),
        Subject::Mark => denials::mark(eyes.host).map(Observed::Mark),
        Subject::Denials { since } => container::observe_denials(eyes, *since),
        other => Err(garbled(other)),
    }
}

fn parse(subject: &Subject, answers: Vec<Seen>) -> Result<Observed> {
    match (subject, answers.as_slice()) {
        (Subject::File { .. }, [Seen::File(state)]) => Ok(Observed::File(state.clone())),
        (Subject::Folder { .. }, [Seen::Folder(names)]) => {
            Ok(Observed::Folder { names: names.clone() })
        }
        (Subject::Command { .. }, [Seen::Exec(output)]) => {
            Ok(Observed::Command { succeeded: output.success() })
        }
        (Subject::Packages { names }, [Seen::Exec(output)]) => packages::parse(names, output),
        (Subject::Service { name }, [Seen::Exec(output)]) => service::parse(name, output),
        (Subject::Sysctl { .. }, [Seen::File(now), Seen::File(boot)]) => {
            Ok(kernel::parse_sysctl(now, boot))
        }
        _ => Err(garbled(subject)),
    }
}

pub(super) fn garbled(subject: &Subject) -> Error {
    Error::new(
        ErrorKind::Internal,
        "OBSERVATION-MISMATCH",
        format!("the machine's answer does not fit the question {subject:?}"),
    )
    .hint("This is a defect of phoenix-orch; please report it.")
}

/// For subjects that only the runtime can answer.
pub(super) fn needs_container(subject: &str) -> Error {
    Error::new(
        ErrorKind::Step,
        "SUBJECT-NEEDS-CONTAINER",
        format!("{subject} was asked for where there is no container"),
    )
    .hint("Ask for it only in a unit of a container; `Context::on_host` tells.")
}

/// A file's contents as text, or nothing if it is not a regular file.
pub(super) fn text(state: &phoenix_sdk::FileState) -> Option<String> {
    state.content().map(phoenix_sdk::Bytes::to_text)
}

/// Reads files one after another, for looks whose later reads depend on the earlier.
pub(super) fn files(machine: &dyn Reader, paths: &[String]) -> Result<Vec<phoenix_sdk::FileState>> {
    let reads: Vec<Read> = paths.iter().map(|path| Read::File { path: path.clone() }).collect();
    machine
        .read(&reads)?
        .into_iter()
        .map(|seen| match seen? {
            Seen::File(state) => Ok(state),
            _ => Err(garbled(&Subject::File { path: paths.join(" ") })),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::Subject;

    use super::{Eyes, observe_all};
    use crate::effect::scripted::Scripted;

    #[test]
    fn a_missing_tool_has_the_name_of_what_it_means_and_costs_one_answer() {
        let machine = Scripted::new(&[("dpkg-query", 127, ""), ("systemctl", 127, "")]);
        let subjects = [
            Subject::Packages { names: vec!["x".into()] },
            Subject::File { path: "/x".into() },
            Subject::Service { name: "x.service".into() },
        ];
        let eyes = Eyes { host: &machine, container: None };
        let seen = observe_all(eyes, &machine, &subjects).unwrap();
        let codes: Vec<_> =
            seen.iter().map(|seen| seen.as_ref().err().map(|error| error.code.as_str())).collect();
        assert_eq!(codes, [Some("APT-MISSING"), None, Some("SYSTEMD-UNREACHABLE")]);
    }
}
