//! One container: what is read about it and in it, and what follows. One topic a file.

pub(super) mod config;
pub(super) mod docker;
pub(super) mod driver;
pub(super) mod fuse;
mod gather;
pub(super) mod nesting;
pub(super) mod overlay;
pub(super) mod place;
pub(super) mod profile;
pub(super) mod runc;
mod settings;
pub(super) mod target;

use phoenix_sdk::ContainerState;

use super::{
    backups,
    finding::Finding,
    host::{Host, ids},
    look::{Known, Look},
};
pub(super) use gather::examine;
use settings::Settings;

/// What is known of a container.
#[derive(Debug, Clone)]
pub(super) struct Container {
    pub(super) name: String,
    settings: Settings,
    pub(super) state: Known<ContainerState>,
    /// Whether its configuration can be changed and it be restarted.
    pub(super) editable: Known<()>,
    /// The options that change with its next start.
    pub(super) pending: Known<Vec<String>>,
    /// Of the host, about this container: the text of its profile.
    pub(super) outside: Look,
    /// Nothing where it does not run or is not entered.
    pub(super) inside: Option<Known<Look>>,
}

impl Container {
    /// What was seen inside, if it could be entered.
    fn seen_inside(&self) -> Option<&Look> {
        self.inside.as_ref()?.as_ref().ok()
    }

    /// Whether it is known to run.
    fn runs(&self) -> bool {
        self.state.as_ref().is_ok_and(|state| state.running)
    }

    /// All that is found about it.
    pub(super) fn judge(&self, host: &Host) -> Vec<Finding> {
        let mut found = [
            target::judge(self),
            config::judge(self),
            ids::judge_maps(host, &self.settings.maps()),
            profile::judge(self, host),
            nesting::judge(self),
            fuse::judge_entry(self, host),
        ]
        .concat();
        if let Some(inside) = self.seen_inside() {
            found.extend(
                [
                    target::judge_platform(inside),
                    fuse::judge_inside(inside, host),
                    fuse::judge_program(inside),
                    docker::judge(inside),
                    driver::judge(inside, host),
                    place::judge(inside),
                    overlay::judge(self, inside, host),
                    runc::judge(inside),
                ]
                .concat(),
            );
        }
        found.extend(runc::judge_profile(self, host));
        let jobs = host.jobs();
        let has_fuse = self.settings.has_fuse() || driver::is_fuse_overlayfs(self.seen_inside());
        found.extend(backups::judge(&jobs, &self.name, has_fuse, host.wishes.fuse_overlayfs));
        found
    }
}

#[cfg(test)]
mod tests;
