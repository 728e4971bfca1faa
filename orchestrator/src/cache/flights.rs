//! All fetches of a run: each file comes once, whoever waits for it.

use std::{
    collections::HashMap,
    fs::File,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::{
    address::Address,
    fetch::fetch,
    flight::{Flight, Passenger},
    store::Store,
    upstream::Upstreams,
};

/// How many files come at once. Containers could make it any number by hanging up.
const MOST: usize = 64;

/// Where a file is found.
pub(super) enum Found {
    /// It is kept; with its length in bytes.
    Kept(File, u64),
    /// It is on its way, because somebody else has asked before.
    Shared(Passenger),
    /// It is on its way now.
    Fetched(Passenger),
}

/// What is kept, what is coming, and from where.
pub(super) struct Flights {
    pub(super) store: Store,
    pub(super) upstreams: Upstreams,
    now: Mutex<HashMap<String, Arc<Flight>>>,
}

impl Flights {
    pub(super) fn new(store: Store, upstreams: Upstreams) -> Self {
        Self { store, upstreams, now: Mutex::default() }
    }

    fn now(&self) -> MutexGuard<'_, HashMap<String, Arc<Flight>>> {
        // Each change of it is a single one.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds a file that never changes, or begins to fetch it.
    ///
    /// # Errors
    /// In words, when too many are on their way, or there is no thread for another.
    pub(super) fn find(self: &Arc<Self>, address: &Address) -> Result<Found, String> {
        let key = address.text();
        let mut now = self.now();
        // Under the same lock that a flight ends with: it is kept by the time that it is not in the air any more.
        if let Some(flight) = now.get(&key) {
            return Ok(Found::Shared(flight.board()));
        }
        if let Some((file, length)) = self.store.find(&key) {
            return Ok(Found::Kept(file, length));
        }
        if now.len() >= MOST {
            return Err(format!("{MOST} files are being fetched already"));
        }
        let flight = Arc::new(Flight::default());
        let passenger = flight.board();
        let landing =
            Landing { flights: Arc::clone(self), key: key.clone(), flight: Arc::clone(&flight) };
        now.insert(key, flight);
        // The lock is given back first: a thread that cannot be started lands at once.
        drop(now);
        let address = address.clone();
        let fetching = move || {
            let outcome = fetch(&landing.flights, &address, &landing.flight, &|| landing.is_over());
            landing.end(outcome);
        };
        thread::Builder::new()
            .spawn(fetching)
            .map_err(|error| format!("nothing more can be fetched at once: {error}"))?;
        Ok(Found::Fetched(passenger))
    }
}

/// Takes a flight off the list however it ends.
struct Landing {
    flights: Arc<Flights>,
    key: String,
    flight: Arc<Flight>,
}

impl Landing {
    /// Whether nobody waits any more; then nobody else can begin to.
    fn is_over(&self) -> bool {
        let mut now = self.flights.now();
        let is_over = self.flight.is_empty();
        if is_over {
            self.take_off(&mut now);
        }
        is_over
    }

    fn end(&self, outcome: Result<(), String>) {
        self.take_off(&mut self.flights.now());
        self.flight.end(outcome);
    }

    /// Off the list, unless another flight for the same file is on it by now.
    fn take_off(&self, now: &mut HashMap<String, Arc<Flight>>) {
        if now.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
            now.remove(&self.key);
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.end(Err("the fetch was cut off".to_owned()));
    }
}
