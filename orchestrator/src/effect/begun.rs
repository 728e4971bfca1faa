//! What an installation had begun and nobody saw the end of.

use super::{
    image::{Image, PackagesImage},
    packages_image::{added, bare},
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
