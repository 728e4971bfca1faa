//! Does a library lie where cargo builds it?

use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use crate::trust::distrust;

/// How a tag of this kind begins, whoever wrote it: <https://bford.info/cachedir/>.
const SIGNATURE: &str = "Signature: 8a477f597d28d172789f06886806bc55";

/// What cargo says in its own.
const CARGO: &str = "created by cargo";

/// Whether a real path lies in the target folder of a development checkout: below a folder that cargo
/// has tagged as its own, beside a `Cargo.toml`. There, libraries change with every build.
///
/// Others may put files into the sticky folders on the way, so a file that they could have written says
/// nothing.
pub(super) fn lies_in(real: &Path) -> bool {
    real.ancestors().skip(1).any(|folder| {
        let manifest = folder.parent().map(|parent| parent.join("Cargo.toml"));
        manifest.is_some_and(|manifest| is_ours(&manifest))
            && is_cargos_tag(&folder.join("CACHEDIR.TAG"))
    })
}

fn is_ours(path: &Path) -> bool {
    let metadata = fs::symlink_metadata(path);
    metadata.is_ok_and(|metadata| metadata.is_file() && distrust(path, &metadata).is_none())
}

fn is_cargos_tag(path: &Path) -> bool {
    let mut text = String::new();
    is_ours(path)
        && File::open(path).is_ok_and(|file| file.take(1024).read_to_string(&mut text).is_ok())
        && text.starts_with(SIGNATURE)
        && text.contains(CARGO)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_takes_cargos_tag_beside_a_manifest_that_only_we_could_have_written() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir_all(at("target/release")).unwrap();
        let library = at("target/release/libx.so");
        assert!(!lies_in(&library));
        fs::write(at("target/CACHEDIR.TAG"), format!("{SIGNATURE}\n# {CARGO}.\n")).unwrap();
        assert!(!lies_in(&library));
        fs::write(at("Cargo.toml"), "").unwrap();
        assert!(lies_in(&library));
        assert!(lies_in(&at("target/debug/deps/libx.so")));
        assert!(!lies_in(&at("libx.so")));

        fs::set_permissions(at("Cargo.toml"), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(!lies_in(&library));
        fs::set_permissions(at("Cargo.toml"), fs::Permissions::from_mode(0o644)).unwrap();
        for other in [format!("{SIGNATURE}\n# by a backup program\n"), CARGO.to_owned()] {
            fs::write(at("target/CACHEDIR.TAG"), other).unwrap();
            assert!(!lies_in(&library));
        }
    }
}
