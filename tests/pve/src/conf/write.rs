//! To the text of the file.

use super::section::{Conf, Section};
use super::text::encode;

/// The whole file. Remarks stand at the top of their section, the keys are sorted, the raw lines follow.
pub fn write(conf: &Conf) -> String {
    let mut text = String::new();
    section(&mut text, &conf.main);
    if !conf.pending.is_empty() {
        text.push_str("\n[pve:pending]\n");
        section(&mut text, &conf.pending);
    }
    for (name, snapshot) in &conf.snapshots {
        text.push_str(&format!("\n[{name}]\n"));
        section(&mut text, snapshot);
    }
    text
}

fn section(text: &mut String, section: &Section) {
    // Perl's split leaves empty lines at the end out.
    let description = section.get("description").unwrap_or_default().trim_end_matches('\n');
    for line in description.split('\n').filter(|_| !description.is_empty()) {
        text.push_str(&format!("#{}\n", encode(line)));
    }
    for (key, value) in section.values.iter().filter(|(key, _)| *key != "description") {
        text.push_str(&format!("{key}: {value}\n"));
    }
    for (key, value) in &section.raw {
        text.push_str(&format!("{key}: {value}\n"));
    }
}
