//! Temporary files of a writer that was killed.

use super::{Hands, container, image::Image};
use crate::{
    error::Result,
    transport::{Exec, TEMPORARY},
};

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
        Image::Config { .. } => return container::clean(hands),
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
