//! A real terminal, and a picture of it.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    os::fd::AsRawFd as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use rustix::io::{FdFlags, fcntl_setfd};
use xtask::{interrupt, process};

use super::stage::Stage;

/// The terminal is made higher than any screen, and the picture is cut below the last line.
const ROWS: u16 = 90;
const MARGIN: u32 = 8;
const LIMIT: Duration = Duration::from_secs(300);
/// What a terminal needs to draw what it was told.
const DRAWN: Duration = Duration::from_millis(700);

/// The colours of the terminal.
#[derive(Clone, Copy)]
pub(super) enum Look {
    Dark,
    Light,
}

impl Look {
    /// Background and text.
    fn colours(self) -> [&'static str; 2] {
        match self {
            Self::Dark => ["#0d1117", "#d0d7de"],
            Self::Light => ["#ffffff", "#1f2328"],
        }
    }

    /// Red, green and yellow, and the same when bold. Those of xterm itself are for dark backgrounds alone; a light terminal has
    /// others, as in GitHub's theme.
    fn signals(self) -> [&'static str; 3] {
        match self {
            Self::Dark => ["#ff7b72", "#3fb950", "#d29922"],
            Self::Light => ["#cf222e", "#116329", "#7d4e00"],
        }
    }
}

/// One terminal in which the command is started.
pub(super) struct Shot {
    pub(super) columns: u16,
    pub(super) look: Look,
    pub(super) moments: &'static [Moment],
}

/// When the picture is taken, and what is typed after it.
pub(super) struct Moment {
    pub(super) when: When,
    pub(super) answer: Option<&'static str>,
    /// Its name.
    pub(super) picture: &'static str,
}

/// Which moment it is.
pub(super) enum When {
    /// The command has said this since the last answer.
    Says(&'static str),
    /// The command has ended.
    Ended,
}

/// An X server without a screen.
pub(super) struct Display {
    server: Child,
    name: String,
}

impl Display {
    pub(super) fn open() -> Result<Self> {
        let (reads, writes) = rustix::pipe::pipe().context("no pipe")?;
        // The server says on this descriptor which number it took.
        fcntl_setfd(&writes, FdFlags::empty()).context("no pipe for the server")?;
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", &writes.as_raw_fd().to_string(), "-nolisten", "tcp"]);
        command.args(["-screen", "0", "1600x1900x24"]).stdin(Stdio::null()).stderr(Stdio::null());
        let server = command.spawn().context("cannot start Xvfb")?;
        drop(writes);
        let mut number = String::new();
        BufReader::new(fs::File::from(reads)).read_line(&mut number).context("Xvfb is silent")?;
        Ok(Self { server, name: format!(":{}", number.trim()) })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        end(&mut self.server);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// An xterm in which the command runs.
pub(super) struct Terminal<'a> {
    display: &'a Display,
    program: Child,
    look: Look,
    /// What the command has written, and how much of that was there at the last answer.
    said: PathBuf,
    answered: usize,
    ended: PathBuf,
}

/// Shows the command as if it had been typed, and keeps the terminal open when it has ended.
const PLAY: &str = r#"printf '\033[1mroot@pve\033[0m:~# %s\n' "$COMMAND"
script --quiet --flush --command "$COMMAND" "$SAID"
printf '\033[?25l'
touch "$ENDED"
exec sleep 1000"#;

impl<'a> Terminal<'a> {
    pub(super) fn open(
        display: &'a Display,
        stage: &Stage,
        shot: &Shot,
        command: &str,
    ) -> Result<Self> {
        let (said, ended) = (stage.folder().join("said"), stage.folder().join("ended"));
        for file in [&said, &ended] {
            let _ = fs::remove_file(file);
        }
        let [background, text] = shot.look.colours();
        let path = env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", stage.folder().join("bin").display());
        let mut xterm = Command::new("xterm");
        xterm.args(["-fa", "DejaVu Sans Mono", "-fs", "10", "-bw", "0", "-b", "8", "+sb"]);
        xterm.args(["-bg", background, "-fg", text]);
        for (colour, number) in shot.look.signals().into_iter().zip(1..) {
            for number in [number, number + 8] {
                xterm.args(["-xrm", &format!("*color{number}: {colour}")]);
            }
        }
        xterm.args(["-geometry", &format!("{}x{ROWS}+0+0", shot.columns)]);
        xterm.args(["-e", "sh", "-c", PLAY]).current_dir(stage.folder());
        xterm.env("DISPLAY", &display.name).env("PATH", path).env("LANG", "C.UTF-8");
        xterm.env("COMMAND", command).env("SAID", &said).env("ENDED", &ended);
        for name in ["PHOENIX_ORCH_CONFIG", "RUST_LOG", "NO_COLOR", "COLUMNS", "LC_ALL"] {
            xterm.env_remove(name);
        }
        let program = xterm.stdin(Stdio::null()).spawn().context("cannot start xterm")?;
        Ok(Self { display, program, look: shot.look, said, answered: 0, ended })
    }

    /// Waits for the moment, takes the picture, and answers.
    pub(super) fn photograph(&mut self, moment: &Moment, file: &Path) -> Result<()> {
        self.wait(&moment.when)?;
        sleep(DRAWN);
        self.picture(file)?;
        if let Some(answer) = moment.answer {
            self.answered = self.heard().len();
            process::quiet(self.x("xdotool").args(["key", answer, "Return"]))?;
        }
        Ok(())
    }

    fn heard(&self) -> Vec<u8> {
        fs::read(&self.said).unwrap_or_default()
    }

    fn wait(&self, when: &When) -> Result<()> {
        let begin = Instant::now();
        loop {
            interrupt::check()?;
            let heard = self.heard();
            let ended = self.ended.exists();
            let new = String::from_utf8_lossy(heard.get(self.answered..).unwrap_or_default());
            match when {
                When::Says(text) if new.contains(text) => return Ok(()),
                When::Ended if ended => return Ok(()),
                When::Says(text) if ended => bail!("it has ended without `{text}`:\n{new}"),
                _ if begin.elapsed() > LIMIT => bail!("it does not come to that:\n{new}"),
                _ => sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Of the whole width, down to the last line.
    fn picture(&self, file: &Path) -> Result<()> {
        let raw = file.with_extension("raw.png");
        let search = ["search", "--onlyvisible", "--class", "xterm"];
        let window = process::quiet(self.x("xdotool").args(search))?.stdout;
        process::quiet(self.x("import").args(["-window", window.trim()]).arg(&raw))?;
        let [background, _] = self.look.colours();
        // `%@` is where something is besides the colour of the corners: `595x316+8+10`.
        let seen =
            process::quiet(Command::new("convert").arg(&raw).args(["-format", "%@", "info:"]))?;
        let bottom = bottom(seen.stdout.trim()).context("nothing is to be seen")?;
        let mut convert = Command::new("convert");
        convert.arg(&raw).args(["-crop", &format!("0x{}+0+0", bottom + MARGIN), "+repage"]);
        convert.args(["-background", background, "-colors", "128", "-strip"]).arg(file);
        process::quiet(&mut convert)?;
        fs::remove_file(&raw).context("cannot remove the raw picture")
    }

    fn x(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.display.name);
        command
    }
}

/// The last line of pixels of `WIDTHxHEIGHT+X+Y`.
fn bottom(place: &str) -> Option<u32> {
    let (size, offset) = place.split_once('+')?;
    let height: u32 = size.split_once('x')?.1.parse().ok()?;
    let y: u32 = offset.split_once('+')?.1.parse().ok()?;
    Some(height + y)
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        end(&mut self.program);
    }
}
