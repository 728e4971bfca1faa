//! Does a file run with the oldest C library that it is promised to run with?

use std::{path::Path, process::Command};

use anyhow::{Result, bail};

use super::sysroot::GLIBC;
use crate::process;

/// Fails with the symbols that only a newer C library has.
pub(super) fn check(file: &Path) -> Result<()> {
    let mut command = Command::new("readelf");
    command.args(["--dyn-syms", "--wide"]).arg(file).env("LC_ALL", "C");
    let table = process::quiet(&mut command)?.stdout;
    let newer = newer(&table);
    if newer.is_empty() {
        return Ok(());
    }
    let (major, minor) = GLIBC;
    bail!(
        "`{}` needs what is newer than the C library {major}.{minor}: {}",
        file.display(),
        newer.join(", ")
    );
}

/// The symbols in a table of `readelf --dyn-syms` that the file needs in a newer version than [`GLIBC`]. Pure.
fn newer(table: &str) -> Vec<String> {
    let symbols = table.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Number, value, size, type, binding, visibility, section, name.
        (words.get(6) == Some(&"UND")).then(|| words.get(7).copied()).flatten()
    });
    symbols
        .filter(|symbol| version(symbol).is_some_and(|it| it > GLIBC))
        .map(str::to_owned)
        .collect()
}

/// The version of the C library that a symbol such as `statx@GLIBC_2.28` has.
fn version(symbol: &str) -> Option<(u32, u32)> {
    let (_, version) = symbol.split_once("@GLIBC_")?;
    let mut numbers = version.trim_start_matches('@').split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_and_newer_is_named() {
        let table = "\
Symbol table '.dynsym' contains 7 entries:
   Num:    Value          Size Type    Bind   Vis      Ndx Name
     0: 0000000000000000     0 NOTYPE  LOCAL  DEFAULT  UND 
     1: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND write@GLIBC_2.2.5 (2)
     2: 0000000000000000     0 FUNC    WEAK   DEFAULT  UND statx@GLIBC_2.28 (11)
     3: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND dlsym@GLIBC_2.34 (12)
     4: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND pow@GLIBC_2.31 (3)
     5: 0000000000000000     0 FUNC    WEAK   DEFAULT  UND later@GLIBC_3.0 (4)
     6: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND _Unwind_Resume@GCC_3.0 (5)
     7: 0000000000001000     0 FUNC    GLOBAL DEFAULT   13 ours@@GLIBC_2.40
";
        assert_eq!(newer(table), ["dlsym@GLIBC_2.34", "later@GLIBC_3.0"]);
    }

    /// This very test was linked with the C library of this machine, which a check that sees nothing would not notice.
    #[test]
    fn a_program_of_this_machine_is_read() {
        let own = std::env::current_exe().unwrap();
        let mut command = Command::new("readelf");
        let table = process::quiet(command.args(["--dyn-syms", "--wide"]).arg(own)).unwrap().stdout;
        let versions: Vec<_> = table.split_whitespace().filter_map(version).collect();
        assert!(versions.len() > 20, "{table}");
    }
}
