//! Fetches one file that never changes, for all who wait for it, and keeps it.

use std::{io::Write as _, sync::Arc};

use sha2::{Digest as _, Sha256};

use super::{
    address::{Address, Kind},
    flight::{Answer, Flight},
    flights::Flights,
};

/// Read at once, in bytes.
pub(super) const PIECE: usize = 64 * 1024;

/// Fetches until all of it is there, or `is_over` says that nobody waits for it. At the upstream's pace: nobody who reads slowly
/// keeps others waiting.
///
/// # Errors
/// In words. Nothing is kept then.
pub(super) fn fetch(
    flights: &Flights,
    address: &Address,
    flight: &Flight,
    is_over: &dyn Fn() -> bool,
) -> Result<(), String> {
    let name = address.text();
    let mut download = flights.upstreams.get(address, &[])?;
    if download.head.status != 200 {
        flight.answered(Answer::Other(download.head));
        return Ok(());
    }
    let length = download.head.length.ok_or_else(|| format!("`{name}` does not say its length"))?;
    let mut place = flights.store.place(length)?;
    let trouble = |error: std::io::Error| format!("`{name}` cannot be written down: {error}");
    let file = place.as_file().try_clone().map_err(trouble)?;
    flight.answered(Answer::File(Arc::new(file), length));
    let (mut written, mut hash, mut piece) = (0, Sha256::new(), vec![0; PIECE]);
    loop {
        if is_over() {
            return Err("nobody waits for it".to_owned());
        }
        let count = download.read(&mut piece)?;
        if count == 0 {
            break;
        }
        place.write_all(&piece[..count]).map_err(trouble)?;
        hash.update(&piece[..count]);
        written += count as u64;
        flight.written(written);
    }
    if let Kind::ByHash(expected) = &address.kind
        && *expected != hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    {
        return Err(format!("`{name}` is not what its name says"));
    }
    flights.store.keep(place, &name)
}
