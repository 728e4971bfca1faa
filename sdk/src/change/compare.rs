//! Is a change needed? A pure comparison of what is wanted with what was observed, shared by the
//! orchestrator and the fake host so that both mean the same.

use super::{Change, Kind, Others, json_keys, properties};
use crate::{FileState, Observed, Result, StepError, shown};

/// The outcome of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to do; says what is fine already.
    Fine(String),
    /// To be done; says how what is there differs.
    Needed(String),
}

use Verdict::{Fine, Needed};

impl Change {
    /// Compares with what was observed of [`Kind::subject`].
    ///
    /// # Errors
    /// - `FILE-NOT-REGULAR` when a file is wanted where something else is (a symbolic link too: it is
    ///   never written through).
    /// - `FILE-MISSING` when only mode or owner are wanted of a file that is not there.
    /// - the errors of [`json_keys::merge`] for a JSON file that cannot be edited safely.
    /// - `SERVICE-UNKNOWN` when a service is wanted otherwise and there is no such unit.
    /// - `OBSERVATION-MISMATCH` when the observation is of another kind.
    pub fn compare(&self, observed: &Observed) -> Result<Verdict> {
        Ok(match (&self.kind, observed) {
            (Kind::File { path, content, mode, owner }, Observed::File(state)) => {
                file(path, content.as_ref().map(|bytes| &bytes.0[..]), *mode, *owner, state)?
            }
            (Kind::Absent { path }, Observed::File(state)) => match state {
                FileState::Absent => Fine(format!("`{path}` is not there")),
                FileState::Folder { .. } => return Err(not_regular(path, state)),
                _ => Needed(format!("`{path}` is there")),
            },
            (Kind::JsonKeys { path, keys }, Observed::File(state)) => {
                let before = match state {
                    FileState::Absent => None,
                    FileState::Regular { content, .. } => Some(content),
                    _ => return Err(not_regular(path, state)),
                };
                let missing = json_keys::missing(path, before, keys)?;
                if missing.is_empty() {
                    Fine(format!("`{path}` has the wanted keys"))
                } else {
                    Needed(format!("`{path}`: {}", missing.join(", ")))
                }
            }
            (Kind::Packages { names, .. }, Observed::Packages { installed }) => {
                let missing: Vec<_> = names
                    .iter()
                    .filter(|name| !installed.contains_key(*name))
                    .map(|name| format!("`{name}`"))
                    .collect();
                if missing.is_empty() {
                    let have: Vec<_> = names
                        .iter()
                        .filter_map(|name| Some(format!("{name} {}", installed.get(name)?)))
                        .collect();
                    Fine(format!("installed: {}", have.join(", ")))
                } else {
                    Needed(format!("not installed: {}", missing.join(", ")))
                }
            }
            (Kind::Service { name, enabled, active }, Observed::Service(state)) => {
                let mut wrong = Vec::new();
                if enabled.is_some_and(|wanted| wanted != state.is_enabled()) {
                    wrong.push(if state.exists() { state.enabled.as_str() } else { "not there" });
                }
                if active.is_some_and(|wanted| wanted != state.is_active()) {
                    wrong.push(&state.active);
                }
                if wrong.is_empty() {
                    Fine(format!("`{name}` is {}, {}", state.enabled, state.active))
                } else if state.load == "masked" {
                    return Err(StepError::new("SERVICE-MASKED", format!("`{name}` is masked"))
                        .hint(format!(
                            "Somebody masked it on purpose; if it may run, `systemctl unmask {name}`."
                        )));
                } else {
                    Needed(format!("`{name}` is {}", wrong.join(", ")))
                }
            }
            (Kind::RestartService { name, .. }, Observed::Service(state)) => {
                if state.is_active() {
                    Needed(format!("`{name}` still runs with the old configuration"))
                } else {
                    Fine(format!("`{name}` does not run"))
                }
            }
            (Kind::Sysctl { key, value }, Observed::Sysctl { value: now, at_boot }) => {
                match (now, at_boot) {
                    (None, _) => {
                        return Err(StepError::new(
                            "SYSCTL-UNKNOWN",
                            format!("the kernel has no setting `{key}`"),
                        )
                        .hint("Check the name, or that the kernel was built with the feature."));
                    }
                    (Some(now), _) if now != value => Needed(format!("`{key}` is `{now}`")),
                    (_, Some(boot)) if boot == value => Fine(format!("`{key}` is `{value}`")),
                    (_, boot) => Needed(match boot {
                        Some(boot) => format!("`{key}` is `{boot}` at boot"),
                        None => format!("`{key}` is not set at boot"),
                    }),
                }
            }
            (Kind::KernelModule { name }, Observed::KernelModule { available, at_boot }) => {
                match (available, at_boot) {
                    (true, true) => Fine(format!("`{name}` is there, now and at boot")),
                    (false, _) => Needed(format!("`{name}` is not loaded")),
                    (true, false) => Needed(format!("`{name}` is not loaded at boot")),
                }
            }
            (
                Kind::ContainerOption { key, value, others },
                Observed::ContainerOption { values },
            ) => {
                let there = match others {
                    Others::Kept => values.contains(value),
                    Others::Replaced => values.iter().eq([value]),
                    Others::Merged => {
                        values.len() == 1 && properties::missing(&values[0], value).is_empty()
                    }
                };
                if there {
                    Fine(format!("`{key} = {value}` is set"))
                } else if values.is_empty() {
                    Needed(format!("`{key}` is not set"))
                } else {
                    Needed(format!("`{key}` is {}", super::quoted(values)))
                }
            }
            (Kind::ContainerOptionAbsent { key, value }, Observed::ContainerOption { values }) => {
                if values.contains(value) {
                    Needed(format!("`{}` is there", shown::name(value)))
                } else {
                    Fine(format!("`{key}` has no `{}`", shown::name(value)))
                }
            }
            (
                Kind::AppArmorProfile { name, text },
                Observed::AppArmorProfile { file, mode, current },
            ) => {
                let same = file.content().is_some_and(|content| content.0 == text.as_bytes());
                match mode.as_deref() {
                    Some("enforce") if same && *current == Some(false) => Needed(format!(
                        "the kernel enforces another policy than profile `{name}` and its tunables make now"
                    )),
                    Some("enforce") if same => Fine(format!("profile `{name}` is enforced")),
                    Some("enforce") => Needed(format!("profile `{name}` has another text")),
                    Some(mode) => Needed(format!("profile `{name}` is in {mode} mode")),
                    None => Needed(format!("the kernel has no profile `{name}`")),
                }
            }
            (Kind::RestartContainer, Observed::Container(state)) => {
                if state.running {
                    Needed("the running container does not have its configuration yet".into())
                } else {
                    Fine("the container does not run".into())
                }
            }
            (Kind::Command { about, .. }, Observed::Command { succeeded }) => {
                if *succeeded {
                    Fine(format!("not needed: {about}"))
                } else {
                    Needed(about.clone())
                }
            }
            (kind, other) => {
                return Err(StepError::new(
                    "OBSERVATION-MISMATCH",
                    format!("asked to {kind}, and was shown {other:?}"),
                )
                .hint("This is a defect of the orchestrator or of the fake host; report it."));
            }
        })
    }
}

