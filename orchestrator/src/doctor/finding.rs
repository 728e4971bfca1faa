//! What was found about one condition.

use std::{borrow::Cow, cmp::Ordering};

use phoenix_sdk::{Code, shown};

/// How bad it is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As things are, Docker does not run properly there, or phoenix-orch cannot work there.
    Blocks,
    /// It runs, and something is not right, is a risk, or could not be found out.
    Warns,
    /// Nothing is wrong; something else would be better, or is to be known.
    Advice,
    /// As it should be.
    Fine,
}

/// One thing that decides whether Docker runs properly. It has the same code whether it holds or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// Stable.
    pub code: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do where it does not hold.
    pub remedy: &'static str,
    /// The step that mends it, if one does.
    pub step: Option<&'static str>,
}

impl Condition {
    pub(super) const fn new(
        code: &'static str,
        why: &'static str,
        remedy: &'static str,
        step: Option<&'static str>,
    ) -> Self {
        Self { code, why, remedy, step }
    }

    /// For `explain`.
    pub(super) const fn explained(&self) -> Code {
        Code::new(self.code, self.why, self.remedy)
    }

    pub(super) fn finds(self, severity: Severity, what: impl Into<String>) -> Finding {
        Finding {
            condition: self,
            severity,
            what: what.into(),
            seen: Vec::new(),
            why: self.why,
            todo: Cow::Borrowed(self.remedy),
            step: self.step,
        }
    }

    pub(super) fn blocks(self, what: impl Into<String>) -> Finding {
        self.finds(Severity::Blocks, what)
    }

    pub(super) fn warns(self, what: impl Into<String>) -> Finding {
        self.finds(Severity::Warns, what)
    }

    pub(super) fn advises(self, what: impl Into<String>) -> Finding {
        self.finds(Severity::Advice, what)
    }

    pub(super) fn fine(self, what: impl Into<String>) -> Finding {
        self.finds(Severity::Fine, what)
    }

    /// Nobody knows, which is not the same as fine.
    pub(super) fn unknown(self, cause: &str) -> Finding {
        let todo = "Mend what the cause says, and ask again; `explain` says what this is about.";
        self.warns("this could not be found out").seen(cause).todo(todo).no_step()
    }
}

/// What was found about one condition on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// About what.
    pub condition: Condition,
    /// How bad it is.
    pub severity: Severity,
    /// What is so; a fragment.
    pub what: String,
    /// What was seen, and where.
    pub seen: Vec<String>,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it.
    pub todo: Cow<'static, str>,
    /// The step that mends it, if one does.
    pub step: Option<&'static str>,
}

impl Finding {
    /// Adds what was seen; whatever a machine printed is cut and cleaned.
    pub(super) fn seen(mut self, what: impl AsRef<str>) -> Self {
        self.seen.push(shown::sentence(what.as_ref()));
        self
    }

    /// It matters for another reason than usually.
    pub(super) fn why(mut self, why: &'static str) -> Self {
        self.why = why;
        self
    }

    /// Something else is to be done than usually.
    pub(super) fn todo(mut self, todo: impl Into<Cow<'static, str>>) -> Self {
        self.todo = todo.into();
        self
    }

    pub(super) fn step(mut self, step: &'static str) -> Self {
        self.step = Some(step);
        self
    }

    pub(super) fn no_step(mut self) -> Self {
        self.step = None;
        self
    }

    /// The worst first, else as they were found.
    pub(super) fn worst_first(&self, other: &Self) -> Ordering {
        self.severity.cmp(&other.severity)
    }
}
