//! The files that a cluster has at the beginning, from a plain folder.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::tree::Tree;

/// Takes every file and folder below `from` into the tree. `lxc/ID.conf` goes where the link `lxc` leads.
///
/// # Errors
/// When one cannot be read, or the tree refuses it.
pub fn load(tree: &mut Tree, from: &Path) -> io::Result<()> {
    load_folder(tree, from, "", SystemTime::now())
}

fn load_folder(tree: &mut Tree, from: &Path, below: &str, now: SystemTime) -> io::Result<()> {
    let folder = tree.make_folders(below, now)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().ok_or(io::ErrorKind::InvalidData)?;
        if entry.file_type()?.is_dir() {
            load_folder(tree, &entry.path(), &format!("{below}/{name}"), now)?;
        } else {
            let number = match tree.lookup(folder, name) {
                Ok(there) => there,
                Err(_) => tree.create(folder, name, now)?,
            };
            tree.resize(number, 0, now)?;
            tree.write(number, 0, &fs::read(entry.path())?, now)?;
        }
    }
    Ok(())
}
