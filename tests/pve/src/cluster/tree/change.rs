//! What changes files, and who may not.

use std::collections::BTreeMap;
use std::time::SystemTime;

use rustix::io::Errno;

use super::{Entry, Kind, ROOT, Tree};
use crate::cluster::place::Place;

/// No file may be larger.
const LARGEST: usize = 1 << 20;

impl Tree {
    /// Whether anything may be written now.
    pub(in crate::cluster) fn writable(&self) -> Result<(), Errno> {
        if self.quorum { Ok(()) } else { Err(Errno::ACCESS) }
    }

    /// Makes an empty file; for a guest's configuration only if no other guest has its number.
    pub(in crate::cluster) fn create(
        &mut self,
        folder: u64,
        name: &str,
        now: SystemTime,
    ) -> Result<u64, Errno> {
        self.writable()?;
        self.refuse_taken_number(folder, name, None)?;
        if self.children(folder)?.contains_key(name) {
            return Err(Errno::EXIST);
        }
        Ok(self.insert(folder, name, Kind::File(Vec::new()), now))
    }

    /// Makes an empty folder.
    pub(in crate::cluster) fn make_folder(
        &mut self,
        parent: u64,
        name: &str,
        now: SystemTime,
    ) -> Result<u64, Errno> {
        self.writable()?;
        if self.children(parent)?.contains_key(name) {
            return Err(Errno::EXIST);
        }
        let kind = Kind::Folder { parent, name: name.to_owned(), children: BTreeMap::new() };
        Ok(self.insert(parent, name, kind, now))
    }

    /// Writes bytes into a file.
    pub(in crate::cluster) fn write(
        &mut self,
        number: u64,
        offset: u64,
        new: &[u8],
        now: SystemTime,
    ) -> Result<(), Errno> {
        let from = usize::try_from(offset).map_err(|_| Errno::FBIG)?;
        let end = from.saturating_add(new.len());
        let bytes = self.bytes_to_change(number, end, now)?;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[from..end].copy_from_slice(new);
        Ok(())
    }

    /// Cuts a file off, or fills it up with zeros.
    pub(in crate::cluster) fn resize(
        &mut self,
        number: u64,
        size: u64,
        now: SystemTime,
    ) -> Result<(), Errno> {
        let size = usize::try_from(size).map_err(|_| Errno::FBIG)?;
        self.bytes_to_change(number, size, now)?.resize(size, 0);
        Ok(())
    }

    fn bytes_to_change(
        &mut self,
        number: u64,
        size: usize,
        now: SystemTime,
    ) -> Result<&mut Vec<u8>, Errno> {
        self.writable()?;
        if size > LARGEST {
            return Err(Errno::FBIG);
        }
        let entry = self.entries.get_mut(&number).ok_or(Errno::NOENT)?;
        entry.modified = now;
        match &mut entry.kind {
            Kind::File(bytes) => Ok(bytes),
            Kind::Folder { .. } | Kind::Link(_) => Err(Errno::ISDIR),
        }
    }

    /// Removes a file. Whoever has it open can go on reading it.
    pub(in crate::cluster) fn unlink(&mut self, folder: u64, name: &str) -> Result<(), Errno> {
        self.writable()?;
        match self.kind(self.lookup(folder, name)?)? {
            Kind::Folder { .. } => Err(Errno::ISDIR),
            // What pmxcfs itself makes it does not give away.
            Kind::Link(_) => Err(Errno::ACCESS),
            Kind::File(_) => self.children_mut(folder).map(|children| {
                children.remove(name);
            }),
        }
    }

    /// Removes an empty folder.
    pub(in crate::cluster) fn remove_folder(
        &mut self,
        parent: u64,
        name: &str,
    ) -> Result<(), Errno> {
        self.writable()?;
        if !self.children(self.lookup(parent, name)?)?.is_empty() {
            return Err(Errno::NOTEMPTY);
        }
        self.children_mut(parent)?.remove(name);
        Ok(())
    }

