//! The log on standard error, for people who asked for it with `RUST_LOG`.

use std::io::{self, Write};

use crate::secret::Mask;

/// Standard error behind a mask.
pub(super) struct Masked<W>(W);

pub(super) fn masked() -> Masked<io::Stderr> {
    Masked(io::stderr())
}

impl<W: Write> Write for Masked<W> {
    /// An event comes whole, in one piece.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = Mask::new().text(&String::from_utf8_lossy(event));
        self.0.write_all(text.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_piece_and_its_secrets_are_masked() {
        let out = Shared::default();
        let writer = out.clone();
        let layer = tracing_subscriber::fmt().with_writer(move || Masked(writer.clone()));
        tracing::subscriber::with_default(layer.finish(), || {
            tracing::error!(
                command = "apt -o Acquire::http::Proxy=http://me:hunter2@proxy/",
                "failed"
            );
        });
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("http://[masked]@proxy/"), "{text}");
        assert!(text.contains("failed") && !text.contains("hunter2"), "{text}");
    }
}
