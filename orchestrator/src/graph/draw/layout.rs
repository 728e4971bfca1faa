//! Where everything goes: columns by the longest way to a node, and within a column an order in which lines cross
//! little. Bands lie below each other, and nothing of one reaches into another.
//!
//! A line that passes a column has a place of its own in it, so no line ever runs through a box.

use std::cmp::Ordering;

use super::Edge;

/// Between two columns: lines bend here.
const GAP: f64 = 46.0;
/// Between two boxes of a column.
const ROW: f64 = 14.0;
/// What a line takes of a column that it passes.
const LANE: f64 = 12.0;
/// Around everything.
const MARGIN: f64 = 10.0;
/// Inside a frame; its name stands at the top.
const FRAME: f64 = 12.0;
const NAME: f64 = 26.0;
/// How often the order within the columns is tried anew.
const SWEEPS: usize = 6;

/// A box that wants a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wanted {
    pub(super) band: usize,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A band, and what its name takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Band {
    pub(super) framed: bool,
    pub(super) name_width: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Box {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Of each node.
    pub(super) boxes: Vec<Box>,
    /// Of each band.
    pub(super) frames: Vec<Box>,
    /// Of each drawn edge: straight from the first point to the second, bent to the third, and so on.
    pub(super) routes: Vec<Vec<(f64, f64)>>,
}

/// What has a place in a column: a node, or a line that passes.
#[derive(Debug, Clone)]
struct Slot {
    band: usize,
    column: usize,
    height: f64,
    /// Slots in the columns beside it.
    before: Vec<usize>,
    after: Vec<usize>,
    /// Its place within column and band.
    place: usize,
    y: f64,
}

pub(super) fn layout(bands: &[Band], nodes: &[Wanted], edges: &[Edge]) -> Layout {
    let columns = columns(nodes.len(), edges);
    let mut slots: Vec<Slot> = nodes
        .iter()
        .zip(&columns)
        .map(|(node, &column)| slot(node.band, column, node.height))
        .collect();
    let ways = pass_columns(&mut slots, nodes, edges);
    let count = columns.iter().max().map_or(0, |last| last + 1);
    let mut order = begin(&slots, bands.len(), count);
    arrange(&mut slots, &mut order);

    let mut widths = vec![0.0_f64; count];
    for (node, &column) in nodes.iter().zip(&columns) {
        widths[column] = widths[column].max(node.width);
    }
    let framed = bands.iter().any(|band| band.framed);
    let mut x = MARGIN + if framed { FRAME } else { 0.0 };
    let mut lefts = Vec::with_capacity(count);
    for width in &widths {
        lefts.push(x);
        x += width + GAP;
    }
    let right = (x - GAP + if framed { FRAME } else { 0.0 })
        .max(bands.iter().map(|band| MARGIN + band.name_width + 2.0 * FRAME).fold(0.0, f64::max));
    let (frames, bottom) = stack(bands, &mut slots, &order, right);
    let boxes: Vec<Box> = nodes
        .iter()
        .zip(&columns)
        .zip(&slots)
        .map(|((node, &column), slot)| Box {
            x: lefts[column],
            y: slot.y,
            width: widths[column],
            height: node.height,
        })
        .collect();
    let middle = |at: usize| slots[at].y + slots[at].height / 2.0;
    let routes = ways
        .iter()
        .map(|way| {
            let mut points = Vec::with_capacity(way.len() * 2);
            for &at in way {
                let column = slots[at].column;
                points.push((lefts[column], middle(at)));
                points.push((lefts[column] + widths[column], middle(at)));
            }
            // It begins at the right side of the first box and ends at the left side of the last one.
            points[1..points.len() - 1].to_vec()
        })
        .collect();
    Layout { width: right + MARGIN, height: bottom, boxes, frames, routes }
}

fn slot(band: usize, column: usize, height: f64) -> Slot {
    Slot { band, column, height, before: Vec::new(), after: Vec::new(), place: 0, y: 0.0 }
}

/// The longest way to each node, in edges.
fn columns(nodes: usize, edges: &[Edge]) -> Vec<usize> {
    let mut columns = vec![0; nodes];
    let mut sorted: Vec<_> = edges.iter().collect();
    sorted.sort_by_key(|edge| edge.from);
    for edge in sorted {
        columns[edge.to] = columns[edge.to].max(columns[edge.from] + 1);
    }
    columns
}

/// Gives each drawn edge a slot in every column that it passes, and returns its way through the slots.
fn pass_columns(slots: &mut Vec<Slot>, nodes: &[Wanted], edges: &[Edge]) -> Vec<Vec<usize>> {
    let mut ways = Vec::new();
    for edge in edges.iter().filter(|edge| edge.drawn) {
        let mut way = vec![edge.from];
        for column in slots[edge.from].column + 1..slots[edge.to].column {
            slots.push(slot(nodes[edge.to].band, column, LANE));
            way.push(slots.len() - 1);
        }
        way.push(edge.to);
        for pair in way.windows(2) {
            slots[pair[0]].after.push(pair[1]);
            slots[pair[1]].before.push(pair[0]);
        }
        ways.push(way);
    }
    ways
}

/// Of each band and column, its slots from top to bottom.
type Order = Vec<Vec<Vec<usize>>>;

fn begin(slots: &[Slot], bands: usize, columns: usize) -> Order {
    let mut order = vec![vec![Vec::new(); columns]; bands];
    for (at, slot) in slots.iter().enumerate() {
        order[slot.band][slot.column].push(at);
    }
    order
}

/// Orders each column by where the neighbours are, forwards and backwards, and keeps the best.
fn arrange(slots: &mut [Slot], order: &mut Order) {
    note(slots, order);
    let mut best = (crossings(slots), order.clone());
    for sweep in 0..SWEEPS {
        let forwards = sweep % 2 == 0;
        let columns = order.first().map_or(0, Vec::len);
        for step in 0..columns {
            let column = if forwards { step } else { columns - 1 - step };
            for band in order.iter_mut() {
                let pull = |at: usize| {
                    let slot = &slots[at];
                    let beside = if forwards { &slot.before } else { &slot.after };
                    let places = beside.iter().map(|&at| height_of(&slots[at]));
                    // Whatever has no neighbours there stays where it is.
                    match beside.len() {
                        0 => height_of(slot),
                        count => places.sum::<f64>() / count as f64,
                    }
                };
                let pulls = |a: &usize, b: &usize| pull(*a).partial_cmp(&pull(*b));
                band[column].sort_by(|a, b| pulls(a, b).unwrap_or(Ordering::Equal));
            }
            note(slots, order);
        }
        let now = crossings(slots);
        if now < best.0 {
            best = (now, order.clone());
        }
    }
    *order = best.1;
    note(slots, order);
}

fn note(slots: &mut [Slot], order: &Order) {
    for column in order.iter().flatten() {
        for (place, &at) in column.iter().enumerate() {
            slots[at].place = place;
        }
    }
}

/// Where a slot is among all of its column: bands are far from each other.
fn height_of(slot: &Slot) -> f64 {
    slot.band as f64 * 1000.0 + slot.place as f64
}

/// How many pairs of lines cross between columns.
fn crossings(slots: &[Slot]) -> usize {
    let lines: Vec<(usize, (f64, f64))> = slots
        .iter()
        .flat_map(|slot| {
            let ends = slot.after.iter().map(|&at| (height_of(slot), height_of(&slots[at])));
            ends.map(|ends| (slot.column, ends))
        })
        .collect();
    let mut count = 0;
    for (place, (column, a)) in lines.iter().enumerate() {
        for (other, b) in &lines[place + 1..] {
            let crossed = (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1);
            count += usize::from(column == other && crossed);
        }
    }
    count
}

/// Puts the bands below each other and centres every column within its band.
fn stack(bands: &[Band], slots: &mut [Slot], order: &Order, right: f64) -> (Vec<Box>, f64) {
    let mut frames = Vec::with_capacity(bands.len());
    let mut top = MARGIN;
    for (band, columns) in bands.iter().zip(order) {
        let highest = columns.iter().map(|column| tall(slots, column)).fold(0.0, f64::max);
        let (above, below) = if band.framed { (NAME, FRAME) } else { (0.0, 0.0) };
        for column in columns {
            let mut y = top + above + (highest - tall(slots, column)) / 2.0;
            for &at in column {
                slots[at].y = y;
                y += slots[at].height + ROW;
            }
        }
        let height = above + highest + below;
        frames.push(Box { x: MARGIN, y: top, width: right - MARGIN, height });
        top += height + ROW;
    }
    (frames, top - ROW + MARGIN)
}

fn tall(slots: &[Slot], column: &[usize]) -> f64 {
    let heights: f64 = column.iter().map(|&at| slots[at].height).sum();
    heights + ROW * column.len().saturating_sub(1) as f64
}
