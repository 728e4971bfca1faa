//! Where a step's library may be. What it does not do: look there, or decide whether what is there may
//! be trusted; that is the catalog's.

use std::path::{Path, PathBuf};

use super::manifest::{Manifest, Plugin};

/// Where packages put libraries.
pub const SYSTEM_LIBRARIES: &str = "/usr/lib/phoenix-orch/plugins";

impl Manifest {
    /// The paths at which a plugin's library is looked for, first the one that wins: the folders in
    /// `plugin_dirs`, the folder of the binary, [`SYSTEM_LIBRARIES`]. A library that is given as a path
    /// is at that path only. No path is named twice.
    pub fn library_candidates(&self, plugin: &Plugin, exe_dir: &Path) -> Vec<PathBuf> {
        if plugin.library.contains('/') {
            return vec![self.dir.join(&plugin.library)];
        }
        let file = format!("lib{}.so", plugin.library);
        let dirs = self.plugin_dirs.iter().map(PathBuf::as_path);
        let mut candidates: Vec<PathBuf> = Vec::new();
        for dir in dirs.chain([exe_dir, Path::new(SYSTEM_LIBRARIES)]) {
            let path = dir.join(&file);
            if !candidates.contains(&path) {
                candidates.push(path);
            }
        }
        candidates
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_text;
    use super::*;

    #[test]
    fn the_file_comes_first_the_binary_second_the_system_last() {
        let text = "format = 1\nplugin_dirs = [\"ours\", \"/opt/theirs\", \"/opt/phoenix\"]\n\
            [plugins.my-step]\nversion = \"1\"\n[plugins.other]\nversion = \"1\"\nlibrary = \"./x.so\"\n";
        let manifest = parse_text(Path::new("/etc/phoenix-orch/plugins.toml"), text).unwrap();
        let candidates = |name: &str| -> Vec<_> {
            manifest
                .library_candidates(&manifest.plugins[name], Path::new("/opt/phoenix"))
                .into_iter()
                .map(|path| path.to_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(
            candidates("my-step"),
            [
                "/etc/phoenix-orch/ours/libmy_step.so",
                "/opt/theirs/libmy_step.so",
                "/opt/phoenix/libmy_step.so",
                "/usr/lib/phoenix-orch/plugins/libmy_step.so",
            ]
        );
        assert_eq!(candidates("other"), ["/etc/phoenix-orch/./x.so"]);
    }
}
