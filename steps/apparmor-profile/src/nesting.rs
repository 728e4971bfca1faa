//! Nesting on Proxmox: its own property, and what the scripts that came before phoenix-orch did instead.

use phoenix_sdk::{Change, Context, Kind, Manager, Others, Result};

use crate::container::NESTING;

const FEATURES: &str = "features";
const INCLUDE: &str = "lxc.include";
/// LXC's own file for nesting. It selects a profile of LXC's, and so overrides the one above it.
const THEIRS: &str = "/usr/share/lxc/config/nesting.conf";

/// What Proxmox's configuration has to say besides, for [`phoenix_sdk::Wanted::change`].
///
/// `features: nesting=1` does nothing for a container with a profile of its own, but Proxmox then does not
/// warn of systemd at each start, and the container keeps working if the profile is taken away. Where
/// the raw line is there already, somebody has decided to leave the property alone, and so does this.
pub(crate) fn wanted(cx: &Context<'_>) -> Result<Vec<Change>> {
    if cx.manager() != Manager::Pve {
        return Ok(Vec::new());
    }
    let mut options = cx.machine().container_options(&[INCLUDE, NESTING])?.into_iter();
    let (mut includes, raw) =
        (options.next().unwrap_or_default(), options.next().unwrap_or_default());
    includes.dedup();
    let includes = includes.into_iter().filter(|path| path == THEIRS);
    let mut changes: Vec<Change> = includes
        .map(|value| {
            Change::new(Kind::ContainerOptionAbsent { key: INCLUDE.to_owned(), value }).because(
                "the file selects a profile of LXC's own, and `lxc.apparmor.allow_nesting` does the rest of what is in it",
            )
        })
        .collect();
    if raw.is_empty() {
        let (key, value) = (FEATURES.to_owned(), "nesting=1".to_owned());
        let feature = Change::new(Kind::ContainerOption { key, value, others: Others::Merged });
        changes.push(feature.because("Proxmox warns of systemd at each start without it"));
    }
    Ok(changes)
}
