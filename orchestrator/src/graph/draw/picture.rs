//! The picture, as SVG.

use maud::{Markup, PreEscaped, html};

use super::{
    Drawing, Node, Tone,
    layout::{Band, Box, Layout, Wanted, layout},
    width::width,
};

/// What the classes of a picture look like, in a light and in a dark surrounding.
pub const STYLE: &str = include_str!("style.css");

/// The sizes of the texts, as in the style.
const NAME: f64 = 14.0;
const LINE: f64 = 12.0;
/// Around the texts of a box, and what the sign takes of it.
const PAD: f64 = 12.0;
const SIGN: f64 = 24.0;
/// As a part of its size.
const SMALLEST: f64 = 0.75;
/// From one line of text to the next.
const LEADING: f64 = 17.0;

/// Where a picture is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// In a file of its own, which brings its style.
    Alone,
    /// In a page that has [`STYLE`], where what names it begins with this.
    Page {
        /// Unique in the page.
        id: &'a str,
    },
}

/// Draws it.
pub fn picture(drawing: &Drawing, place: Place<'_>) -> Markup {
    let layout = placed(drawing);
    let id = match place {
        Place::Alone => "graph",
        Place::Page { id } => id,
    };
    let (title, about) = (format!("{id}-title"), format!("{id}-about"));
    let (wide, high) = (layout.width.ceil(), layout.height.ceil());
    // A page may make it smaller to fit, as long as it can be read.
    let small =
        (place != Place::Alone).then(|| format!("min-width:{}px", (wide * SMALLEST).ceil()));
    html! {
        svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="img" width=(wide) height=(high) style=[small]
            viewBox={ "0 0 " (wide) " " (high) } aria-labelledby=(title) aria-describedby=(about) {
            title id=(title) { (drawing.title) }
            desc id=(about) { (drawing.about) }
            @if place == Place::Alone {
                style { (PreEscaped(STYLE)) }
                rect class="paper" width=(wide) height=(high) {}
            }
            @for (name, frame) in drawing.bands.iter().zip(&layout.frames).filter(|(name, _)| !name.is_empty()) {
                (framed(name, frame))
            }
            @for route in &layout.routes { (line(route)) }
            @for (node, place) in drawing.nodes.iter().zip(&layout.boxes) { (boxed(node, place)) }
        }
    }
}

pub(super) fn placed(drawing: &Drawing) -> Layout {
    let bands: Vec<Band> = drawing
        .bands
        .iter()
        .map(|name| Band { framed: !name.is_empty(), name_width: width(name, LINE + 1.0) })
        .collect();
    let nodes: Vec<Wanted> = drawing.nodes.iter().map(wanted).collect();
    layout(&bands, &nodes, &drawing.edges)
}

fn wanted(node: &Node) -> Wanted {
    let texts = node.lines.iter().map(|line| width(line, LINE));
    let text = texts.fold(width(&node.name, NAME) * 1.06, f64::max);
    let sign = if node.tone == Tone::Plain { 0.0 } else { SIGN };
    let height = 2.0 * PAD + LEADING * node.lines.len() as f64 + NAME;
    Wanted { band: node.band, width: (text + sign + 2.0 * PAD).ceil(), height }
}

fn framed(name: &str, frame: &Box) -> Markup {
    html! {
        rect class="frame" x=(frame.x) y=(frame.y) width=(frame.width) height=(frame.height) rx="10" {}
        text class="band" x=(frame.x + PAD) y=(frame.y + 18.0) { (name) }
    }
}

fn boxed(node: &Node, place: &Box) -> Markup {
    let sign = if node.tone == Tone::Plain { 0.0 } else { SIGN };
    let (left, top) = (place.x + PAD + sign, place.y + PAD + NAME - 3.0);
    html! {
        g class={ "node " (node.tone.class()) } {
            rect x=(place.x) y=(tenth(place.y)) width=(place.width) height=(place.height) rx="7" {}
            @if node.tone != Tone::Plain {
                g transform={ "translate(" (place.x + PAD + 7.0) " " (tenth(place.y + PAD + 7.0)) ")" } {
                    (sign_of(node.tone))
                }
            }
            text class="name" x=(left) y=(tenth(top)) { (node.name) }
            @for (line, number) in node.lines.iter().zip(1..) {
                text class="line" x=(left) y=(tenth(top + LEADING * f64::from(number))) { (line) }
            }
        }
    }
}

/// From point to point: straight through a column, bent between two.
fn line(route: &[(f64, f64)]) -> Markup {
    let Some((&(x, y), rest)) = route.split_first() else { return html! {} };
    let mut path = format!("M{x} {}", tenth(y));
    let (mut at, mut bent) = ((x, y), true);
    for &(x, y) in rest {
        let middle = f64::midpoint(at.0, x);
        let (from, to) = (tenth(at.1), tenth(y));
        path += &match bent && from != to {
            true => format!("C{middle} {from} {middle} {to} {x} {to}"),
            false => format!("L{x} {to}"),
        };
        (at, bent) = ((x, y), !bent);
    }
    let (x, y) = (at.0, tenth(at.1));
    html! {
        path class="edge" d=(path) {}
        path class="head" d={ "M" (x) " " (y) "l-8 -4.5v9z" } {}
    }
}

/// The sign of a tone for a text: as high as a line of it, and nothing for whoever has the text read out.
pub fn icon(tone: Tone) -> Markup {
    html! {
        svg class={ "sign " (tone.class()) } viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true" {
            (sign_of(tone))
        }
    }
}

/// Round is well, edged is not, dashed is what did not begin.
fn sign_of(tone: Tone) -> Markup {
    let (around, inside) = match tone {
        Tone::Plain => return html! {},
        Tone::Good => ("M0 -7a7 7 0 1 1 0 14a7 7 0 1 1 0 -14z", "M-3.4 .2l2.5 2.6l4.4 -5.2"),
        Tone::Same => {
            ("M0 -6.4a6.4 6.4 0 1 1 0 12.8a6.4 6.4 0 1 1 0 -12.8z", "M-2.9 -1.7h5.8M-2.9 1.7h5.8")
        }
        Tone::Warn => ("M0 -7.4l7.6 14h-15.2z", "M0 -2.6v4.2M0 3.7v1.2"),
        Tone::Bad => (
            "M-2.9 -7h5.8l4.1 4.1v5.8l-4.1 4.1h-5.8l-4.1 -4.1v-5.8z",
            "M-2.7 -2.7l5.4 5.4M2.7 -2.7l-5.4 5.4",
        ),
        Tone::Skipped => ("M0 -6.4a6.4 6.4 0 1 1 0 12.8a6.4 6.4 0 1 1 0 -12.8z", "M-2.8 0h5.6"),
    };
    html! {
        path class="around" d=(around) {}
        path class="inside" d=(inside) {}
    }
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
