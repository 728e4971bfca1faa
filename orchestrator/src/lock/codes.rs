use phoenix_sdk::Code;

/// The errors of this module.
pub const CODES: &[Code] = &[Code::new(
    "TARGET-LOCKED",
    "Another run works on the target, and two never do so at once. Nothing of this run was done there; its other targets went on.",
    "Run again when the other one has ended, or let this one wait for it with `--wait SECONDS`.",
)];
