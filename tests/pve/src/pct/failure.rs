//! Why a command failed.

/// What goes to standard error at the end, and the exit code. Perl exits with whatever `errno` was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A line or more.
    pub text: String,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// A failure with this exit code.
    pub fn new(text: impl Into<String>, code: u8) -> Self {
        Self { text: text.into(), code }
    }

    /// The same as the failure of a task, whose code is lost.
    pub fn in_task(self) -> Self {
        Self { code: 255, ..self }
    }

    /// A failure of the system, with the error's own number.
    pub(super) fn system(what: &str, error: &std::io::Error) -> Self {
        let number = error.raw_os_error().and_then(|number| u8::try_from(number).ok());
        Self::new(format!("{what} - {}", plain(error)), number.unwrap_or(255))
    }
}

/// The words of the C library, without the number that Rust adds.
pub(super) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
