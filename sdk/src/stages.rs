//! Evidence from a script that proves several things one after the other.

use crate::{Evidence, Output, shown};

impl Evidence {
    /// Of a script that prints `stage NAME` when it is through with a stage, and `failed NAME: WHY` when
    /// it fails at one. Each stage has a name and what it proves, in their order. The evidence ends with
    /// the first stage that failed: the later ones were not tried, which proves nothing about them.
    pub fn of_stages(output: &Output, how: &str, stages: &[(&str, &str)]) -> Vec<Self> {
        let text = output.stdout.to_text();
        let mut evidence = Vec::new();
        for (stage, claim) in stages {
            let holds = text.lines().any(|line| line == format!("stage {stage}"));
            let failed = format!("failed {stage}: ");
            let said = || text.lines().find_map(|line| line.strip_prefix(failed.as_str()));
            let observed = if holds {
                (*stage).to_owned()
            } else {
                said().map_or_else(|| shown::sentence(&output.complaint()), shown::sentence)
            };
            evidence.push(Self {
                claim: (*claim).to_owned(),
                how: how.to_owned(),
                expected: (*stage).to_owned(),
                observed,
                holds,
            });
            if !holds {
                break;
            }
        }
        evidence
    }
}

#[cfg(test)]
mod tests {
    use crate::{Evidence, Output};

    #[test]
    fn a_failing_stage_is_named_and_the_later_ones_are_not_claimed() {
        let stages = [("make", "it can be made"), ("use", "it can be used"), ("drop", "it goes")];
        let seen = |exit, stdout: &str, stderr: &str| {
            let output = Output { exit, stdout: stdout.into(), stderr: stderr.into() };
            let evidence = Evidence::of_stages(&output, "a trial", &stages);
            evidence.into_iter().map(|one| (one.observed, one.holds)).collect::<Vec<_>>()
        };
        let yes = |stage: &str| (stage.to_owned(), true);
        let no = |why: &str| (why.to_owned(), false);
        let all = "stage make\nstage use\nstage drop\n";
        assert_eq!(seen(0, all, "noise\n"), [yes("make"), yes("use"), yes("drop")]);
        let failed = "stage make\nfailed use: no \u{7}device\n";
        assert_eq!(seen(1, failed, "noise\n"), [yes("make"), no("no device")]);
        assert_eq!(seen(137, "", "Killed\n"), [no("Killed")]);
        // A later stage does not make up for one that is missing.
        assert_eq!(seen(0, "stage make\nstage drop\n", "?\n"), [yes("make"), no("?")]);
    }
}
