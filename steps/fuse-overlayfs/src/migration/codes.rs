//! The errors of a migration.

use phoenix_sdk::Code;

pub(crate) const SPACE: Code = Code::new(
    "DOCKER-MIGRATION-SPACE",
    "Docker's images cannot be carried over to another storage driver, because there is not enough free space for \
         a copy of them, for Docker to unpack it, and for the new layers. Nothing was changed.",
    "Make room or give the container a larger disk, or remove images that nobody needs, and run again.",
);
pub(crate) const LIVE_RESTORE: Code = Code::new(
    "DOCKER-MIGRATION-LIVE-RESTORE",
    "Docker is told to let containers run on while its daemon restarts. After a change of driver the daemon does \
         not know those of the old driver any more, and nobody could stop them. Nothing was changed.",
    "Set `live-restore` to `false` in `daemon.json`, reload Docker (`systemctl reload docker`), and run again.",
);
pub(crate) const FAILED: Code = Code::new(
    "DOCKER-MIGRATION-FAILED",
    "The migration to another storage driver failed before Docker was switched. Docker is on its old driver with \
         everything that it had, and what had been prepared was taken back.",
    "Mend what the causes say, and run again.",
);
pub(crate) const UNDONE: Code = Code::new(
    "DOCKER-MIGRATION-UNDONE",
    "The migration to another storage driver failed after Docker had been switched. It went back to the old \
         driver, and all images and containers that were there before were seen there again.",
    "Mend what the causes say, and run again. Containers without a restart policy have to be started by hand.",
);
pub(crate) const STUCK: Code = Code::new(
    "DOCKER-MIGRATION-STUCK",
    "The migration to another storage driver failed after Docker had been switched, and Docker does not show again \
         what it had before. Nothing was deleted: the old driver's folder is as it was, and the definitions of all \
         containers are with the run in the journal.",
    "Follow the hints: put the old driver into `daemon.json` and restart Docker, and everything is visible again.",
);
pub(crate) const UNFINISHED: Code = Code::new(
    "DOCKER-MIGRATION-UNFINISHED",
    "An earlier run switched Docker to another storage driver and was cut off before the images were loaded, and \
         they cannot be loaded now. They are in the folder that the message names, and still on the old driver.",
    "Mend what the causes say, and run again; or take the earlier run back with `phoenix-orch rollback`.",
);
