//! Places for a hostile plugin (`tests/plugins/hostile`) beside an innocent one, and what must be so after
//! every attempt: it failed, it is attributed, nobody else was harmed, and nothing is left of it.

use std::{
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::{
    process,
    testbed::{Container, Image, Options, Release},
};

use crate::{
    Finished, Workbench, product,
    running::{Running, until},
};

/// Nothing here takes longer.
const LIMIT: Duration = Duration::from_secs(120);

/// What a successful attempt leaves behind, on the host or in a container.
const PROOF: &str = "tmp/hostile-succeeded";
/// The file that the innocent step keeps.
const INNOCENT: &str = "etc/phoenix-misbehaving";
/// The file that the hostile one keeps while it tries nothing.
pub const HOSTILE: &str = "etc/phoenix-hostile";

/// Goes through all cases, and names all that failed: one hole must not hide another.
pub fn all<T>(
    cases: impl IntoIterator<Item = T>,
    mut case: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let failures: Vec<_> = cases.into_iter().filter_map(|it| case(it).err()).collect();
    let text: Vec<_> = failures.iter().map(|error| format!("{error:#}")).collect();
    ensure!(text.is_empty(), "{} failed:\n{}", text.len(), text.join("\n"));
    Ok(())
}

/// A place where libraries are loaded, without any machine.
#[derive(Debug)]
pub struct Lair {
    bench: Workbench,
    /// What phoenix-orch is started through.
    through: &'static [&'static str],
}

impl Lair {
    /// An empty one.
    pub fn new() -> Result<Self> {
        Ok(Self { bench: Workbench::empty()?, through: &[] })
    }

    /// One on a machine that lets nobody make namespaces.
    pub fn without_namespaces() -> Result<Self> {
        let through = &["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"];
        Ok(Self { through, ..Self::new()? })
    }

    /// Runs phoenix-orch with these words.
    pub fn run(&self, words: &[impl AsRef<str>]) -> Result<Finished> {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        let Some((program, more)) = self.through.split_first() else {
            return self.bench.run(&words);
        };
        let mut command = self.bench.command_through(program)?;
        command.args(more).arg(product::binary()?).args(self.bench.state_words()).args(words);
        Ok(Finished::from(process::capture(&mut command, None, LIMIT)?))
    }

    /// Puts the library of this kind there, to try this at that moment.
    fn set(&self, kind: &str, name: &str, moment: &str) -> Result<()> {
        let library = self.library(name, moment);
        fs::copy(product::hostile(kind)?, &library)?;
        let catalogue = format!(
            "format = 1\n[policy]\napparmor = \"optional\"\npins = \"optional\"\n\
             [features]\nx = [\"hostile\", \"misbehaving\"]\n\
             [plugins.hostile]\nlibrary = \"{}\"\nversion = \"*\"\n\
             [plugins.misbehaving]\nlibrary = \"{}\"\nversion = \"*\"\n",
            library.display(),
            product::plugin("misbehaving")?.display(),
        );
        Ok(fs::write(self.bench.config(), catalogue)?)
    }

    fn library(&self, name: &str, moment: &str) -> PathBuf {
        self.bench.folder().join(format!("lib{name}.{moment}.so"))
    }

    /// What loads the library up to this moment. Only somebody who rehearses a step asks for its worlds, which are the part
    /// of its metadata in which its own code runs.
    fn words(&self, name: &str, moment: &str) -> Vec<String> {
        let library = self.library(name, moment).to_string_lossy().into_owned();
        match moment {
            "meta" => ["plugins", "check", &library].map(str::to_owned).to_vec(),
            _ => ["graph", "--features", "x"].map(str::to_owned).to_vec(),
        }
    }

    /// The library is refused while it is loaded, with one of these codes.
    pub fn refuses(&self, kind: &str, name: &str, moment: &str, codes: &[&str]) -> Result<()> {
        self.refused(kind, name, moment, codes).with_context(|| what(kind, name, moment))
    }

    fn refused(&self, kind: &str, name: &str, moment: &str, codes: &[&str]) -> Result<()> {
        self.set(kind, name, moment)?;
        let finished = self.run(&self.words(name, moment))?.expect_code(5)?;
        let text = finished.stderr();
        ensure!(!text.contains("HOSTILE-SUCCEEDED"), "it got through: {text}");
        ensure!(codes.iter().any(|code| text.contains(code)), "another code: {text}");
        ensure!(text.contains(&format!("lib{name}.{moment}.so")), "not attributed: {text}");
        ensure!(text.contains("hint:") && text.lines().count() < 12, "not clear: {text}");
        self.nothing_left()
    }

    /// The orchestrator is killed while this is tried, and nothing goes on without it.
    pub fn ends_with_the_orchestrator(&self, kind: &str, name: &str, moment: &str) -> Result<()> {
        self.set(kind, name, moment)?;
        let words = self.words(name, moment);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let running = Running::start(&self.bench, &words)?;
        let library = self.library(name, moment);
        until("the step to be at work", || {
            // Its filters are on when the first of the step's own code runs.
            Ok(naming(&library)?.iter().any(|status| status.contains("Seccomp_filters:\t3\n")))
        })?;
        running.signal("KILL")?;
        running.wait()?;
        self.nothing_left()
    }

