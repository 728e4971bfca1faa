//! Kernel settings and modules.

use std::time::Duration;

use phoenix_sdk::{FileState, Observed};

use super::{file::write, observe};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, Read, Reader, Seen, printable},
};

fn sysctl_path(key: &str) -> String {
    format!("/proc/sys/{}", key.replace('.', "/"))
}

/// One file for each setting, so that taking one back touches no other.
pub(super) fn sysctl_file(key: &str) -> String {
    format!("/etc/sysctl.d/60-phoenix-{}.conf", key.replace(['.', '/'], "-"))
}

pub(super) fn sysctl_reads(key: &str) -> Vec<Read> {
    vec![Read::File { path: sysctl_path(key) }, Read::File { path: sysctl_file(key) }]
}

pub(super) fn parse_sysctl(now: &FileState, boot: &FileState) -> Observed {
    let at_boot = observe::text(boot).and_then(|text| {
        let (_, value) = text.lines().find_map(|line| line.split_once('='))?;
        Some(value.trim().to_owned())
    });
    Observed::Sysctl { value: observe::text(now).map(|text| text.trim().to_owned()), at_boot }
}

pub(super) fn set_sysctl(
    machine: &dyn Mutator,
    key: &str,
    value: &str,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    set_now(machine, key, value, line)?;
    own_file(machine, &sysctl_file(key), &sysctl_text(key, value))
}

/// What our file for a setting says.
pub(super) fn sysctl_text(key: &str, value: &str) -> String {
    format!("# Managed by phoenix-orch.\n{key} = {value}\n")
}

/// Sets it in the running kernel alone.
pub(super) fn set_now(
    machine: &dyn Mutator,
    key: &str,
    value: &str,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let output = machine.exec(&Exec::new(["sysctl", "-w", &format!("{key}={value}")]), line)?;
    if !output.success() {
        return Err(Error::new(
            ErrorKind::Step,
            "SYSCTL-FAILED",
            format!("the kernel refuses `{key} = {value}`"),
        )
        .cause(printable(&output.complaint()))
        .hint("Check that the setting may be changed on this machine."));
    }
    Ok(())
}

/// Where a module is asked for at boot: systemd's folders and Debian's file.
const BOOT_FOLDERS: [&str; 3] =
    ["/etc/modules-load.d", "/run/modules-load.d", "/usr/lib/modules-load.d"];

pub(super) fn observe_module(host: &dyn Reader, name: &str) -> Result<Observed> {
    let mut reads: Vec<Read> =
        BOOT_FOLDERS.iter().map(|path| Read::Folder { path: (*path).to_owned() }).collect();
    reads.push(Read::Folder { path: format!("/sys/module/{name}") });
    let mut paths = vec!["/etc/modules".to_owned()];
    let mut in_sys = false;
    for (read, seen) in reads.iter().zip(host.read(&reads)?) {
        let (Read::Folder { path }, Seen::Folder(names)) = (read, seen?) else { continue };
        if path.starts_with("/sys") {
            in_sys = names.is_some();
            continue;
        }
        let confs = names.unwrap_or_default().into_iter().filter(|name| name.ends_with(".conf"));
        paths.extend(confs.map(|name| format!("{path}/{name}")));
    }
    let listed = observe::files(host, &["/proc/modules".into(), "/proc/filesystems".into()])?;
    let names_it = |file: &FileState, word: usize| {
        observe::text(file).is_some_and(|text| {
            text.lines().any(|line| {
                let line = line.split('#').next().unwrap_or_default();
                line.split_whitespace().nth(word).is_some_and(|found| same_module(found, name))
            })
        })
    };
    let loaded = names_it(&listed[0], 0);
    // A file system that is built in shows in /proc/filesystems (behind `nodev` or alone on its line),
    // but has a folder in /sys/module only if it has parameters.
    let available = loaded || in_sys || names_it(&listed[1], 0) || names_it(&listed[1], 1);
    let at_boot = (available && !loaded)
        || observe::files(host, &paths)?.iter().any(|file| names_it(file, 0));
    Ok(Observed::KernelModule { available, at_boot })
}

