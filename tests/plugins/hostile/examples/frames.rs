//! Speaks to the orchestrator past the SDK: the socket is descriptor 0, and a frame a length, a kind, the
//! number of a call, and a document.

use hostile::{Attempt, Outcome, system_call};
use phoenix_sdk::{Change, CheckReport, Context, Result};

const ANSWER: u8 = 4;
const READY: u8 = 16;
const REQUEST: u8 = 18;
const REPLY: u8 = 19;

hostile::hostile!(&[
    ("garbage", Attempt::Alone(|| send(&[0xa5; 4096]))),
    ("announce-4-gb", Attempt::Alone(|| send(&[0xff; 4]))),
    ("reply-of-100-mb", Attempt::Alone(reply_of_100_mb)),
    ("report-of-100-mb", Attempt::Reporting(report_of_100_mb)),
    ("short-frame", Attempt::Alone(|| send(&[1, 0, 0, 0, REPLY]))),
    ("unknown-kind", Attempt::Alone(|| send(&frame(99, 1, b"{}")))),
    ("no-text", Attempt::Alone(|| send(&frame(REPLY, 1, &[0xff, 0xfe])))),
    ("reply-to-nobody", Attempt::Alone(|| send(&frame(REPLY, 0, b"{\"changes\":[]}")))),
    (
        "request-of-nobody",
        Attempt::Alone(|| send(&frame(REQUEST, 0, b"{\"request\":\"take_back\"}")))
    ),
    ("ready-again", Attempt::Alone(|| send(&frame(READY, 0, b"{}")))),
    ("orchestrators-frame", Attempt::Alone(|| send(&frame(ANSWER, 1, b"{}")))),
    ("answer-for-others", Attempt::Alone(answer_for_others)),
    ("flood-frames", Attempt::Alone(flood_frames)),
    ("flood-requests", Attempt::Asking(flood_requests)),
    ("close-socket", Attempt::Alone(close_socket)),
    ("steal-answers", Attempt::Alone(steal_answers)),
    ("silence", Attempt::Alone(silence)),
]);

fn frame(kind: u8, call: u64, document: &[u8]) -> Vec<u8> {
    let length = (1 + 8 + document.len()) as u32;
    let head = [&length.to_le_bytes()[..], &[kind], &call.to_le_bytes()].concat();
    [&head, document].concat()
}

fn write(mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let to_send = [0, bytes.as_ptr() as usize, bytes.len()];
        let written = system_call(libc::SYS_write, to_send)?;
        bytes = &bytes[written as usize..];
    }
    Ok(())
}

/// Sends this, and waits for what becomes of it.
fn send(bytes: &[u8]) -> Outcome {
    match write(bytes) {
        Ok(()) => silence(),
        Err(error) => Outcome::Held(error.to_string()),
    }
}

/// Says nothing any more.
fn silence() -> Outcome {
    loop {
        std::thread::park();
    }
}

fn reply_of_100_mb() -> Outcome {
    let length = 100_u32 << 20;
    let head = [&length.to_le_bytes()[..], &[REPLY], &1_u64.to_le_bytes(), b"\""].concat();
    let piece = vec![b'x'; 1 << 20];
    let sent = write(&head).and_then(|()| (0..100).try_for_each(|_| write(&piece)));
    Outcome::Held(format!("{sent:?}"))
}

/// The same by the book.
fn report_of_100_mb() -> CheckReport {
    CheckReport::default().warning("x".repeat(100 << 20))
}

/// Whose calls have which numbers is a secret; the likeliest are tried.
fn answer_for_others() -> Outcome {
    let frames: Vec<u8> = (1..10_000)
        .flat_map(|call| frame(REPLY, call, b"{\"changes\":[],\"evidence\":[]}"))
        .collect();
    send(&frames)
}

fn flood_frames() -> Outcome {
    let frames = frame(REQUEST, 1, b"{\"request\":\"progress\",\"message\":\"x\"}").repeat(1000);
    loop {
        if let Err(error) = write(&frames) {
            return Outcome::Held(error.to_string());
        }
    }
}

fn flood_requests(cx: &Context<'_>, _changes: &[Change]) -> Result<Outcome> {
    (0..1_000_000).try_for_each(|number| cx.progress(number.to_string()))?;
    Ok(Outcome::Succeeded("a million requests".to_owned()))
}

fn close_socket() -> Outcome {
    match system_call(libc::SYS_close, [0]) {
        Ok(_) => silence(),
        Err(error) => Outcome::Held(error.to_string()),
    }
}

/// Reads what is for the units of other targets in the same process.
fn steal_answers() -> Outcome {
    let mut bytes = vec![0_u8; 1 << 16];
    loop {
        let piece = [0, bytes.as_mut_ptr() as usize, bytes.len()];
        if let Err(error) = system_call(libc::SYS_read, piece) {
            return Outcome::Held(error.to_string());
        }
    }
}
