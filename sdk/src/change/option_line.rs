//! One option of LXC as people write it: `key = value`, `key=value` and, as on Proxmox, `key: value`. Pure.

/// Key and value of a line. The value is everything behind the first `=` or `:`, blanks too; without those
/// around it, and without a pair of quotes, which LXC takes off. Nothing for a line that has no key of LXC's.
pub fn split(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let end = line.find(|letter: char| {
        !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.'))
    })?;
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let value = rest.strip_prefix('=').or_else(|| rest.strip_prefix(':'))?.trim();
    let bare = ['"', '\'']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(value);
    key.strip_prefix("lxc.").is_some_and(|name| !name.is_empty()).then_some((key, bare))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn an_option_is_one_line_whole() {
        for (line, expected) in [
            ("lxc.mount.auto=proc:rw sys:rw", Some(("lxc.mount.auto", "proc:rw sys:rw"))),
            ("lxc.mount.auto: proc:rw sys:rw", Some(("lxc.mount.auto", "proc:rw sys:rw"))),
            (
                " lxc.mount.entry = /dev/a  dev/a none bind,create=file 0 0 ",
                Some(("lxc.mount.entry", "/dev/a  dev/a none bind,create=file 0 0")),
            ),
            ("lxc.environment:A=b c", Some(("lxc.environment", "A=b c"))),
            ("lxc.environment = \"A=b\"", Some(("lxc.environment", "A=b"))),
            ("lxc.cgroup2.devices.allow=", Some(("lxc.cgroup2.devices.allow", ""))),
            ("lxc.mount.entry", None),
            ("none", None),
            ("bind,create=file", None),
            ("memory: 512", None),
            ("lxc. = 1", None),
            ("", None),
        ] {
            assert_eq!(split(line), expected, "{line}");
        }
    }
}
