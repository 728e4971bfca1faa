//! What is in the package and where, and the archive of it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{
    build::{Built, TARGET},
    changelog, folder, third_party,
    tree::{Tree, sha256},
};
use crate::lab::product;
use crate::{process, say, workspace};

/// The name of the package.
pub(super) const NAME: &str = product::BINARY;

/// Who answers for it.
const MAINTAINER: &str = "phoenix-orch maintainers <maintainers@phoenix-orch.invalid>";

/// Where the libraries lie; phoenix-orch looks there.
const PLUGINS: &str = "usr/lib/phoenix-orch/plugins";

/// The file that says which libraries those of the package are.
const SUMS: &str = "SHA256SUMS";

/// The administrator's file, which an upgrade leaves alone.
const CATALOGUE: &str = "etc/phoenix-orch/plugins.toml";

/// How dpkg compresses it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Compression {
    /// What every Debian since 11 reads.
    Xz,
    /// For a package that is used once, on this machine.
    None,
}

/// A package, and the tree that it was made from.
#[derive(Debug)]
pub struct Package {
    pub(super) tree: Tree,
    /// The archive.
    pub path: PathBuf,
    /// Its version.
    pub version: String,
}

impl Package {
    /// Builds everything with this profile of cargo, and packs it.
    ///
    /// # Errors
    /// Whatever cannot be built, needs a newer C library, or is missing.
    pub fn make(profile: &str) -> Result<Self> {
        let built = Built::with(profile)?;
        say::timed("making the Debian package", || {
            let tree = Tree::new(folder().join("tree"))?;
            fill(&tree, &built)?;
            let package = seal(tree, env!("CARGO_PKG_VERSION"), Compression::Xz)?;
            let size = fs::metadata(&package.path).context("there is no package")?.len();
            say::note(&format!("{}, {:.1} MB", package.path.display(), size as f64 / 1e6));
            Ok(package)
        })
    }

    /// Where [`Self::make`] leaves its archive.
    pub fn planned() -> PathBuf {
        archive(env!("CARGO_PKG_VERSION"))
    }
}

fn archive(version: &str) -> PathBuf {
    folder().join(format!("{NAME}_{version}_amd64.deb"))
}

/// Everything but what is said about the other files.
fn fill(tree: &Tree, built: &Built) -> Result<()> {
    let root = workspace::root();
    let read = |path: PathBuf| {
        fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))
    };
    let ours = |name: &str| read(root.join("xtask/debian").join(name));

    tree.stripped(&built.file(product::BINARY), "usr/bin/phoenix-orch", 0o755)?;
    for library in product::libraries() {
        tree.stripped(&built.file(&library), &format!("{PLUGINS}/{library}"), 0o644)?;
    }
    tree.text(CATALOGUE, &read(root.join("plugins.toml"))?)?;
    for unit in ["phoenix-orch-status.service", "phoenix-orch-status.timer"] {
        tree.text(&format!("usr/lib/systemd/system/{unit}"), &ours(unit)?)?;
    }
    manual(tree, built)?;

    let doc = format!("usr/share/doc/{NAME}");
    tree.text(&format!("{doc}/copyright"), &ours("copyright")?)?;
    tree.compressed(&format!("{doc}/third-party.txt.gz"), &third_party::text(TARGET)?)?;
    let entries = changelog::parse(&read(root.join("CHANGELOG.md"))?)?;
    let changelog = changelog::debian(&entries, NAME, MAINTAINER)?;
    tree.compressed(&format!("{doc}/changelog.gz"), &changelog)?;
    tree.text(&format!("usr/share/lintian/overrides/{NAME}"), &ours("lintian-overrides")?)?;

    for script in ["postinst", "prerm", "postrm"] {
        tree.script(&format!("DEBIAN/{script}"), &ours(script)?)?;
    }
    tree.text("DEBIAN/conffiles", &format!("/{CATALOGUE}\n"))
}

