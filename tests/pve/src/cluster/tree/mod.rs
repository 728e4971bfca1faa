//! The files of the cluster and what may be done to them; no system call is made here.

mod change;

use std::collections::BTreeMap;
use std::time::SystemTime;

use rustix::io::Errno;

/// The number of the topmost folder.
pub const ROOT: u64 = 1;

/// Says who is in the cluster; its content follows the quorum.
const MEMBERS: &str = ".members";

/// All files.
#[derive(Debug)]
pub struct Tree {
    node: String,
    quorum: bool,
    entries: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    kind: Kind,
    modified: SystemTime,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Folder { parent: u64, name: String, children: BTreeMap<String, u64> },
    File(Vec<u8>),
    Link(String),
}

/// What is asked about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) what: What,
    pub(super) mode: u16,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

/// The kind of an entry, without what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Folder,
    File,
    Link,
}

impl Tree {
    /// The tree of a node that has no guests.
    pub fn new(node: &str, now: SystemTime) -> Self {
        let root = Kind::Folder { parent: ROOT, name: String::new(), children: BTreeMap::new() };
        let entries = BTreeMap::from([(ROOT, Entry { kind: root, modified: now })]);
        let mut tree = Self { node: node.to_owned(), quorum: true, entries };
        let folder = format!("nodes/{node}");
        for below in ["lxc", "qemu-server"] {
            let made = tree.make_folders(&format!("{folder}/{below}"), now);
            debug_assert!(made.is_ok(), "a new tree has room for its own folders");
        }
        tree.insert(ROOT, "lxc", Kind::Link(format!("{folder}/lxc")), now);
        tree.insert(ROOT, "local", Kind::Link(folder), now);
        tree.insert(ROOT, MEMBERS, Kind::File(Vec::new()), now);
        tree.set_quorum(true);
        tree
    }

    /// Gives the quorum or takes it away.
    pub fn set_quorum(&mut self, quorum: bool) {
        self.quorum = quorum;
        let (node, quorate) = (&self.node, u8::from(quorum));
        let text = format!(
            "{{\n\"nodename\": \"{node}\",\n\"version\": 4,\n\"cluster\": {{ \"name\": \"tests\", \
             \"version\": 2, \"nodes\": 2, \"quorate\": {quorate} }}\n}}\n"
        );
        if let Ok(number) = self.lookup(ROOT, MEMBERS)
            && let Some(Entry { kind: Kind::File(bytes), .. }) = self.entries.get_mut(&number)
        {
            *bytes = text.into_bytes();
        }
    }

    /// Makes a folder and those above it, whatever is there already.
    pub(super) fn make_folders(&mut self, path: &str, now: SystemTime) -> Result<u64, Errno> {
        let mut folder = ROOT;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            folder = match self.lookup(folder, name) {
                Ok(there) => self.through_link(there)?,
                Err(_) => self.make_folder(folder, name, now)?,
            };
        }
        Ok(folder)
    }

    fn through_link(&self, number: u64) -> Result<u64, Errno> {
        let Kind::Link(target) = self.kind(number)? else { return Ok(number) };
        target.split('/').try_fold(ROOT, |folder, name| self.lookup(folder, name))
    }

    /// The entry of this name in a folder.
    pub(super) fn lookup(&self, folder: u64, name: &str) -> Result<u64, Errno> {
        self.children(folder)?.get(name).copied().ok_or(Errno::NOENT)
    }

    /// What there is to know about an entry.
    pub(super) fn attributes(&self, number: u64) -> Result<Attributes, Errno> {
        let entry = self.entries.get(&number).ok_or(Errno::NOENT)?;
        let (what, mode, size) = match &entry.kind {
            Kind::Folder { .. } => (What::Folder, 0o755, 0),
            Kind::File(bytes) => (What::File, self.file_mode(number), bytes.len()),
            Kind::Link(target) => (What::Link, 0o777, target.len()),
        };
        // Without quorum nobody may write, and the modes say so.
        let mode = if self.quorum || what == What::Link { mode } else { mode & !0o222 };
        Ok(Attributes { what, mode, size: size as u64, modified: entry.modified })
    }

    fn file_mode(&self, number: u64) -> u16 {
        if self.lookup(ROOT, MEMBERS) == Ok(number) { 0o440 } else { 0o640 }
    }

    /// The names in a folder.
    pub(super) fn list(&self, folder: u64) -> Result<Vec<(u64, What, String)>, Errno> {
        let parent = match self.kind(folder)? {
            Kind::Folder { parent, .. } => *parent,
            Kind::File(_) | Kind::Link(_) => return Err(Errno::NOTDIR),
        };
        let mut list =
            vec![(folder, What::Folder, ".".to_owned()), (parent, What::Folder, "..".to_owned())];
        for (name, number) in self.children(folder)? {
            list.push((*number, self.attributes(*number)?.what, name.clone()));
        }
        Ok(list)
    }

    /// The bytes of a file from an offset on, at most so many.
    pub(super) fn read(&self, number: u64, offset: u64, size: usize) -> Result<&[u8], Errno> {
        let Kind::File(bytes) = self.kind(number)? else { return Err(Errno::ISDIR) };
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        Ok(&bytes[from..bytes.len().min(from.saturating_add(size))])
    }

    /// Where a link leads.
    pub(super) fn target(&self, number: u64) -> Result<&str, Errno> {
        let Kind::Link(target) = self.kind(number)? else { return Err(Errno::INVAL) };
        Ok(target)
    }

    fn insert(&mut self, folder: u64, name: &str, kind: Kind, now: SystemTime) -> u64 {
        let number = self.entries.last_key_value().map_or(ROOT, |(last, _)| last + 1);
        self.entries.insert(number, Entry { kind, modified: now });
        if let Ok(children) = self.children_mut(folder) {
            children.insert(name.to_owned(), number);
        }
        number
    }

    fn kind(&self, number: u64) -> Result<&Kind, Errno> {
        self.entries.get(&number).map(|entry| &entry.kind).ok_or(Errno::NOENT)
    }

    fn children(&self, folder: u64) -> Result<&BTreeMap<String, u64>, Errno> {
        match self.kind(folder)? {
            Kind::Folder { children, .. } => Ok(children),
            Kind::File(_) | Kind::Link(_) => Err(Errno::NOTDIR),
        }
    }

    fn children_mut(&mut self, folder: u64) -> Result<&mut BTreeMap<String, u64>, Errno> {
        match self.entries.get_mut(&folder).map(|entry| &mut entry.kind) {
            Some(Kind::Folder { children, .. }) => Ok(children),
            Some(Kind::File(_) | Kind::Link(_)) => Err(Errno::NOTDIR),
            None => Err(Errno::NOENT),
        }
    }
}
