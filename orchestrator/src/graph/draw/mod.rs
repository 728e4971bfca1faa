//! A drawing of a graph: what is to be seen in it, where everything goes, and the picture. Pure.
//!
//! What is drawn is given in words that are harmless already; here they are only escaped for XML.

mod layout;
mod picture;
mod reduce;
#[cfg(test)]
mod tests;
mod width;

pub use picture::{Place, STYLE, icon, picture};
pub use reduce::reduced;
pub use width::{shortened, width};

/// What is to be seen, from left to right. Nodes stand in an order in which each comes after those that lead to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawing {
    /// What it shows, in a few words.
    pub title: String,
    /// The same as a text, for whoever does not see it.
    pub about: String,
    /// What the bands are called, from top to bottom; an empty name has no frame.
    pub bands: Vec<String>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// From one node to a later one.
    pub edges: Vec<Edge>,
}

/// A box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The place of its band.
    pub band: usize,
    /// What it is called.
    pub name: String,
    /// What else is said of it, a line each.
    pub lines: Vec<String>,
    /// How it is drawn.
    pub tone: Tone,
}

/// A line between two boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Where it begins.
    pub from: usize,
    /// Where it ends: further down in the order of the nodes.
    pub to: usize,
    /// Whether it is drawn. One that is not only keeps its ends in their order.
    pub drawn: bool,
}

/// How something ended, as colour, shape and sign: never by colour alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Nothing is said of it.
    #[default]
    Plain,
    /// Nothing had to be done.
    Same,
    /// Well.
    Good,
    /// With something that one should look at.
    Warn,
    /// Badly.
    Bad,
    /// It did not begin.
    Skipped,
}

impl Tone {
    /// The class of whatever is drawn in it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Same => "same",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Skipped => "skipped",
        }
    }
}
