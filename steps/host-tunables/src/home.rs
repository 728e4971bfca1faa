//! The text of `/etc/apparmor.d/tunables/home`, which older scripts overwrote. Pure.
//!
//! Every profile of the distribution includes this file. A copy without `@{HOMEDIRS}` and without
//! `tunables/home.d` takes away what the site set there; a line that the parser refuses breaks all profiles.

/// The distribution's statements, in its order.
const HOME: &str = "@{HOME}=@{HOMEDIRS}/*/ /root/";
const HOMEDIRS: &str = "@{HOMEDIRS}=/home/";
const INCLUDE: &str = "include <tunables/home.d>";
/// What `@{HOME}` has by the distribution's statements.
const COVERED: [&str; 4] = ["/home/*/", "/home/*", "/root/", "/root"];

/// What is wrong with the text, as fragments; empty if nothing is.
pub(crate) fn faults(text: &str) -> Vec<String> {
    let lines: Vec<_> = text.lines().map(Line::of).collect();
    let mut faults = Vec::new();
    if !lines.iter().any(|line| matches!(line, Line::Sets("@{HOMEDIRS}", _))) {
        faults.push("it does not set `@{HOMEDIRS}`".to_owned());
    }
    if !lines.iter().any(|line| matches!(line, Line::Include(INCLUDED))) {
        faults.push("it does not include `tunables/home.d`".to_owned());
    }
    let odd = lines.iter().filter_map(|line| match line {
        Line::Odd(line) => Some(format!("the parser does not understand `{line}`")),
        _ => None,
    });
    faults.extend(odd);
    faults
}

/// The text with the distribution's statements back. Every other line stays; one that the parser does not
/// understand stays as a comment, and values that `@{HOME}` had besides stay values.
pub(crate) fn repaired(text: &str) -> String {
    let mut kept = String::new();
    let mut more = Vec::new();
    for line in text.lines() {
        match Line::of(line) {
            Line::Sets("@{HOME}", values) => more.extend(
                values
                    .split_whitespace()
                    .filter(|value| !COVERED.contains(value) && !value.contains("@{HOMEDIRS}")),
            ),
            Line::Sets("@{HOMEDIRS}", _) | Line::Include(INCLUDED) => {}
            Line::Odd(line) => kept.push_str(&format!("# not understood: {line}\n")),
            Line::Sets(..) | Line::Include(_) | Line::Silent => kept.push_str(&format!("{line}\n")),
        }
    }
    let homes = [HOME].into_iter().chain(more).collect::<Vec<_>>().join(" ");
    let dirs = text.lines().find(|line| matches!(Line::of(line), Line::Sets("@{HOMEDIRS}", _)));
    format!("{kept}{homes}\n{}\n{INCLUDE}\n", dirs.unwrap_or(HOMEDIRS))
}

const INCLUDED: &str = "<tunables/home.d>";

/// What a line is to the parser.
enum Line<'a> {
    /// Empty or a comment.
    Silent,
    /// Includes this.
    Include(&'a str),
    /// Sets this variable or adds to it.
    Sets(&'a str, &'a str),
    /// Neither: the parser stops here.
    Odd(&'a str),
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let line = line.trim();
        let include = line.strip_prefix('#').unwrap_or(line).strip_prefix("include ");
        if let Some(what) = include {
            let what = what.trim();
            return Self::Include(what.strip_prefix("if exists ").unwrap_or(what).trim());
        }
        if line.is_empty() || line.starts_with('#') {
            return Self::Silent;
        }
        match line.split_once('=') {
            Some((name, values)) if is_variable(name) => {
                Self::Sets(name.trim_end_matches('+').trim(), values.trim())
            }
            _ => Self::Odd(line),
        }
    }
}

fn is_variable(name: &str) -> bool {
    let name = name.trim_end_matches('+').trim();
    let inner = name.strip_prefix("@{").and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| {
        inner.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && inner.chars().next().is_some_and(|first| first.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::{faults, repaired};

    const STOCK: &str =
        "# Homes.\n@{HOME}=@{HOMEDIRS}/*/ /root/\n@{HOMEDIRS}=/home/\ninclude <tunables/home.d>\n";

    #[test]
    fn the_distribution_s_file_and_the_site_s_own_values_are_fine() {
        let site = STOCK.replace("=/home/", " = /home/ /srv/users/").replace("include", "#include");
        for text in [STOCK, &site, &STOCK.replace("include ", "include if exists ")] {
            assert_eq!(faults(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn script_bug_10_an_overwritten_file_gets_its_statements_back_and_loses_nothing_else() {
        let stock =
            "@{HOME}=@{HOMEDIRS}/*/ /root/\n@{HOMEDIRS}=/home/\ninclude <tunables/home.d>\n";
        let end = |more: &str| stock.replacen("/root/", &format!("/root/{more}"), 1);
        for (before, count, after) in [
            ("@{HOME}=/home/*/ /root/\n", 2, stock.to_owned()),
            ("", 2, stock.to_owned()),
            (
                "# ours\n@{HOME} = /home/*/ /srv/u/*/\n@{OTHER}=x\n",
                2,
                format!("# ours\n@{{OTHER}}=x\n{}", end(" /srv/u/*/")),
            ),
            (
                "@{HOMEDIRS} = /home/ /data/\nHOME=/root\ninclude <tunables/home.d>\n",
                1,
                format!(
                    "# not understood: HOME=/root\n{}",
                    stock.replace("=/home/", " = /home/ /data/")
                ),
            ),
            ("@{HOME}=@{HOMEDIRS}/*/ /root/\n@{HOMEDIRS}=/home/\n", 1, stock.to_owned()),
        ] {
            assert_eq!(faults(before).len(), count, "{before}: {:?}", faults(before));
            let text = repaired(before);
            assert_eq!(text, after, "{before}");
            assert_eq!(faults(&text), Vec::<String>::new(), "twice: {text}");
        }
    }

    /// The parser itself is the judge of what a repaired file must be.
    #[test]
    fn the_parser_reads_a_repaired_file() {
        let folder = std::env::temp_dir().join(format!("phoenix-home-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("tunables/home.d")).unwrap();
        let preprocess = |text: &str| {
            std::fs::write(folder.join("tunables/home"), text).unwrap();
            let profile = "include <tunables/home>\nprofile phoenix-test { @{HOME}/x r, }\n";
            std::fs::write(folder.join("profile"), profile).unwrap();
            std::process::Command::new("apparmor_parser")
                .args(["--skip-kernel-load", "--skip-cache", "--base"])
                .args([&folder, &folder.join("profile")])
                .output()
                .expect("the package `apparmor` is missing; `cargo xtask test` installs it")
        };
        let broken = "HOME = /home\n@{HOME}=/home/*/\n";
        let (before, after) = (preprocess(broken), preprocess(&repaired(broken)));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(!before.status.success(), "the broken file is none");
        assert!(after.status.success(), "{}", String::from_utf8_lossy(&after.stderr));
    }
}
