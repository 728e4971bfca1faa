//! `/dev/fuse` in a container, and the line of the container's configuration that brings it in.
//!
//! More than one step needs it: whichever restarts the container first brings the device along, so that
//! no second restart is needed for it.

use crate::{Evidence, FileState, Machine, Result, StepError, shown};

/// Where the device is, on the host and in the container.
pub const PATH: &str = "/dev/fuse";
/// The key of the container's configuration.
pub const KEY: &str = "lxc.mount.entry";
/// The same text as Proxmox VE writes for `features: fuse=1`.
pub const VALUE: &str = "/dev/fuse dev/fuse none bind,create=file 0 0";

/// Whether a path is the FUSE device.
pub fn is_fuse(state: &FileState) -> bool {
    matches!(state, FileState::Device { block: false, major: 10, minor: 229, .. })
}

/// Requires the device on the host. LXC refuses to start a container whose entry has no source, so it is
/// better to stop while the container still runs.
///
/// # Errors
/// - `FUSE-NO-DEVICE` when it is not there.
/// - Those of [`Machine::file`].
pub fn require(host: &Machine<'_>) -> Result<()> {
    let device = host.file(PATH)?;
    if is_fuse(&device) {
        return Ok(());
    }
    Err(StepError::new("FUSE-NO-DEVICE", format!("`{PATH}` on the host is {}", device.kind()))
        .hint("Run `host-tunables` first, or `modprobe fuse` on the host."))
}

/// The value that the configuration is to have: one that is there already and works as well, or ours.
///
/// # Errors
/// `FUSE-ENTRY-BROKEN` when there is an entry with which the container would not start, or would start
/// without the device.
pub fn wanted(values: &[String]) -> Result<String> {
    let mut good = None;
    for value in values {
        match judge(value) {
            Judgement::Foreign => {}
            Judgement::Good => good = good.or(Some(value)),
            Judgement::Broken(why) => {
                return Err(StepError::new(
                    "FUSE-ENTRY-BROKEN",
                    format!("`{KEY} = {}` does not work", shown::name(value)),
                )
                .cause(why)
                .hint(
                    "Remove this line from the container's configuration; nothing was changed.",
                ));
            }
        }
    }
    Ok(good.map_or_else(|| VALUE.to_owned(), Clone::clone))
}

/// That the device will be there after the next start too.
pub fn evidence(values: &[String]) -> Evidence {
    let good = values.iter().find(|value| judge(value) == Judgement::Good);
    Evidence {
        claim: "the container gets `/dev/fuse` at each start".to_owned(),
        how: format!("`{KEY}` in the container's configuration"),
        expected: VALUE.to_owned(),
        observed: good.cloned().unwrap_or_else(|| "no entry for `/dev/fuse`".to_owned()),
        holds: good.is_some(),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    /// About something else.
    Foreign,
    /// Binds `/dev/fuse` to its place.
    Good,
    /// Meant to, and does not; why.
    Broken(&'static str),
}

/// What LXC makes of an entry (`fstab(5)` with options of its own).
fn judge(value: &str) -> Judgement {
    let words: Vec<_> = value.split_whitespace().collect();
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    if word(0) != "/dev/fuse" && word(1).trim_start_matches('/') != "dev/fuse" {
        return Judgement::Foreign;
    }
    let options: Vec<_> = word(3).split(',').collect();
    if word(1).is_empty() {
        Judgement::Broken("it has no target, so LXC would mount it over the container's root")
    } else if word(1) == "/dev/fuse" {
        Judgement::Broken("its target is absolute, and LXC ignores such an entry for a device")
    } else if word(1) != "dev/fuse" {
        // Somebody wants the device in another place as well; that does no harm.
        Judgement::Foreign
    } else if word(0) != "/dev/fuse" {
        Judgement::Broken("it puts something else in the place of `/dev/fuse`")
    } else if !options.contains(&"bind") && !options.contains(&"rbind") {
        Judgement::Broken("it has no option `bind`, so LXC looks for a file system called `none`")
    } else if !options.contains(&"create=file") {
        Judgement::Broken(
            "it has no option `create=file`, and the container's fresh `/dev` has no such file",
        )
    } else {
        Judgement::Good
    }
}

#[cfg(test)]
mod tests {
    use super::{Judgement, VALUE, judge, wanted};

    #[test]
    fn entries_as_lxc_reads_them() {
        for (value, expected) in [
            (VALUE, "good"),
            ("/dev/fuse  dev/fuse\tnone bind,optional,create=file", "good"),
            ("/dev/fuse dev/fuse none bind,create=file,rw,uid=165536,gid=165536 0 0", "good"),
            ("/srv srv none bind,create=dir 0 0", "foreign"),
            ("/dev/fuse dev/my-fuse none bind,create=file 0 0", "foreign"),
            ("/dev/fuse", "no target"),
            ("/dev/fuse /dev/fuse none bind,create=file 0 0", "absolute"),
            ("/dev/fuse dev/fuse none create=file 0 0", "`bind`"),
            ("/dev/fuse dev/fuse none bind 0 0", "`create=file`"),
            ("/dev/fuse dev/fuse none bind,create=dir 0 0", "`create=file`"),
            ("/dev/null dev/fuse none bind,create=file 0 0", "something else"),
        ] {
            let seen = match judge(value) {
                Judgement::Good => "good",
                Judgement::Foreign => "foreign",
                Judgement::Broken(why) => why,
            };
            assert!(seen.contains(expected), "{value}: {seen}");
        }
    }

    #[test]
    fn an_equal_entry_is_kept_and_a_broken_one_stops() {
        let values = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
        assert_eq!(wanted(&[]).unwrap(), VALUE);
        let own = "/dev/fuse dev/fuse none bind,optional,create=file 0 0";
        assert_eq!(wanted(&values(&["/a a none bind 0 0", own])).unwrap(), own);
        assert_eq!(wanted(&values(&[own, "/dev/fuse"])).unwrap_err().code, "FUSE-ENTRY-BROKEN");
    }
}
