//! The errors that an inventory can give.

use phoenix_sdk::Code;

/// Every error of this module, documented.
pub const CODES: &[Code] = &[
    Code::new(
        "INVENTORY-SYNTAX",
        "The inventory is not valid JSON.",
        "Mend the place that is shown; `jq . FILE` checks it. Comments and commas behind the last value are no JSON.",
    ),
    Code::new(
        "INVENTORY-SHAPE",
        "The inventory is valid JSON, and not of the form that the old scripts read: an object with `lxc_configs`, \
         which has an object for each container.",
        "Check that the right file was named: it is mostly `etc/phoenix_lxc_configs.json`.",
    ),
    Code::new(
        "INVENTORY-CYCLE",
        "Containers of the inventory are cloned from each other in a circle, so what they inherit cannot be told.",
        "Correct `clone_from_ctid` along the path that is shown.",
    ),
    Code::new(
        "INVENTORY-TARGET",
        "A container that was named with `--target` cannot be worked on by this inventory: it is not in the file, none \
         of the asked features is named in it, or what it is to have cannot be told.",
        "The message says which; correct the file, or leave out `--inventory` for this container.",
    ),
    Code::new(
        "INVENTORY-NO-CONTAINER",
        "No container of the inventory that is on this host names one of the asked features.",
        "The causes say which containers were left out, and why; the hint, which features the file names.",
    ),
    Code::new(
        "INVENTORY-NO-STEP",
        "The inventory has options for a container's configuration, and plugins.toml has no step that sets them, so \
         they would silently not apply.",
        "Add the section `[plugins.container-options]` as in the plugins.toml that comes with phoenix-orch.",
    ),
];
