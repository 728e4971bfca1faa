//! Where the results of a benchmark go: the terminal, `docs/bench`, and docs/performance.md.

use std::{fs, io::Write as _, path::Path};

use anyhow::{Context, Result};
use serde::Serialize;
use xtask::{say, workspace};

/// Where the tables are.
const PAGE: &str = "docs/performance.md";

/// Prints this table, puts it into docs/performance.md between the marks of this benchmark, and writes the record
/// into `docs/bench/<benchmark>.json`.
///
/// # Errors
/// When the page has not both marks, or something cannot be written.
pub(crate) fn publish(benchmark: &str, record: &impl Serialize, table: &str) -> Result<()> {
    std::io::stdout().write_all(table.as_bytes()).context("cannot print")?;
    let json = serde_json::to_string_pretty(record)? + "\n";
    write(&format!("docs/bench/{benchmark}.json"), &json)?;
    let path = workspace::root().join(PAGE);
    let page = fs::read_to_string(&path).with_context(|| format!("cannot read `{PAGE}`"))?;
    write(PAGE, &replaced(&page, benchmark, table)?)
}

/// Writes a file of the repository.
pub(crate) fn write(path: &str, text: &str) -> Result<()> {
    let whole = workspace::root().join(path);
    fs::create_dir_all(whole.parent().unwrap_or(Path::new("/")))
        .and_then(|()| fs::write(&whole, text))
        .with_context(|| format!("cannot write `{}`", whole.display()))?;
    say::note(&format!("wrote {path}"));
    Ok(())
}

/// The page with this text between the marks; all else stays.
fn replaced(page: &str, benchmark: &str, text: &str) -> Result<String> {
    let marks = [format!("<!-- bench:{benchmark} -->"), format!("<!-- /bench:{benchmark} -->")];
    let [begin, end] = &marks;
    let missing = || format!("`{PAGE}` has no `{begin}` before a `{end}`");
    let (before, rest) = page.split_once(begin).with_context(missing)?;
    let (_, after) = rest.split_once(end).with_context(missing)?;
    Ok(format!("{before}{begin}\n{}\n{end}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let page =
            "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb <!-- bench:y --><!-- /bench:y -->\n";
        assert_eq!(
            replaced(page, "x", "\n| new |\n").unwrap(),
            "a\n<!-- bench:x -->\n| new |\n<!-- /bench:x -->\nb <!-- bench:y --><!-- /bench:y -->\n"
        );
        assert!(replaced(page, "z", "").unwrap_err().to_string().contains("bench:z"));
        assert!(replaced("<!-- /bench:x --> <!-- bench:x -->", "x", "").is_err());
    }

    #[test]
    fn the_page_has_the_marks_of_all_benchmarks() {
        let page = include_str!("../../../docs/performance.md");
        for benchmark in ["fleet", "cold", "start", "confinement", "scale"] {
            assert!(replaced(page, benchmark, "").is_ok(), "{benchmark}");
        }
    }
}