fn file(
    path: &str,
    content: Option<&[u8]>,
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
    state: &FileState,
) -> Result<Verdict> {
    if let FileState::Absent = state {
        return match content {
            Some(_) => Ok(Needed(format!("`{path}` is not there"))),
            None => Err(StepError::new("FILE-MISSING", format!("`{path}` is not there"))
                .hint("Only its mode or owner are managed; something else must make it.")),
        };
    }
    if let Some(content) = content {
        match state {
            FileState::Regular { content: now, .. } if now.0 == content => {}
            FileState::Regular { .. } | FileState::TooLarge { .. } => {
                return Ok(Needed(format!("`{path}` has other contents")));
            }
            _ => return Err(not_regular(path, state)),
        }
    }
    let Some(now) = state.permissions() else { return Err(not_regular(path, state)) };
    if let Some(mode) = mode.filter(|mode| *mode != now.mode) {
        return Ok(Needed(format!("`{path}` has mode {:04o}, not {mode:04o}", now.mode)));
    }
    if let Some((uid, gid)) = owner.filter(|owner| *owner != (now.uid, now.gid)) {
        return Ok(Needed(format!("`{path}` belongs to {}:{}, not {uid}:{gid}", now.uid, now.gid)));
    }
    Ok(Fine(format!("`{path}` is as wanted")))
}

fn not_regular(path: &str, state: &FileState) -> StepError {
    StepError::new("FILE-NOT-REGULAR", format!("`{path}` is {}", state.kind()))
        .hint("It is left alone. Replace it by a regular file if it is not there on purpose.")
}
