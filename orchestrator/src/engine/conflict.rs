//! Why something is not taken back: somebody has changed it since, or something still uses it.

use std::fs;

use super::{Fleet, Restore};
use crate::{
    effect::{self, Image, Vault},
    error::{Error, ErrorKind, Result},
    transport::printable,
};

/// The error for what somebody has changed since, with all three: before, after and now.
pub(super) fn conflict(vault: &dyn Vault, restore: &Restore, now: &Image) -> Error {
    let what = effect::describe(&restore.from, &restore.to);
    let error = Error::new(
        ErrorKind::Conflict,
        "ROLLBACK-CONFLICT",
        format!("cannot {what}: it was changed since"),
    )
    .cause(format!("before the run: {}", effect::shown(&restore.to)))
    .cause(format!("after the run: {}", effect::shown(&restore.from)))
    .cause(format!("now: {}", effect::shown(now)));
    // What somebody changed since is the difference that the operator has to judge.
    let error = match effect::difference(vault, &restore.from, now) {
        Ok(Some(text)) => error.cause(format!("changed since: {}", printable(&text))),
        _ => error,
    };
    error.hint("Bring it back by hand, or leave it; nothing was touched.")
}

/// Who still uses a profile that is to be unloaded, in words: processes under it, and containers whose
/// configuration selects it, which would not start without it.
pub(super) fn users_of_profile(fleet: &Fleet, to: &Image) -> Result<Option<String>> {
    let Image::Profile { name, loaded: false, .. } = to else { return Ok(None) };
    let mut users = Vec::new();
    let runtime = fleet.runtime();
    for container in runtime.list()? {
        let config = runtime.config(&container)?;
        if runtime.values(&config, "lxc.apparmor.profile").last() == Some(name) {
            users.push(format!("container `{}`", printable(&container)));
        }
    }
    let processes = processes_under(name);
    if processes > 0 {
        users.push(format!("{processes} running processes"));
    }
    Ok((!users.is_empty()).then(|| {
        format!("profile `{name}` stays loaded, because it is used by {}", users.join(", "))
    }))
}

fn processes_under(profile: &str) -> usize {
    let Ok(folder) = fs::read_dir("/proc") else { return 0 };
    let label = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("attr/current")).ok();
    let labels = folder.flatten().filter_map(label);
    labels
        .filter(|label| {
            let label = label.trim();
            label.split([' ', '/']).next() == Some(profile)
        })
        .count()
}
