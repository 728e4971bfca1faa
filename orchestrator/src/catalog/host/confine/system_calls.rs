//! Seccomp: which system calls a step's process may make. What is not in a list ends the process.
//!
//! Two filters, and both stay: loading needs to open files and to map code, working needs neither.

use std::{collections::BTreeMap, env::consts::ARCH};

use rustix::process::getpid;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp,
    SeccompCondition, SeccompFilter, SeccompRule, apply_filter_all_threads,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What every process does all the time: memory, threads that wait, clocks, and its open descriptors: a socket, its
/// lanes, and an error output.
const ALWAYS: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_read,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
    // The C library's `qsort` asks how much memory there is.
    libc::SYS_sysinfo,
    libc::SYS_write,
    libc::SYS_writev,
];

/// What loading a library needs besides.
const LOADING: &[i64] = &[
    libc::SYS_access,
    libc::SYS_dup2,
    libc::SYS_dup3,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_getcwd,
    libc::SYS_lseek,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_newfstatat,
    libc::SYS_pread64,
    libc::SYS_readlink,
    libc::SYS_readlinkat,
    // For the second filter.
    libc::SYS_seccomp,
    libc::SYS_stat,
];

/// Before the library is loaded.
pub(super) fn allow_loading() -> Result<(), String> {
    let mut rules = always()?;
    rules.extend(LOADING.iter().map(|call| (*call, Vec::new())));
    // Only to read: no access mode, no flag that makes or empties a file.
    let writing = [libc::O_ACCMODE, libc::O_CREAT, libc::O_TRUNC, libc::O_APPEND]
        .into_iter()
        .fold(0, |all, flag| all | flag);
    rules.insert(libc::SYS_openat, vec![rule([masked(2, writing as u64, 0)])?]);
    rules.insert(libc::SYS_open, vec![rule([masked(1, writing as u64, 0)])?]);
    // For the second filter, too. Other options would undo what was given up: who may look into the process,
    // and that it ends with the orchestrator.
    let again = rule([equal(0, libc::PR_SET_NO_NEW_PRIVS as u64)])?;
    rules.entry(libc::SYS_prctl).or_default().push(again);
    // `clone3` hides its flags in memory. Told that there is none, the C library uses `clone`.
    let clone3 = Rules::from([(libc::SYS_clone3, Vec::new())]);
    install(clone3, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))?;
    install(rules, SeccompAction::Trap, SeccompAction::Allow)
}

/// After it. What the first filter forbids stays forbidden.
pub(super) fn allow_working() -> Result<(), String> {
    let executable = libc::PROT_EXEC as u64;
    let mut rules = always()?;
    rules.insert(libc::SYS_mmap, vec![rule([masked(2, executable, 0)])?]);
    rules.insert(libc::SYS_mprotect, vec![rule([masked(2, executable, 0)])?]);
    install(rules, SeccompAction::Trap, SeccompAction::Allow)
}

fn always() -> Result<Rules, String> {
    let mut rules: Rules = ALWAYS.iter().map(|call| (*call, Vec::new())).collect();
    let own = getpid().as_raw_nonzero().get() as u64;
    // Aborting is a signal to oneself.
    rules.insert(libc::SYS_tgkill, vec![rule([equal(0, own)])?]);
    // Threads, and no processes.
    let thread = (libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND) as u64;
    rules.insert(libc::SYS_clone, vec![rule([masked(0, thread, thread)])?]);
    rules.insert(libc::SYS_clone3, Vec::new());
    // The handler of SIGSYS stays ours.
    let other = SeccompCondition::new(0, Dword, SeccompCmpOp::Ne, libc::SIGSYS as u64);
    rules.insert(libc::SYS_rt_sigaction, vec![rule([other])?]);
    // The names of threads and of memory.
    let names = [libc::PR_SET_NAME, libc::PR_SET_VMA];
    let names = names.map(|option| rule([equal(0, option as u64)]));
    rules.insert(libc::SYS_prctl, names.into_iter().collect::<Result<_, _>>()?);
    Ok(rules)
}

fn equal(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Dword, SeccompCmpOp::Eq, value)
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Dword, SeccompCmpOp::MaskedEq(mask), value)
}

fn rule<const N: usize>(
    conditions: [Result<SeccompCondition, BackendError>; N],
) -> Result<SeccompRule, String> {
    let conditions: Result<Vec<_>, _> = conditions.into_iter().collect();
    conditions.and_then(SeccompRule::new).map_err(|error| error.to_string())
}

fn install(rules: Rules, mismatch: SeccompAction, matched: SeccompAction) -> Result<(), String> {
    let architecture = ARCH.try_into().map_err(|error: BackendError| error.to_string())?;
    let filter = SeccompFilter::new(rules, mismatch, matched, architecture)
        .and_then(BpfProgram::try_from)
        .map_err(|error| error.to_string())?;
    apply_filter_all_threads(&filter).map_err(|error| error.to_string())
}
