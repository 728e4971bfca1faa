//! How much room a migration needs, and how much there is.

use phoenix_sdk::{Machine, Probe, Result, StepError, argv, shown};

const SCRIPT: &str = concat!(include_str!("paths.sh"), include_str!("place.sh"));

pub(crate) const PLACE: Probe = Probe::new(
    "docker-room",
    argv!["/bin/sh", "-c", SCRIPT, "phoenix-migrate"],
    "How much room there is for the images, and how large the old driver's folder is",
)
.within(60);

/// What was found, in bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    free: u64,
    /// What an earlier attempt has saved already.
    held: u64,
    /// Of the old driver's folder; nothing, if counting took too long.
    size: Option<u64>,
}

/// Docker unpacks an archive next to its layers before it takes it in, so for a while everything is there
/// three times over. The rest is for what else happens on the disk meanwhile.
pub(crate) fn needed(images: u64) -> u64 {
    images.saturating_mul(3).saturating_add(64 << 20)
}

impl Place {
    pub(crate) fn look(machine: &Machine<'_>, data_root: &str, folder: &str) -> Result<Self> {
        let output = machine.probe(&PLACE, &[data_root, folder])?;
        Self::read(&output.stdout.to_text()).ok_or_else(|| {
            let error = StepError::new(
                "DOCKER-MIGRATION-SPACE",
                "the free space where Docker keeps its data cannot be found out",
            );
            error
                .cause(shown::output(&output))
                .hint("Run `df` in the container and mend what it says.")
        })
    }

    fn read(text: &str) -> Option<Self> {
        let number = |name: &str| -> Option<u64> {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
        };
        Some(Self { free: number("free")?, held: number("held")?, size: number("size") })
    }

    /// What a migration can use.
    pub(crate) fn available(&self) -> u64 {
        self.free.saturating_add(self.held)
    }

    /// Fails when images of this size cannot be carried over.
    pub(crate) fn suffices(&self, images: u64, driver: &str, data_root: &str) -> Result<()> {
        let need = needed(images);
        if self.available() >= need {
            return Ok(());
        }
        Err(StepError::new(
            "DOCKER-MIGRATION-SPACE",
            format!(
                "the images on `{driver}` cannot be carried over: {} must be free in `{}`, and {} are",
                human(need),
                shown::name(data_root),
                human(self.available())
            ),
        )
        .hint("Make room or give the container a larger disk, or remove images that nobody needs, and run again.")
        .hint("Nothing was changed; Docker still has everything."))
    }

    pub(crate) fn size(&self) -> String {
        self.size.map_or_else(|| "of unknown size: counting took too long".to_owned(), human)
    }
}

/// A size in words.
pub(crate) fn human(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let step = units.iter().enumerate().rev().find(|(power, _)| bytes >> (10 * (power + 1)) > 0);
    match step {
        None => format!("{bytes} bytes"),
        Some((power, unit)) => {
            let tenths = u128::from(bytes) * 10 / (1_u128 << (10 * (power + 1)));
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, human, needed};

    #[test]
    fn sizes_in_words() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1536, "1.5 KiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "16777215.9 TiB"),
        ] {
            assert_eq!(human(bytes), words);
        }
    }

    #[test]
    fn what_was_saved_already_counts_as_room() {
        let place = Place::read("free 70000000\nheld 1000\nsize 12\nsize x\n").unwrap();
        assert_eq!(place, Place { free: 70_000_000, held: 1000, size: Some(12) });
        assert_eq!(Place::read("free 1\nheld x\n"), None);
        assert_eq!(Place::read(""), None);
        assert!(place.suffices(900_000, "vfs", "/d").is_ok());
        let error = place.suffices(1_000_000, "vfs", "/d").unwrap_err();
        assert_eq!(error.code, "DOCKER-MIGRATION-SPACE");
        assert_eq!((needed(u64::MAX), needed(1)), (u64::MAX, (64 << 20) + 3));
    }
}
