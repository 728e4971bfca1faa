//! What the orchestrator has looked at before the step asks for it: answered here, without a round trip.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    HostCalls, Observed, Result, Subject,
    wire::{Answer, Look, MachineId, Request},
};

/// A host that knows some answers already. Within one `check` nothing changes but by others, so an answer from just
/// before it is as good as one from its middle. It asks only for what is missing, all of that in one request.
pub(crate) struct Prefetched<'a> {
    host: &'a dyn HostCalls,
    looks: &'a [Look],
    used: Vec<AtomicBool>,
}

impl<'a> Prefetched<'a> {
    /// This host, with these answers.
    pub(crate) fn new(host: &'a dyn HostCalls, looks: &'a [Look]) -> Self {
        Self { host, looks, used: looks.iter().map(|_| AtomicBool::new(false)).collect() }
    }

    /// The places of the answers that nobody has asked for.
    pub(crate) fn unused(&self) -> Vec<usize> {
        let used = self.used.iter().enumerate();
        used.filter(|(_, used)| !used.load(Ordering::Relaxed)).map(|(place, _)| place).collect()
    }

    fn known(&self, machine: MachineId, subject: &Subject) -> Option<Observed> {
        let fits = |look: &Look| look.machine == machine && look.subject == *subject;
        let place = self.looks.iter().position(fits)?;
        self.used[place].store(true, Ordering::Relaxed);
        Some(self.looks[place].seen.clone())
    }
}

impl HostCalls for Prefetched<'_> {
    fn call(&self, request: Request) -> Result<Answer> {
        let (machine, subjects) = match request {
            Request::Observe { machine, subjects } if !self.looks.is_empty() => (machine, subjects),
            other => return self.host.call(other),
        };
        let known: Vec<Option<Observed>> =
            subjects.iter().map(|subject| self.known(machine, subject)).collect();
        let missing: Vec<Subject> = subjects
            .into_iter()
            .zip(&known)
            .filter_map(|(subject, known)| known.is_none().then_some(subject))
            .collect();
        let count = missing.len();
        let mut asked = match count {
            0 => Vec::new(),
            _ => match self.host.call(Request::Observe { machine, subjects: missing })? {
                Answer::Observed { seen } if seen.len() == count => seen,
                // Whoever asked says what is wrong with it.
                other => return Ok(other),
            },
        }
        .into_iter();
        let seen = known.into_iter().filter_map(|known| known.map(Ok).or_else(|| asked.next()));
        Ok(Answer::Observed { seen: seen.collect() })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{StepError, wire::MachineId::Container};

    /// Sees a folder with the path's own name in it, refuses what is called `secret`, and counts.
    #[derive(Default)]
    struct Counting(Mutex<Vec<usize>>);

    fn folder(path: &str) -> Subject {
        Subject::Folder { path: path.to_owned() }
    }

    fn names(name: &str) -> Observed {
        Observed::Folder { names: Some(vec![name.to_owned()]) }
    }

    impl HostCalls for Counting {
        fn call(&self, request: Request) -> Result<Answer> {
            let Request::Observe { subjects, .. } = request else { return Ok(Answer::Done) };
            self.0.lock().unwrap().push(subjects.len());
            let seen = subjects.iter().map(|subject| match subject {
                Subject::Folder { path } if path == "secret" => Err(StepError::new("NO", "no")),
                Subject::Folder { path } => Ok(names(path)),
                other => panic!("{other:?}"),
            });
            Ok(Answer::Observed { seen: seen.collect() })
        }
    }

    fn look(machine: MachineId, path: &str) -> Look {
        Look { machine, subject: folder(path), seen: names(path) }
    }

    #[test]
    fn an_answer_does_not_tell_whether_it_was_there_before() {
        let paths = ["a", "secret", "b", "c", "a"];
        let request =
            || Request::Observe { machine: Container, subjects: paths.map(folder).to_vec() };
        let host = Counting::default();
        let asked = Prefetched::new(&host, &[]).call(request()).unwrap();
        for known in [vec!["a"], vec!["b", "x"], vec!["a", "b", "c"], vec!["x"]] {
            let looks: Vec<Look> = known.iter().map(|path| look(Container, path)).collect();
            let prefetched = Prefetched::new(&host, &looks);
            assert_eq!(prefetched.call(request()).unwrap(), asked, "{known:?}");
            let unused: Vec<&str> =
                prefetched.unused().into_iter().map(|place| known[place]).collect();
            let expected: Vec<&str> = known.iter().copied().filter(|path| *path == "x").collect();
            assert_eq!(unused, expected);
        }
        // `a` twice, and so on: only what was missing was asked for.
        assert_eq!(*host.0.lock().unwrap(), [5, 3, 4, 1, 5]);
    }

    #[test]
    fn what_is_all_known_costs_no_request_and_the_machine_matters() {
        let host = Counting::default();
        let looks = [look(MachineId::Host, "a")];
        let prefetched = Prefetched::new(&host, &looks);
        let ask = |machine| {
            let subjects = vec![folder("a")];
            prefetched.call(Request::Observe { machine, subjects }).unwrap();
        };
        ask(MachineId::Host);
        assert!(host.0.lock().unwrap().is_empty());
        ask(Container);
        assert_eq!(*host.0.lock().unwrap(), [1]);
        assert_eq!(prefetched.call(Request::TakeBack).unwrap(), Answer::Done);
    }
}
