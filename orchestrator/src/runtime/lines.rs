//! Configurations of lines with a key and a value each, read and edited with everything else kept. Pure.

use phoenix_sdk::{Others, change::properties};

/// The key that brings other files in.
const INCLUDE: &str = "lxc.include";

/// How a kind of configuration writes a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    /// Key and value of a line, if it has them. Remarks and lines that are not understood have none.
    pub(super) entry: fn(&str) -> Option<(&str, &str)>,
    /// What stands between a key and its value.
    pub(super) between: &'static str,
}

fn has_key(syntax: Syntax, line: &str, key: &str) -> bool {
    (syntax.entry)(line).is_some_and(|(found, _)| found == key)
}

/// Whether a line is neither a remark, nor empty, nor has a key.
fn is_foreign(syntax: Syntax, line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#') && (syntax.entry)(line).is_none()
}

/// Every value that is in force, in the order of the file: an empty value clears those before it. Of the empty
/// key, the lines that are none of a configuration.
pub(super) fn values(syntax: Syntax, text: &str, key: &str) -> Vec<String> {
    if key.is_empty() {
        return text
            .lines()
            .filter(|line| is_foreign(syntax, line))
            .map(|line| line.trim().to_owned())
            .collect();
    }
    let mut values = Vec::new();
    for (_, value) in text.lines().filter_map(syntax.entry).filter(|(found, _)| *found == key) {
        if value.is_empty() {
            values.clear();
        } else {
            values.push(value.to_owned());
        }
    }
    values
}

/// The files and folders that are included below the last line of a key: they can override it.
pub(super) fn includes_below(syntax: Syntax, text: &str, key: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let below =
        lines.iter().rposition(|line| has_key(syntax, line, key)).map_or(0, |last| last + 1);
    values(syntax, &lines[below..].join("\n"), INCLUDE)
}

/// The text without the lines that have this value, and every other line as it is.
pub(super) fn without(syntax: Syntax, text: &str, key: &str, value: &str) -> String {
    let goes = |line: &&str| match (syntax.entry)(line) {
        Some((found, has)) => found == key && has == value,
        None => key.is_empty() && is_foreign(syntax, line) && line.trim() == value,
    };
    text.split_inclusive('\n').filter(|line| !goes(line)).collect()
}

