//! The suite's summary.

use super::suite::{Outcome, Verdict};

/// One line for each part: what became of it, the seconds it took, its name.
pub(super) fn lines(outcomes: &[Outcome]) -> Vec<String> {
    let line = |outcome: &Outcome| {
        let verdict = match outcome.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "FAILED",
            Verdict::NotRun => "not run",
        };
        format!("{verdict:<8}{:>7.1} s  {}", outcome.elapsed.as_secs_f64(), outcome.part)
    };
    outcomes.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_part_has_its_line() {
        let one = |verdict, seconds, part: &str| Outcome {
            part: part.to_owned(),
            verdict,
            elapsed: Duration::from_secs(seconds),
        };
        let outcomes = [
            one(Verdict::Passed, 312, "sid: workload"),
            one(Verdict::Failed, 4, "a"),
            one(Verdict::NotRun, 0, "b"),
        ];
        let expected =
            ["passed    312.0 s  sid: workload", "FAILED      4.0 s  a", "not run     0.0 s  b"];
        assert_eq!(lines(&outcomes), expected);
    }
}
