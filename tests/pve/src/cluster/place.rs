//! What the path of a file says about the guest whose configuration it is.

/// One guest's configuration: the node that has it, what kind it is, and the guest's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) node: &'a str,
    pub(super) kind: &'a str,
    pub(super) id: u32,
}

impl<'a> Place<'a> {
    /// The place of `nodes/NODE/KIND/ID.conf`, given the folders and the name; no other path has one.
    pub(super) fn of(folders: &[&'a str], name: &'a str) -> Option<Self> {
        let &["nodes", node, kind @ ("lxc" | "qemu-server")] = folders else { return None };
        let number = name.strip_suffix(".conf")?;
        if number.starts_with('0') || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self { node, kind, id: number.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_below_a_node_is_a_guest() {
        let of = |name| Place::of(&["nodes", "pve", "lxc"], name).map(|place| place.id);
        assert_eq!(of("100.conf"), Some(100));
        for other in ["100.conf.tmp.1", "100", "web.conf", "0100.conf", ".conf", "99999999999.conf"]
        {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(Place::of(&["nodes", "pve", "priv"], "100.conf"), None);
        assert_eq!(Place::of(&["lxc"], "100.conf"), None);
    }
}