    /// No process of a step, and no proof.
    fn nothing_left(&self) -> Result<()> {
        until("the end of all processes", || Ok(naming(self.bench.folder())?.is_empty()))?;
        ensure!(!Path::new("/").join(PROOF).exists(), "its proof is on the host");
        Ok(())
    }
}

fn what(kind: &str, name: &str, moment: &str) -> String {
    format!("{kind}/{name} in `{moment}`")
}

/// What the kernel says of the processes whose command line names this path.
fn naming(path: &Path) -> Result<Vec<String>> {
    let path = path.as_os_str().as_bytes();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let process = entry?.path();
        // Whoever has ended meanwhile has no command line.
        let line = fs::read(process.join("cmdline")).unwrap_or_default();
        if line.windows(path.len()).any(|part| part == path) {
            found.push(fs::read_to_string(process.join("status")).unwrap_or_default());
        }
    }
    Ok(found)
}

/// Two containers, to which a hostile plugin and an innocent one are sent.
#[derive(Debug)]
pub struct Stage {
    lair: Lair,
    /// The two.
    pub containers: [Container; 2],
    /// How many units run at once.
    pub jobs: &'static str,
}

impl Stage {
    /// Makes them.
    pub fn new(label: &str) -> Result<Self> {
        let image = Image::ensure(Release::Bookworm)?;
        let make = || Container::create(&image, label, &Options::default());
        Ok(Self { lair: Lair::new()?, containers: [make()?, make()?], jobs: "2" })
    }

    /// A run in which this is tried at that moment; whatever an earlier one has changed stays.
    pub fn run(&self, kind: &str, name: &str, moment: &str) -> Result<Finished> {
        self.lair.set(kind, name, moment)?;
        let [a, b] = &self.containers;
        let words = ["run", "--features", "x", "--output", "json", "--jobs", self.jobs];
        let targets = ["--target", a.name(), "--target", b.name()];
        self.lair.bench.run(&[&words[..], &targets].concat())
    }

    /// What is tried at this moment costs the unit of the one who tries it, on both containers, with one of
    /// these codes, and nobody else anything.
    pub fn costs(&self, kind: &str, name: &str, moment: &str, codes: &[&str]) -> Result<()> {
        self.cost(kind, name, moment, codes).with_context(|| what(kind, name, moment))
    }

    fn cost(&self, kind: &str, name: &str, moment: &str, codes: &[&str]) -> Result<()> {
        for container in &self.containers {
            container.ok(&["rm", "-f", &format!("/{INNOCENT}"), &format!("/{HOSTILE}")])?;
        }
        let configurations = self.configurations()?;
        let run = self.run(kind, name, moment)?;
        ensure!(!run.stdout().contains("HOSTILE-SUCCEEDED"), "it got through: {}", run.stdout());
        let events = self.whole(&run)?;
        for container in &self.containers {
            let innocent = end_of(&events, "misbehaving", container)?;
            ensure!(innocent["outcome"] == "changed", "the innocent one failed: {innocent}");
            ensure!(container.rootfs().join(INNOCENT).exists(), "the innocent one did nothing");
            ensure!(!container.rootfs().join(PROOF).exists(), "its proof is in a container");
            let hostile = end_of(&events, "hostile", container)?;
            let code = hostile["error"]["code"].as_str().unwrap_or("no error");
            ensure!(codes.contains(&code), "another end: {hostile}");
            let named =
                hostile["error"]["message"].as_str().is_some_and(|it| it.contains("`hostile`"));
            ensure!(named || !code.starts_with("STEP-"), "not attributed: {hostile}");
        }
        ensure!(run.code() == 7, "exit code {}", run.code());
        ensure!(configurations == self.configurations()?, "a configuration was changed");
        self.lair.nothing_left()
    }

    /// The events of a run, which the journal has all of, up to the last.
    fn whole(&self, run: &Finished) -> Result<Vec<Value>> {
        let events = run.events()?;
        let last = events.last().with_context(|| format!("no events: {}", run.stderr()))?;
        ensure!(last["event"] == "run_finished", "cut off: {last}: {}", run.stderr());
        ensure!(last["exit"] == run.code(), "exit code {} and {last}", run.code());
        let kept = self.lair.bench.run(&["runs", "show", "last", "--output", "json"])?;
        let kept = kept.expect_code(0)?.events()?;
        ensure!(kept == events, "the journal has {} of {} events", kept.len(), events.len());
        Ok(events)
    }

    fn configurations(&self) -> Result<Vec<String>> {
        let read = |container: &Container| fs::read_to_string(container.config_path());
        Ok(self.containers.iter().map(read).collect::<Result<_, _>>()?)
    }
}

fn end_of<'a>(events: &'a [Value], step: &str, container: &Container) -> Result<&'a Value> {
    let is_it = |event: &&Value| {
        event["event"] == "unit_finished"
            && event["unit"]["step"] == step
            && event["unit"]["target"] == container.name()
    };
    let event = events.iter().find(is_it);
    Ok(&event.with_context(|| format!("{step} did not end on {}", container.name()))?["outcome"])
}
