//! Everything slow that a lab needs, done side by side.

use std::thread;

use anyhow::{Result, anyhow};

use super::{ContainerWish, Lab, product};
use crate::testbed::Image;
use crate::{interrupt, packages, say};

impl Lab {
    /// The lab of this checkout, started if it does not run, with the product in it and everything that
    /// these containers are made from. `build` compiles the product, while the images are built and the
    /// machine boots.
    pub fn up_with(wishes: &[ContainerWish], build: impl FnOnce() -> Result<()>) -> Result<Self> {
        // Both sides need packages, and apt works for one at a time.
        packages::ensure(packages::TESTBED)?;
        packages::ensure(packages::LAB)?;
        packages::ensure_qemu()?;
        let lab = thread::scope(|scope| {
            let machine = scope.spawn(|| {
                for wish in wishes {
                    Image::ensure_flavor(wish.release, wish.flavor())?;
                }
                Self::up()
            });
            let built = build();
            if built.is_err() && !interrupt::requested() {
                say::note("waiting for the lab before the error is shown");
            }
            let lab = machine.join().map_err(|_| anyhow!("starting the lab panicked"))?;
            built.and(lab)
        })?;
        product::send(&lab)?;
        Ok(lab)
    }
}
