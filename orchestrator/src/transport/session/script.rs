//! The shell text of a session. It needs nothing but a POSIX shell; dash, busybox and bash are tested.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::quote::quote;
use crate::transport::{
    ENVIRONMENT, Exec,
    mark::{self, Mark},
};

/// One thing that the shell does and answers.
#[derive(Debug, Clone)]
pub(in crate::transport) struct Item {
    /// Shell text that leaves its exit code in `$?` and never reads the shell's own standard input.
    pub(in crate::transport) text: String,
    /// The program it runs, if its absence is to be told from exit code 127.
    pub(in crate::transport) program: Option<String>,
    /// Bytes on either stream.
    pub(in crate::transport) max_output: usize,
    /// Counted from the end of the item before it.
    pub(in crate::transport) time_limit: std::time::Duration,
    /// Whether the text needs `base64` in the container.
    pub(in crate::transport) has_stdin: bool,
}

impl Item {
    /// A command: `exec` in a subshell takes only programs, never functions or builtins, and costs one
    /// process.
    pub(in crate::transport) fn exec(exec: &Exec) -> Self {
        let words: Vec<_> = exec.argv.iter().map(|word| quote(word)).collect();
        let run = format!("( exec {} )", words.join(" "));
        let text = if exec.stdin.is_empty() {
            format!("{run} </dev/null")
        } else {
            // A here-document would be a temporary file in bash. `printf` is a builtin, so the size of
            // its arguments is not limited; both feeders die silently when nobody reads.
            let input = STANDARD.encode(&exec.stdin);
            format!("printf %s '{input}' 2>/dev/null | base64 -d 2>/dev/null | {run}")
        };
        Self {
            text,
            program: exec.argv.first().cloned(),
            max_output: exec.max_output,
            time_limit: exec.time_limit,
            has_stdin: !exec.stdin.is_empty(),
        }
    }

    /// The item's text, and the mark behind it.
    pub(super) fn render(&self, number: u64) -> String {
        match &self.program {
            Some(program) => format!("{}\nphx_x {number} $? {}\n", self.text, quote(program)),
            None => format!("{}\nphx_m {number} $?\n", self.text),
        }
    }
}

/// The shell's own words. What leads into the container may clear the environment, and a variable that a
/// shell sets is not in its own environment as the host sees it: so the mark is set, and a shell begun anew.
pub(super) fn shell(mark: &Mark) -> [String; 3] {
    let text = format!("export {}={}; exec /bin/sh", mark::NAME, quote(&mark.to_string()));
    ["/bin/sh".to_owned(), "-c".to_owned(), text]
}

/// What the shell reads first. The last line answers with number 0 and whether `base64` is there.
///
/// `phx_m` ends an answer on both streams. `phx_x` does so for a command, and says `n` if exit code 127
/// means that there is no such program. `phx_f` shows a file or a link, `phx_d` a folder, both with one
/// letter in front that says which it found; file names end in NUL bytes, so any name goes.
pub(super) fn prologue(nonce: &str, max_file: u64) -> String {
    let set: String = ENVIRONMENT
        .iter()
        .map(|(name, value)| format!("export {name}={}\n", quote(value)))
        .collect();
    format!(
        r#"cd /
umask 022
{set}unset OLDPWD PWD SHLVL TERM container
phx_m() {{ printf '\n{nonce} %s %s\n' "$1" "$2"; printf '\n{nonce} %s\n' "$1" >&2; }}
phx_x() {{
  if [ "$2" = 127 ]; then
    case $3 in
      */*) [ -e "$3" ] || set -- "$1" n ;;
      *) command -v "$3" >/dev/null 2>&1 || set -- "$1" n ;;
    esac
  fi
  phx_m "$1" "$2"
}}
phx_f() {{
  if [ -L "$1" ]; then printf l; readlink -n "$1"
  elif [ -f "$1" ]; then printf f; head -c {more} "$1"
  else printf o; fi
}}
phx_d() {{
  if [ ! -d "$1" ]; then printf o
  elif [ -r "$1" ] && [ -x "$1" ]; then
    printf d
    for phx_n in "$1"/* "$1"/.*; do
      if [ -e "$phx_n" ] || [ -L "$phx_n" ]; then printf '%s\0' "${{phx_n##*/}}"; fi
    done
  else printf u; fi
}}
if command -v base64 >/dev/null 2>&1; then phx_m 0 b; else phx_m 0 -; fi
"#,
        more = max_file + 1,
    )
}
