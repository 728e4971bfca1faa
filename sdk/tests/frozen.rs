//! The boundary is frozen within a major version. `snapshots/` has it as text, made from the layouts that
//! abi_stable compares when a library is loaded.

use abi_stable::{
    StableAbi,
    type_layout::{TLData, TLField, TLFunction, TypeLayout},
};
use phoenix_sdk::boundary::{HostRef, StepModuleRef};

const WHAT_IT_MEANS: &str = "\
The boundary between step and orchestrator is frozen. If this snapshot differs, every plugin in the field \
would be refused or misread: do not accept it. What is new goes into the documents (`wire.rs`), as optional \
fields that have a default where a reader or a writer does not know them. If it must be behaviour, it is a \
new major version of phoenix-sdk, with a new snapshot and a new folder beside tests/fixtures/sdk-1.0.0.";

#[test]
fn the_boundary_is_that_of_1_0() {
    let text = text(&[StepModuleRef::LAYOUT, HostRef::<'static>::LAYOUT]);
    insta::with_settings!(
        { description => WHAT_IT_MEANS, omit_expression => true },
        { insta::assert_snapshot!(text) }
    );
}

/// All types that are reached from these, each once, in the order in which they are reached. What has no
/// parts is described by its name and size already, where it is a part itself.
fn text(roots: &[&'static TypeLayout]) -> String {
    let mut todo: Vec<_> = roots.iter().rev().copied().collect();
    let (mut seen, mut lines) = (Vec::new(), Vec::new());
    while let Some(layout) = todo.pop() {
        if seen.contains(&layout.get_utypeid()) {
            continue;
        }
        seen.push(layout.get_utypeid());
        let fields = layout.get_fields().map(|fields| fields.to_vec()).unwrap_or_default();
        if layout.size() > 0 && !fields.is_empty() {
            lines.push(head(layout));
            lines.extend(
                fields.iter().map(|field| format!("    {}: {}", field.name(), kind(field))),
            );
        }
        // A table is behind a pointer, which mentions it as what abi_stable calls a phantom field.
        let behind = layout.phantom_fields().to_vec();
        let mut parts: Vec<_> = fields.iter().chain(behind.iter()).flat_map(parts).collect();
        parts.reverse();
        todo.extend(parts);
    }
    lines.join("\n")
}

/// The types in a field; for a function those of its parameters and of its answer.
fn parts(field: &TLField) -> Vec<&'static TypeLayout> {
    let of_functions: Vec<_> =
        field.function_range().iter().flat_map(|it| signature(&it)).collect();
    if of_functions.is_empty() { vec![field.layout()] } else { of_functions }
}

/// The types of the parameters, and the answer's behind them if there is one.
fn signature(function: &TLFunction) -> Vec<&'static TypeLayout> {
    let parameters = function.param_type_layouts.iter();
    parameters.chain(function.return_type_layout()).map(|layout| layout()).collect()
}

fn head(layout: &TypeLayout) -> String {
    let what = match layout.data() {
        TLData::Primitive(_) => "primitive".to_owned(),
        TLData::Opaque => "opaque".to_owned(),
        TLData::Struct { .. } => "struct".to_owned(),
        TLData::Union { .. } => "union".to_owned(),
        TLData::Enum(it) => format!("enum of {}", it.variant_names.as_str().trim_end_matches(';')),
        // Whoever is older or younger may have more fields than these, and never fewer.
        TLData::PrefixType(it) => format!("table with at least {} entries", it.first_suffix_field),
    };
    let (size, align) = (layout.size(), layout.alignment());
    format!("{}: {what}, {size} bytes, aligned to {align}", layout.full_type())
}

fn kind(field: &TLField) -> String {
    let functions: Vec<_> = field.function_range().iter().map(|it| written(&it)).collect();
    if functions.is_empty() { sized(field.layout()) } else { functions.join(" with ") }
}

fn written(function: &TLFunction) -> String {
    let types = |layouts: &[&TypeLayout]| layouts.iter().map(|it| sized(it)).collect::<Vec<_>>();
    let all = signature(function);
    let (parameters, answer) = all.split_at(function.param_type_layouts.len());
    let safety = if function.fn_qualifs.is_unsafe() { "unsafe " } else { "" };
    let answer = types(answer).pop().unwrap_or_else(|| "()".to_owned());
    format!("{safety}fn({}) -> {answer}", types(parameters).join(", "))
}

fn sized(layout: &TypeLayout) -> String {
    format!("{} [{}]", layout.full_type(), layout.size())
}