/// The text with this value, and every other line as it is.
///
/// A value beside others goes below the last line of its key. A value instead of others goes where the
/// last line of its key is, but never above an `lxc.include`, which could override it.
pub(super) fn with_value(
    syntax: Syntax,
    text: &str,
    key: &str,
    value: &str,
    others: Others,
) -> String {
    // A line's end in a value would be a second line that nobody asked for.
    let value = value.split(['\n', '\r']).collect::<Vec<_>>().join(" ");
    let value = value.trim();
    if others == Others::Merged {
        let present = values(syntax, text, key).pop().unwrap_or_default();
        let merged = properties::merged(&present, value);
        return with_value(syntax, text, key, &merged, Others::Replaced);
    }
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let own = |lines: &[&str]| -> Vec<usize> {
        (0..lines.len()).filter(|at| has_key(syntax, lines[*at], key)).collect()
    };
    let present = own(&lines);
    let last_include = lines.iter().rposition(|line| has_key(syntax, line, INCLUDE));
    let at = match others {
        Others::Kept if values(syntax, text, key).iter().any(|found| found == value) => {
            return text.to_owned();
        }
        Others::Kept => present.last().map_or(lines.len(), |last| last + 1),
        Others::Replaced | Others::Merged => {
            let at = match (present.last().copied(), last_include) {
                (None, _) => lines.len(),
                (Some(last), Some(include)) if last < include => include + 1,
                (Some(last), _)
                    if present.len() == 1 && (syntax.entry)(lines[last]) == Some((key, value)) =>
                {
                    return text.to_owned();
                }
                (Some(last), _) => last,
            };
            for gone in present.iter().rev() {
                lines.remove(*gone);
            }
            at - present.iter().filter(|gone| **gone < at).count()
        }
    };
    let line = format!("{key}{}{value}\n", syntax.between);
    let mut edited = String::with_capacity(text.len() + line.len() + 1);
    for (index, old) in lines.iter().enumerate() {
        if index == at {
            edited.push_str(&line);
        }
        edited.push_str(old);
        // Only the last line can be without an end.
        if !old.ends_with('\n') && at > index {
            edited.push('\n');
        }
    }
    if at >= lines.len() {
        edited.push_str(&line);
    }
    edited
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::Others::{self, Kept, Replaced};
    use proptest::prelude::*;

    use super::super::lxc::SYNTAX;

    fn values(text: &str, key: &str) -> Vec<String> {
        super::values(SYNTAX, text, key)
    }

    fn with_value(text: &str, key: &str, value: &str, others: Others) -> String {
        super::with_value(SYNTAX, text, key, value, others)
    }

    fn without(text: &str, key: &str, value: &str) -> String {
        super::without(SYNTAX, text, key, value)
    }

    fn includes_below(text: &str, key: &str) -> Vec<String> {
        super::includes_below(SYNTAX, text, key)
    }

    #[test]
    fn values_are_read_as_lxc_reads_them() {
        let text =
            "#a = 0\na=1\n  a = \"two words\" \nb = x=y\na.b = 3\nno entry\n a\t=\t'4'\n# a = 5";
        assert_eq!(values(text, "a"), ["1", "two words", "4"]);
        assert_eq!(values(text, "b"), ["x=y"]);
        assert_eq!(values("a = 1\na =\na = 2\n", "a"), ["2"]);
        assert!(values("a = 1\na = \"\"\n", "a").is_empty());
        assert!(values(text, "c").is_empty());
    }

    #[test]
    fn includes_count_from_the_last_line_of_the_key() {
        let text = "lxc.include = 1\np = x\nlxc.include = 2\n";
        assert_eq!(includes_below(text, "p"), ["2"]);
        assert_eq!(includes_below(text, "q"), ["1", "2"]);
    }

    #[test]
    fn edits_touch_one_line() {
        let cases: [(&str, Others, &str); 14] = [
            ("", Kept, "k = v\n"),
            ("a = 1", Kept, "a = 1\nk = v\n"),
            ("a = 1\n\n# end\n", Replaced, "a = 1\n\n# end\nk = v\n"),
            ("k=v\n", Kept, "k=v\n"),
            ("k = 1\na = 2\n", Kept, "k = 1\nk = v\na = 2\n"),
            ("k = v\nk =\na = 2\n", Kept, "k = v\nk =\nk = v\na = 2\n"),
            ("k = 1\na = 2\nk = 3\nb = 4", Replaced, "a = 2\nk = v\nb = 4"),
            ("a = 2\nk = 3", Replaced, "a = 2\nk = v\n"),
            ("k='v'\na = 2\n", Replaced, "k='v'\na = 2\n"),
            ("k = v\nk = v\n", Replaced, "k = v\n"),
            ("k = v\nlxc.include = f\na = 2\n", Replaced, "lxc.include = f\nk = v\na = 2\n"),
            ("k = 1\nlxc.include = f", Replaced, "lxc.include = f\nk = v\n"),
            ("lxc.include = f\nk = 1\n", Replaced, "lxc.include = f\nk = v\n"),
            ("#k = 1\n", Replaced, "#k = 1\nk = v\n"),
        ];
        for (text, others, wanted) in cases {
            assert_eq!(with_value(text, "k", "v", others), wanted, "{text:?} {others:?}");
        }
    }

    #[test]
    fn removals_take_whole_lines_with_exactly_this_value() {
        let text = "# k = v\nk = v\nk = vv\nnone\n k=v\nno none\nk = 'v'";
        assert_eq!(without(text, "k", "v"), "# k = v\nk = vv\nnone\nno none\n");
        assert_eq!(without(text, "", "none"), text.replace("none\n k", " k"));
        assert_eq!(without(text, "", "# k = v"), text);
        assert_eq!(values(text, ""), ["none", "no none"]);
    }

    #[test]
    fn a_value_stays_one_line() {
        assert_eq!(with_value("", "k", "a\nlxc.hook = x", Kept), "k = a lxc.hook = x\n");
    }

    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("k = 1".to_owned()),
            Just("k = v".to_owned()),
            Just("k =".to_owned()),
            Just("lxc.include = f".to_owned()),
            "[ a#=\r\"k]{0,6}",
        ]
    }

    proptest! {
        #[test]
        fn all_other_lines_stay_in_order(
            lines in prop::collection::vec(line(), 0..8),
            end in any::<bool>(),
            kept in any::<bool>(),
        ) {
            let mut text = lines.join("\n");
            if end && !text.is_empty() {
                text.push('\n');
            }
            let others = if kept { Kept } else { Replaced };
            let edited = with_value(&text, "k", "v", others);
            prop_assert_eq!(with_value(&edited, "k", "v", others), edited.clone());
            let rest = |text: &str| -> Vec<String> {
                let all = text.split_terminator('\n').map(str::to_owned);
                all.filter(|line| !super::has_key(SYNTAX, line, "k")).collect()
            };
            prop_assert_eq!(rest(&edited), rest(&text));
            let seen = values(&edited, "k");
            prop_assert!(seen.contains(&"v".to_owned()));
            if !kept {
                prop_assert_eq!(seen, ["v"]);
                prop_assert!(includes_below(&edited, "k").is_empty());
            }
        }
    }
}
