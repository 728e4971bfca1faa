//! A step that breaks the rules on demand, for the fault tests: its parameter `how` says how.
//!
//! Without the parameter, and for a word that it does not know, it is a well-behaved step that keeps one file.
//! `docs/architecture.md` says what the orchestrator must make of each of these.

use phoenix_sdk::{
    Change, CheckReport, Code, Context, Evidence, Kind, Meta, Probe, Result, Scope, Step,
    StepError, Subject, VerifyReport, Wanted, World, argv, export_step,
};
use serde::Deserialize;

const PATH: &str = "/etc/phoenix-misbehaving";
const CONTENT: &str = "behaves\n";

const READ: Probe = Probe::new("read", argv!["cat", "/etc/phoenix-misbehaving"], "Reads the file");
const FLOOD: Probe = Probe::new(
    "flood",
    argv!["/bin/sh", "-c", "while :; do echo 0123456789abcdef0123456789abcdef; done"],
    "Prints without end",
)
.within(10);
const SLEEP: Probe = Probe::new("sleep", argv!["sleep", "3600"], "Never ends").within(2);
const ESCAPES: Probe = Probe::new(
    "escapes",
    argv!["printf", "\\033[2J\\033]0;owned\\007\\377\\376\\000\\r\\n"],
    "Prints terminal escapes and invalid UTF-8",
);
const FALSE: Probe = Probe::new("false", argv!["false"], "Never succeeds");
const PROBES: &[Probe] = &[READ, FLOOD, SLEEP, ESCAPES, FALSE];
/// Deliberately not among the declared ones.
const UNDECLARED: Probe = Probe::new("undeclared", argv!["id", "-u"], "Who am I");

const CODES: &[Code] =
    &[Code::new("MISBEHAVING-ERROR", "The step was asked to fail.", "Leave `how` out.")];

#[derive(Default)]
struct Misbehaving;

export_step!(Misbehaving);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Params {
    /// Anything; a number here is what `bad-params` in plugins.toml means.
    text: String,
    /// Which rule is broken.
    how: String,
    /// What is to be installed besides.
    packages: Vec<String>,
}

impl Params {
    fn asked(&self, word: &str) -> bool {
        self.how == word
    }

    fn panic_if(&self, word: &str) {
        if self.asked(word) {
            panic!("asked to misbehave: {word}");
        }
    }
}

fn file(path: &str, content: &str) -> Change {
    Change::new(Kind::File {
        path: path.to_owned(),
        content: Some(content.into()),
        mode: None,
        owner: None,
    })
}

impl Step for Misbehaving {
    type Params = Params;

    const META: Meta = Meta::with(
        "misbehaving",
        env!("CARGO_PKG_VERSION"),
        Scope::Container,
        "Breaks the rules on demand",
        PROBES,
        CODES,
    );

    fn check(&self, cx: &Context<'_>, params: &Params) -> Result<CheckReport> {
        params.panic_if("panic-check");
        if params.asked("exit-check") {
            std::process::abort();
        }
        if params.asked("hang-check") {
            loop {
                std::thread::park();
            }
        }
        if params.asked("memory-check") {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(vec![1; 16 << 20]);
            }
        }
        if params.asked("error-check") {
            return Err(StepError::new("MISBEHAVING-ERROR", "asked to fail")
                .cause("\u{1b}[31ma cause in red\u{1b}[0m")
                .hint("Leave `how` out."));
        }
        if params.asked("error-without-hint") {
            return Err(StepError::new("misbehaving undocumented", "asked to fail badly"));
        }
        if params.asked("undeclared-probe") {
            cx.machine().probe(&UNDECLARED, &[])?;
        }
        if params.asked("undeclared-command") {
            // A look that runs a command is one way round the list; it is held to it too.
            let argv = vec!["touch".to_owned(), "/etc/phoenix-misbehaving-2".to_owned()];
            cx.machine().observe(Subject::Command { argv })?;
        }
        if params.asked("flood") {
            cx.machine().probe(&FLOOD, &[])?;
        }
        if params.asked("sleep") {
            cx.machine().probe(&SLEEP, &[])?;
        }
        if params.asked("perform-in-check") {
            cx.perform(&file("/etc/phoenix-misbehaving-2", CONTENT))?;
        }
        if params.asked("garbage") {
            let escapes = cx.machine().probe(&ESCAPES, &[])?;
            return Ok(CheckReport::default()
                .warning(escapes.stdout.to_text())
                .warning("x".repeat(1 << 20)));
        }
        if params.asked("never-converges") {
            let kind = Kind::Command {
                about: "count the rounds".to_owned(),
                argv: vec!["true".to_owned()],
                unless: vec!["false".to_owned()],
                undo: None,
                consent: None,
                time_limit_s: None,
            };
            return Ok(CheckReport { changes: vec![Change::new(kind)], ..CheckReport::default() });
        }
        let content = if params.text.is_empty() { CONTENT } else { &params.text };
        let wanted = Wanted::on(cx.machine());
        let wanted = match params.packages.as_slice() {
            [] => wanted,
            names => wanted.packages(names.iter().map(String::as_str)),
        };
        wanted.change(file(PATH, content)).into_report()
    }

    fn apply(&self, cx: &Context<'_>, params: &Params, report: &CheckReport) -> Result<()> {
        params.panic_if("panic-apply");
        if params.asked("unannounced-change") {
            return cx.perform(&file("/etc/phoenix-misbehaving-2", CONTENT));
        }
        if params.asked("apply-does-nothing") {
            return Ok(());
        }
        report.changes.iter().try_for_each(|change| cx.perform(change))?;
        // The work is done, and the answer is lost: the unit must still be told apart from an untouched one.
        params.panic_if("panic-after-apply");
        Ok(())
    }

    fn verify(&self, cx: &Context<'_>, params: &Params) -> Result<VerifyReport> {
        params.panic_if("panic-verify");
        if params.asked("no-evidence") {
            return Ok(VerifyReport::default());
        }
        if params.asked("false-evidence") {
            let evidence = Evidence::equal("the moon is cheese", "a look", "cheese", "rock");
            return Ok(VerifyReport::default().with(evidence));
        }
        let wanted = if params.text.is_empty() { CONTENT } else { &params.text };
        let seen = cx.machine().probe(&READ, &[])?.stdout.to_text();
        let how = READ.argv.join(" ");
        Ok(VerifyReport::default().with(Evidence::equal("the file is there", how, wanted, seen)))
    }

    fn rehearsals() -> Vec<World> {
        let mut world = World::container("fresh");
        let there = vec![phoenix_sdk::world::Fact::Exists(
            phoenix_sdk::wire::MachineId::Container,
            PATH.to_owned(),
        )];
        world.container = world.container.answers(&READ, there, 0, CONTENT);
        vec![world]
    }
}

#[cfg(test)]
mod tests {
    use super::Misbehaving;
    use phoenix_sdk::testing::laws;

    #[test]
    fn without_being_asked_it_behaves() {
        if let Err(broken) = laws::hold::<Misbehaving>() {
            panic!("{broken}");
        }
    }
}
