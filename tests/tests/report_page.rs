//! The page of a run (`runs show --html`) in a real browser: as light, dark, narrow and printed, and with everything in it that
//! a container could say to do harm.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use phoenix_orch::{
    engine::{Body, Event, Sink as _},
    journal::{Journal, JournalSink},
};
use phoenix_tests::{Browser, Workbench};
use serde_json::{Value, json};
use xtask::{process, workspace};

/// What is looked at in the page; a list of complaints.
const CHECKS: &str = include_str!("report_page/checks.js");

/// A run in which everything has happened that can, with hostile text everywhere.
const EVERYTHING: &str = include_str!("../../orchestrator/fixtures/run-of-everything.jsonl");

/// Pictures of the last tests, for people to look at.
fn pictures() -> Result<PathBuf> {
    let folder = workspace::target().join("report-page");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A workbench whose journal has this run, and the page that phoenix-orch makes of it.
fn page(events: &[Event]) -> Result<(Workbench, PathBuf)> {
    let bench = Workbench::empty()?;
    let journal = Journal::open(&bench.folder().join("state"))?;
    let mut sink = JournalSink(&journal);
    // What is settled was begun by an earlier run, which the journal knows.
    for event in events {
        if let Body::Settled { of, .. } = &event.body {
            let body = events[0].body.clone();
            sink.hear(&Event { run: of.clone(), body, ..event.clone() })?;
        }
    }
    events.iter().try_for_each(|event| sink.hear(event))?;
    drop(journal);
    let path = bench.folder().join("run.html");
    let run = events.first().context("no events")?.run.clone();
    let words = ["runs", "show", &run, "--html", &path.to_string_lossy()];
    let shown = bench.run(&words)?.expect_code(0)?;
    ensure!(shown.stdout().is_empty() && shown.stderr().is_empty(), "{shown:?}");
    ensure!(fs::metadata(&path)?.permissions().mode() & 0o777 == 0o600, "others can read it");
    Ok((bench, path))
}

fn everything() -> Result<Vec<Event>> {
    EVERYTHING.lines().map(|line| serde_json::from_str(line).context("no event")).collect()
}

/// A run over this many containers, in which all went as ever but in one.
fn many(containers: usize) -> Result<Vec<Event>> {
    let steps = ["apparmor-profile", "fuse-overlayfs", "docker-install"];
    let units: Vec<Value> = (0..containers)
        .flat_map(|number| {
            steps.map(|step| json!({ "step": step, "target": (100 + number).to_string() }))
        })
        .collect();
    let waits_for: Vec<Vec<usize>> =
        (0..units.len()).map(|at| if at % 3 == 0 { vec![] } else { vec![at - 1] }).collect();
    let mut bodies = vec![json!({
        "event": "run_started", "verb": "run", "version": "0.1.0", "features": ["docker"], "units": units, "waits_for": waits_for,
    })];
    for (at, unit) in units.iter().enumerate() {
        let outcome = match at {
            7 => {
                json!({ "outcome": "failed", "error": { "exit": 7, "code": "X-FAILED", "message": "it failed" } })
            }
            _ => json!({ "outcome": "unchanged" }),
        };
        bodies.push(json!({ "event": "unit_started", "unit": unit }));
        bodies.push(json!({ "event": "checked", "unit": unit, "round": 1, "changes": [], "notes": ["fine"], "warnings": [] }));
        bodies.push(
            json!({ "event": "unit_finished", "unit": unit, "outcome": outcome, "took_ms": 8 }),
        );
    }
    bodies.push(json!({ "event": "run_finished", "took_ms": 2000, "exit": 7 }));
    let event = |(at, mut body): (usize, Value)| {
        let head = json!({ "format": 2, "run": "20261127T090000Z-50", "seq": at + 1, "at": format!("2026-11-27T09:00:{:02}.{:03}Z", at / 200, at % 200 * 5) });
        for (key, value) in head.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        serde_json::from_value(body).context("no event")
    };
    bodies.into_iter().enumerate().map(event).collect()
}

fn complaints(browser: &mut Browser) -> Result<Vec<String>> {
    Ok(serde_json::from_value(browser.value(CHECKS)?)?)
}

/// Looks at a page in every way that it may be seen, and keeps pictures of them.
fn look(path: &Path, name: &str) -> Result<Browser> {
    let mut browser = Browser::start()?;
    for (scheme, width) in [("light", 1200), ("dark", 1200), ("light", 400), ("dark", 400)] {
        browser.resize(width, 900)?;
        browser.prefer("screen", scheme)?;
        browser.open(path)?;
        fs::write(pictures()?.join(format!("{name}-{scheme}-{width}.png")), browser.picture()?)?;
        let complaints = complaints(&mut browser)?;
        ensure!(complaints.is_empty(), "{scheme}, {width} wide: {complaints:#?}");
        let dark = browser.value("matchMedia('(prefers-color-scheme: dark)').matches")?;
        ensure!(dark == (scheme == "dark"), "the scheme is not as asked for");
        ensure!(browser.requests().is_empty(), "it asks for {:?}", browser.requests());
        ensure!(browser.complaints().is_empty(), "it complains: {:#?}", browser.complaints());
    }
    Ok(browser)
}

/// What is on the paper.
fn on_paper(browser: &mut Browser, path: &Path, name: &str) -> Result<String> {
    browser.resize(800, 900)?;
    browser.prefer("", "dark")?;
    browser.open(path)?;
    let pdf = pictures()?.join(format!("{name}.pdf"));
    fs::write(&pdf, browser.printed()?)?;
    let mut command = Command::new("pdftotext");
    let text = process::capture(
        command.args(["-layout"]).arg(&pdf).arg("-"),
        None,
        Duration::from_secs(60),
    )?;
    ensure!(text.code == 0, "{text}");
    Ok(text.stdout)
}

#[test]
fn a_page_with_everything_in_it_can_be_read_by_anybody_and_does_nothing() -> Result<()> {
    let (_bench, path) = page(&everything()?)?;
    let mut browser = look(&path, "everything")?;
    // What a container said is shown, and changed nothing of the page.
    let text = browser.value("document.body.innerText")?;
    let text = text.as_str().unwrap_or_default();
    for part in [
        "</script><script>alert(1)</script>",
        "onerror=\"document.title=1\">",
        "\\u{202e}",
        "\\u{1b}[31mred",
    ] {
        assert!(text.contains(part), "no `{part}`:\n{text}");
    }
    assert_eq!(browser.value("document.title === '1'")?, false);
    // On paper all is unfolded but what commands printed, which says how much it is.
    let paper = on_paper(&mut browser, &path, "everything")?;
    for part in ["rule 0,", "rule 59,", "Expected", "Output of commands: 12 lines", "Skipped"] {
        assert!(
            paper.to_lowercase().contains(&part.to_lowercase()),
            "no `{part}` on paper:\n{paper}"
        );
    }
    assert!(!paper.contains("Setting up package"), "{paper}");
    Ok(())
}

#[test]
fn fifty_containers_fit_on_a_page() -> Result<()> {
    let (_bench, path) = page(&many(50)?)?;
    let mut browser = look(&path, "fifty")?;
    browser.resize(1200, 900)?;
    browser.open(&path)?;
    // Two drawn ways through the run; what failed is open, and the rest is folded.
    assert_eq!(browser.value("document.querySelectorAll('.drawing .frame').length")?, 2);
    assert_eq!(browser.value("document.querySelectorAll('.target').length")?, 50);
    let open = browser.value(
        "[...document.querySelectorAll('.target[open] h3')].map((name) => name.textContent)",
    )?;
    assert_eq!(open, json!(["102"]));
    let high = browser.value("document.documentElement.scrollHeight")?.as_u64().unwrap_or(u64::MAX);
    assert!(high < 6000, "{high} pixels high");
    Ok(())
}

#[test]
fn the_keyboard_goes_everywhere() -> Result<()> {
    let (_bench, path) = page(&everything()?)?;
    let mut browser = Browser::start()?;
    browser.resize(1200, 900)?;
    browser.open(&path)?;
    let reached = browser.value(
        "[...document.querySelectorAll('a, summary, [tabindex]')].filter((element) => {
            element.focus();
            return document.activeElement === element
                && getComputedStyle(element).outlineStyle === 'solid' && parseFloat(getComputedStyle(element).outlineWidth) >= 2;
        }).length",
    )?;
    let all = browser.value("[...document.querySelectorAll('a, summary, [tabindex]')].filter((element) => element.checkVisibility()).length")?;
    assert_eq!(reached, all);
    assert!(all.as_u64() > Some(10), "{all}");
    Ok(())
}

