//! A value that nobody is shown.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands in the place of a secret wherever one is shown.
pub const MASKED: &str = "[masked]";

/// A value that is used and never shown: `Debug`, `Display` and `Serialize` give [`MASKED`] in its place, so that it
/// reaches no log, no message and no event by accident. Whoever needs it says so, with [`Secret::expose`].
///
/// As a parameter it is read from `plugins.toml` like any other value:
///
/// ```
/// # use phoenix_sdk::Secret;
/// #[derive(Debug, Default, serde::Deserialize)]
/// struct Params {
///     password: Secret,
/// }
///
/// let params: Params = serde_json::from_str(r#"{"password": "hunter2"}"#)?;
/// assert_eq!(format!("{params:?}"), "Params { password: [masked] }");
/// assert_eq!(params.password.expose(), "hunter2");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// What it does not do: it leaves the memory that held it as it is, and what a step makes of the exposed value (the contents
/// of a file, a command's argument) is a value like any other.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret<T = String>(T);

impl<T> Secret<T> {
    /// Takes a value out of sight.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one who uses it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASKED)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASKED)
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASKED)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn it_is_used_and_never_shown() {
        let secret: Secret = Secret::new("hunter2".to_owned());
        assert_eq!(secret.expose(), "hunter2");
        let shown = [
            format!("{secret}"),
            format!("{secret:?}"),
            format!("{:?}", Some(vec![secret.clone()])),
            serde_json::to_string(&secret).unwrap(),
        ];
        for shown in shown {
            assert!(shown.contains("[masked]") && !shown.contains("hunter2"), "{shown}");
        }
    }
}
