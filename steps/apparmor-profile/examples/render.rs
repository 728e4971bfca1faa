//! Prints the profile: `cargo run -p apparmor-profile --example render [-- --without GROUP | --seccomp]`.

use apparmor_profile::{
    seccomp,
    template::{Settings, render, render_without},
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let settings = Settings::default();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => print!("{}", render(&settings)),
        ["--seccomp"] => print!("{}", seccomp::text()),
        ["--without", id] => print!("{}", render_without(&settings, id)),
        _ => std::process::exit(2),
    }
}