/// A check that never complains checks nothing.
#[test]
fn the_checks_find_what_is_wrong() -> Result<()> {
    let (_bench, path) = page(&everything()?)?;
    let good = fs::read_to_string(&path)?;
    let mut browser = Browser::start()?;
    browser.resize(700, 900)?;
    for (from, to, complaint) in [
        ("--quiet:#4f5b67", "--quiet:#9aa5b0", "contrast"),
        (
            ".node .line{font-size:12px;fill:#3d4753}",
            ".node .line{font-size:12px;fill:#c9d2da}",
            "contrast",
        ),
        ("<h2 id=\"summary-h\">", "<h4 id=\"summary-h\">", "a level of headings is left out"),
        (" lang=\"en\"", "", "no language"),
        ("href=\"#unit-8\"", "href=\"#unit-none\"", "nothing is called unit-none"),
        (" tabindex=\"0\"", "", "scrolls without the keyboard"),
        ("<footer>", "<footer onclick=\"x\">", "has onclick"),
        ("<footer>", "<footer><img alt=\"\">", "could load or run"),
        ("overflow-wrap:anywhere", "white-space:nowrap", "wide, and the window 700"),
        ("aria-hidden=\"true\"", "", "a picture that is neither told nor hidden"),
    ] {
        let bad = good.replace(from, to);
        ensure!(bad != good && bad.contains(to), "`{from}` is not in the page");
        fs::write(&path, bad)?;
        browser.open(&path)?;
        let found = complaints(&mut browser)?;
        assert!(
            found.iter().any(|one| one.contains(complaint)),
            "`{to}` is not complained of ({complaint}): {found:#?}"
        );
    }
    // And the browser tells of what a page asks for.
    fs::write(
        &path,
        good.replace("default-src 'none'", "")
            .replace("img-src data:", "")
            .replace("<footer>", "<footer><img src=\"x.png\">"),
    )?;
    browser.open(&path)?;
    assert_eq!(browser.requests().len(), 1, "{:?}", browser.requests());
    fs::write(&path, good.replace("<footer>", "<footer><img src=\"http://localhost:9/x.png\">"))?;
    browser.open(&path)?;
    assert!(
        browser.complaints().iter().any(|one| one.contains("Content Security Policy")),
        "{:?}",
        browser.complaints()
    );
    Ok(())
}
