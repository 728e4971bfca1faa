//! Many reads as one request: one `stat` for all paths, one process for each file that is there, none for
//! one that is not, nor for a folder.

mod stat;

use std::time::Duration;

use phoenix_sdk::{Bytes, FileState, MAX_FILE};

use super::ContainerMachine;
use crate::{
    error::{Error, Result},
    transport::{
        Exec, Read, Seen, errors,
        session::{Answer, Fault, Item, Status, quote},
    },
};
use stat::{Stat, Stats};

/// For one file or folder.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// The names of one folder, and the `stat` lines of all paths.
const MAX_NAMES: usize = 4 * 1024 * 1024;

pub(super) fn read(machine: &ContainerMachine, reads: &[Read]) -> Result<Vec<Result<Seen>>> {
    // What no machine can read is answered here, and the rest is asked for.
    let mut seen: Vec<Option<Result<Seen>>> = reads.iter().map(refuse).collect();
    let asked: Vec<usize> = (0..reads.len()).filter(|index| seen[*index].is_none()).collect();
    let paths: Vec<&str> = asked.iter().filter_map(|index| path(&reads[*index])).collect();
    let groups = stat::groups(&paths);
    let mut items: Vec<Item> =
        groups.iter().map(|group| item(stat::text(group), MAX_NAMES)).collect();
    items.extend(asked.iter().map(|index| compile(&reads[*index])));

    let mut answers = collect(machine, &items, |at| {
        at.checked_sub(groups.len())
            .map_or_else(|| "`stat`".to_owned(), |at| what(&reads[asked[at]]))
    })?
    .into_iter();
    let mut stats = Stats::default();
    for group in &groups {
        let answer = answers.next().ok_or_else(|| machine.garbled("nothing"))??;
        stats.add(group, &answer).map_err(|cause| machine.garbled(&cause))?;
    }
    for (index, answer) in asked.into_iter().zip(answers) {
        let understood =
            answer.and_then(|answer| understand(machine, &reads[index], &stats, answer));
        seen[index] = Some(understood);
    }
    seen.into_iter().map(|seen| seen.ok_or_else(|| machine.garbled("too few answers"))).collect()
}

/// Runs the items. One that breaks a limit costs the session and its own answer; the rest is asked again
/// in a new session, for all of it only looks.
fn collect(
    machine: &ContainerMachine,
    items: &[Item],
    what: impl Fn(usize) -> String,
) -> Result<Vec<Result<Answer>>> {
    let mut answers: Vec<Option<Result<Answer>>> = items.iter().map(|_| None).collect();
    loop {
        let open: Vec<usize> = (0..items.len()).filter(|at| answers[*at].is_none()).collect();
        if open.is_empty() {
            break;
        }
        let request: Vec<Item> = open.iter().map(|at| items[*at].clone()).collect();
        let (done, fault) = match machine.run(&request, &mut |_| {})? {
            Ok(done) => (done, None),
            Err(broken) => (broken.answers, Some((broken.fault, broken.item))),
        };
        for (at, answer) in open.iter().zip(done) {
            answers[*at] = Some(Ok(answer));
        }
        if let Some((fault, item)) = fault {
            let at = open.get(item).copied().unwrap_or(open[0]);
            let spent = matches!(fault, Fault::TimedOut | Fault::Flooded);
            let limits = Exec {
                argv: Vec::new(),
                stdin: Vec::new(),
                time_limit: items[at].time_limit,
                max_output: items[at].max_output,
            };
            let error = machine.broken(&what(at), &limits, fault);
            if !spent {
                return Err(error);
            }
            answers[at] = Some(Err(error));
        }
    }
    Ok(answers.into_iter().flatten().collect())
}

fn path(read: &Read) -> Option<&str> {
    match read {
        Read::File { path } | Read::Folder { path } => Some(path),
        Read::Exec { .. } => None,
    }
}

fn what(read: &Read) -> String {
    match read {
        Read::File { path } | Read::Folder { path } => errors::command(std::slice::from_ref(path)),
        Read::Exec { argv } => errors::command(argv),
    }
}

