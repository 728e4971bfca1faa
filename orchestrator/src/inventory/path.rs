//! Places in a JSON document, as `jq` and JSON path write them.

use crate::config::shown;

/// The whole document.
pub(super) const ROOT: &str = "$";

/// A value of an object.
pub(super) fn member(path: &str, key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$');
    if !key.is_empty() && key.len() <= 63 && key.bytes().all(plain) {
        format!("{path}.{key}")
    } else {
        format!("{path}[\"{}\"]", shown(key).replace('"', "\\\""))
    }
}

/// A value of a list.
pub(super) fn element(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// The entry of a container.
pub(super) fn entry(id: &str) -> String {
    member("$.lxc_configs", id)
}
