//! Options of `pct` as the old file has them, and the features of Proxmox among them. Pure.

use phoenix_sdk::shown::sentence;

/// The features that Proxmox has.
const FEATURES: &[&str] = &["force_rw_sys", "fuse", "keyctl", "mknod", "mount", "nesting"];

/// The features that were found in one option, and what else is in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) features: Vec<String>,
    pub(super) complaint: Option<String>,
}

/// `nesting=1`, `nesting=1,keyctl=1`, `features=nesting=1`, `--features nesting=1`, `features: nesting=1`.
pub(super) fn features(option: &str) -> Split {
    let bare = option.trim();
    let word = bare.trim_start_matches('-');
    let list = word
        .strip_prefix("features")
        .and_then(|rest| rest.trim_start().strip_prefix(['=', ':']).or(rest.strip_prefix(' ')))
        .map(str::trim);
    if list.is_none() && bare.starts_with('-') {
        return Split {
            complaint: Some(format!(
                "phoenix-orch sets no such option of `pct`; `pct set ID {}` does",
                sentence(bare)
            )),
            ..Split::default()
        };
    }
    let mut split = Split::default();
    let mut odd = Vec::new();
    for property in list.unwrap_or(bare).split(',').map(str::trim).filter(|it| !it.is_empty()) {
        if is_feature(property) {
            split.features.push(property.to_owned());
        } else {
            odd.push(format!("`{}`", sentence(property)));
        }
    }
    if !odd.is_empty() {
        split.complaint = Some(format!(
            "{} is none of Proxmox's features (`{}`), and phoenix-orch sets no other options of `pct`",
            odd.join(", "),
            FEATURES.join("`, `")
        ));
    }
    split
}

fn is_feature(property: &str) -> bool {
    match property.split_once('=') {
        Some(("mount", kinds)) => {
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.;".contains(letter);
            !kinds.is_empty() && kinds.chars().all(plain)
        }
        Some((name, value)) => FEATURES.contains(&name) && matches!(value, "0" | "1"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_found_however_they_are_written() {
        for (option, expected, complains) in [
            ("nesting=1", &["nesting=1"][..], false),
            (" nesting=1, keyctl=1 ", &["nesting=1", "keyctl=1"], false),
            ("features=nesting=1,keyctl=1", &["nesting=1", "keyctl=1"], false),
            ("--features nesting=1", &["nesting=1"], false),
            ("--features=nesting=1", &["nesting=1"], false),
            ("-features keyctl=1,mount=nfs;cifs", &["keyctl=1", "mount=nfs;cifs"], false),
            ("features: fuse=1", &["fuse=1"], false),
            ("", &[], false),
            ("--onboot 1", &[], true),
            ("memory=2048", &[], true),
            ("nesting", &[], true),
            ("nesting=yes,keyctl=1", &["keyctl=1"], true),
            ("featuresnesting=1", &[], true),
            ("mount=nfs\u{1b}", &[], true),
        ] {
            let split = features(option);
            assert_eq!(
                (&split.features[..], split.complaint.is_some()),
                (&expected.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()[..], complains),
                "{option:?}"
            );
        }
    }
}