fn refuse(read: &Read) -> Option<Result<Seen>> {
    match read {
        Read::File { path } | Read::Folder { path } => errors::validate_path("FILE-READ", path),
        Read::Exec { argv } => errors::validate(&Exec::new(argv.iter().cloned())),
    }
    .err()
    .map(Err)
}

fn compile(read: &Read) -> Item {
    match read {
        Read::File { path } => {
            item(format!("phx_f {} </dev/null", quote(path)), MAX_FILE as usize + 2)
        }
        Read::Folder { path } => item(format!("phx_d {} </dev/null", quote(path)), MAX_NAMES),
        Read::Exec { argv } => Item::exec(&Exec::new(argv.iter().cloned())),
    }
}

fn item(text: String, max_output: usize) -> Item {
    Item { text, program: None, max_output, time_limit: TIME_LIMIT, has_stdin: false }
}

fn understand(
    machine: &ContainerMachine,
    read: &Read,
    stats: &Stats,
    answer: Answer,
) -> Result<Seen> {
    match read {
        Read::Exec { argv } => machine.output(argv, answer).map(Seen::Exec),
        Read::File { path } => match stats.of(path) {
            Ok(Some(stat)) => file(machine, path, stat, answer).map(Seen::File),
            Ok(None) => Ok(Seen::File(FileState::Absent)),
            Err(cause) => Err(errors::unreadable(path, &machine.label(), cause)),
        },
        Read::Folder { path } => match stats.of(path) {
            Ok(Some(_)) => folder(machine, path, &answer).map(|names| Seen::Folder(Some(names))),
            Ok(None) => Ok(Seen::Folder(None)),
            Err(cause) => Err(errors::unreadable(path, &machine.label(), cause)),
        },
    }
}

fn file(machine: &ContainerMachine, path: &str, stat: &Stat, answer: Answer) -> Result<FileState> {
    let replaced = || errors::changed(path, &machine.label(), "it was replaced while it was read");
    let (kind, content) = split(machine, path, &answer)?;
    Ok(match (stat, kind) {
        (Stat::Regular { size, permissions }, b'f') => {
            let size = (*size).max(content.len() as u64);
            if content.len() as u64 > MAX_FILE {
                FileState::TooLarge { size }
            } else {
                FileState::Regular { content: Bytes(content.to_vec()), permissions: *permissions }
            }
        }
        (Stat::Symlink, b'l') => {
            FileState::Symlink { target: String::from_utf8_lossy(content).into_owned() }
        }
        (Stat::Regular { .. } | Stat::Symlink, _) | (_, b'f' | b'l') => return Err(replaced()),
        (Stat::Other(state), _) => state.clone(),
    })
}

fn folder(machine: &ContainerMachine, path: &str, answer: &Answer) -> Result<Vec<String>> {
    let (kind, content) = split(machine, path, answer)?;
    if kind != b'd' {
        let cause = if kind == b'u' { "permission denied" } else { "it is not a folder" };
        return Err(errors::unreadable(path, &machine.label(), cause));
    }
    let mut names: Vec<String> = content
        .split(|byte| *byte == 0)
        .filter(|name| !matches!(*name, b"" | b"." | b".."))
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect();
    names.sort();
    // A name that matches both patterns of the glob does not exist, but a liar might send it.
    names.dedup();
    Ok(names)
}

/// The letter in front and what follows, if the tools had nothing to complain about.
fn split<'a>(
    machine: &ContainerMachine,
    path: &str,
    answer: &'a Answer,
) -> Result<(u8, &'a [u8]), Error> {
    if answer.status != Status::Exit(0) {
        let words = String::from_utf8_lossy(&answer.stderr);
        return Err(errors::unreadable(path, &machine.label(), words.trim()));
    }
    match answer.stdout.split_first() {
        Some((kind, content)) => Ok((*kind, content)),
        None => Err(machine.garbled(&format!("nothing about `{path}`"))),
    }
}
