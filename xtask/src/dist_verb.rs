//! `cargo xtask dist`: the Debian package.

use anyhow::Result;
use xtask::{dist::Package, interrupt, lab::product};

/// What can be asked for.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The profile of cargo to build with; `trial` takes less time, and what it makes starts slower.
    #[arg(long, default_value = product::SHIPPED)]
    profile: String,
    /// Do not let lintian judge the package, nor try it in clean Debian systems.
    #[arg(long)]
    no_proof: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    interrupt::listen()?;
    let package = Package::make(&options.profile)?;
    if options.no_proof { Ok(()) } else { package.prove() }
}
