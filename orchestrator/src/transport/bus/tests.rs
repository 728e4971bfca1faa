//! Against a bus that says what it likes; one in a container is asked in `tests/tests/outside.rs`.

use std::{
    io::Write as _,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use proptest::{prelude::*, test_runner::RngSeed};

use super::{
    Bus, Unanswered,
    message::{self, Kind, Message, Method},
};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// What is made of these bytes, when they come in answer to anything.
fn asked(answer: &[u8]) -> Unanswered {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(answer).unwrap();
    theirs.shutdown(std::net::Shutdown::Write).unwrap();
    Bus::over(ours, soon()).unwrap().unit("docker.service").unwrap_err()
}

#[test]
fn what_is_no_bus_is_no_answer() {
    assert!(asked(b"").0.contains("ends the connection"));
    assert!(asked(b"REJECTED EXTERNAL\r\n").0.contains("does not let us in: REJECTED EXTERNAL"));
    assert!(asked(&[b'x'; 4096]).0.contains("this is no bus"));
    assert!(asked(b"OK 1\r\nHTTP/1.0 400 Bad Request").0.contains("another protocol"));
    let huge = |at: usize| {
        let mut fixed = *b"l\x02\x00\x01\0\0\0\0\x01\0\0\0\0\0\0\0";
        fixed[at + 3] = 0x7f;
        asked(&[b"OK 1\r\n", &fixed[..]].concat())
    };
    assert!(huge(4).0.contains("too large") && huge(12).0.contains("too large"));
}

#[test]
fn a_flood_of_what_nobody_asked_for_ends() {
    let method = Method { destination: "a.b", object: "/", interface: "a.b", name: "C" };
    let call = message::call(7, &method, Some(&"x")).unwrap();
    assert!(asked(&[b"OK 1\r\n", &call.repeat(40)[..]].concat()).0.contains("nobody asked for"));
}

#[test]
fn a_bus_that_is_silent_or_reads_nothing_costs_no_more_than_the_deadline() {
    let begin = Instant::now();
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let mut bus = Bus::over(ours, begin + Duration::from_millis(50)).unwrap();
    bus.unit("a.service").unwrap_err();
    // A socket that is full already takes nothing of the question.
    let (mut ours, _theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    while ours.write(&[0; 4096]).is_ok() {}
    ours.set_nonblocking(false).unwrap();
    let mut bus = Bus::over(ours, Instant::now() + Duration::from_millis(50)).unwrap();
    bus.unit("a.service").unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_call_is_what_the_specification_says() {
    let method = Method { destination: "d.e", object: "/o", interface: "i.j", name: "M" };
    let bytes = message::call(3, &method, Some(&("a", "b"))).unwrap();
    assert_eq!(&bytes[..16], b"l\x01\x02\x01\x0e\0\0\0\x03\0\0\0\x48\0\0\0");
    assert!(bytes.windows(7).any(|at| at == b"\x08\x01g\0\x02ss"), "{bytes:?}");
    assert!(bytes.ends_with(b"\x01\0\0\0a\0\0\0\x01\0\0\0b\0"));
    assert_eq!(message::length(&bytes).unwrap(), Some(bytes.len()));
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.kind, Kind::Other);
    assert_eq!(message.value::<(String, String)>().unwrap(), ("a".to_owned(), "b".to_owned()));
    assert!(message.value::<String>().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_bytes_make_it_panic(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        is_noise in any::<bool>(),
    ) {
        let method = Method { destination: "d.e", object: "/o", interface: "i.j", name: "M" };
        let mut bytes = message::call(3, &method, Some(&vec![("a", 1_u64, "b")])).unwrap();
        if is_noise { bytes = noise }
        for (at, byte) in edits {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        let _ = message::length(&bytes);
        if let Ok(message) = Message::parse(&bytes) {
            let _ = message.value::<Vec<(String, u64, String)>>();
            let _ = message.value::<super::Listed>();
            let _ = message.value::<message::Property<String>>().map(|value| value.0);
        }
    }
}
