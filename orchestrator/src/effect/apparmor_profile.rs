//! AppArmor: what the kernel can do, and profiles in it.

use std::time::Duration;

use phoenix_sdk::{AppArmorState, FileState, Observed};

use super::{file, observe};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, Read, Reader, Seen, printable},
};

/// Where the kernel shows AppArmor's state.
const SECURITY: &str = "/sys/kernel/security/apparmor";

pub(super) fn observe_kernel(host: &dyn Reader) -> Result<Observed> {
    let paths = [
        "/sys/module/apparmor/parameters/enabled".to_owned(),
        format!("{SECURITY}/features/domain/stack"),
        format!("{SECURITY}/features/mount/mask"),
    ];
    let files = observe::files(host, &paths)?;
    let says = |file: &FileState, word: &str| {
        observe::text(file).is_some_and(|text| text.trim().eq_ignore_ascii_case(word))
    };
    let enabled = says(&files[0], "Y");
    Ok(Observed::AppArmor(AppArmorState {
        enabled,
        stacking: enabled && says(&files[1], "yes"),
        mounts: enabled.then(|| observe::text(&files[2]).is_some()),
        parser: enabled && has_parser(host)?,
    }))
}

fn has_parser(host: &dyn Reader) -> Result<bool> {
    let argv = ["apparmor_parser", "--version"].map(str::to_owned).to_vec();
    Ok(match host.read(&[Read::Exec { argv }])?.pop() {
        Some(Ok(Seen::Exec(output))) => output.success(),
        Some(Err(error)) if error.code != "EXEC-NOT-FOUND" => return Err(error),
        _ => false,
    })
}

fn path(name: &str) -> String {
    format!("/etc/apparmor.d/{name}")
}

pub(super) fn reads(name: &str) -> Vec<Read> {
    vec![Read::File { path: path(name) }, Read::File { path: format!("{SECURITY}/profiles") }]
}

/// Lines of the kernel's list are `name (mode)`.
pub(super) fn parse(name: &str, file: &FileState, loaded: &FileState) -> Observed {
    let mode = observe::text(loaded).and_then(|text| {
        text.lines().find_map(|line| {
            let (found, mode) = line.rsplit_once(" (")?;
            (found == name).then(|| mode.trim_end_matches(')').to_owned())
        })
    });
    Observed::AppArmorProfile { file: file.clone(), mode }
}

/// Checks the text with the parser, puts the file in place and replaces the profile in the kernel (never
/// removes it first: that would leave running containers unconfined in between). If the kernel does not
/// take it, the former file is put back.
pub(super) fn load(
    machine: &dyn Mutator,
    name: &str,
    text: &str,
    before: Option<&Observed>,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let limit = Duration::from_secs(120);
    let check = ["apparmor_parser", "--skip-kernel-load", "--skip-cache"];
    let output = machine.exec(&Exec::new(check).stdin(text).within(limit), line)?;
    if !output.success() {
        return Err(refused("APPARMOR-PROFILE-INVALID", name, &output.complaint())
            .hint("Nothing was replaced. Correct the profile's parameters, then run again."));
    }
    let path = path(name);
    let former = file::state(before);
    let write = file::write(&path, text.into(), None, None, former);
    machine.write_file(&write)?;
    let replace = ["apparmor_parser", "--replace", "--skip-cache", "--", &path];
    let output = machine.exec(&Exec::new(replace).within(limit), line)?;
    if output.success() {
        return Ok(());
    }
    match former.content() {
        Some(content) => {
            let mut back = write.clone();
            back.content.clone_from(&content.0);
            back.expected = Some(write.content);
            machine.write_file(&back)?;
        }
        None => machine.remove_file(&path)?,
    }
    Err(refused("APPARMOR-PROFILE-LOAD", name, &output.complaint())
        .hint("The former file is back. Check `aa-status` and the kernel log, then run again."))
}

fn refused(code: &str, name: &str, complaint: &str) -> Error {
    Error::new(ErrorKind::Step, code, format!("profile `{name}` cannot be loaded"))
        .cause(printable(complaint))
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{FileState, Observed, world};

    use super::super::scripted::Scripted;

    const PATH: &str = "/etc/apparmor.d/lxc-x";

    fn load(machine: &Scripted, text: &str) -> crate::error::Result<()> {
        let before = Observed::AppArmorProfile { file: machine.state(PATH), mode: None };
        super::load(machine, "lxc-x", text, Some(&before), &mut |_| {})
    }

    #[test]
    fn a_text_that_the_parser_refuses_replaces_nothing() {
        let check = "apparmor_parser --skip-kernel-load";
        let machine = Scripted::new(&[(check, 1, "syntax error, line 3")]).file(PATH, "old", 0o644);
        let error = load(&machine, "new").unwrap_err();
        assert_eq!(error.code, "APPARMOR-PROFILE-INVALID");
        assert_eq!(error.causes, ["syntax error, line 3"]);
        assert_eq!(machine.text(PATH).as_deref(), Some("old"));
        assert_eq!(machine.done().len(), 1, "{:?}", machine.done());
    }

    #[test]
    fn when_the_kernel_refuses_it_the_former_file_is_back() {
        let replace = "apparmor_parser --replace";
        let machine = Scripted::new(&[(replace, 1, "no such feature")]).file(PATH, "old", 0o600);
        assert_eq!(load(&machine, "new").unwrap_err().code, "APPARMOR-PROFILE-LOAD");
        assert_eq!(machine.text(PATH).as_deref(), Some("old"));
        assert!(machine.done().iter().all(|done| !done.contains("remove")), "{:?}", machine.done());

        let machine = Scripted::new(&[(replace, 1, "no such feature")]);
        assert_eq!(load(&machine, "new").unwrap_err().code, "APPARMOR-PROFILE-LOAD");
        assert_eq!(machine.text(PATH), None);
    }

    #[test]
    fn a_profile_is_checked_written_and_replaced_in_this_order() {
        let machine = Scripted::new(&[]);
        load(&machine, "new").unwrap();
        assert_eq!(
            machine.done(),
            [
                "apparmor_parser --skip-kernel-load --skip-cache",
                "write /etc/apparmor.d/lxc-x 644",
                "apparmor_parser --replace --skip-cache -- /etc/apparmor.d/lxc-x",
            ]
        );
    }

    #[test]
    fn the_mode_is_that_of_exactly_this_profile() {
        let loaded = world::regular("lxc-phoenix-v2-old (enforce)\nlxc-phoenix-v2 (complain)\n");
        let Observed::AppArmorProfile { mode, .. } =
            super::parse("lxc-phoenix-v2", &FileState::Absent, &loaded)
        else {
            panic!("not a profile")
        };
        assert_eq!(mode.as_deref(), Some("complain"));
    }
}
