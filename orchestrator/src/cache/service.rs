//! The cache as one container sees it: a proxy at its own 127.0.0.1, for as long as this value lives.

use std::{
    collections::HashMap,
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{conversation::Conversation, flights::Flights, tally::Tally};

/// Connections at once. apt makes one for each host.
const MOST: usize = 16;
/// After a connection that could not be taken: the host may be out of descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// A proxy in one container. Dropped, it hangs up on everybody and is gone.
pub struct Service {
    port: u16,
    listener: Arc<TcpListener>,
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

struct Desk {
    flights: Arc<Flights>,
    tally: Mutex<Tally>,
    ended: AtomicBool,
    /// To hang up on.
    open: Mutex<HashMap<u64, TcpStream>>,
}

impl Service {
    pub(super) fn start(listener: TcpListener, flights: Arc<Flights>) -> Result<Self, String> {
        let words = |error: std::io::Error| format!("nothing can be answered: {error}");
        let port = listener.local_addr().map_err(words)?.port();
        let listener = Arc::new(listener);
        let desk = Arc::new(Desk {
            flights,
            tally: Mutex::default(),
            ended: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let thread = thread::Builder::new().spawn({
            let (desk, listener) = (Arc::clone(&desk), Arc::clone(&listener));
            move || desk.attend(&listener)
        });
        Ok(Self { port, listener, desk, thread: Some(thread.map_err(words)?) })
    }

    /// The options of `apt-get` that lead to it, for one invocation. What comes from other hosts, or over TLS, comes as ever.
    pub fn apt_options(&self) -> Vec<String> {
        let mut hosts: Vec<&str> = self
            .desk
            .flights
            .upstreams
            .allowed()
            .iter()
            .map(|upstream| upstream.host.as_str())
            .collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
            .into_iter()
            .flat_map(|host| {
                let option = format!("Acquire::http::Proxy::{host}=http://127.0.0.1:{}", self.port);
                ["-o".to_owned(), option]
            })
            .collect()
    }

    /// What was served since this was last asked.
    pub fn take_tally(&self) -> Tally {
        std::mem::take(&mut *self.desk.tally())
    }

    /// Throws away what a container may have refused.
    pub fn discard(&self, served: &Tally) {
        served.addresses.iter().for_each(|address| self.desk.flights.store.discard(address));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.desk.ended.store(true, Ordering::SeqCst);
        // It wakes whoever waits for a connection. That there is nobody any more is the only failure.
        rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both).ok();
        for stream in self.desk.open().values() {
            stream.shutdown(Shutdown::Both).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Desk {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        // Counts are whole at any time.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes connections until the end. Nobody waits for those that have been hung up on: one may be waiting for an upstream.
    fn attend(self: &Arc<Self>, listener: &TcpListener) {
        for number in 0.. {
            let accepted = listener.accept();
            if self.ended.load(Ordering::SeqCst) {
                break;
            }
            let Ok((stream, _)) = accepted else {
                thread::sleep(BREATH);
                continue;
            };
            let Some(admitted) = self.admit(number, &stream) else { continue };
            let talk = move || {
                let Desk { flights, tally, ended, .. } = &*admitted.desk;
                Conversation { stream, flights, tally, ended }.hold();
            };
            if thread::Builder::new().spawn(talk).is_err() {
                thread::sleep(BREATH);
            }
        }
    }

    /// Nothing if there are too many, or the service has ended just now.
    fn admit(self: &Arc<Self>, number: u64, stream: &TcpStream) -> Option<Admitted> {
        let mut open = self.open();
        if open.len() >= MOST || self.ended.load(Ordering::SeqCst) {
            return None;
        }
        open.insert(number, stream.try_clone().ok()?);
        Some(Admitted { desk: Arc::clone(self), number })
    }
}

/// A connection that counts.
struct Admitted {
    desk: Arc<Desk>,
    number: u64,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.desk.open().remove(&self.number);
    }
}
