//! `graph`: the steps of features in their order.

use std::io::Write as _;

use super::{
    args::{Global, Graph as Verb, GraphFormat},
    setting,
};
use crate::{error::Result, graph::Graph};

pub(super) fn run(global: &Global, verb: &Verb) -> Result<u8> {
    let manifest = setting::manifest(global)?;
    let steps = setting::steps(global, &manifest, &manifest.select(&verb.features)?)?;
    let graph = Graph::build(&setting::nodes(&manifest, &steps), &[])?;
    let text = match verb.format {
        GraphFormat::Text => graph.render_text(),
        GraphFormat::Dot => graph.render_dot(),
        GraphFormat::Mermaid => graph.render_mermaid(),
        GraphFormat::Svg => graph.render_svg(),
    };
    // Only a reader who stopped reading makes this fail.
    let _ = anstream::stdout().write_all(text.as_bytes());
    Ok(0)
}
