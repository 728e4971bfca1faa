//! A real Chromium without a window, spoken to over a pipe in its own protocol (`--remote-debugging-pipe`): JSON
//! documents that end with a zero byte. Nothing of a network is needed, and no driver.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Nothing that a page does takes longer, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(120);

/// It looks for nothing outside: the machine that tests may have no network, and the page needs none.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
    "about:blank",
];

/// A browser with one page, ended when it is dropped.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: String,
    number: u64,
    /// What it told without being asked.
    events: Vec<Value>,
    /// Its profile, new and empty.
    _profile: TempDir,
}

impl Browser {
    /// Starts it.
    pub fn start() -> Result<Self> {
        let profile = tempfile::tempdir()?;
        // It reads from descriptor 3 and writes to 4: a shell makes those of the two that we can give.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "chromium"]);
        command.arg(format!("--user-data-dir={}", profile.path().display())).args(FLAGS);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("cannot start `chromium`")?;
        let to = child.stdin.take().context("no way to it")?;
        let from = listen(child.stdout.take().context("no way from it")?);
        let (session, events) = (String::new(), Vec::new());
        let mut browser = Self { child, to, from, session, number: 0, events, _profile: profile };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let words = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", &words)?;
        browser.session = session["sessionId"].as_str().context("no session")?.to_owned();
        for domain in ["Page", "Network", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}))?;
        }
        Ok(browser)
    }

    /// Opens a file, and waits until it is loaded.
    pub fn open(&mut self, path: &Path) -> Result<()> {
        self.events.clear();
        let answer = self.call("Page.navigate", &json!({ "url": url(path) }))?;
        if let Some(error) = answer["errorText"].as_str() {
            bail!("{} cannot be opened: {error}", path.display());
        }
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            self.hear()?;
        }
        Ok(())
    }

    /// Sets how wide and high the window is, in CSS pixels.
    pub fn resize(&mut self, width: u32, height: u32) -> Result<()> {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size).map(drop)
    }

    /// Shows the page as on this medium (`screen`, `print`) to somebody who prefers this scheme (`light`, `dark`).
    pub fn prefer(&mut self, medium: &str, scheme: &str) -> Result<()> {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let words = json!({ "media": medium, "features": features });
        self.call("Emulation.setEmulatedMedia", &words).map(drop)
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Result<Value> {
        let words =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", &words)?;
        if let Some(details) = answer.get("exceptionDetails") {
            bail!("the page's answer is an exception: {details}");
        }
        Ok(answer["result"]["value"].clone())
    }

    /// A picture of the whole page, as PNG.
    pub fn picture(&mut self) -> Result<Vec<u8>> {
        let words = json!({ "format": "png", "captureBeyondViewport": true });
        let answer = self.call("Page.captureScreenshot", &words)?;
        Ok(BASE64.decode(answer["data"].as_str().context("no picture")?)?)
    }

    /// The page as it would be printed on A4, as PDF.
    pub fn printed(&mut self) -> Result<Vec<u8>> {
        let words = json!({ "paperWidth": 8.27, "paperHeight": 11.69, "printBackground": false });
        let answer = self.call("Page.printToPDF", &words)?;
        Ok(BASE64.decode(answer["data"].as_str().context("no document")?)?)
    }

    /// What the page has asked for since it was opened, itself left out.
    pub fn requests(&self) -> Vec<String> {
        let asked =
            self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        let asked = asked.filter(|event| event["params"]["type"] != "Document");
        asked.map(|event| event["params"]["request"]["url"].to_string()).collect()
    }

    /// What it has complained of since the page was opened: in the console, of the policy, of the page's code.
    pub fn complaints(&self) -> Vec<String> {
        let heard = self.events.iter().filter(|event| {
            matches!(
                event["method"].as_str().unwrap_or_default(),
                "Log.entryAdded" | "Runtime.consoleAPICalled" | "Runtime.exceptionThrown"
            )
        });
        heard.map(|event| event["params"].to_string()).collect()
    }

    fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.number += 1;
        let number = self.number;
        let mut words = json!({ "id": number, "method": method, "params": params });
        if !self.session.is_empty() {
            words["sessionId"] = json!(self.session);
        }
        self.to.write_all(format!("{words}\0").as_bytes()).context("chromium is gone")?;
        loop {
            let answer = self.hear()?;
            if answer["id"] == number {
                return match answer.get("error") {
                    Some(error) => bail!("{method}: {error}"),
                    None => Ok(answer["result"].clone()),
                };
            }
        }
    }

    /// The next thing that it says; what is no answer is kept.
    fn hear(&mut self) -> Result<Value> {
        let heard = self.from.recv_timeout(LIMIT).context("chromium says nothing")?;
        if heard.get("method").is_some() {
            self.events.push(heard.clone());
        }
        Ok(heard)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its other processes end when it does. There is nobody to tell of a failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(from: ChildStdout) -> Receiver<Value> {
    let (tell, heard) = mpsc::channel();
    thread::spawn(move || {
        for document in BufReader::new(from).split(0).map_while(Result::ok) {
            let Ok(document) = serde_json::from_slice(&document) else { break };
            if tell.send(document).is_err() {
                break;
            }
        }
    });
    heard
}

/// Files of tests have no characters in their names that mean something in an address.
fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}
