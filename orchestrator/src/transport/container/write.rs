//! Changes of files inside, each by one fixed script with arguments.

use phoenix_sdk::Output;
use sha2::{Digest, Sha256};

use super::ContainerMachine;
use crate::{
    error::Result,
    transport::{Exec, Reader, TEMPORARY, WriteFile, errors},
};

/// The script's exit code when something else is there than what is expected.
const CHANGED: i32 = 102;

const REPLACE: &str = include_str!("replace.sh");
const SET_PERMISSIONS: &str = include_str!("set_permissions.sh");

/// Puts a file in place whole. The old contents are whole until the new ones are.
pub(super) fn replace(machine: &ContainerMachine, write: &WriteFile) -> Result<()> {
    let path = write.path.as_str();
    errors::validate_path("FILE-WRITE", path)?;
    let expected = write.expected.as_deref().map_or_else(|| "absent".to_owned(), hash);
    let arguments = [
        path.to_owned(),
        format!("{:04o}", write.mode & 0o7777),
        format!("{}:{}", write.owner.0, write.owner.1),
        expected,
        write.content.len().to_string(),
        TEMPORARY.to_owned(),
    ];
    let output = machine.probe(&script(REPLACE, arguments).stdin(write.content.clone()))?;
    conclude(machine, path, &output)
}

/// Removes what is no folder. Nothing there is as good as removed.
pub(super) fn remove(machine: &ContainerMachine, path: &str) -> Result<()> {
    errors::validate_path("FILE-WRITE", path)?;
    let output = machine.probe(&Exec::new(["rm", "-f", "--", path]))?;
    conclude(machine, path, &output)
}

/// Sets mode and owner, and lets a change of owner take no bits of the mode away.
pub(super) fn set_permissions(
    machine: &ContainerMachine,
    path: &str,
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
) -> Result<()> {
    errors::validate_path("FILE-WRITE", path)?;
    let arguments = [
        path.to_owned(),
        mode.map(|mode| format!("{:04o}", mode & 0o7777)).unwrap_or_default(),
        owner.map(|(uid, gid)| format!("{uid}:{gid}")).unwrap_or_default(),
    ];
    let output = machine.probe(&script(SET_PERMISSIONS, arguments))?;
    conclude(machine, path, &output)
}

fn script<const N: usize>(text: &str, arguments: [String; N]) -> Exec {
    let words = ["/bin/sh", "-c", text, "phoenix-orch"].map(str::to_owned);
    Exec::new(words.into_iter().chain(arguments))
}

fn conclude(machine: &ContainerMachine, path: &str, output: &Output) -> Result<()> {
    match output.exit {
        0 => Ok(()),
        CHANGED => Err(errors::changed(path, &machine.label(), errors::complaint(output))),
        _ => Err(errors::unwritable(path, &machine.label(), errors::complaint(output))),
    }
}

fn hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
