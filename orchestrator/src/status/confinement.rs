//! Whether a running container is confined, by the label of its init.

use phoenix_sdk::ContainerState;

/// Whether a profile is enforced on a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confinement {
    /// One is.
    Enforced,
    /// None is, for this reason.
    None(String),
}

impl Confinement {
    /// By what the runtime says of the container; nothing if it does not run, for then nothing is confined.
    pub fn of(state: &ContainerState) -> Option<Self> {
        if !state.running {
            return None;
        }
        Some(match state.label.as_deref() {
            None => Self::None("the kernel has no AppArmor".to_owned()),
            Some("unconfined") => Self::None("its init runs unconfined".to_owned()),
            // The kernel writes `NAME (MODE)`.
            Some(label) => match label.rsplit_once(" (") {
                Some((name, "complain)")) => {
                    Self::None(format!("its profile `{name}` complains, and prevents nothing"))
                }
                _ => Self::Enforced,
            },
        })
    }
}
