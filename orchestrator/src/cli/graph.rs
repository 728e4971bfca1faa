//! `graph`: the steps of features in their order.

use std::io::Write as _;

use super::{
    args::{Global, Graph, GraphFormat},
    setting,
};
use crate::{error::Result, graph};

pub(super) fn run(global: &Global, verb: &Graph) -> Result<u8> {
    let manifest = setting::manifest(global)?;
    let steps = setting::steps(&manifest, &verb.features)?;
    let nodes = setting::nodes(&manifest, &steps);
    let text = match verb.format {
        GraphFormat::Text => graph::render_text(&nodes),
        GraphFormat::Dot => graph::render_dot(&nodes),
        GraphFormat::Mermaid => graph::render_mermaid(&nodes),
    };
    // Only a reader who stopped reading makes this fail.
    let _ = anstream::stdout().write_all(text.as_bytes());
    Ok(0)
}
