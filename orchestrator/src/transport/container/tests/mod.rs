//! The protocol with real shells. What leads into a container is left out, or is a `chroot`.

mod commands;
mod faults;
mod files;

use std::{fs, os::unix::fs::MetadataExt, path::Path, process::Command};

use phoenix_sdk::FileState;

use super::ContainerMachine;
use crate::transport::{Exec, Read, Reader, Seen, WriteFile};

/// A machine, and a folder as it and as the test sees it.
struct Place {
    machine: ContainerMachine,
    inside: String,
    outside: tempfile::TempDir,
}

impl Place {
    fn shell(attach: &[&str]) -> Self {
        let outside = tempfile::tempdir().unwrap();
        let inside = outside.path().to_str().unwrap().to_owned();
        Self { machine: machine(attach), inside, outside }
    }

    /// A root of nothing but busybox: its shell and its tools.
    fn busybox() -> Option<Self> {
        let busybox =
            ["/bin/busybox", "/usr/bin/busybox"].iter().find(|p| Path::new(p).exists())?;
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("root");
        for folder in ["bin", "dev", "tmp"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::copy(busybox, root.join("bin/busybox")).unwrap();
        fs::write(root.join("dev/null"), "").unwrap();
        let installed = Command::new("chroot")
            .arg(&root)
            .args(["/bin/busybox", "--install", "-s", "/bin"])
            .status()
            .unwrap();
        if !installed.success() {
            return None;
        }
        let machine = machine(&["chroot", root.to_str().unwrap()]);
        fs::create_dir(root.join("place")).unwrap();
        Some(Self { machine, inside: "/place".to_owned(), outside })
    }

    /// One of each kind of shell.
    fn all() -> Vec<Self> {
        let mut all = vec![Self::shell(&[]), Self::shell(&["/bin/sh", "-c", "exec bash --posix"])];
        match Self::busybox() {
            Some(busybox) => all.push(busybox),
            None => {
                println!("without busybox: install `busybox-static` and be root to test it too")
            }
        }
        all
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.inside)
    }

    fn out(&self, name: &str) -> std::path::PathBuf {
        let root = self.outside.path();
        if self.inside == "/place" { root.join("root/place").join(name) } else { root.join(name) }
    }

    fn file(&self, name: &str) -> FileState {
        match one(&self.machine, Read::File { path: self.at(name) }) {
            Seen::File(state) => state,
            other => panic!("{other:?}"),
        }
    }

    fn write(&self, name: &str, content: &[u8], expected: Option<&[u8]>) -> WriteFile {
        let own = fs::metadata(self.outside.path()).unwrap();
        WriteFile {
            path: self.at(name),
            content: content.to_vec(),
            mode: 0o640,
            owner: (own.uid(), own.gid()),
            expected: expected.map(<[u8]>::to_vec),
        }
    }

    fn leftovers(&self) -> usize {
        fs::read_dir(self.out("."))
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with(".phoenix"))
            .count()
    }
}

fn machine(attach: &[&str]) -> ContainerMachine {
    ContainerMachine::new("web", attach.iter().map(|&word| word.to_owned()).collect())
}

fn one(machine: &ContainerMachine, read: Read) -> Seen {
    machine.read(&[read]).unwrap().remove(0).unwrap()
}

fn sh(script: &str) -> Exec {
    Exec::new(["sh", "-c", script])
}

fn pid(machine: &ContainerMachine) -> String {
    machine.probe(&sh("echo $PPID")).unwrap().line()
}

fn every_byte() -> Vec<u8> {
    (0..300_000_u32).map(|n| ((n / 256) ^ n) as u8).collect()
}
