//! `runs`: what there was, shown again; old runs forgotten.

use std::{io::Write as _, path::Path};

use jiff::{SignedDuration, Span, Timestamp};

use super::{
    args::{Global, Output, Runs as Verb, RunsVerb, Show},
    setting::must_be_root,
    whole_file,
};
use crate::{
    effect::Vault as _,
    engine::{Body, Sink},
    error::{Error, ErrorKind, Result},
    journal::{Journal, Keep},
    report::{self, Human, JsonLines, View},
};

/// Reads the journal; without one there were no runs.
pub(super) fn run(global: &Global, verb: &Verb) -> Result<u8> {
    must_be_root()?;
    let journal = Journal::open_existing(&global.state_dir)?;
    match &verb.verb {
        RunsVerb::List { output } => list(journal.as_ref(), *output),
        RunsVerb::Show { run, document, html, show } => {
            let journal = journal.map_or_else(|| Journal::open(&global.state_dir), Ok)?;
            match (document, html) {
                (Some(name), _) => document_of(&journal, run, name),
                (None, Some(path)) => page(&journal, run, path),
                (None, None) => replay(&journal, run, show, show.view(global)),
            }
        }
        RunsVerb::Prune { keep, older, even_needed } => {
            let keep = match (keep, older) {
                (Some(number), _) => Keep::Newest(*number),
                (None, older) => Keep::Since(since(older.as_deref().unwrap_or_default())?),
            };
            if let Some(journal) = journal {
                write(&report::pruned(&journal.prune(keep, *even_needed)?));
            }
            Ok(0)
        }
    }
}

fn list(journal: Option<&Journal>, output: Output) -> Result<u8> {
    let runs = journal.map(Journal::runs).transpose()?.unwrap_or_default();
    match output {
        Output::Human => write(&report::runs(&runs)),
        Output::Json => {
            let document = phoenix_sdk::boundary::Doc::write(&runs);
            write(&format!("{}\n", document.as_str()));
        }
    }
    Ok(0)
}

/// A past run goes through the same sinks as a present one.
fn replay(journal: &Journal, name: &str, show: &Show, view: View) -> Result<u8> {
    let run = journal.run(name)?;
    let mut human = Human::new(anstream::stdout(), view);
    let mut json = JsonLines::new(std::io::stdout());
    let sink: &mut dyn Sink = match show.output {
        Output::Human => &mut human,
        Output::Json => &mut json,
    };
    journal.events(&run.run)?.iter().try_for_each(|event| sink.hear(event))?;
    if show.output == Output::Human {
        write(&report::run_end(&run));
    }
    Ok(0)
}

/// The report of a run as a page, in a file or on standard output.
fn page(journal: &Journal, name: &str, path: &Path) -> Result<u8> {
    let run = journal.run(name)?;
    let page = report::page(&run, &journal.events(&run.run)?);
    match path == Path::new("-") {
        // Bytes, not a terminal's text: a page has no colours for `anstream` to take away.
        true => drop(std::io::stdout().write_all(page.as_bytes())),
        false => to_file(path, &page)?,
    }
    Ok(0)
}

/// For nobody but the operator: differences of files may hold secrets.
fn to_file(path: &Path, page: &str) -> Result<()> {
    whole_file::write(path, 0o600, page).map_err(|why| {
        let name = crate::transport::printable(&path.to_string_lossy());
        Error::new(ErrorKind::Usage, "PAGE-UNWRITABLE", format!("`{name}` cannot be written"))
            .cause(why)
            .hint("Choose another file, or `--html -` for standard output.")
    })
}

/// What steps recorded under this name: of several targets one after another. What came from a container
/// reaches a terminal only as text; a pipe gets it as it is.
fn document_of(journal: &Journal, run: &str, name: &str) -> Result<u8> {
    let run = journal.run(run)?.run;
    let mut known = Vec::new();
    let mut found = 0;
    for event in journal.events(&run)? {
        let Body::Recorded { unit, name: recorded, content } = event.body else { continue };
        if recorded == name {
            let content = journal.fetch(&content)?;
            report::document(&unit.target, &content);
            found += 1;
        } else if !known.contains(&recorded) {
            known.push(recorded);
        }
    }
    if found > 0 {
        return Ok(0);
    }
    let name = crate::transport::printable(name);
    let message = format!("run {run} has no document `{name}`");
    let error = Error::new(ErrorKind::Usage, "DOCUMENT-UNKNOWN", message);
    Err(match known.is_empty() {
        true => error.hint("No step recorded anything in it."),
        false => error.hint(format!("It has: {}.", known.join(", "))),
    })
}

/// Only a reader who stopped reading makes this fail.
fn write(text: &str) {
    let _ = anstream::stdout().write_all(text.as_bytes());
}

fn since(text: &str) -> Result<Timestamp> {
    let now = Timestamp::now();
    // Days are 24 hours here: nobody prunes by calendar.
    let ago = text
        .parse::<Span>()
        .ok()
        .and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
    ago.filter(|ago| *ago >= SignedDuration::ZERO)
        .and_then(|ago| now.checked_sub(ago).ok())
        .ok_or_else(|| {
            let message = format!("`{}` is no age", crate::transport::printable(text));
            Error::new(ErrorKind::Usage, "PRUNE-AGE", message)
                .hint("Use days or hours, such as `90d` or `12h`.")
        })
}
