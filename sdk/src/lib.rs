//! All that the author of a phoenix-orch step sees.
//!
//! A step says what it wants on a machine ([`Step::check`]), lets the orchestrator bring it about
//! ([`Step::apply`]), and proves that it is so ([`Step::verify`]). It never acts by itself: every look
//! and every change is a request. `phoenix-orch new step NAME` writes one to begin with, and
//! `docs/writing-a-step.md` leads from there to a real container.
//!
//! This page goes through a whole step in its order: `time-sync`, with which chrony keeps a host's clock.
//!
//! # What it says about itself
//!
//! Everything that must be known before the step runs is a constant, [`Meta`]: its name, where it works
//! ([`Scope`]), the commands that it looks with ([`Probe`]), and its errors ([`Code`]). The operator sees
//! them with `plugins list` before the step is trusted with anything.
//!
//! ```
//! # use phoenix_sdk::*;
//! const TRACKING: Probe = Probe::new("tracking", argv!["chronyc", "-n", "tracking"], "chrony's view");
//! const PROBES: &[Probe] = &[TRACKING];
//!
//! const CODES: &[Code] = &[Code::new(
//!     "TIME-SERVER-NAME",
//!     "The parameter `server` is no name of a server.",
//!     "Set `server` in plugins.toml to a host name or an address.",
//! )];
//! # const META: Meta = Meta::with("time-sync", "0.1.0", Scope::Host, "chrony", PROBES, CODES);
//! ```
//!
//! Its parameters are a struct of its own, read from `plugins.toml` with serde.
//!
//! # `check`: what it wants
//!
//! [`Wanted`] is a list of wanted things. It looks at all of them in one round trip, keeps the [`Change`]s
//! that are needed, and turns the rest into notes. There is no code for what to do: a change is a value,
//! and the orchestrator can plan it, show its diff, perform it, and take it back.
//!
//! What `Wanted` has no word for is a [`Kind`]; what must be looked at first is asked of a [`Machine`].
//! [`require`] stops on machines that the step was not made for.
//!
//! # `apply`: bringing it about
//!
//! The default performs each change that `check` reported. A step with more to do in between writes its
//! own, and can perform nothing that it did not report.
//!
//! # `verify`: the proof
//!
//! `verify` gives [`Evidence`]: a claim, how it was looked at, what was expected and what was seen. It looks
//! by other means than `check` did, for a file that was written proves nothing about the program that was
//! to read it. What machines print is untrusted, and [`shown`] makes it fit for a message.
//!
//! # Worlds: trying it without a machine
//!
//! A [`World`] is a machine as data. In each of those that [`Step::rehearsals`] lists, [`testing::laws`]
//! tries the laws that every step keeps: `check` changes nothing, after `apply` nothing is left to do,
//! `verify` did not hold before and does hold after, and so on. For single claims there is
//! [`testing::FakeHost`], and for machines that nobody thought of a [`testing::Transcript`].
//!
//! # The whole of it
//!
//! ```
//! use phoenix_sdk::{testing::laws, wire::MachineId::Host, world::*, *};
//! use serde::Deserialize;
//!
//! const CONFIG: &str = "/etc/chrony/conf.d/site.conf";
//! const SERVICE: &str = "chrony.service";
//!
//! const TRACKING: Probe = Probe::new("tracking", argv!["chronyc", "-n", "tracking"], "chrony's view");
//! const SOURCES: Probe =
//!     Probe::new("sources", argv!["chronyc", "-c", "sources", "-a"], "The servers that chrony asks");
//! const PROBES: &[Probe] = &[TRACKING, SOURCES];
//!
//! const CODES: &[Code] = &[Code::new(
//!     "TIME-SERVER-NAME",
//!     "The parameter `server` is no name of a server.",
//!     "Set `server` in plugins.toml to a host name or an address.",
//! )];
//!
//! #[derive(Default)]
//! struct TimeSync;
//!
//! // The one symbol that the orchestrator looks for.
//! export_step!(TimeSync);
//!
//! // A misspelt key is an error, not a silent default.
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields, default)]
//! struct Params {
//!     server: String,
//! }
//!
//! impl Default for Params {
//!     fn default() -> Self {
//!         Self { server: "pool.ntp.org".to_owned() }
//!     }
//! }
//!
//! impl Step for TimeSync {
//!     type Params = Params;
//!     const META: Meta =
//!         Meta::with("time-sync", "0.1.0", Scope::Host, "chrony keeps the clock", PROBES, CODES);
//!
//!     fn check(&self, cx: &Context<'_>, params: &Params) -> Result<CheckReport> {
//!         require::platform(&cx.machine())?;
//!         if params.server.is_empty() || params.server.contains(char::is_whitespace) {
//!             let message = format!("`{}` is no name of a server", shown::name(&params.server));
//!             return Err(StepError::new("TIME-SERVER-NAME", message)
//!                 .hint("Set `server` in plugins.toml to a host name or an address."));
//!         }
//!         Wanted::on(cx.machine())
//!             .packages(["chrony"])
//!             .file(CONFIG, format!("pool {} iburst\n", params.server))
//!             .service(SERVICE)
//!             .into_report()
//!     }
//!
//!     fn verify(&self, cx: &Context<'_>, params: &Params) -> Result<VerifyReport> {
//!         let seen = cx.machine().probe(&TRACKING, &[])?;
//!         let answer = if seen.success() { "an answer".to_owned() } else { seen.complaint() };
//!         let answers = Evidence::equal("chrony answers", "chronyc tracking", "an answer", answer);
//!         let seen = cx.machine().probe(&SOURCES, &[])?;
//!         let asks = Evidence {
//!             claim: "chrony asks the server that was set".to_owned(),
//!             how: "chronyc sources".to_owned(),
//!             expected: params.server.clone(),
//!             observed: shown::output(&seen),
//!             holds: seen.success() && seen.line().contains(&params.server),
//!         };
//!         Ok(VerifyReport::default().with(answers).with(asks))
//!     }
//!
//!     fn rehearsals() -> Vec<World> {
//!         vec![fresh(), drifted(), misnamed()]
//!     }
//! }
//!
//! /// Nothing is there yet; the package starts its service by itself.
//! fn fresh() -> World {
//!     let runs = || Fact::Active(Host, SERVICE.to_owned());
//!     let asks = Fact::Contains(Host, CONFIG.to_owned(), "pool pool.ntp.org".to_owned());
//!     let service = Event::Service(Host, SERVICE.to_owned(), ServiceState::running());
//!     World::host("fresh")
//!         .reaction(Trigger::Install("chrony".to_owned()), vec![], vec![service])
//!         .on_target(|host| {
//!             host.answers(&TRACKING, vec![runs()], 0, "Stratum : 2\n")
//!                 .answers(&SOURCES, vec![runs(), asks], 0, "^,*,pool.ntp.org,2\n")
//!                 .answers(&SOURCES, vec![runs()], 0, "^,*,old.example.org,2\n")
//!         })
//! }
//!
//! /// Somebody had it ask another server.
//! fn drifted() -> World {
//!     let mut world = fresh().on_target(|host| {
//!         host.package("chrony", "4.3")
//!             .service(SERVICE, ServiceState::running())
//!             .file(CONFIG, "pool old.example.org iburst\n")
//!     });
//!     world.name = "another server".to_owned();
//!     world
//! }
//!
//! /// The operator wrote nonsense.
//! fn misnamed() -> World {
//!     let mut world = World::host("a server without a name").stops_with("TIME-SERVER-NAME");
//!     world.params = r#"{"server": " "}"#.to_owned();
//!     world
//! }
//!
//! laws::hold::<TimeSync>().unwrap_or_else(|broken| panic!("{broken}"));
//! ```
//!
//! # What this crate promises
//!
//! A step built with one 1.x of this crate works with every orchestrator of 1.x: the boundary
//! ([`mod@boundary`]) is frozen, and the documents that cross it ([`wire`]) only grow by optional fields.
//!
//! What this crate does not do: it reads no files, runs no commands, and knows no container runtime.

