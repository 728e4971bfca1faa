//! What the hostile plugins share. Each library under `examples/` has the attempts of one kind, and is
//! besides a well-behaved step that keeps one file.
//!
//! What is tried, and when, is the name of the file that the library is loaded from: `libNAME.MOMENT.so`, for
//! a constructor that runs while a library is loaded gets the command line and nothing else. Every attempt
//! leaves proof: `HOSTILE-SUCCEEDED` in the unit's error where it got through, `HOSTILE-HELD` where it was
//! refused with an error number. Where the process is ended for it there is neither.

mod outcome;
mod plan;
mod step;
mod system;

pub use outcome::Outcome;
#[doc(hidden)]
pub use phoenix_sdk;
pub use plan::{Attempt, Moment, asked};
pub use step::{CODES, PROBES, apply, at_load, at_meta, at_new, check, verify};
pub use system::{judge, system_call};

/// Makes the hostile step `hostile` of a library from its attempts.
#[macro_export]
macro_rules! hostile {
    ($attempts:expr) => {
        $crate::hostile!("hostile", $attempts);
    };
    ($name:literal, $attempts:expr) => {
        struct Hostile;

        impl Default for Hostile {
            fn default() -> Self {
                $crate::at_new($attempts);
                Self
            }
        }

        $crate::phoenix_sdk::export_step!(Hostile);

        extern "C" fn constructor() {
            $crate::at_load($attempts);
        }

        // SAFETY: the loader calls what is in this section once, after the constructors of the standard
        // library, which sort before it.
        #[used]
        #[unsafe(link_section = ".init_array")]
        static CONSTRUCTOR: extern "C" fn() = constructor;

        impl $crate::phoenix_sdk::Step for Hostile {
            type Params = std::collections::BTreeMap<String, String>;

            const META: $crate::phoenix_sdk::Meta = $crate::phoenix_sdk::Meta::with(
                $name,
                env!("CARGO_PKG_VERSION"),
                $crate::phoenix_sdk::Scope::Container,
                "Tries what no step may do",
                $crate::PROBES,
                $crate::CODES,
            );

            fn check(
                &self,
                cx: &$crate::phoenix_sdk::Context<'_>,
                _params: &Self::Params,
            ) -> $crate::phoenix_sdk::Result<$crate::phoenix_sdk::CheckReport> {
                $crate::check($attempts, cx)
            }

            fn apply(
                &self,
                cx: &$crate::phoenix_sdk::Context<'_>,
                _params: &Self::Params,
                report: &$crate::phoenix_sdk::CheckReport,
            ) -> $crate::phoenix_sdk::Result<()> {
                $crate::apply($attempts, cx, report)
            }

            fn verify(
                &self,
                cx: &$crate::phoenix_sdk::Context<'_>,
                _params: &Self::Params,
            ) -> $crate::phoenix_sdk::Result<$crate::phoenix_sdk::VerifyReport> {
                $crate::verify($attempts, cx)
            }

            fn rehearsals() -> Vec<$crate::phoenix_sdk::World> {
                $crate::at_meta($attempts);
                Vec::new()
            }
        }
    };
}
