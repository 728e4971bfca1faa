//! Speaks to the orchestrator past the SDK: the socket is descriptor 0, and a frame a length, a kind, the
//! number of a call, and a document.

use hostile::{Attempt, Outcome, system_call};
use phoenix_sdk::{Change, CheckReport, Context, Result};

const ANSWER: u8 = 4;
const READY: u8 = 16;
const REQUEST: u8 = 18;
const REPLY: u8 = 19;
const FULL: u8 = 21;

/// Where the lanes are, one of which is this call's own, and the others those of other units' calls.
const LANES: std::ops::Range<usize> = 3..64;

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
    ("garbage-in-lanes", Attempt::Alone(|| send_in_lanes(&[0xa5; 64]))),
    (
        "reply-in-lanes",
        Attempt::Alone(|| send_in_lanes(&frame(REPLY, 1, b"{\"changes\":[],\"evidence\":[]}")))
    ),
    (
        "request-in-lanes",
        Attempt::Alone(|| send_in_lanes(&frame(REQUEST, 0, b"{\"request\":\"take_back\"}")))
    ),
    ("steal-from-lanes", Attempt::Alone(steal_from_lanes)),
    ("full-in-lanes", Attempt::Alone(|| send_in_lanes(&frame(FULL, 0, b"")))),
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

/// Sends this to whoever listens at any lane, and waits for what becomes of it.
fn send_in_lanes(bytes: &[u8]) -> Outcome {
    let write = |lane| system_call(libc::SYS_write, [lane, bytes.as_ptr() as usize, bytes.len()]);
    match LANES.filter(|lane| write(*lane).is_ok()).count() {
        0 => Outcome::Held("no lane to write to".to_owned()),
        _ => silence(),
    }
}

/// Reads what is for other units' calls, from whichever lane has something first.
fn steal_from_lanes() -> Outcome {
    let steal = |lane| {
        let mut bytes = vec![0_u8; 1 << 16];
        loop {
            let piece = [lane, bytes.as_mut_ptr() as usize, bytes.len()];
            if system_call(libc::SYS_read, piece).is_err() {
                return;
            }
        }
    };
    for lane in LANES {
        // Each waits in a thread of its own.
        if std::thread::Builder::new().stack_size(16 << 10).spawn(move || steal(lane)).is_err() {
            break;
        }
    }
    silence()
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
