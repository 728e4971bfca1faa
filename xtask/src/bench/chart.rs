//! Horizontal bars on a logarithmic axis, as an SVG that is readable on light and on dark pages. Pure.

use std::fmt::Write as _;

use super::statistics::Spread;

/// Bars under one title.
pub(crate) struct Panel<'a> {
    /// Above the bars.
    pub(crate) title: String,
    /// From top to bottom.
    pub(crate) bars: Vec<Bar<'a>>,
}

/// One bar.
pub(crate) struct Bar<'a> {
    /// On its left.
    pub(crate) name: &'a str,
    /// In milliseconds, above 0. The bar ends at the median, a thin line goes from the smallest to the largest.
    pub(crate) value: Spread,
    /// Whether it stands out.
    pub(crate) is_ours: bool,
}

const WIDTH: f64 = 820.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 80.0;
const ROW: f64 = 24.0;
const HEAD: f64 = 34.0;
const AXIS: f64 = 40.0;

const STYLE: &str = "text{font:13px sans-serif;fill:#24292f}.t{font-weight:bold}.n{text-anchor:end}.a{text-anchor:middle;fill:#6e7781}\
                     .b{fill:#8c959f}.o{fill:#1a7f37}.g{stroke:#d0d7de}.w{stroke:#24292f;stroke-width:1.5}\
                     @media(prefers-color-scheme:dark){text{fill:#e6edf3}.a{fill:#8b949e}.b{fill:#6e7681}.o{fill:#3fb950}\
                     .g{stroke:#30363d}.w{stroke:#e6edf3}}";

/// The picture: panels below one another, on one axis.
pub(crate) fn svg(title: &str, panels: &[Panel<'_>]) -> String {
    let values = || panels.iter().flat_map(|panel| &panel.bars).map(|bar| bar.value);
    // Whole decades, one at the least.
    let low = values().map(|value| value.min).fold(f64::INFINITY, f64::min).log10().floor();
    let high = values().map(|value| value.max).fold(0.0, f64::max).log10().ceil().max(low + 1.0);
    if !low.is_finite() {
        return String::new();
    }
    let x = |ms: f64| LEFT + (ms.log10() - low) / (high - low) * (WIDTH - LEFT - RIGHT);
    let height =
        panels.iter().fold(HEAD + AXIS, |sum, panel| sum + HEAD + ROW * panel.bars.len() as f64);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{0}</title>\n<style>{STYLE}</style>\n<text class=\"t\" x=\"10\" y=\"22\">{0}</text>\n",
        escaped(title)
    );
    let bottom = height - AXIS;
    let mut decade = low;
    while decade <= high {
        let (ms, at) = (10_f64.powf(decade), x(10_f64.powf(decade)));
        let _ = writeln!(
            text,
            "<line class=\"g\" x1=\"{at:.1}\" y1=\"{HEAD}\" x2=\"{at:.1}\" y2=\"{bottom}\"/>\
             <text class=\"a\" x=\"{at:.1}\" y=\"{}\">{}</text>",
            bottom + 18.0,
            label(ms)
        );
        decade += 1.0;
    }
    let mut y = HEAD;
    for panel in panels {
        let _ = writeln!(
            text,
            "<text class=\"t\" x=\"10\" y=\"{}\">{}</text>",
            y + 22.0,
            escaped(&panel.title)
        );
        y += HEAD;
        for bar in &panel.bars {
            let Spread { median, min, max } = bar.value;
            let (base, end, middle) = (y + 16.0, x(median), y + 11.0);
            let _ = writeln!(
                text,
                "<text class=\"n\" x=\"{}\" y=\"{base}\">{}</text>\
                 <rect class=\"{}\" x=\"{LEFT}\" y=\"{}\" width=\"{:.1}\" height=\"14\"/>\
                 <line class=\"w\" x1=\"{:.1}\" y1=\"{middle}\" x2=\"{:.1}\" y2=\"{middle}\"/>\
                 <text x=\"{:.1}\" y=\"{base}\">{}</text>",
                LEFT - 8.0,
                escaped(bar.name),
                if bar.is_ours { "o" } else { "b" },
                y + 4.0,
                end - LEFT,
                x(min),
                x(max),
                x(max) + 6.0,
                label(median)
            );
            y += ROW;
        }
    }
    text + "</svg>\n"
}

fn label(ms: f64) -> String {
    if ms < 1000.0 { format!("{} ms", digits(ms)) } else { format!("{} s", digits(ms / 1000.0)) }
}

fn digits(value: f64) -> String {
    if value < 10.0 && value.fract() != 0.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{Bar, Panel, svg};
    use crate::bench::statistics::Spread;

    #[test]
    fn ten_times_as_much_is_one_decade_further() {
        let bar = |name, median| Bar {
            name,
            value: Spread { median, min: median, max: median },
            is_ours: false,
        };
        let bars = vec![bar("a<b", 10.0), bar("b", 100.0), bar("c", 1000.0)];
        let text = svg("x", &[Panel { title: "y".into(), bars }]);
        for part in
            ["a&lt;b", "width=\"0.0\"", "width=\"275.0\"", "width=\"550.0\"", "100 ms", "1 s"]
        {
            assert!(text.contains(part), "no `{part}`:\n{text}");
        }
        assert_eq!(svg("x", &[]), "");
    }
}