    /// Gives an entry another place; a file that is there is replaced.
    pub(in crate::cluster) fn rename(
        &mut self,
        (folder, name): (u64, &str),
        (new_folder, new_name): (u64, &str),
    ) -> Result<(), Errno> {
        self.writable()?;
        let moved = self.lookup(folder, name)?;
        self.refuse_taken_number(new_folder, new_name, Some((folder, name)))?;
        if let Ok(replaced) = self.lookup(new_folder, new_name)
            && !matches!(self.kind(replaced)?, Kind::File(_))
        {
            return Err(Errno::EXIST);
        }
        self.children_mut(folder)?.remove(name);
        self.children_mut(new_folder)?.insert(new_name.to_owned(), moved);
        if let Some(Entry { kind: Kind::Folder { parent, name, .. }, .. }) =
            self.entries.get_mut(&moved)
        {
            (*parent, *name) = (new_folder, new_name.to_owned());
        }
        Ok(())
    }

    /// A number belongs to one guest of the whole cluster. A guest may be moved to another node.
    fn refuse_taken_number(
        &self,
        folder: u64,
        name: &str,
        from: Option<(u64, &str)>,
    ) -> Result<(), Errno> {
        let folders = self.folders_of(folder);
        let Some(wanted) = Place::of(&folders, name) else { return Ok(()) };
        let source = from.map(|(folder, name)| (self.folders_of(folder), name));
        let source = source.as_ref().and_then(|(folders, name)| Place::of(folders, name));
        if source.is_some_and(|place| place.id == wanted.id) {
            return Ok(());
        }
        let file = format!("{}.conf", wanted.id);
        for (node, number) in self.children(self.lookup(ROOT, "nodes")?)? {
            for kind in ["lxc", "qemu-server"] {
                let here = node == wanted.node && kind == wanted.kind;
                let taken = |folder| self.lookup(folder, &file).is_ok();
                if !here && self.lookup(*number, kind).is_ok_and(taken) {
                    return Err(Errno::EXIST);
                }
            }
        }
        Ok(())
    }

    /// The names of a folder and those above it, the topmost first.
    fn folders_of(&self, mut folder: u64) -> Vec<&str> {
        let mut names = Vec::new();
        while folder != ROOT
            && let Ok(Kind::Folder { parent, name, .. }) = self.kind(folder)
        {
            names.push(name.as_str());
            folder = *parent;
        }
        names.reverse();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn a_number_belongs_to_one_guest_of_the_whole_cluster() {
        let mut tree = Tree::new("pve", NOW);
        let here = tree.make_folders("lxc", NOW).unwrap();
        let there = tree.make_folders("nodes/other/lxc", NOW).unwrap();
        let machines = tree.make_folders("nodes/pve/qemu-server", NOW).unwrap();
        tree.create(there, "100.conf", NOW).unwrap();
        for folder in [here, machines] {
            assert_eq!(tree.create(folder, "100.conf", NOW), Err(Errno::EXIST));
        }
        tree.create(here, "100.conf.tmp.7", NOW).unwrap();
        let renamed = tree.rename((here, "100.conf.tmp.7"), (here, "100.conf"));
        assert_eq!(renamed, Err(Errno::EXIST));
        // A guest that moves to another node keeps its number.
        tree.rename((there, "100.conf"), (here, "100.conf")).unwrap();
        tree.rename((here, "100.conf.tmp.7"), (here, "100.conf")).unwrap();
        assert_eq!(tree.lookup(there, "100.conf"), Err(Errno::NOENT));
    }

    #[test]
    fn what_cannot_be_written_stays_as_it_was() {
        let mut tree = Tree::new("pve", NOW);
        let file = tree.create(ROOT, "a", NOW).unwrap();
        tree.write(file, 0, b"abc", NOW).unwrap();
        tree.write(file, 2, b"de", NOW).unwrap();
        let far = u64::try_from(LARGEST).unwrap();
        assert_eq!(tree.write(file, far, b"x", NOW), Err(Errno::FBIG));
        tree.set_quorum(false);
        assert_eq!(tree.write(file, 0, b"x", NOW), Err(Errno::ACCESS));
        assert_eq!(tree.resize(file, 0, NOW), Err(Errno::ACCESS));
        assert_eq!(tree.read(file, 1, 9), Ok(&b"bde"[..]));
    }
}
