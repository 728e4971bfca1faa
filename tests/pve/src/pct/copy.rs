//! `pct push` and `pct pull`. Both are started as a worker whose failure nobody asks about: the exit code
//! is 0, and whether all bytes arrived is not looked at.

use std::fs::{File, OpenOptions, Permissions, read_to_string, set_permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use super::failure::{Failure, plain};
use super::flock;
use super::namespace;
use super::options::Line;
use super::state::{ask, is_running};
use super::voice::{Voice, error};

/// `pct push ID FILE DESTINATION`.
pub(super) fn push(id: u32, line: &Line) -> Result<(), Failure> {
    if !is_running(id)? {
        return Err(Failure::new("can only push files to a running CT", 255));
    }
    let _held = flock::take(id, Voice::Plain)?;
    if let Err(text) = push_now(id, line) {
        error(&text);
    }
    Ok(())
}

fn push_now(id: u32, line: &Line) -> Result<(), String> {
    let (from, to) = (line.argument(1), line.argument(2));
    let mode = mode(line.option("perms"))?;
    let source = File::open(from).map_err(|_| format!("failed to open {from} for reading"))?;
    enter(id)?;
    let user = number(line.option("user"), "/etc/passwd", "uid")?;
    let group = number(line.option("group"), "/etc/group", "gid")?;
    let target = create(to)?;
    let place = Path::new("/").join(to);
    if user.is_some() || group.is_some() {
        chown(&place, user, group)
            .map_err(|error| format!("failed to change file owner: {}", plain(&error)))?;
    }
    if let Some(mode) = mode {
        set_permissions(&place, Permissions::from_mode(mode))
            .map_err(|error| format!("failed to change file mode: {}", plain(&error)))?;
    }
    copy(source, target);
    Ok(())
}

/// `pct pull ID PATH DESTINATION`.
pub(super) fn pull(id: u32, line: &Line) -> Result<(), Failure> {
    if !is_running(id)? {
        let place = "/usr/local/lib/site_perl/PVE/CLI/pct.pm line 664.";
        return Err(Failure::new(format!("can only pull files from a running VM at {place}"), 255));
    }
    let _held = flock::take(id, Voice::Plain)?;
    if let Err(text) = pull_now(id, line) {
        error(&text);
    }
    Ok(())
}

fn pull_now(id: u32, line: &Line) -> Result<(), String> {
    let (from, to) = (line.argument(1), line.argument(2));
    let mode = mode(line.option("perms"))?;
    let target = create(to)?;
    if let Some(mode) = mode {
        target
            .set_permissions(Permissions::from_mode(mode))
            .map_err(|error| format!("failed to change file mode: {}", plain(&error)))?;
    }
    enter(id)?;
    let source = File::open(Path::new("/").join(from))
        .map_err(|error| format!("failed to open {from}: {}", plain(&error)))?;
    copy(source, target);
    Ok(())
}

fn enter(id: u32) -> Result<(), String> {
    let pid = ask(id, "--pid").map_err(|failure| failure.text)?;
    namespace::enter(&pid)
        .map_err(|error| format!("failed to enter the container: {}", plain(&error)))
}

fn create(path: &str) -> Result<File, String> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o666);
    options.open(path).map_err(|error| format!("failed to create file: {path}: {}", plain(&error)))
}

/// Perl's `File::Copy::copy` without a look at what it returns.
fn copy(mut source: File, mut target: File) {
    let mut chunk = vec![0; 1 << 16];
    while let Ok(count @ 1..) = source.read(&mut chunk) {
        if target.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
}

/// Octal with or without a 0 before it, or hexadecimal after `0x`.
fn mode(text: Option<&str>) -> Result<Option<u32>, String> {
    let Some(text) = text else { return Ok(None) };
    let text = if text.starts_with('0') { text.to_owned() } else { format!("0{text}") };
    let number = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => u32::from_str_radix(&text, 8),
    };
    number.map(Some).map_err(|_| format!("invalid mode: '{text}'"))
}

/// A number, or that of a name in the container.
fn number(name: Option<&str>, list: &str, what: &str) -> Result<Option<u32>, String> {
    let Some(name) = name else { return Ok(None) };
    if let Ok(number) = name.parse() {
        return Ok(Some(number));
    }
    let text = read_to_string(list).unwrap_or_default();
    let found = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let same = fields.next() == Some(name);
        fields.nth(1).filter(|_| same)?.parse().ok()
    });
    found.map(Some).ok_or_else(|| format!("failed to get {what} for: {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_unless_they_say_otherwise() {
        for (text, expected) in [("600", 0o600), ("0600", 0o600), ("0x1ff", 0o777)] {
            assert_eq!(mode(Some(text)), Ok(Some(expected)), "{text}");
        }
        assert_eq!(mode(Some("9z")), Err("invalid mode: '09z'".to_owned()));
    }
}
