//! Why something is not taken back: somebody has changed it since, or something still uses it.

use std::{fs, io};

use super::{Fleet, Restore};
use crate::{
    effect::{
        self, Image, Vault,
        image::{FileImage, Node},
    },
    error::{Error, ErrorKind, Result},
    transport::printable,
};

/// Lines of a difference that an error shows.
const MOST_LINES: usize = 30;

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
    let difference =
        effect::difference(vault, &restore.from, now).ok().flatten().unwrap_or_default();
    let lines =
        difference.lines().filter(|line| !line.starts_with("---") && !line.starts_with("+++"));
    let error = lines
        .take(MOST_LINES)
        .fold(error, |error, line| error.cause(format!("changed since: {}", printable(line))));
    error.hint("Bring it back by hand, or leave it; nothing was touched.")
}

/// Who still uses what is to be taken away, in words: processes under a profile, containers whose configuration
/// names the profile or the file and which would not start without it, policies that include the file. The
/// journal knows most of them; those that another journal knows, or that somebody made by hand, are found here.
pub(super) fn still_used(fleet: &Fleet, to: &Image) -> Result<Option<String>> {
    let (what, mut users) = match to {
        Image::Profile { name, loaded, file } if !loaded || file.node == Node::Absent => {
            let running = processes_under(name)?;
            let users = match running {
                0 => Vec::new(),
                running => vec![format!("{running} running processes")],
            };
            (name, users)
        }
        Image::File(FileImage { path, node: Node::Absent, .. }) => (path, policies_with(path)?),
        _ => return Ok(None),
    };
    let runtime = fleet.runtime();
    for container in runtime.list()? {
        let config = runtime.config(&container)?;
        let named =
            |line: &str| !line.trim_start().starts_with('#') && line.contains(what.as_str());
        if config.text.lines().any(named) {
            users.push(format!("container `{}`", printable(&container)));
        }
    }
    Ok((!users.is_empty())
        .then(|| format!("`{what}` stays, because it is used by {}", users.join(", "))))
}

/// The policies in AppArmor's folder that include a file below it.
fn policies_with(path: &str) -> Result<Vec<String>> {
    const POLICIES: &str = "/etc/apparmor.d";
    let Some(below) = path.strip_prefix(&format!("{POLICIES}/")) else { return Ok(Vec::new()) };
    let include = format!("<{below}>");
    let look = || -> io::Result<Vec<String>> {
        let mut policies = Vec::new();
        for entry in fs::read_dir(POLICIES)? {
            let entry = entry?;
            let text =
                if entry.file_type()?.is_file() { fs::read(entry.path())? } else { continue };
            if String::from_utf8_lossy(&text).contains(&include) {
                policies.push(format!("policy `{}`", entry.file_name().to_string_lossy()));
            }
        }
        Ok(policies)
    };
    look().map_err(|error| unknown(POLICIES, &error))
}

fn processes_under(profile: &str) -> Result<usize> {
    let processes = fs::read_dir("/proc").map_err(|error| unknown("/proc", &error))?;
    // What has ended meanwhile, and what is no process, has no label.
    let label = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("attr/current")).ok();
    let labels = processes.flatten().filter_map(label);
    Ok(labels.filter(|label| label.trim().split([' ', '/']).next() == Some(profile)).count())
}

/// Nobody can say who uses something, so it must stay.
fn unknown(path: &str, cause: &io::Error) -> Error {
    let message = "it cannot be found out who still uses what is to be taken away";
    Error::new(ErrorKind::Step, "FILE-READ", message)
        .cause(format!("{path}: {cause}"))
        .hint("Mend what the cause says, then roll back again.")
}
