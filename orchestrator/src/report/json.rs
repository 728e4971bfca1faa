//! One event a line, as JSON: the form of the journal itself.

use std::io::Write;

use super::unwritable;
use crate::{
    engine::{Event, Sink},
    error::Result,
};

/// Writes every event as one line of JSON.
pub struct JsonLines<W> {
    out: W,
}

impl<W: Write + Send> JsonLines<W> {
    /// To this writer.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn hear(&mut self, event: &Event) -> Result<()> {
        let line = phoenix_sdk::boundary::Doc::write(event);
        writeln!(self.out, "{}", line.as_str())
            .and_then(|()| self.out.flush())
            .map_err(|error| unwritable(&error))
    }
}
