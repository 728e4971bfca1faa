//! The decoders of both sides, with thousands of broken frames and documents that are always the same ones.
//! `cargo fuzz run` in `fuzz/` goes on where this ends.

#[expect(unreachable_pub, reason = "the fuzz targets use it from outside")]
#[path = "../../fuzz/src/decoders.rs"]
mod decoders;

use phoenix_orch::catalog::host::frame::{Frame, Kind};
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// Documents that would be understood, one of each kind at least.
const DOCUMENTS: &[&str] = &[
    r#"{"request":"observe","machine":"host","subjects":[{"subject":"file","path":"/etc/x"}]}"#,
    r#"{"request":"probe","machine":"container","argv":["cat","/etc/x"]}"#,
    r#"{"request":"perform","change":{"kind":"file","path":"/x","content":{"text":"a"},"mode":420,"owner":[0,0]}}"#,
    r#"{"request":"record","name":"x.json","content":{"base64":"AAH/"}}"#,
    r#"{"changes":[{"kind":"service","name":"x.service","enabled":true,"active":null}],"notes":["n"],"warnings":[]}"#,
    r#"{"evidence":[{"claim":"c","how":"h","expected":"1","observed":"1","holds":true}]}"#,
    r#"{"code":"X-Y","message":"m","causes":["c"],"hints":["h"]}"#,
    r#"{"name":"x","version":"1.0.0","about":"a","scope":"container","probes":[],"codes":[],"sdk":"1.0.0","rehearsals":[]}"#,
    r#"[{"name":"seccomp"},{"name":"Landlock","missing":"no"}]"#,
    r#"{"answer":"observed","seen":[{"Ok":{"observed":"command","succeeded":true}},{"Err":{"code":"X","message":"m"}}]}"#,
    r#"{"answer":"ran","output":{"exit":0,"stdout":{"text":"a"},"stderr":{"text":""}}}"#,
    r#"{"target":{"name":"web","machine":"container"},"apparmor":"optional","params":{"a":[1,null]},"own_params":true}"#,
];

/// One change of some bytes: which, from where to where, and a byte.
type Edit = (u8, Index, Index, u8);

fn edited(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for (which, from, to, byte) in edits {
        let place = |at: &Index| at.index(bytes.len() + 1);
        let (from, to) = (place(from).min(place(to)), place(from).max(place(to)));
        match which % 4 {
            0 => bytes.insert(from, *byte),
            1 => bytes[from..].iter_mut().take(1).for_each(|old| *old = *byte),
            2 => drop(bytes.drain(from..to)),
            _ => bytes.extend_from_within(from..to),
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    proptest::collection::vec(any::<Edit>(), 0..4)
}

/// Always the same cases, so that a failure is one for everybody.
fn hold<T: std::fmt::Debug>(cases: impl Strategy<Value = T>, property: impl Fn(T)) {
    let config = Config { cases: 4096, failure_persistence: None, ..Config::default() };
    let seeded = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, seeded);
    let outcome = runner.run(&cases, |case| {
        property(case);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn frames_are_understood_in_one_way() {
    let kinds = prop_oneof![Just(Kind::Check), Just(Kind::Request), Just(Kind::Reply)];
    let frame = (kinds, any::<u64>(), proptest::sample::select(DOCUMENTS))
        .prop_map(|(kind, call, document)| Frame::encode(kind, call, document));
    let frames = (proptest::collection::vec(frame, 0..4), edits());
    hold(frames, |(frames, edits)| decoders::frames(&edited(frames.concat(), &edits)));
}

#[test]
fn documents_are_understood_in_one_way() {
    let documents = (proptest::sample::select(DOCUMENTS), edits());
    hold(documents, |(document, edits)| {
        let bytes = edited(document.as_bytes().to_vec(), &edits);
        decoders::from_step(&bytes);
        decoders::to_step(&bytes);
    });
}

/// Broken from the start, the documents above would try nothing.
#[test]
fn the_documents_begin_whole() {
    use phoenix_sdk::{
        CheckReport, StepError, VerifyReport,
        boundary::Doc,
        wire::{Answer, Input, MetaDoc, Request},
    };
    fn is<T: serde::de::DeserializeOwned>(document: &Doc) -> bool {
        document.read::<T>().is_ok()
    }
    for (at, text) in DOCUMENTS.iter().enumerate() {
        let document = Doc::from((*text).to_owned());
        let whole = match at {
            0..=3 => is::<Request>(&document),
            4 => is::<CheckReport>(&document),
            5 => is::<VerifyReport>(&document),
            6 => is::<StepError>(&document),
            7 => is::<MetaDoc>(&document),
            8 => is::<Vec<phoenix_orch::catalog::host::Mechanism>>(&document),
            9 | 10 => is::<Answer>(&document),
            _ => is::<Input>(&document),
        };
        assert!(whole, "{text}");
    }
}
