//! Writes what is made from the command line of phoenix-orch: a man page for each verb, and completions for the shells. A verb
//! that is new is in all of them by itself.
//!
//! `phoenix-manual FOLDER PLUGINS_TOML` fills `FOLDER/man` and `FOLDER/completions`; the catalogue becomes a page of section 5.
//! It is a program of its own, so that what only packagers need is not in the one that runs as root.

mod catalogue;

use std::{env, fs, path::Path};

use anyhow::{Context as _, Result};
use clap_complete::Shell;

const NAME: &str = "phoenix-orch";

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1);
    let (Some(folder), Some(catalogue)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: phoenix-manual FOLDER PLUGINS_TOML");
    };
    let folder = Path::new(&folder);
    let (pages, completions) = (folder.join("man"), folder.join("completions"));
    for made in [&pages, &completions] {
        fs::create_dir_all(made).with_context(|| format!("cannot create `{}`", made.display()))?;
    }
    let command = phoenix_orch::cli::command();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command.clone(), NAME, &completions)
            .context("cannot write the completions")?;
    }
    clap_mangen::generate_to(command, &pages).context("cannot write the man pages")?;
    let text = fs::read_to_string(&catalogue).context("cannot read the catalogue")?;
    fs::write(pages.join(catalogue::NAME), catalogue::page(&text))
        .context("cannot write the page of the catalogue")
}
