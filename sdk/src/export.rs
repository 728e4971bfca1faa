//! From an author's [`Step`] to the boundary: documents in, documents out, and no panic across.

use std::{
    any::Any,
    cell::RefCell,
    panic::{self, AssertUnwindSafe, catch_unwind},
};

use abi_stable::{
    sabi_trait::TD_Opaque,
    std_types::{RErr, ROk, RResult},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Context, HostCalls, Result, Step, StepError,
    boundary::{Doc, HostRef, RawStep, RawStep_TO, StepBox, WITHOUT_WORLDS},
    prefetch::Prefetched,
    wire::{Answer, Checked, FORM, Input, MetaDoc, Request},
};

/// Exports a step from its library. The step must be `Default`.
///
/// The macro writes the one symbol that the orchestrator looks for, so that a step crate needs no
/// dependency but this one.
#[macro_export]
macro_rules! export_step {
    ($step:ty) => {
        const _: () = {
            use $crate::__private::{
                CheckTypeLayout, LibHeader, PrefixTypeTrait, RootModuleResult, StepModule,
                StepModuleRef, call_root_module_loader, new_step,
            };

            fn module() -> StepModuleRef {
                StepModule { new: new_step::<$step> }.leak_into_prefix()
            }

            extern "C" fn loader() -> RootModuleResult {
                call_root_module_loader(module)
            }

            // SAFETY: `loader` returns a `StepModuleRef`, and the name is abi_stable's own: what its
            // `#[export_root_module]` would write, which needs abi_stable in each step's crate.
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            static HEADER: LibHeader = unsafe {
                LibHeader::from_constructor::<StepModuleRef>(loader, CheckTypeLayout::Yes)
            };
        };
    };
}

/// What the macro needs of abi_stable and of this module.
#[doc(hidden)]
pub mod private {
    pub use super::new_step;
    pub use crate::boundary::{StepModule, StepModuleRef};
    pub use abi_stable::{
        library::{
            __call_root_module_loader as call_root_module_loader, CheckTypeLayout, LibHeader,
            RootModuleResult,
        },
        prefix_type::PrefixTypeTrait,
    };
}

/// Makes a step, for [`crate::boundary::StepModule::new`].
#[doc(hidden)]
pub extern "C" fn new_step<S: Step + Default>() -> RResult<StepBox, Doc> {
    remember_where();
    match guarded("new", || Ok(S::default())) {
        Ok(step) => ROk(RawStep_TO::from_value(Adapter(step), TD_Opaque)),
        Err(error) => RErr(Doc::write(&error)),
    }
}

struct Adapter<S>(S);

impl<S: Step> RawStep for Adapter<S> {
    fn meta(&self) -> Doc {
        let document = guarded("meta", || {
            Ok(MetaDoc {
                meta: S::META,
                sdk: env!("CARGO_PKG_VERSION").to_owned(),
                form: FORM,
                rehearsals: match std::env::var_os(WITHOUT_WORLDS) {
                    Some(_) => Vec::new(),
                    None => S::rehearsals(),
                },
            })
        });
        // The boundary has no error for `meta`; the orchestrator reads an error document as one.
        document.map_or_else(|error| Doc::write(&error), |meta| Doc::write(&meta))
    }

    fn check(&self, host: HostRef<'_>, input: Doc) -> RResult<Doc, Doc> {
        let check = |host: &Remote<'_>, input: &Input| {
            let known = Prefetched::new(host, &input.looks);
            let report = self.0.check(&Context::new(&known, input), &params::<S>(input)?)?;
            Ok(Checked::new(report, known.unused()))
        };
        call("check", host, input, check)
    }

    fn apply(&self, host: HostRef<'_>, input: Doc) -> RResult<Doc, Doc> {
        call("apply", host, input, |host, input| {
            let report = input.report.clone().unwrap_or_default();
            self.0.apply(&Context::new(host, input), &params::<S>(input)?, &report)
        })
    }

    fn verify(&self, host: HostRef<'_>, input: Doc) -> RResult<Doc, Doc> {
        call("verify", host, input, |host, input| {
            self.0.verify(&Context::new(host, input), &params::<S>(input)?)
        })
    }
}

