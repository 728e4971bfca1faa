//! Where a mistake is made.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use anyhow::{Context as _, Result};
use phoenix_tests::{Workbench, product};
use xtask::{
    process::{self, Output},
    workspace,
};

use crate::table::Mistake;

/// Nothing here takes longer.
const LIMIT: Duration = Duration::from_secs(120);

/// A journal that is whole.
const JOURNAL: &str = "orchestrator/fixtures/journal-schema-1.sqlite";

/// Makes the host of the mistake. It has a network of its own, too: that is where LXC's monitors are spoken to. What is a temporary path elsewhere is `/mnt` here, and the product is in `/opt`.
const HOST: &str = r#"
set -eu
mount -t tmpfs none /var/lib
mount -t tmpfs none /var/log
for name in web db; do
    mkdir -p /var/lib/lxc/$name/rootfs
    printf 'lxc.uts.name = %s\nlxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\nlxc.rootfs.path = dir:/var/lib/lxc/%s/rootfs\n' $name $name >/var/lib/lxc/$name/config
done
[ ! -d /etc/phoenix-orch ] || mount -t tmpfs none /etc/phoenix-orch
mount --bind "$PRODUCT" /opt
mount --bind "$BENCH" /mnt
cd /mnt
PATH=/opt:$PATH
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
edit() { sed -i "$1" plugins.toml; }
only_docker() {
    printf '%s\n' 'format = 1' '[policy]' 'pins = "optional"' '[features]' 'docker = ["docker-install"]' \
        '[plugins.docker-install]' 'version = "*"' >plugins.toml
}
hide() { mount --bind /dev/null "$1"; }
"#;

/// A place for one mistake.
pub(crate) struct Stage(Workbench);

impl Stage {
    /// With the catalogue of the repository, whose libraries need no pins.
    pub(crate) fn new() -> Result<Self> {
        let path = workspace::root().join("plugins.toml");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        let bench =
            Workbench::new(text.replacen("# pins = \"required\"", "pins = \"optional\"", 1))?;
        fs::set_permissions(bench.folder(), fs::Permissions::from_mode(0o755))?;
        Ok(Self(bench))
    }

    /// Makes it.
    pub(crate) fn make(&self, mistake: &Mistake) -> Result<Output> {
        let script = format!(
            "{HOST}\n{{ :\n{}\n}} >/dev/null 2>&1\nset +e\n{}\n",
            mistake.before, mistake.line
        );
        let mut command = self.0.command_through("unshare")?;
        command.args(["--mount", "--net", "--propagation", "private", "bash", "-c", &script]);
        command.env("PRODUCT", product::folder()?).env("BENCH", self.0.folder());
        command.env("JOURNAL", workspace::root().join(JOURNAL));
        let output = process::capture(&mut command, None, LIMIT)?;
        Ok(Output { stdout: redacted(&output.stdout), stderr: redacted(&output.stderr), ..output })
    }
}

/// Without what differs from build to build and from run to run: hashes, durations, the names of runs, and the numbers of processes.
fn redacted(text: &str) -> String {
    let line = |line: &str| -> String {
        let line = constant(line);
        line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).map(word).collect()
    };
    text.lines().map(|text| format!("{}\n", line(text).trim_end())).collect()
}

/// A line without its seconds, its moments, and the numbers of processes.
fn constant(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let shown = |at: usize| {
        let (word, next) = (words[at], words.get(at + 1).copied().unwrap_or_default());
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        let is_number = |word: &str| word.trim_start_matches('(').parse::<f64>().is_ok();
        let is_unit = |word: &str| ["s", "ms"].contains(&word.trim_end_matches(')'));
        if is_number(word) && is_unit(next) {
            return word.replace(|c: char| c != '(', "") + "N";
        }
        if is_number(before) && is_unit(word) {
            return word.trim_start_matches('m').to_owned();
        }
        match before {
            "run" if word.starts_with("`20") => "`<run>`".to_owned(),
            "(run" if word.starts_with("20") => "<run>)".to_owned(),
            "(process" => "<pid>)".to_owned(),
            "since" if word.ends_with('Z') => "<then>".to_owned(),
            // The log of the old scripts.
            _ if words.get(2) == Some(&"[FATAL]") && at < 2 => "<then>".to_owned(),
            _ => word.to_owned(),
        }
    };
    (0..words.len()).map(shown).collect::<Vec<_>>().join(" ")
}

/// One word and what ends it.
fn word(text: &str) -> String {
    let bare = text.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let end = &text[bare.len()..];
    let is_hash = bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { format!("<sha256>{end}") } else { text.to_owned() }
}
