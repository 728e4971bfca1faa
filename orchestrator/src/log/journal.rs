//! The log in the system's journal, over its own socket: one datagram an event, with fields that can be asked for
//! (`journalctl PHOENIX_ORCH_TARGET=web`).

use std::{
    env,
    io::{self, Write},
    os::unix::net::UnixDatagram,
    sync::Arc,
};

use rustix::fs::fstat;
use serde_json::{Map, Value};
use tracing_subscriber::fmt::MakeWriter;

use super::line;

/// Where the journal listens.
const SOCKET: &str = "/run/systemd/journal/socket";
/// What every field of ours begins with: the journal has other uses for short names.
const PREFIX: &str = "PHOENIX_ORCH_";
/// A field is not longer: a datagram of many must fit into the socket's buffer.
const LONGEST: usize = 16 * 1024;

/// The journal, to which this process's standard error is connected.
#[derive(Debug, Clone)]
pub(super) struct Journal(Arc<UnixDatagram>);

/// The journal if this process runs as a service: systemd says in `JOURNAL_STREAM` which device and inode the stream has
/// that it made, for a variable may be inherited by others, whose standard error is another one.
pub(super) fn of_this_service() -> Option<Journal> {
    let stream = env::var("JOURNAL_STREAM").ok()?;
    let stat = fstat(io::stderr()).ok()?;
    if !is_stream(&stream, stat.st_dev, stat.st_ino) {
        return None;
    }
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect(SOCKET).ok()?;
    Some(Journal(Arc::new(socket)))
}

fn is_stream(text: &str, device: u64, inode: u64) -> bool {
    let numbers = text.split_once(':');
    numbers.is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Journal {
    /// An event comes whole, in one piece.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if let Some(record) = line::of(event) {
            self.0.send(&datagram(&record))?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The journal's native form: `NAME=value` and a line's end, or, where the value has such an end itself, the name alone,
/// the length in eight bytes, and the value.
fn datagram(record: &Map<String, Value>) -> Vec<u8> {
    let mut bytes = b"SYSLOG_IDENTIFIER=phoenix-orch\n".to_vec();
    field(&mut bytes, "MESSAGE", &message(record));
    for (name, value) in record {
        let text = text(value);
        match name.as_str() {
            // The journal has its own clock.
            "at" | "message" => {}
            "module" => field(&mut bytes, "CODE_MODULE", &text),
            "level" => field(&mut bytes, "PRIORITY", priority(&text)),
            name => {
                let upper =
                    |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
                let name: String = name.chars().map(upper).collect();
                field(&mut bytes, &format!("{PREFIX}{name}"), &text);
            }
        }
    }
    bytes
}

/// What `journalctl` shows unasked: about which target and step, what, and all else that is known.
fn message(record: &Map<String, Value>) -> String {
    const SAID: [&str; 7] = ["at", "level", "message", "module", "run", "target", "step"];
    let about = ["target", "step", "message"].map(|name| record.get(name).map(text));
    let about: Vec<String> = about.into_iter().flatten().collect();
    let rest = record.iter().filter(|(name, _)| !SAID.contains(&name.as_str()));
    let rest = rest.map(|(name, value)| format!(", {name} {}", text(value)));
    about.join(": ") + &rest.collect::<String>()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn field(bytes: &mut Vec<u8>, name: &str, value: &str) {
    let value = &value[..value.floor_char_boundary(LONGEST)];
    bytes.extend(name.as_bytes());
    match value.contains('\n') {
        true => {
            bytes.push(b'\n');
            bytes.extend((value.len() as u64).to_le_bytes());
        }
        false => bytes.push(b'='),
    }
    bytes.extend(value.as_bytes());
    bytes.push(b'\n');
}

/// Of syslog.
fn priority(level: &str) -> &'static str {
    match level {
        "ERROR" => "3",
        "WARN" => "4",
        "INFO" => "6",
        _ => "7",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{LONGEST, datagram, is_stream};

    fn sent(record: Value) -> Vec<u8> {
        datagram(record.as_object().unwrap())
    }

    #[test]
    fn the_stream_is_known_by_both_its_numbers() {
        assert!(is_stream("8:42", 8, 42));
        for other in ["8:41", "9:42", "8", "", "8:42:1", "x:42"] {
            assert!(!is_stream(other, 8, 42), "{other}");
        }
    }

    #[test]
    fn an_event_in_the_native_form() {
        let bytes = sent(json!({
            "at": "T", "level": "WARN", "message": "two\nlines", "module": "m", "run": "R", "target": "web", "took-ms": 3,
        }));
        let text = b"SYSLOG_IDENTIFIER=phoenix-orch\nMESSAGE\n\x19\0\0\0\0\0\0\0web: two\nlines, took-ms 3\nPRIORITY=4\nCODE_MODULE=m\n\
                     PHOENIX_ORCH_RUN=R\nPHOENIX_ORCH_TARGET=web\nPHOENIX_ORCH_TOOK_MS=3\n";
        assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(text));
    }

    #[test]
    fn a_long_field_is_cut_between_characters() {
        let long = format!("a{}", "ä".repeat(LONGEST));
        let bytes = sent(json!({ "message": long }));
        assert!(bytes.len() < LONGEST + 100);
        assert!(String::from_utf8(bytes).is_ok());
    }
}
