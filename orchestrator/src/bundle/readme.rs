//! The first file of a bundle: what is in it, what was left out, and what nobody has looked for.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::Bundle;

const WIDTH: usize = 100;

const MASKED: &str = "Masked is what stands beside a telling name (password, token, secret, ...), credentials in addresses and \
     headers, private keys, hashes of passwords, and, wherever they stand, the values of such names in plugins.toml and in the \
     environment of the command that made this.";

const NOT_MASKED: &str = "Not masked is a secret that looks like any other word and has no telling name beside it. Names of \
     containers, packages, files, hosts and users are not secrets here. From the SHA-256 of a file whoever can guess its contents \
     learns that the guess was right.";

pub(super) fn of(bundle: &Bundle, now: Timestamp) -> String {
    let mut text = format!(
        "Support bundle of phoenix-orch {} about run {}, made at {now}.\n\n\
         Look through it before you send it.\n\nWhat is in it:\n",
        env!("CARGO_PKG_VERSION"),
        bundle.run,
    );
    for file in &bundle.files {
        let _ = writeln!(text, "  {:<16} {}", file.name, file.about);
    }
    let _ = write!(
        text,
        "\nWhat was left out:\n  - the contents of all files; of those that steps wanted, SHA-256 and size stand in their place\n"
    );
    for what in &bundle.left_out {
        let _ = writeln!(text, "  - {what}");
    }
    let places = format!("Masked places: {}, each of which reads `[masked]` now.", bundle.masked());
    for paragraph in [places.as_str(), MASKED, NOT_MASKED] {
        let _ = write!(text, "\n{}\n", textwrap::fill(paragraph, WIDTH));
    }
    text
}
