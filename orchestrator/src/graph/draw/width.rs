//! How wide a text will be: nobody can measure it here, so it is estimated, and rather too wide than too narrow.

/// The width of a text in a sans-serif font of this size.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(of).sum::<f64>() * size
}

/// The text, or its begin and an ellipsis so that it is no longer than this many characters.
pub fn shortened(text: &str, longest: usize) -> String {
    match text.chars().count() > longest {
        true => text.chars().take(longest.saturating_sub(1)).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// Of one character, in parts of the font's size. What comes from far away may be as wide as it is high.
fn of(c: char) -> f64 {
    match c {
        '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'i' | 'j' | 'l' | ' ' | '(' | ')' => 0.36,
        'f' | 'r' | 't' | '-' | '/' => 0.45,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 1.0,
        'A'..='Z' => 0.74,
        ..='\u{2ff}' => 0.64,
        _ => 1.05,
    }
}
