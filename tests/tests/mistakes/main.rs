//! What people do wrong, and what they are told: every mistake is really made, and `snapshots/` has all that was said.
//!
//! Each is made in a mount namespace of its own, on a host that has the two containers `web` and `db` and nothing of
//! phoenix-orch's; so nothing of the real host is seen or touched. The snapshot is meant to be read: would a colleague have
//! said this? `INSTA_UPDATE=always cargo nextest run -p phoenix-tests --test mistakes` writes it anew.

mod stage;
mod table;

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::Result;
use phoenix_tests::Workbench;
use stage::Stage;
use table::MISTAKES;

#[test]
fn every_mistake_is_told_as_a_colleague_would() -> Result<()> {
    assert!(MISTAKES.len() >= 40, "{}", MISTAKES.len());
    let (mut told, mut codes, mut poor) = (String::new(), BTreeSet::new(), Vec::new());
    for mistake in MISTAKES {
        let said = Stage::new()?.make(mistake)?;
        let text = format!("{}{}", said.stdout, said.stderr);
        // Whoever is told what is wrong is told what to do next.
        let helped = text.contains("hint: ") || text.contains("Usage: ");
        let good = !text.contains("panicked")
            && !text.contains('\u{1b}')
            && (said.code == 0) == mistake.passes
            && (helped || mistake.passes);
        if !good {
            poor.push(mistake.what);
        }
        let named = text.split("error[").skip(1).filter_map(|rest| rest.split(']').next());
        codes.extend(named.map(str::to_owned));
        let _ = writeln!(told, "# {}\n$ {}\n{}[{}]\n", mistake.what, mistake.line, text, said.code);
    }
    insta::assert_snapshot!("told", told);
    assert_eq!(poor, [""; 0], "a panic, colours, the wrong exit code, or nothing to do next");
    let bench = Workbench::with_repository_catalogue()?;
    for code in codes {
        bench.run(&["explain", &code])?.expect_code(0)?;
    }
    Ok(())
}
