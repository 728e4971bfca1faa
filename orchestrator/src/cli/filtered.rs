//! Whether this process runs under a seccomp filter. LXC loads a container's own filter into no process that has one
//! already, so that what is seen in containers, and what runs in them, would be another thing than what is there.

use crate::report;

/// Warns of it. Where the kernel does not say, there is nothing to warn of: every kernel that LXC runs on does.
pub(super) fn warn() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if is_filtered(&status) {
        report::warning(
            "phoenix-orch itself runs under a seccomp filter (in a unit of systemd: `RestrictRealtime`, `SystemCallFilter` and the \
             like). LXC enters containers without their own filter then, and what is said of them may not be so",
        );
    }
}

/// By `/proc/self/status`: 0 is no filter, 1 the strict mode, 2 filters.
fn is_filtered(status: &str) -> bool {
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:"));
    mode.is_some_and(|mode| mode.trim() != "0")
}

#[cfg(test)]
mod tests {
    use super::is_filtered;

    #[test]
    fn the_kernel_says_it() {
        let status = |mode| format!("Name:\tx\nSeccomp:\t{mode}\nSeccomp_filters:\t0\n");
        assert!(!is_filtered(&status(0)) && is_filtered(&status(2)) && is_filtered(&status(1)));
        assert!(!is_filtered("Name:\tx\n"));
        let own = std::fs::read_to_string("/proc/self/status").unwrap();
        assert!(own.contains("\nSeccomp:"), "{own}");
    }
}
