//! The proof: a real fuse-overlayfs in the container, mounted, written through and taken down.

use phoenix_sdk::{Evidence, Machine, Output, Probe, Result, VerifyReport, argv, shown};

/// The script; kept apart so that it can be read, and tried, by itself.
pub(crate) const SCRIPT: &str = include_str!("mount.sh");

pub(crate) const MOUNT: Probe = Probe::new(
    "mount",
    argv!["/bin/sh", "-c", SCRIPT, "phoenix-verify"],
    "Mounts a throw-away fuse-overlayfs next to Docker's layers, writes through it, and leaves nothing behind",
)
.within(60);

/// The script's stages, and what each of them proves.
const STAGES: [(&str, &str); 6] = [
    ("folders", "there is room for layers where Docker keeps them"),
    ("mount", "fuse-overlayfs mounts in the container"),
    ("read", "a file of the lower layer is read through the mount"),
    ("write", "what is written lands in the upper layer and leaves the lower one alone"),
    ("remove", "a file of the lower layer can be removed"),
    ("unmount", "the mount goes away and leaves nothing behind"),
];

/// Mounts, and says what held.
pub(crate) fn mount(machine: &Machine<'_>, data_root: &str) -> Result<VerifyReport> {
    Ok(read(&machine.probe(&MOUNT, &[data_root])?, data_root))
}

fn read(output: &Output, data_root: &str) -> VerifyReport {
    let how = format!("a trial mount below `{data_root}`");
    let evidence = Evidence::of_stages(output, &how, &STAGES);
    let report = VerifyReport { evidence, ..VerifyReport::default() };
    if !report.holds() {
        return report;
    }
    let text = output.stdout.to_text();
    let kind = text.lines().find_map(|line| line.strip_prefix("type ")).unwrap_or("unknown");
    report.with(Evidence::equal(
        "the kernel names the mount's type",
        "/proc/self/mountinfo in the container",
        "fuse.fuse-overlayfs",
        shown::name(kind),
    ))
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{Bytes, Output};

    use super::read;

    fn output(exit: i32, stdout: &str, stderr: &str) -> Output {
        Output { exit, stdout: stdout.into(), stderr: Bytes::from(stderr) }
    }

    #[test]
    fn a_failing_stage_is_named_and_the_later_ones_are_not_claimed() {
        let seen = read(&output(1, "stage folders\nfailed mount: no device\n", ""), "/d");
        assert_eq!(seen.evidence.len(), 2);
        assert_eq!(seen.evidence[1].observed, "no device");
        assert!(!seen.holds());
        let seen = read(&output(137, "", "Killed\n"), "/d");
        assert_eq!((seen.evidence.len(), &*seen.evidence[0].observed), (1, "Killed"));
    }

    #[test]
    fn another_type_does_not_hold() {
        let all = "stage folders\ntype TYPE\nstage mount\nstage read\nstage write\nstage remove\nstage unmount\n";
        assert!(read(&output(0, &all.replace("TYPE", "fuse.fuse-overlayfs"), ""), "/d").holds());
        assert!(!read(&output(0, &all.replace("TYPE", "overlay"), ""), "/d").holds());
    }
}
