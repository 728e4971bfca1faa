//! The command `phoenix-orch`.

use std::process::ExitCode;

use phoenix_orch::{catalog::host, cli};

fn main() -> ExitCode {
    // The process of a step has neither a command line nor a log: it must not get that far.
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(host::VERB) {
        return host::run(&arguments.collect::<Vec<_>>());
    }
    cli::main()
}
