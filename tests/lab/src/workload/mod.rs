//! The workload: what must work in a confined container, without a single denial.

mod case;
mod docker;
mod lifecycle;
mod limits;
mod network;
mod noise;
mod report;
mod run;
mod running;
mod storage;
mod system;

pub(crate) use case::{Case, Tried, Verdict};
pub(crate) use noise::harmless;
pub(crate) use report::{run, tell};
pub(crate) use run::{clean, try_cases};

/// All cases in the order in which they are run: each after those that it needs, and the restarts
/// last, for they end what others have started.
pub(crate) fn cases() -> impl Iterator<Item = &'static Case> {
    let system = system::CASES.iter();
    let docker = docker::CASES.iter().chain(storage::CASES).chain(running::CASES);
    system.chain(docker).chain(network::CASES).chain(limits::CASES).chain(lifecycle::CASES)
}

/// A script of a case with the helpers that all of them use.
fn with_prelude(script: &str) -> String {
    format!("{}\n{script}", include_str!("prelude.sh"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_has_a_name_of_its_own_and_follows_what_it_needs() {
        let mut known = BTreeSet::new();
        for case in cases() {
            assert!(case.needs.iter().all(|id| known.contains(id)), "{} is too early", case.id);
            assert!(known.insert(case.id), "{} is there twice", case.id);
        }
        assert!(known.len() >= 40, "the workload has shrunk to {} cases", known.len());
    }
}
