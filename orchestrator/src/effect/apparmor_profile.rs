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

pub(super) fn path(name: &str) -> String {
    format!("/etc/apparmor.d/{name}")
}

pub(super) fn observe(host: &dyn Reader, name: &str) -> Result<Observed> {
    let paths = [path(name), format!("{SECURITY}/profiles")];
    let mut files = observe::files(host, &paths)?;
    let mode = files.pop().and_then(|loaded| mode(name, &loaded));
    let file = files.pop().unwrap_or(FileState::Absent);
    let current = match (&file, &mode) {
        (FileState::Regular { .. }, Some(_)) => is_current(host, name)?,
        _ => None,
    };
    Ok(Observed::AppArmorProfile { file, mode, current })
}

/// Lines of the kernel's list are `name (mode)`.
fn mode(name: &str, loaded: &FileState) -> Option<String> {
    observe::text(loaded)?.lines().find_map(|line| {
        let (found, mode) = line.rsplit_once(" (")?;
        (found == name).then(|| mode.trim_end_matches(')').to_owned())
    })
}

/// Whether the policy in the kernel is what the file and the tunables that it includes make now; nothing
/// where the kernel does not show what it was given.
fn is_current(host: &dyn Reader, name: &str) -> Result<Option<bool>> {
    let folder = format!("{SECURITY}/policy/profiles");
    let Some(Ok(Seen::Folder(Some(entries)))) =
        host.read(&[Read::Folder { path: folder.clone() }])?.pop()
    else {
        return Ok(None);
    };
    // The kernel numbers its entries: `lxc-phoenix-v2.12`.
    let ours = |entry: &&String| {
        let number = entry.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let Some(entry) = entries.iter().find(ours) else { return Ok(None) };
    let loaded = format!("{folder}/{entry}/raw_data");
    let file = path(name);
    let reads = [
        // A link, which a look at a file does not follow.
        vec!["cat", "--", &loaded],
        vec!["apparmor_parser", "--skip-kernel-load", "--skip-cache", "--stdout", "--", &file],
    ]
    .map(|argv| Read::Exec { argv: argv.into_iter().map(str::to_owned).collect() });
    let seen = host.read(&reads)?.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(match seen.as_slice() {
        [Seen::Exec(loaded), Seen::Exec(compiled)] if loaded.success() => {
            Some(compiled.success() && loaded.stdout == compiled.stdout)
        }
        _ => None,
    })
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

/// Makes the kernel have what the file says now, or nothing: after the file was brought back. Who uses the
/// profile was looked at before.
pub(super) fn reload_or_unload(
    machine: &dyn Mutator,
    name: &str,
    loaded: bool,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let (argv, stdin) = if loaded {
        let path = path(name);
        (
            vec![
                "apparmor_parser".to_owned(),
                "--replace".into(),
                "--skip-cache".into(),
                "--".into(),
                path,
            ],
            String::new(),
        )
    } else {
        // The file is gone by now, and only the name counts for a removal.
        (vec!["apparmor_parser".to_owned(), "--remove".into()], format!("profile {name} {{}}\n"))
    };
    if !loaded && !is_loaded(machine, name)? {
        return Ok(());
    }
    let exec = Exec::new(argv).stdin(stdin).within(Duration::from_secs(120));
    let output = machine.exec(&exec, line)?;
    if output.success() {
        return Ok(());
    }
    Err(refused("APPARMOR-PROFILE-LOAD", name, &output.complaint())
        .hint("Check `aa-status` and the kernel log, then run again."))
}

fn is_loaded(machine: &dyn Reader, name: &str) -> Result<bool> {
    let files = observe::files(machine, &[format!("{SECURITY}/profiles")])?;
    Ok(files.first().and_then(|loaded| mode(name, loaded)).is_some())
}

fn refused(code: &str, name: &str, complaint: &str) -> Error {
    Error::new(ErrorKind::Step, code, format!("profile `{name}` cannot be loaded"))
        .cause(printable(complaint))
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{Observed, world};

    use super::super::scripted::Scripted;

    const PATH: &str = "/etc/apparmor.d/lxc-x";

    fn load(machine: &Scripted, text: &str) -> crate::error::Result<()> {
        let before =
            Observed::AppArmorProfile { file: machine.state(PATH), mode: None, current: None };
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
    fn script_bug_09_a_profile_is_replaced_and_never_removed_first() {
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
        let mode = super::mode("lxc-phoenix-v2", &loaded);
        assert_eq!(mode.as_deref(), Some("complain"));
    }
}
