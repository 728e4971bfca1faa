use super::Transcript;
use crate::{
    CheckReport, Context, Evidence, Meta, Probe, Result, Scope, Step, StepError, Subject,
    VerifyReport, Wanted, World, argv, testing::FakeHost,
};

const DATE: Probe = Probe::new("date", argv!["date"], "The time");
const PROBES: &[Probe] = &[DATE];

/// Keeps a file whose contents it was given, and looks at more than it needs.
struct Keeper(&'static str);

impl Step for Keeper {
    type Params = ();
    const META: Meta =
        Meta::with("keeper", "0.1.0", Scope::HostAndContainers, "a file", PROBES, &[]);

    fn check(&self, cx: &Context<'_>, _params: &()) -> Result<CheckReport> {
        Wanted::on(cx.machine()).file("/etc/kept", self.0).packages(["bc"]).into_report()
    }

    fn verify(&self, cx: &Context<'_>, _params: &()) -> Result<VerifyReport> {
        let seen = cx.host().probe(&DATE, &["+%s"])?;
        Ok(VerifyReport::default().with(Evidence::equal("time", "date", "1", seen.line())))
    }
}

fn host() -> FakeHost {
    let mut world = World::container("any");
    world.host = world.host.answers(&DATE, vec![], 0, "1\n");
    FakeHost::new(world, Keeper::META)
}

fn recorded<T>(
    host: &FakeHost,
    work: impl FnOnce(&Context<'_>) -> Result<T>,
) -> (Result<T>, Transcript) {
    Transcript::record(host, &host.input().unwrap(), work)
}

#[test]
fn what_was_asked_is_a_line_each() {
    let host = host();
    let wanted = |cx: &Context<'_>| {
        cx.progress("now\u{7}")?;
        let report = Keeper("a").check(cx, &())?;
        cx.machine().probe(&DATE, &[])?;
        cx.machine().observe_all(vec![Subject::Command { argv: vec!["id".to_owned()] }])?;
        // Neither is for a `check`.
        assert_eq!(cx.record("note", "four").unwrap_err().code, "CHANGE-NOT-ANNOUNCED");
        cx.perform(&report.changes[0])
    };
    let (outcome, transcript) = recorded(&host, wanted);
    assert_eq!(outcome.unwrap_err().code, "CHANGE-NOT-ANNOUNCED");
    insta::assert_snapshot!(transcript, @"
    say `now`
    container: look at file `/etc/kept`, packages `bc`
    container: run `date` -> exit code 127
    container: look at the success of `id` -> PROBE-NOT-DECLARED
    record `note`, 4 bytes -> CHANGE-NOT-ANNOUNCED
    perform: write `/etc/kept` -> CHANGE-NOT-ANNOUNCED
    ");
}

#[test]
fn a_replay_gives_what_the_machine_gave() {
    let host = host();
    let (report, check) = recorded(&host, |cx| Keeper("a").check(cx, &()));
    let (evidence, verify) = recorded(&host, |cx| Keeper("a").verify(cx, &()));
    let (check, verify) = (through_json(&check), through_json(&verify));
    assert_eq!(check.check(&Keeper("a")).unwrap(), report.unwrap());
    assert_eq!(verify.verify(&Keeper("a")).unwrap(), evidence.unwrap());
}

fn through_json(transcript: &Transcript) -> Transcript {
    let read = Transcript::from_json(&transcript.to_json()).unwrap();
    assert_eq!(read, *transcript);
    read
}

type Work = fn(&Context<'_>) -> Result<()>;

#[test]
fn whoever_asks_for_something_else_is_told_the_difference() {
    let (report, transcript) = recorded(&host(), |cx| Keeper("a").check(cx, &()));
    report.unwrap();
    let cases: [(Work, &str); 4] = [
        (|cx| cx.machine().file("/etc/other").map(drop), "something else at request 1"),
        (
            |cx| Keeper("a").check(cx, &()).and_then(|_| cx.progress("more")),
            "more than was recorded at request 2",
        ),
        (|_| Ok(()), "no more at request 1"),
        // A step that makes nothing of the error does not hide it.
        (
            |cx| {
                let _ = cx.progress("lost");
                Keeper("a").check(cx, &()).map(drop).or(Ok(()))
            },
            "something else at request 1",
        ),
    ];
    for (work, message) in cases {
        let error = transcript.replay(work).unwrap_err();
        assert_eq!(error.code, "TRANSCRIPT-DIFFERS");
        assert!(error.message.ends_with(message), "{error}");
        assert!(!error.hints.is_empty());
    }
    let error = transcript.replay(cases[0].0).unwrap_err();
    insta::assert_snapshot!(error, @"TRANSCRIPT-DIFFERS: the step asked for something else at request 1: asked: container: look at file `/etc/other`: recorded: container: look at file `/etc/kept`, packages `bc`: /subjects/0/path: \"/etc/other\", recorded: \"/etc/kept\"");
}

#[test]
fn a_difference_that_no_line_shows_is_named_too() {
    let host = host();
    let input = host.input().unwrap();
    let change = |content| {
        let report = host.with(&input, &[], |cx| Keeper(content).check(cx, &()));
        report.unwrap().changes.remove(0)
    };
    let (_, transcript) = Transcript::record(&host, &input, |cx| cx.perform(&change("a")));
    let error = transcript.replay(|cx| cx.perform(&change("b"))).unwrap_err();
    assert_eq!(error.causes[0].replace("asked", "recorded"), error.causes[1]);
    assert_eq!(error.causes[2], "/change/content/text: \"b\", recorded: \"a\"");
}

#[test]
fn a_step_that_stops_may_have_asked_for_less() {
    let (report, transcript) = recorded(&host(), |cx| Keeper("a").check(cx, &()));
    report.unwrap();
    let stop = |_: &Context<'_>| Err::<(), _>(StepError::new("STOP", "it stops"));
    assert_eq!(transcript.replay(stop).unwrap_err().code, "STOP");
}

#[test]
fn only_transcripts_that_are_understood_are_read() {
    let (_, transcript) = recorded(&host(), |cx| cx.progress("x"));
    let text = transcript.to_json();
    let newer = text.replacen("\"format\": 1", "\"format\": 2", 1);
    let grown = text.replacen("\"format\": 1", "\"format\": 1, \"grown\": {}", 1);
    assert!(newer != text && grown != text);
    assert_eq!(Transcript::from_json(&grown).unwrap(), transcript);
    for (text, says) in [(&*newer, "format 2"), ("{}", "no transcript"), ("", "no transcript")] {
        let error = Transcript::from_json(text).unwrap_err();
        assert_eq!(error.code, "TRANSCRIPT-UNREADABLE");
        assert!(error.message.contains(says) && !error.hints.is_empty(), "{error}");
    }
}