/// The parameters of a step from the input document; `null` means all defaults.
pub(crate) fn params<S: Step>(input: &Input) -> Result<S::Params> {
    if input.params.is_null() {
        return Ok(S::Params::default());
    }
    serde_json::from_value(input.params.clone()).map_err(|error| {
        StepError::new("PARAMS-INVALID", format!("the parameters of `{}` are wrong", S::META.name))
            .cause(error.to_string())
            .hint("Correct them in plugins.toml; `phoenix-orch plugins list` names the step's version.")
    })
}

struct Remote<'a>(HostRef<'a>);

impl HostCalls for Remote<'_> {
    fn call(&self, request: Request) -> Result<Answer> {
        match self.0.call(Doc::write(&request)) {
            ROk(answer) => answer.read().map_err(|error| unreadable(&error)),
            RErr(error) => Err(error.read().unwrap_or_else(|error| unreadable(&error))),
        }
    }
}

fn call<T: Serialize>(
    verb: &str,
    host: HostRef<'_>,
    input: Doc,
    work: impl FnOnce(&Remote<'_>, &Input) -> Result<T>,
) -> RResult<Doc, Doc> {
    let outcome = guarded(verb, || {
        let input: Input = read(&input)?;
        if input.form > FORM {
            return Err(StepError::new("SDK-DOCUMENT", "the orchestrator's documents are too new")
                .cause(format!("they are of form {}, and the step reads form {FORM}", input.form))
                .hint("Rebuild the step with the SDK of this phoenix-orch."));
        }
        work(&Remote(host), &input)
    });
    match outcome {
        Ok(value) => ROk(Doc::write(&value)),
        Err(error) => RErr(Doc::write(&error)),
    }
}

fn read<T: DeserializeOwned>(document: &Doc) -> Result<T> {
    document.read().map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> StepError {
    StepError::new("SDK-DOCUMENT", "a document from the orchestrator cannot be read")
        .cause(error.to_string())
        .hint("Step and orchestrator do not understand each other; report this with both versions.")
}

thread_local! {
    /// Where this thread panicked last.
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the place of a panic for the error, instead of printing it where nobody reads it. It concerns this
/// library alone, which has a standard library of its own.
fn remember_where() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        // A thread that is just ending has nothing to remember with.
        let _ = PANICKED_AT.try_with(|at| *at.borrow_mut() = place);
    }));
}

/// A panic must not reach the boundary, where it would abort the whole process.
fn guarded<T>(verb: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let error = StepError::new("SDK-PANIC", format!("the step panicked in `{verb}`"))
            .cause(panic_text(&*payload));
        let place = PANICKED_AT.with_borrow_mut(Option::take);
        let error = place.into_iter().fold(error, |error, at| error.cause(format!("at {at}")));
        Err(error.hint("This is a defect of the step; report it to its author with the causes."))
    })
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the panic carried no text".to_owned())
}

#[cfg(test)]
mod tests {
    use abi_stable::{sabi_trait::TD_Opaque, sabi_types::RRef, std_types::RResult};

    use crate::{
        StepError,
        boundary::{Doc, Host, Host_TO},
        wire::{FORM, Input},
    };

    struct NoHost;

    impl Host for NoHost {
        fn call(&self, _request: Doc) -> RResult<Doc, Doc> {
            unreachable!("nothing is asked")
        }
    }

    #[test]
    fn documents_of_a_form_that_is_not_known_yet_are_refused() {
        let called = |form: &str| {
            let input = format!(r#"{{{form}"target":{{"name":"host","machine":"host"}}}}"#);
            let host = Host_TO::from_ptr(RRef::new(&NoHost), TD_Opaque);
            super::call("check", host, Doc::from(input), |_, input: &Input| Ok(input.form))
        };
        let read = |answer: Doc| answer.read::<u32>().unwrap();
        // The first orchestrators wrote no form.
        assert_eq!(called("").map(read).unwrap(), FORM);
        assert_eq!(called(r#""form":1,"#).map(read).unwrap(), FORM);
        let newer: StepError = called(r#""form":2,"#).unwrap_err().read().unwrap();
        assert_eq!(newer.code, "SDK-DOCUMENT");
    }

    #[test]
    fn the_exported_name_is_the_one_that_is_looked_for() {
        assert_eq!(
            abi_stable::library::ROOT_MODULE_LOADER_NAME,
            "_1as_0lib_1header_0root_bmodule_bloader"
        );
    }
}
