//! Root, its capabilities, and ways to get them back.

use std::io;

use rustix::{
    process::{
        DumpableBehavior, Signal, geteuid, set_dumpable_behavior, set_parent_process_death_signal,
    },
    thread::{
        CapabilitySet, CapabilitySets, Gid, Uid, capabilities, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_no_new_privs, set_thread_groups,
        set_thread_res_gid, set_thread_res_uid,
    },
};

/// Who nobody is, where a user of one's own cannot be had.
const NOBODY: u32 = 65534;

/// Becomes this user, without groups and capabilities, for good. Whoever is no root stays who they are.
pub(super) fn drop(user: u32) -> io::Result<()> {
    // Both need root still.
    drop_bounding_set()?;
    if geteuid().is_root() {
        set_thread_groups(&[])?;
        // In a user namespace of somebody else, only some numbers exist.
        become_user(user).or_else(|_| become_user(NOBODY))?;
    }
    clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    set_no_new_privs(true)?;
    // Nobody but root reads its memory, and it leaves none behind.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // Set last, for a change of user takes it away: a step never outlives its orchestrator.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let left = capabilities(None)?;
    if !(left.effective | left.permitted | left.inheritable).is_empty() {
        return Err(io::Error::other("capabilities are left"));
    }
    Ok(())
}

fn become_user(user: u32) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
    set_thread_res_gid(gid, gid, gid)?;
    Ok(set_thread_res_uid(uid, uid, uid)?)
}

/// The kernel answers INVAL behind its last capability.
fn drop_bounding_set() -> io::Result<()> {
    for number in 0..64 {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            Err(rustix::io::Errno::INVAL) => break,
            // Without root there is nothing to drop that could be got back: no new privileges.
            Err(rustix::io::Errno::PERM) if !geteuid().is_root() => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
