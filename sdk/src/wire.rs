//! The documents that cross the boundary. They grow by optional fields; a reader ignores what it does
//! not know, and a field that an older writer did not have gets its default.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Bytes, Change, CheckReport, Meta, Observed, StepError, Subject, world::World};

/// The form of the documents. They grow by optional fields without a new number; a number that is higher
/// than a reader's own means that something in them must not be overlooked, and the reader refuses it.
pub const FORM: u32 = 1;

/// Documents without a number are of the first form.
fn first_form() -> u32 {
    1
}

/// What [`crate::boundary::RawStep::meta`] answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetaDoc {
    /// The step's own constants.
    #[serde(flatten)]
    pub meta: Meta,
    /// The version of this crate that the step was built with.
    pub sdk: String,
    /// The [`FORM`] of the documents that it reads and writes.
    #[serde(default = "first_form")]
    pub form: u32,
    /// Worlds to rehearse the step's laws in, for `plugins check`.
    #[serde(default)]
    pub rehearsals: Vec<World>,
}

/// Which of the two machines that a unit can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineId {
    /// The host. A unit of a container can look at it, and never changes it.
    Host,
    /// The unit's own container.
    Container,
}

/// The target of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `host`, or the container's name.
    pub name: String,
    /// Which machine the unit's changes go to.
    pub machine: MachineId,
    /// What the containers of the host are managed by. An orchestrator before 1.2 knew plain LXC alone, and
    /// does not say.
    #[serde(default)]
    pub manager: Manager,
}

/// What manages the containers of a host, and with them their configurations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manager {
    /// Plain LXC.
    #[default]
    Lxc,
    /// Proxmox VE, whose configurations have options of their own, such as `features`, beside those of LXC.
    Pve,
}

/// What the operator wants of AppArmor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppArmorPolicy {
    /// A host without AppArmor is an error.
    #[default]
    Required,
    /// On a host without AppArmor the steps say that containers are not confined, and go on.
    Optional,
}

/// What goes into `check`, `apply` and `verify`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The [`FORM`] of the documents of this call.
    #[serde(default = "first_form")]
    pub form: u32,
    /// Where the unit works.
    pub target: Target,
    /// From the policy in `plugins.toml`.
    #[serde(default)]
    pub apparmor: AppArmorPolicy,
    /// The step's parameters for this target, from `plugins.toml`.
    #[serde(default)]
    pub params: Value,
    /// Whether `plugins.toml` has parameters for this very target among them.
    #[serde(default)]
    pub own_params: bool,
    /// For `apply`: what this round's `check` found.
    #[serde(default)]
    pub report: Option<CheckReport>,
    /// For `check`: what the orchestrator has looked at already, because the step's `check` asked for it elsewhere. A
    /// step of an SDK before 1.3 asks for it all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<Look>,
}

/// Something that was looked at without a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Where.
    pub machine: MachineId,
    /// What.
    pub subject: Subject,
    /// What was seen. A failure to look is never among these.
    pub seen: Observed,
}

/// What `check` answers: its report, and which looks it did without.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// As in [`CheckReport`].
    #[serde(default)]
    pub changes: Vec<Change>,
    /// As in [`CheckReport`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// As in [`CheckReport`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The places in [`Input::looks`] of those that the step did not ask for. A step of an SDK before 1.3 does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unused: Vec<usize>,
}

impl Checked {
    /// Of this report, with the places of the looks that it did without.
    pub fn new(report: CheckReport, unused: Vec<usize>) -> Self {
        let CheckReport { changes, notes, warnings } = report;
        Self { changes, notes, warnings, unused }
    }

    /// The two parts.
    pub fn into_parts(self) -> (CheckReport, Vec<usize>) {
        let Self { changes, notes, warnings, unused } = self;
        (CheckReport { changes, notes, warnings }, unused)
    }
}

/// What a step asks of the orchestrator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Look at things; answered by [`Answer::Observed`].
    Observe {
        /// Where.
        machine: MachineId,
        /// What; looked at in one round trip.
        subjects: Vec<Subject>,
    },
    /// Run a declared probe; answered by [`Answer::Ran`].
    Probe {
        /// Where.
        machine: MachineId,
        /// The declared words, and more behind them.
        argv: Vec<String>,
    },
    /// Perform a change of this round's report on the unit's own target; answered by [`Answer::Done`].
    Perform {
        /// As `check` reported it.
        change: Change,
    },
    /// Take back, newest first, what this unit has performed in this run; answered by [`Answer::Done`].
    /// Allowed in `apply` only.
    TakeBack,
    /// Keep a document with the run, for people and for `runs show`; answered by [`Answer::Done`].
    Record {
        /// What it is called: `docker-containers.json`.
        name: String,
        /// All of it.
        content: Bytes,
    },
    /// Tell the operator what takes so long; answered by [`Answer::Done`].
    Progress {
        /// One line.
        message: String,
    },
}

/// What a finished command left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// 0 to 255; 128 and a signal's number if one ended it.
    pub exit: i32,
    /// Bounded in size by the orchestrator.
    pub stdout: Bytes,
    /// Bounded in size by the orchestrator.
    pub stderr: Bytes,
}

impl Output {
    /// Whether the exit code is 0.
    pub fn success(&self) -> bool {
        self.exit == 0
    }

    /// Standard output as text without white space at both ends.
    pub fn line(&self) -> String {
        self.stdout.to_text().trim().to_owned()
    }

    /// The last non-empty line of standard error, or of standard output: usually what went wrong.
    pub fn complaint(&self) -> String {
        [&self.stderr, &self.stdout]
            .iter()
            .find_map(|bytes| {
                let text = bytes.to_text();
                text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
            })
            .unwrap_or_else(|| format!("exit code {}", self.exit))
    }
}

/// What the orchestrator answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// One for each subject, in their order. A failure to look is an error of that one.
    Observed {
        /// Seen, or why not.
        seen: Vec<Result<Observed, StepError>>,
    },
    /// The probe ended, with whatever exit code.
    Ran {
        /// What it left.
        output: Output,
    },
    /// Done.
    Done,
}
