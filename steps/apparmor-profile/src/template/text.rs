//! Groups as text. Pure.

use super::{Group, NAME, Settings};

/// Where the BuildKit in dockerd has the root of a build's container.
const BUILD_ROOT: &str = "@{PHOENIX_DOCKER}/buildkit/executor/*/rootfs";

/// Letters in a line of comment, at most.
const WIDTH: usize = 100;

/// The whole file. `attach_disconnected`: containers are handed files from outside their root;
/// `mediate_deleted`: what was removed while it is open is still guarded.
pub(super) fn file(settings: &Settings, groups: &[Group]) -> String {
    let mut text = format!(
        "# Managed by phoenix-orch (apparmor-profile); changes by hand are replaced at the next run.\n\
         abi <abi/3.0>,\n\
         include <tunables/global>\n\
         include <tunables/nesting>\n\n\
         # Docker's data roots, and where Docker and its BuildKit mount the root of a container.\n\
         @{{PHOENIX_DOCKER}} = {}\n\
         @{{PHOENIX_ROOT}} = {} {BUILD_ROOT}\n\n\
         profile {NAME} flags=(attach_disconnected,mediate_deleted) {{\n",
        settings.all_data_roots().collect::<Vec<_>>().join(" "),
        settings.storage_driver.root()
    );
    for (at, group) in groups.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(&comment(&format!("[{}] {}", group.id, group.reason)));
        for rule in &group.rules {
            text.push_str(&format!("  {rule}\n"));
        }
    }
    text.push_str("}\n");
    text
}

fn comment(reason: &str) -> String {
    let mut lines = vec![String::from("  #")];
    for word in reason.split_whitespace() {
        if lines.last().is_some_and(|line| line.len() + word.len() >= WIDTH) {
            lines.push(String::from("  #"));
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}
