//! Ends at the wrong moment.

use std::sync::atomic::{AtomicBool, Ordering};

use hostile::{Attempt, Outcome, system_call};
use phoenix_sdk::{Change, Context, Result};

hostile::hostile!(&[
    (
        "exit",
        Attempt::Alone(|| {
            // SAFETY: nothing of the process is needed any more.
            unsafe { libc::exit(0) }
        })
    ),
    ("abort", Attempt::Alone(|| std::process::abort())),
    (
        "crash",
        Attempt::Alone(|| {
            // SAFETY: none: this is the crash.
            unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) };
            Outcome::Succeeded("wrote where nothing is".to_owned())
        })
    ),
    (
        "kill-itself",
        Attempt::Alone(|| {
            let own = std::process::id() as usize;
            let killed = system_call(libc::SYS_tgkill, [own, own, libc::SIGKILL as usize]);
            Outcome::Held(format!("it lives: {killed:?}"))
        })
    ),
    ("die-after-a-change", Attempt::Asking(die_after_a_change)),
    ("die-behind-the-call", Attempt::Asking(die_behind_the_call)),
]);

/// In the middle of `apply`: one change is made, and its answer has come.
fn die_after_a_change(cx: &Context<'_>, changes: &[Change]) -> Result<Outcome> {
    changes.iter().take(1).try_for_each(|change| cx.perform(change))?;
    std::process::abort()
}

/// A thread ends the process as soon as the call is over, or a little before.
fn die_behind_the_call(_cx: &Context<'_>, _changes: &[Change]) -> Result<Outcome> {
    static OVER: AtomicBool = AtomicBool::new(false);
    std::thread::spawn(|| {
        while !OVER.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
        std::process::abort()
    });
    OVER.store(true, Ordering::Release);
    Ok(Outcome::Held("it is about to die".to_owned()))
}
