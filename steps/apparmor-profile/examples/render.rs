//! Prints the profile: `cargo run -p apparmor-profile --example render [-- --without GROUP | --seccomp]`.

use std::io::Write;

use apparmor_profile::{
    seccomp,
    template::{Settings, render, render_without},
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let settings = Settings::default();
    let text = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => render(&settings),
        ["--seccomp"] => seccomp::text(),
        ["--without", id] => render_without(&settings, id),
        _ => std::process::exit(2),
    };
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        std::process::exit(1);
    }
}
