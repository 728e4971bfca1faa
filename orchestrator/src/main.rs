//! The command `phoenix-orch`.

use std::process::ExitCode;

fn main() -> ExitCode {
    phoenix_orch::cli::main()
}
