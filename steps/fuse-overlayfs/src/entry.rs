//! The line of the container's configuration that brings `/dev/fuse` in.

use phoenix_sdk::{Code, Evidence, FileState, Result, StepError, shown};

pub(crate) const KEY: &str = "lxc.mount.entry";
/// The same text as Proxmox VE writes for `features: fuse=1`.
pub(crate) const VALUE: &str = "/dev/fuse dev/fuse none bind,create=file 0 0";

pub(crate) const BROKEN: Code = Code::new(
    "FUSE-ENTRY-BROKEN",
    "The container's configuration has an `lxc.mount.entry` for `/dev/fuse` with which LXC refuses to start the \
     container, or ignores the device. Older scripts that split the line at its blanks left such entries.",
    "Remove the named line from the container's configuration and run again; nothing was changed.",
);
pub(crate) const NO_DEVICE: Code = Code::new(
    "FUSE-NO-DEVICE",
    "The host has no `/dev/fuse`, so the container would not start again after a restart. It was not restarted.",
    "Run the step `host-tunables`, or load the module `fuse` on the host.",
);

/// Whether a path is the FUSE device.
pub(crate) fn is_fuse(state: &FileState) -> bool {
    matches!(state, FileState::Device { block: false, major: 10, minor: 229, .. })
}

/// The value that the configuration is to have: one that is there already and works as well, or ours.
pub(crate) fn wanted(values: &[String]) -> Result<String> {
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
pub(crate) fn evidence(values: &[String]) -> Evidence {
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