/// Man pages and completions, as the program's own command line has them.
fn manual(tree: &Tree, built: &Built) -> Result<()> {
    let work = tempfile::tempdir().context("cannot create a temporary folder")?;
    built.write_manual(work.path())?;
    let pages = work.path().join("man");
    for entry in fs::read_dir(&pages).context("there are no man pages")? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let section = name.rsplit('.').next().unwrap_or_default();
        let text = fs::read_to_string(&path).context("cannot read a man page")?;
        tree.compressed(&format!("usr/share/man/man{section}/{name}.gz"), &text)?;
    }
    for (from, to) in [
        ("phoenix-orch.bash", "bash-completion/completions/phoenix-orch"),
        ("_phoenix-orch", "zsh/vendor-completions/_phoenix-orch"),
        ("phoenix-orch.fish", "fish/vendor_completions.d/phoenix-orch.fish"),
    ] {
        let text = fs::read_to_string(work.path().join("completions").join(from))
            .with_context(|| format!("cannot read `{from}`"))?;
        tree.text(&format!("usr/share/{to}"), &text)?;
    }
    Ok(())
}

/// Writes what is said about the files of a tree, and packs it in this version.
pub(super) fn seal(tree: Tree, version: &str, compression: Compression) -> Result<Package> {
    let mut sums = String::new();
    let mut libraries = product::libraries();
    libraries.sort();
    for library in libraries {
        let sum = sha256(&tree.at(&format!("{PLUGINS}/{library}")))?;
        sums += &format!("{sum}  {library}\n");
    }
    tree.text(&format!("{PLUGINS}/{SUMS}"), &sums)?;

    let files = tree.files()?;
    let mut sizes = 0;
    for file in &files {
        sizes += fs::metadata(tree.at(file)).context("a file has gone")?.len().div_ceil(1024);
    }
    let template = fs::read_to_string(workspace::root().join("xtask/debian/control"))
        .context("cannot read the template of the control file")?;
    let control =
        [("@VERSION@", version), ("@MAINTAINER@", MAINTAINER), ("@SIZE@", &sizes.to_string())]
            .iter()
            .fold(template, |text, (name, value)| text.replace(name, value));
    if control.replace(MAINTAINER, "").contains('@') {
        bail!("the control file has a place that nobody fills");
    }
    tree.text("DEBIAN/control", &control)?;

    // The administrator's file may differ, so dpkg keeps its sum by itself.
    let mut md5sum = Command::new("md5sum");
    md5sum.current_dir(tree.root()).args(files.iter().filter(|file| *file != CATALOGUE));
    tree.text("DEBIAN/md5sums", &process::quiet(&mut md5sum)?.stdout)?;

    let path = archive(version);
    let mut pack = Command::new("dpkg-deb");
    pack.args([
        "--root-owner-group",
        match compression {
            Compression::Xz => "-Zxz",
            Compression::None => "-Znone",
        },
    ]);
    pack.env("SOURCE_DATE_EPOCH", epoch()?.to_string()).arg("--build").arg(tree.root()).arg(&path);
    process::quiet(&mut pack)?;
    Ok(Package { tree, path, version: version.to_owned() })
}

/// The time that the files have: that of the newest version, so that two builds of one version are equal.
fn epoch() -> Result<i64> {
    if let Ok(text) = std::env::var("SOURCE_DATE_EPOCH") {
        return text.parse().context("SOURCE_DATE_EPOCH is no number of seconds");
    }
    let text = fs::read_to_string(workspace::root().join("CHANGELOG.md"))
        .context("cannot read CHANGELOG.md")?;
    let entries = changelog::parse(&text)?;
    let newest = entries.first().context("CHANGELOG.md has no version")?;
    let midnight = newest.date.to_zoned_datetime(jiff::tz::TimeZone::UTC).context("no such day")?;
    Ok(midnight.timestamp().as_second())
}

/// Appends to a library what the loader does not read, so that it is another file.
pub(super) fn alter_library(tree: &Tree) -> Result<()> {
    let library = product::libraries().remove(0);
    append(&tree.at(&format!("{PLUGINS}/{library}")))
}

fn append(path: &Path) -> Result<()> {
    use std::io::Write as _;
    let file = fs::File::options().append(true).open(path);
    file.and_then(|mut file| file.write_all(b"\n"))
        .with_context(|| format!("cannot change `{}`", path.display()))
}
