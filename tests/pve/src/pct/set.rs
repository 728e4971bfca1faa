//! `pct set` and `pct unlock`.

use std::path::Path;

use sha1::{Digest, Sha1};

use super::command::Command;
use super::failure::Failure;
use super::flock;
use super::guest::{Guest, check_lock};
use super::lxc_config;
use super::options::{Line, refused};
use super::state::is_running;
use super::update::{Wish, update};
use super::voice::Voice;
use crate::conf::{check_features, check_value, decode};

/// What is no key of the configuration.
const OWN: &[&str] = &["delete", "digest", "force", "revert"];

/// `pct set`.
pub(super) fn set(id: u32, line: &Line, command: &Command) -> Result<(), Failure> {
    let wish = wish(line, command)?;
    if wish.set.is_empty() && wish.delete.is_empty() && wish.revert.is_empty() {
        return Err(Failure::new("no options specified", 2));
    }
    let mut guest = Guest::new(id, Voice::Plain);
    // Proxmox looks for the file before it waits for anybody.
    guest.text()?;
    let _held = flock::take(id, guest.voice)?;
    let mut conf = guest.load()?;
    check_lock(&conf)?;
    if let Some(digest) = line.option("digest")
        && digest != digest_of(&guest.text()?)
    {
        let text = "detected modified configuration - file changed by other user? Try again.";
        return Err(Failure::new(text, 255));
    }
    let remarks = update(&mut conf, &wish, is_running(id)?);
    for remark in remarks.map_err(|text| Failure::new(text, 255))? {
        guest.voice.remark(&remark);
    }
    guest.store(&conf)?;
    check_bridges(&wish)?;
    let conf = guest.load()?;
    lxc_config::write(id, &conf, guest.voice)
}

fn wish(line: &Line, command: &Command) -> Result<Wish, Failure> {
    let mut wish = Wish::default();
    let mut wrong = Vec::new();
    for (key, value) in &line.options {
        match key.as_str() {
            "delete" | "revert" => {
                let names = value.split([',', ';', ' ']).filter(|name| !name.is_empty());
                let names: Vec<String> = names.map(str::to_owned).collect();
                for name in names.iter().filter(|name| !is_key(name)) {
                    wrong
                        .push(format!("{key}: invalid format - invalid configuration ID '{name}'"));
                }
                let list = if key == "delete" { &mut wish.delete } else { &mut wish.revert };
                list.extend(names);
            }
            "features" => {
                if let Err(lines) = check_features(value) {
                    wrong.push("features: invalid format - format error".to_owned());
                    wrong.extend(lines.iter().map(|line| format!("features.{line}")));
                }
                wish.set.push((key.clone(), value.clone()));
            }
            own if OWN.contains(&own) => {}
            _ => {
                wrong.extend(check_value(key, value).err().map(|why| format!("{key}: {why}")));
                let value = if key == "description" { decode(value) } else { value.clone() };
                wish.set.push((key.clone(), value));
            }
        }
    }
    if wrong.is_empty() { Ok(wish) } else { Err(refused(command, &wrong)) }
}

fn is_key(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    name.len() > 1 && name.as_bytes()[0].is_ascii_alphabetic() && name.bytes().all(word)
}

/// What `--digest` has to be: of the whole file.
fn digest_of(text: &str) -> String {
    Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Proxmox notices a bridge that is not there when the file has been written already.
fn check_bridges(wish: &Wish) -> Result<(), Failure> {
    for (_, value) in wish.set.iter().filter(|(key, _)| key.starts_with("net")) {
        let bridge = value.split(',').find_map(|part| part.strip_prefix("bridge="));
        if let Some(bridge) = bridge
            && !Path::new("/sys/class/net").join(bridge).exists()
        {
            return Err(Failure::new(format!("bridge '{bridge}' does not exist"), 2));
        }
    }
    Ok(())
}

/// `pct unlock`.
pub(super) fn unlock(id: u32) -> Result<(), Failure> {
    let mut guest = Guest::new(id, Voice::Plain);
    guest.text()?;
    let _held = flock::take(id, guest.voice)?;
    let mut conf = guest.load()?;
    if conf.main.values.remove("lock").is_none() {
        return Err(Failure::new("no lock found trying to remove any lock", 255));
    }
    guest.store(&conf)
}
