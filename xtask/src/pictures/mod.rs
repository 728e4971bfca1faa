//! `cargo xtask pictures`: what the product shows, photographed in a real terminal (xterm, under Xvfb), for `docs/screens.md`.
//!
//! `stage` is the host with its containers, `screens` says what is done there and what is looked at, `terminal` is the camera.

mod screens;
mod stage;
mod terminal;

use anyhow::{Context as _, Result, bail};
use xtask::{interrupt, packages, say, workspace};

use screens::{SCENES, Scene};
use stage::Stage;
use terminal::{Display, Terminal};

/// Where the pictures are kept.
const FOLDER: &str = "docs/pictures/screens";

/// What can be asked for.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only the scenes up to the one with this name; each stands on those before it.
    #[arg(long, value_name = "SCENE")]
    until: Option<String>,
}

/// Plays all scenes in their order, and writes their pictures.
pub(crate) fn run(options: &Options) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("the pictures show LXC containers, and need root");
    }
    interrupt::listen()?;
    packages::ensure(packages::TESTBED)?;
    packages::ensure(packages::PICTURES)?;
    let scenes = wanted(options.until.as_deref())?;
    let folder = workspace::root().join(FOLDER);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create `{}`", folder.display()))?;
    let stage = Stage::set()?;
    let display = Display::open()?;
    for scene in scenes {
        say::timed(scene.command, || {
            scene.before.iter().try_for_each(|happening| stage.happens(*happening))?;
            for shot in scene.shots {
                let mut terminal = Terminal::open(&display, &stage, shot, scene.command)?;
                for moment in shot.moments {
                    terminal.photograph(moment, &folder.join(format!("{}.png", moment.picture)))?;
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn wanted(until: Option<&str>) -> Result<&'static [Scene]> {
    let Some(name) = until else { return Ok(SCENES) };
    let shows = |scene: &Scene| scene.pictures().any(|picture| picture == name);
    let last = SCENES.iter().position(shows).with_context(|| {
        let all: Vec<_> = SCENES.iter().flat_map(Scene::pictures).collect();
        format!("no picture is called `{name}`; there are {}", all.join(", "))
    })?;
    Ok(&SCENES[..=last])
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::{FOLDER, SCENES, Scene, workspace};

    #[test]
    fn each_picture_is_there_and_on_the_page_and_no_other() {
        let made: BTreeSet<_> =
            SCENES.iter().flat_map(Scene::pictures).map(str::to_owned).collect();
        let files: BTreeSet<_> = fs::read_dir(workspace::root().join(FOLDER))
            .unwrap()
            .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(made, files);
        let page = fs::read_to_string(workspace::root().join("docs/screens.md")).unwrap();
        for picture in made {
            assert!(page.contains(&format!("(pictures/screens/{picture}.png)")), "{picture}");
        }
    }
}
