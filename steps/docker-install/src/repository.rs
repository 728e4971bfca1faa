//! Docker's own repository: its key, its place, and that apt uses the two together.

use phoenix_sdk::{
    Bytes, Code, Context, Evidence, FileState, Machine, OsRelease, Probe, Result, StepError, argv,
    shown,
};
use serde::Deserialize;

pub(crate) const KEY_PATH: &str = "/etc/apt/keyrings/docker.asc";
pub(crate) const SOURCES_PATH: &str = "/etc/apt/sources.list.d/docker.sources";

pub(crate) const TARGETS: Probe = Probe::new(
    "apt-sources",
    argv!["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"],
    "The repositories as apt itself understands its configuration",
);
pub(crate) const KEY_SEEN: Probe = Probe::new(
    "apt-key",
    argv!["cat", "/etc/apt/keyrings/docker.asc"],
    "The repository's key, as a program in the container reads it",
);

pub(crate) const KEY_MISSING: Code = Code::new(
    "DOCKER-KEY-MISSING",
    "Docker is to come from a repository of its own, and its signing key is not given, or is not an ASCII-armoured key. \
     The step never fetches a key by itself: whoever could change the download could change the key.",
    "Fetch the key, compare its fingerprint, and name it as `repository.key_file` (a path on the host) in plugins.toml.",
);
pub(crate) const URL_WRONG: Code = Code::new(
    "DOCKER-REPOSITORY-URL",
    "The repository's address is not one that can stand in apt's configuration.",
    "Give `repository.url` as an http, https or file address without blanks.",
);

/// Parameters of the repository.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Params {
    /// `https://download.docker.com/linux/<distribution>` unless given.
    url: Option<String>,
    /// The ASCII-armoured key as a file on the host.
    key_file: Option<String>,
    /// The key itself.
    key: Option<String>,
    /// Instead of `docker-ce`, `docker-ce-cli` and `containerd.io`.
    pub(crate) packages: Vec<String>,
}

/// A repository that can be written down for apt.
pub(crate) struct Repository {
    url: String,
    suite: String,
    pub(crate) key: Bytes,
}

impl Repository {
    pub(crate) fn of(cx: &Context<'_>, os: &OsRelease, params: &Params) -> Result<Self> {
        let default = || format!("https://download.docker.com/linux/{}", os.id);
        let url = params.url.clone().unwrap_or_else(default);
        let known = ["https://", "http://", "file:/"].iter().any(|start| url.starts_with(start));
        if !known || url.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
            return Err(StepError::new(
                "DOCKER-REPOSITORY-URL",
                format!("`{}` is not a repository's address", shown::name(&url)),
            )
            .hint("Give an http, https or file address without blanks."));
        }
        Ok(Self { url, suite: os.codename.clone(), key: key(cx, params)? })
    }

    pub(crate) fn needs_certificates(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// For `/etc/apt/sources.list.d`, as `sources.list(5)` calls it in deb822 style.
    pub(crate) fn sources(&self) -> String {
        let Self { url, suite, .. } = self;
        format!(
            "# Written by phoenix-orch (docker-install).\nTypes: deb\nURIs: {url}\nSuites: {suite}\n\
             Components: stable\nSigned-By: {KEY_PATH}\n"
        )
    }

    /// That apt has the repository, and the key is the configured one.
    pub(crate) fn evidence(&self, machine: &Machine<'_>) -> Result<Vec<Evidence>> {
        let wanted = format!("{}/ {} stable", self.url.trim_end_matches('/'), self.suite);
        let targets = machine.probe(&TARGETS, &[])?.stdout.to_text();
        let found = targets.lines().find(|line| *line == wanted).unwrap_or("no such repository");
        let key = machine.probe(&KEY_SEEN, &[])?.stdout;
        let same = if key == self.key { "the configured key" } else { "another key, or none" };
        Ok(vec![
            Evidence::equal("apt uses the repository", TARGETS.argv.join(" "), wanted, found),
            Evidence::equal(
                "apt checks it with the configured key",
                KEY_SEEN.argv.join(" "),
                "the configured key",
                same,
            ),
        ])
    }
}

fn key(cx: &Context<'_>, params: &Params) -> Result<Bytes> {
    let missing = |message: String| {
        StepError::new("DOCKER-KEY-MISSING", message)
            .hint("Fetch the key on the host, compare its fingerprint with the one that Docker publishes, and set \
                   `repository.key_file` of `docker-install` in plugins.toml.")
    };
    let (key, from) = match (&params.key, &params.key_file) {
        (Some(key), _) => {
            let line = if key.ends_with('\n') { "" } else { "\n" };
            (Bytes::from(format!("{key}{line}")), "`repository.key`".to_owned())
        }
        (None, Some(path)) => match cx.host().file(path)? {
            FileState::Regular { content, .. } => (content, format!("`{path}` on the host")),
            other => return Err(missing(format!("`{path}` on the host is {}", other.kind()))),
        },
        (None, None) => return Err(missing("the repository has no key".to_owned())),
    };
    let armour = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
    if key.to_text().trim_start().starts_with(armour) {
        Ok(key)
    } else {
        Err(missing(format!("{from} is not an ASCII-armoured key"))
            .cause(format!("it has to begin with `{armour}`")))
    }
}
