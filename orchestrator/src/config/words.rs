//! The words of a script's command line, with a place for the container's number. Pure.

/// What stands for the container.
const CTID: &str = "{ctid}";

/// One word, which reaches the program as one word whatever is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Ctid,
}

impl Word {
    /// From the text of the file: `{ctid}` stands for the container, `{{` and `}}` for braces.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.contains('\0') {
            return Err("has a NUL, which no program can be given".to_owned());
        }
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(behind) = rest.strip_prefix("{{") {
                plain.push('{');
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix("}}") {
                plain.push('}');
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix(CTID) {
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Ctid);
                rest = behind;
            } else {
                return Err(unknown(rest));
            }
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self(parts))
    }

    /// The word that stands for the container.
    pub(super) fn ctid() -> Self {
        Self(vec![Part::Ctid])
    }

    /// Whether it has the container in it.
    pub(super) fn names_container(&self) -> bool {
        self.0.contains(&Part::Ctid)
    }

    /// The word for this container.
    pub(super) fn for_target(&self, target: &str) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Ctid => target.to_owned(),
        };
        self.0.iter().map(text).collect()
    }
}

/// What a lone brace, or braces with something else in them, is.
fn unknown(rest: &str) -> String {
    let inside = rest.strip_prefix('{').and_then(|behind| behind.split_once('}'));
    match inside {
        Some((name, _)) => format!("has the unknown placeholder `{{{}}}`", super::shown(name)),
        None => format!("has a single `{}`", &rest[..1]),
    }
}

#[cfg(test)]
mod tests {
    use super::Word;

    #[test]
    fn placeholders_are_filled_and_nothing_else_means_anything() {
        for (text, filled) in [
            ("", ""),
            ("{ctid}", "101"),
            ("--id={ctid}/{ctid}", "--id=101/101"),
            ("{{ctid}}", "{ctid}"),
            ("{{{ctid}}}", "{101}"),
            ("a b  'c' \"d\" $(id) `id` * ~ \n\t\\", "a b  'c' \"d\" $(id) `id` * ~ \n\t\\"),
            ("größer {{}}", "größer {}"),
        ] {
            assert_eq!(Word::parse(text).unwrap().for_target("101"), filled, "{text:?}");
        }
        // What stands for the container is not looked at again.
        assert_eq!(Word::ctid().for_target("{ctid}"), "{ctid}");
    }

    #[test]
    fn other_braces_are_refused_with_what_they_are() {
        for (text, complaint) in [
            ("{id}", "has the unknown placeholder `{id}`"),
            ("x{CTID}", "has the unknown placeholder `{CTID}`"),
            ("{}", "has the unknown placeholder `{}`"),
            ("{ ctid }", "has the unknown placeholder `{ ctid }`"),
            ("{\u{1b}}", "has the unknown placeholder `{\\u{1b}}`"),
            ("{ctid", "has a single `{`"),
            ("ctid}", "has a single `}`"),
            ("{{ctid}", "has a single `}`"),
            ("a\0b", "has a NUL, which no program can be given"),
        ] {
            assert_eq!(Word::parse(text).unwrap_err(), complaint, "{text:?}");
        }
    }
}