pub mod boundary;
mod bytes;
pub mod change;
mod codes;
mod context;
mod denial;
pub mod dev_fuse;
mod error;
mod export;
mod machine;
mod meta;
mod os_release;
mod prefetch;
mod report;
pub mod require;
pub mod scope;
mod secret;
pub mod shown;
mod stages;
mod step;
mod subject;
#[cfg(feature = "testing")]
pub mod testing;

mod wanted;
pub mod wire;
pub mod world;

pub use bytes::Bytes;
pub use change::{Change, Consent, Kind, Others, Verdict};
pub use codes::CODES;
pub use context::{Context, HostCalls};
pub use denial::{Denial, Denials, Mark};
pub use error::{Result, StepError};
#[doc(hidden)]
pub use export::private as __private;
pub use machine::Machine;
pub use meta::{Code, Meta, Probe, Scope, Text};
pub use os_release::OsRelease;
pub use report::{CheckReport, Evidence, VerifyReport};
pub use secret::{MASKED, Secret};
pub use step::Step;
pub use subject::{
    AppArmorState, ContainerState, FileState, MAX_FILE, Observed, Permissions, ServiceState,
    Subject,
};

pub use wanted::Wanted;
pub use wire::{AppArmorPolicy, Manager, Output};
pub use world::World;
