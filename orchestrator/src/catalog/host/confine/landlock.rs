//! Landlock: whatever the root directory, only the loader's files can be read, and none be run or written.

use std::{os::fd::BorrowedFd, path::Path};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, PathFd,
    Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
};

use super::{LIBRARIES, Mechanism};

const NAME: &str = "Landlock";

/// Restricts this process as far as the kernel can.
pub(super) fn restrict(library: BorrowedFd<'_>) -> Mechanism {
    match restricted(library) {
        Ok(RulesetStatus::NotEnforced) => {
            Mechanism::missing(NAME, "the kernel does not have it, or it is not enabled (`lsm=`)")
        }
        // Which of its parts there are depends on the kernel's age; each that there is, is used.
        Ok(RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced) => {
            Mechanism::holds(NAME)
        }
        Err(error) => Mechanism::missing(NAME, error),
    }
}

fn restricted(library: BorrowedFd<'_>) -> Result<RulesetStatus, RulesetError> {
    let newest = ABI::V6;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(newest))?
        .handle_access(AccessNet::from_all(newest))?
        .scope(Scope::from_all(newest))?
        .create()?
        .add_rule(PathBeneath::new(library, AccessFs::ReadFile))?;
    for path in LIBRARIES.iter().map(|name| Path::new("/").join(name)) {
        let access = match path.is_dir() {
            true => AccessFs::ReadFile | AccessFs::ReadDir,
            false => AccessFs::ReadFile.into(),
        };
        // Not every machine has each of them.
        if let Ok(path) = PathFd::new(path) {
            rules = rules.add_rule(PathBeneath::new(path, access))?;
        }
    }
    Ok(rules.restrict_self()?.ruleset)
}
