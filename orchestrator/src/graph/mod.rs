//! Units, and the order they run in. Everything here is pure: no clock, no path, no thread.

mod cycle;

pub use cycle::cycle;
