//! What was begun and not ended, looked at afterwards.

use phoenix_sdk::Observed;

use super::{
    Eyes, Hands, Judgement, Vault, container,
    image::{Image, PackagesImage},
    judge,
    packages_image::{added, bare},
    packages_restore,
    restore::merged,
    service,
};
use crate::{
    error::Result,
    transport::{Exec, TEMPORARY},
};

/// What an installation that nobody saw the end of has left, told from the present: of the packages that
/// are there now and were not before, those that apt had said it would install. What else is there is
/// somebody else's.
pub fn begun(before: &Image, now: &Image) -> Option<Image> {
    let (Image::Packages(before), Image::Packages(now)) = (before, now) else { return None };
    // apt writes its marks first.
    let mut left = PackagesImage { marks: now.marks.clone(), ..before.clone() };
    for name in added(before, now) {
        let planned = before.planned.iter().any(|planned| bare(planned) == bare(&name));
        if planned && let Some(package) = now.known.get(&name) {
            left.known.insert(name, package.clone());
            // Without a package that came, no script has run, and the rest is somebody else's.
            left.area.clone_from(&now.area);
            left.data.clone_from(&now.data);
        }
    }
    Some(Image::Packages(left))
}

/// The three-way rule, for whoever has the vault: the texts of configurations may have been changed in
/// other lines since, and of packages and their scripts' doings each is judged for itself.
///
/// # Errors
/// When a content is not in the vault any more.
pub fn judge_with(
    vault: &dyn Vault,
    before: &Image,
    after: &Image,
    now: &Image,
) -> Result<Judgement> {
    let text = |digest| -> Result<String> {
        Ok(String::from_utf8_lossy(&vault.fetch(digest)?).into_owned())
    };
    match (before, after, now) {
        (Image::Packages(before), Image::Packages(after), Image::Packages(now)) => {
            let pending = packages_restore::pending(vault, after, before, now)?;
            Ok(if pending.is_empty() { Judgement::AsBefore } else { Judgement::AsAfter })
        }
        (
            Image::Config { content: to },
            Image::Config { content: from },
            Image::Config { content: now },
        ) if judge(before, Some(after), &Image::Config { content: now.clone() })
            == Judgement::Conflict =>
        {
            let merges = merged(&text(from)?, &text(now)?, &text(to)?).is_some();
            Ok(if merges { Judgement::AsAfter } else { Judgement::Conflict })
        }
        _ => Ok(judge(before, Some(after), now)),
    }
}

/// Removes the temporary files that a killed writer left beside what it was about to write.
///
/// # Errors
/// When the machine cannot be reached.
pub fn clean(hands: Hands<'_>, image: &Image) -> Result<()> {
    let folder = match image {
        Image::File(file)
        | Image::Sysctl { file, .. }
        | Image::KernelModule { file, .. }
        | Image::Profile { file, .. } => file.path.rsplit_once('/').map(|(folder, _)| folder),
        Image::Packages(_) => Some("/etc"),
        Image::Config { .. } => return super::container::clean(hands),
        _ => None,
    };
    let Some(folder) = folder else { return Ok(()) };
    let name = format!("{TEMPORARY}*");
    let mut argv = vec!["find", if folder.is_empty() { "/" } else { folder }, "-xdev"];
    if !matches!(image, Image::Packages(_)) {
        argv.extend(["-maxdepth", "1"]);
    }
    argv.extend(["-type", "f", "-name", &name, "-delete"]);
    // A folder that is not there has nothing in it.
    hands.own.exec(&Exec::new(argv), &mut |_| {}).map(drop)
}

/// Finishes a container's restart that a run which was killed had begun.
///
/// # Errors
/// When it does not start, or does not answer in time.
pub fn finish_restart(hands: Hands<'_>, line: &mut dyn FnMut(&str)) -> Result<()> {
    container::finish_restart(hands, line)
}

/// After a container's restart: what ran in it before runs again, or has ended by itself. Of other effects
/// nothing is asked.
///
/// # Errors
/// `SERVICE-NOT-BACK` with the service's own reason.
pub fn all_back(hands: Hands<'_>, before: &Image) -> Result<()> {
    let Image::Running { running: true, services } = before else { return Ok(()) };
    let eyes = Eyes { host: hands.own, container: hands.container };
    let Observed::Container(_) = container::observe(eyes)? else { return Ok(()) };
    service::all_back(hands.own, services)
}
