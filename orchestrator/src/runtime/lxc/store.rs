//! Replacing a configuration. Plain LXC has no rule for those who write: another phoenix-orch waits at a lock, and
//! what somebody else wrote in between is seen, and edited anew.

use std::{fs, io, path::Path};

use super::Lxc;
use crate::{
    error::Result,
    runtime::{Config, Runtime, failed, flock},
    transport::{Mutator, TEMPORARY, WriteFile},
};

/// How often an edit begins anew because somebody else has written in between.
const EDITS: usize = 100;

pub(super) fn edit(
    lxc: &Lxc,
    container: &str,
    make: &mut dyn FnMut(&Config) -> Result<Config>,
) -> Result<()> {
    lxc.config(container)?;
    let _flock = flock::of_folder(&Path::new(&lxc.path).join(container))?;
    let mut tries = EDITS;
    loop {
        let before = lxc.config(container)?;
        let after = make(&before)?;
        if after.text == before.text {
            return Ok(());
        }
        tries -= 1;
        match replace(lxc, container, &before, &after) {
            Err(error) if error.code == "FILE-CHANGED" && tries > 0 => {}
            outcome => return outcome,
        }
    }
}

fn replace(lxc: &Lxc, container: &str, before: &Config, after: &Config) -> Result<()> {
    let state = lxc.state_of_config(container)?;
    let Some(permissions) = state.permissions() else { return Err(lxc.unknown(container)) };
    lxc.host.write_file(&WriteFile {
        path: lxc.config_path(container),
        content: after.text.clone().into_bytes(),
        mode: permissions.mode,
        owner: (permissions.uid, permissions.gid),
        expected: Some(before.text.clone().into_bytes()),
    })
}

/// Removes what a killed writer left.
pub(super) fn clean(lxc: &Lxc, container: &str) -> Result<()> {
    let folder = Path::new(&lxc.path).join(container);
    let clean = || -> io::Result<()> {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            // Only files of this form, which nobody else makes.
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    clean().map_err(|error| {
        failed(format!("`{}` could not be tidied up", folder.display())).cause(error)
    })
}
