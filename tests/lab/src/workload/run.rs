//! Running the cases one after the other.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use xtask::process::Output;
use xtask::say;

use super::case::{How, SKIPPED};
use super::{Case, Tried, Verdict, cases, with_prelude};
use crate::target::Target;

/// How long a case may take. Under software emulation a `docker run` takes about 5 s.
const LIMIT: Duration = Duration::from_secs(150);

const LAST_LINES: usize = 8;

/// Everything that the cases leave behind, wherever they stopped. The base image is kept.
const CLEAN: &str = r#"
    systemctl is-active --quiet docker || exit 0
    c=$(docker ps -aq --filter label=phx); [ -z "$c" ] || docker rm -f $c >/dev/null
    n=$(docker network ls -q --filter label=phx); [ -z "$n" ] || docker network rm $n >/dev/null
    v=$(docker volume ls -q --filter label=phx); [ -z "$v" ] || docker volume rm $v >/dev/null
    docker rmi -f phx-built phx-kit phx-committed >/dev/null 2>&1 || true
    rm -rf /var/tmp/phx* /tmp/phx*"#;

/// Removes what an earlier run left, and the base image too when it is wanted no more.
pub(crate) fn clean(target: &Target, image_too: bool) -> Result<()> {
    let image = if image_too { "docker rmi -f phx-base >/dev/null 2>&1 || true" } else { "" };
    target.script(&with_prelude(&format!("{CLEAN}\n{image}")), LIMIT)?.success()?;
    Ok(())
}

/// Runs the cases of these names, all if there are none, and what they need. A case whose need has
/// failed counts as failed at once. Ends early when `go_on` says no to the last one.
pub(crate) fn try_cases(
    target: &Target,
    wanted: &[String],
    go_on: &mut dyn FnMut(&Tried) -> bool,
) -> Vec<Tried> {
    let chosen = with_needs(wanted);
    let mut done: Vec<Tried> = Vec::new();
    for case in cases().filter(|case| chosen.is_empty() || chosen.contains(case.id)) {
        let begin = Instant::now();
        let from = now();
        let verdict = match missing(case, &done) {
            Some(need) => Verdict::Failed(format!("`{need}` has not passed before")),
            None => attempt(target, case),
        };
        let tried = Tried {
            id: case.id,
            shows: case.shows,
            verdict,
            took: begin.elapsed(),
            span: (from, now()),
        };
        say::note(&line(&tried));
        let last = !go_on(&tried);
        done.push(tried);
        if last {
            break;
        }
    }
    done
}

fn attempt(target: &Target, case: &Case) -> Verdict {
    let result = match case.how {
        How::Script(text) => target.script(&with_prelude(text), LIMIT).map(judged),
        How::Host(act) => act(target),
    };
    result.unwrap_or_else(|error| Verdict::Failed(last_lines(&format!("{error:#}"))))
}

fn judged(output: Output) -> Verdict {
    match output.code {
        0 => Verdict::Passed(last_lines(&output.stdout)),
        SKIPPED => Verdict::Skipped(last_lines(&output.stdout)),
        code => Verdict::Failed(last_lines(&format!(
            "{}{}exit code {code}",
            output.stdout, output.stderr
        ))),
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

/// The first case that this one needs and that has not passed.
fn missing(case: &Case, done: &[Tried]) -> Option<&'static str> {
    let passed = |id: &str| done.iter().any(|tried| tried.id == id && tried.passed());
    case.needs.iter().copied().find(|id| !passed(id))
}

/// The names asked for and all that they need, directly or not; empty means all.
fn with_needs(wanted: &[String]) -> BTreeSet<String> {
    let mut chosen: BTreeSet<String> = wanted.iter().cloned().collect();
    // A case stands behind what it needs, so one walk from the end finds everything.
    let all: Vec<&Case> = cases().collect();
    for case in all.iter().rev() {
        if chosen.contains(case.id) {
            chosen.extend(case.needs.iter().map(|id| (*id).to_owned()));
        }
    }
    chosen
}

/// One line about one case.
pub(super) fn line(tried: &Tried) -> String {
    let (word, said) = match &tried.verdict {
        Verdict::Passed(said) => ("ok  ", said),
        Verdict::Failed(said) => ("FAIL", said),
        Verdict::Skipped(said) => ("skip", said),
    };
    let said = said.replace('\n', "\n             ");
    let sep = if said.is_empty() { "" } else { ": " };
    format!("{word} {:6.1} s  {}{sep}{said}", tried.took.as_secs_f64(), tried.id)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_brings_what_it_needs() {
        let chosen = with_needs(&["save-load".to_owned()]);
        let names: Vec<&str> = chosen.iter().map(String::as_str).collect();
        assert_eq!(names, ["build", "docker", "image", "save-load"]);
    }
}