/// The kernel does not tell `-` from `_` in module names.
fn same_module(one: &str, other: &str) -> bool {
    one.replace('-', "_") == other.replace('-', "_")
}

/// Where a module of ours is asked for at boot.
pub(super) fn module_file(name: &str) -> String {
    format!("/etc/modules-load.d/phoenix-{name}.conf")
}

/// What that file says.
pub(super) fn module_text(name: &str) -> String {
    format!("# Managed by phoenix-orch.\n{name}\n")
}

pub(super) fn load_module(
    machine: &dyn Mutator,
    name: &str,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    load(machine, name, line)?;
    own_file(machine, &module_file(name), &module_text(name))
}

/// Takes a module out of the running kernel, and says whether it went: one that is in use stays.
pub(super) fn unload(
    machine: &dyn Mutator,
    name: &str,
    line: &mut dyn FnMut(&str),
) -> Result<bool> {
    let exec = Exec::new(["modprobe", "--remove", "--", name]).within(Duration::from_secs(60));
    Ok(machine.exec(&exec, line)?.success())
}

/// Loads it into the running kernel alone.
pub(super) fn load(machine: &dyn Mutator, name: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
    let exec = Exec::new(["modprobe", "--", name]).within(Duration::from_secs(60));
    let output = machine.exec(&exec, line)?;
    if !output.success() {
        return Err(Error::new(
            ErrorKind::Step,
            "KERNEL-MODULE",
            format!("module `{name}` cannot be loaded"),
        )
        .cause(printable(&output.complaint()))
        .hint(
            "After a kernel update, reboot the host; else check that its modules are installed.",
        ));
    }
    Ok(())
}

/// Writes a file that is ours alone.
fn own_file(machine: &dyn Mutator, path: &str, text: &str) -> Result<()> {
    let before = observe::files(machine, &[path.to_owned()])?.pop().unwrap_or(FileState::Absent);
    machine.write_file(&write(path, text.into(), None, None, &before))
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::Observed;

    use super::{super::scripted::Scripted, load_module, observe_module, set_sysctl};

    fn module(machine: &Scripted) -> (bool, bool) {
        match observe_module(machine, "fuse").unwrap() {
            Observed::KernelModule { available, at_boot } => (available, at_boot),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_module_is_loaded_built_in_or_missing_and_asked_for_at_boot_or_not() {
        let none = || Scripted::new(&[]).file("/proc/filesystems", "nodev\tproc\n\text4\n", 0o444);
        assert_eq!(module(&none()), (false, false));
        let loaded = none().file("/proc/modules", "fuse 176128 1 - Live 0x0\n", 0o444);
        assert_eq!(module(&loaded), (true, false));
        let at_boot = loaded.file("/etc/modules", "# mine\nloop\nfuse # for containers\n", 0o644);
        assert_eq!(module(&at_boot), (true, true));
        let built_in = Scripted::new(&[]).file("/proc/filesystems", "nodev\tfuse\n", 0o444);
        assert_eq!(module(&built_in), (true, true));
    }

    #[test]
    fn what_is_set_now_is_set_at_boot_too() {
        let machine = Scripted::new(&[]);
        load_module(&machine, "fuse", &mut |_| {}).unwrap();
        set_sysctl(&machine, "kernel.x", "1", &mut |_| {}).unwrap();
        let text = |path| machine.text(path).unwrap();
        assert!(text("/etc/modules-load.d/phoenix-fuse.conf").ends_with("\nfuse\n"));
        assert!(text("/etc/sysctl.d/60-phoenix-kernel-x.conf").ends_with("\nkernel.x = 1\n"));
    }

    #[test]
    fn what_the_kernel_refuses_is_not_written_down_for_the_next_boot() {
        let machine = Scripted::new(&[
            ("modprobe", 1, "FATAL: Module fuse not found"),
            ("sysctl", 255, "permission denied on key"),
        ]);
        assert_eq!(load_module(&machine, "fuse", &mut |_| {}).unwrap_err().code, "KERNEL-MODULE");
        let error = set_sysctl(&machine, "kernel.x", "1", &mut |_| {}).unwrap_err();
        assert_eq!(error.code, "SYSCTL-FAILED");
        assert!(machine.files.lock().unwrap().is_empty());
    }
}
