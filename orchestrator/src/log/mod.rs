//! Diagnostics: where what `tracing` is told is written, and how much of it.
//!
//! Where phoenix-orch runs as a service it is written to the system's journal, with a field for the run, the target and
//! the step; else to standard error. `--log-file` adds a file with a JSON document a line. Whatever is written goes
//! through [`crate::secret`] first.
//!
//! What this module does not do: it writes nothing that people need to see. That is `report`'s, and events have all of
//! it; whoever asks for no log misses nothing that happened.

mod file;
mod filter;
mod journal;
mod line;
mod stderr;

use std::{io, path::Path};

use phoenix_sdk::Code;
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry, filter::FilterExt as _, fmt, layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::error::Result;

/// Begins to log, and gives what has to be said to the operator about it: a `RUST_LOG` that is wrong. Unless that says
/// otherwise, a terminal gets errors alone, or all that is `wanted`.
///
/// # Errors
/// `LOG-FILE` when the file cannot be written to, or others could read it.
pub fn start(file: Option<&Path>, wanted: bool) -> Result<Vec<String>> {
    let asked = filter::Asked::of_environment();
    let journal = journal::of_this_service();
    let usual = match (&journal, wanted) {
        (_, true) => filter::FILE,
        (Some(_), false) => filter::SERVICE,
        (None, false) => filter::TERMINAL,
    };
    let filter = || asked.filter(usual);
    let mut layers: Vec<Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>> = Vec::new();
    layers.push(match journal {
        Some(journal) => json(journal).with_filter(filter()).boxed(),
        None => {
            let layer = fmt::layer().with_writer(stderr::masked);
            let colours =
                anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
            layer.with_ansi(colours).with_filter(filter()).boxed()
        }
    });
    if let Some(path) = file {
        let at_least: EnvFilter = filter::parsed(filter::FILE);
        layers.push(json(file::open(path)?).with_filter(at_least.or(filter())).boxed());
    }
    // Only a second subscriber in this process could be refused, and there is none.
    let _ = tracing_subscriber::registry().with(layers).try_init();
    Ok(asked.warnings)
}

/// Takes each event as one line of JSON to this writer.
fn json<W>(
    writer: W,
) -> fmt::Layer<Registry, fmt::format::JsonFields, fmt::format::Format<fmt::format::Json>, W>
where
    W: for<'a> fmt::MakeWriter<'a> + 'static,
{
    fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(writer)
}

/// The errors of this module.
pub const CODES: &[Code] = &[Code::new(
    "LOG-FILE",
    "`--log-file` names something that cannot be appended to, is no regular file, or could be read or written by others: \
     what is logged may be nobody's business.",
    "Name a file in a folder that is yours alone, or take the rights of others away (`chmod 600 FILE`). A file that is not \
     there is made with mode 0600.",
)];
