//! The `docker run` line of a container, from what `docker inspect` says of it and of its image.

use serde_json::Value;

use super::{
    super::{images::Image, survey::word},
    quote,
};

mod limits;
mod places;

/// The words of the line so far, and the document they come from.
struct Line<'a> {
    container: &'a Value,
    image: &'a Value,
    words: Vec<String>,
}

/// The line. Whatever is as the image or Docker's defaults have it is left out.
pub(super) fn line(container: &Value, image: Option<&Image>) -> String {
    let mut line = Line {
        container,
        image: image.map_or(&Value::Null, |image| &image.config),
        words: ["docker", "run", "--detach"].map(str::to_owned).to_vec(),
    };
    line.identity();
    line.environment();
    line.places();
    line.network();
    line.rights();
    line.limits();
    line.image_and_command(image);
    let mut text = quote::line(&line.words);
    for network in line.further_networks() {
        let name = word(container, "/Name").trim_start_matches('/');
        text += &format!(" && {}", quote::line(["docker", "network", "connect", &network, name]));
    }
    text
}

impl<'a> Line<'a> {
    /// `--option value`.
    fn option(&mut self, option: &str, value: impl Into<String>) {
        self.words.extend([option.to_owned(), value.into()]);
    }

    /// A text of the host's configuration, unless it is one of the defaults.
    fn text(&mut self, option: &str, pointer: &str, defaults: &[&str]) {
        let value = word(self.container, pointer);
        if !value.is_empty() && !defaults.contains(&value) {
            self.option(option, value);
        }
    }

    /// A number that is neither missing nor zero nor the default.
    fn number(&mut self, option: &str, pointer: &str, default: i64) {
        let value = self.container.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
        if value != 0 && value != default {
            self.option(option, value.to_string());
        }
    }

    fn flag(&mut self, option: &str, pointer: &str) {
        if self.container.pointer(pointer) == Some(&Value::Bool(true)) {
            self.words.push(option.to_owned());
        }
    }

    /// One option for each text in a list.
    fn each(&mut self, option: &str, pointer: &str) {
        for value in texts(self.container.pointer(pointer)) {
            self.option(option, value);
        }
    }

    fn identity(&mut self) {
        let name = word(self.container, "/Name").trim_start_matches('/');
        if !name.is_empty() {
            self.option("--name", name);
        }
        // Docker makes the name of a host of the beginning of the id, which a new container does not have.
        let host = word(self.container, "/Config/Hostname");
        let mode = word(self.container, "/HostConfig/NetworkMode");
        let own = !host.is_empty() && !word(self.container, "/Id").starts_with(host);
        if own && mode != "host" && !mode.starts_with("container:") {
            self.option("--hostname", host);
        }
        self.text("--domainname", "/Config/Domainname", &[]);
        let policy = word(self.container, "/HostConfig/RestartPolicy/Name");
        if !matches!(policy, "" | "no") {
            let pointer = "/HostConfig/RestartPolicy/MaximumRetryCount";
            let retries = self.container.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
            let retries = if retries > 0 { format!(":{retries}") } else { String::new() };
            self.option("--restart", format!("{policy}{retries}"));
        }
        self.flag("--rm", "/HostConfig/AutoRemove");
        self.flag("--interactive", "/Config/OpenStdin");
        self.flag("--tty", "/Config/Tty");
        for (option, key) in
            [("--user", "User"), ("--workdir", "WorkingDir"), ("--stop-signal", "StopSignal")]
        {
            if word(self.container, &format!("/Config/{key}"))
                != word(self.image, &format!("/{key}"))
            {
                self.text(option, &format!("/Config/{key}"), &[]);
            }
        }
        self.number("--stop-timeout", "/Config/StopTimeout", 10);
    }

    fn environment(&mut self) {
        let known = texts(self.image.get("Env"));
        for value in texts(self.container.pointer("/Config/Env")) {
            if !known.contains(&value) {
                self.option("--env", value);
            }
        }
        let labels = pairs(self.container.pointer("/Config/Labels"));
        let known = pairs(self.image.get("Labels"));
        for label in labels.into_iter().filter(|label| !known.contains(label)) {
            self.option("--label", format!("{}={}", label.0, label.1));
        }
    }

    fn image_and_command(&mut self, image: Option<&Image>) {
        let entry = texts(self.container.pointer("/Config/Entrypoint"));
        let command = texts(self.container.pointer("/Config/Cmd"));
        let same_entry = entry == texts(self.image.get("Entrypoint"));
        let mut arguments = Vec::new();
        if !same_entry {
            // An empty one takes the image's away; what stands behind the first word goes before the command.
            self.option("--entrypoint", entry.first().cloned().unwrap_or_default());
            arguments.extend(entry.into_iter().skip(1));
        }
        // With another entry point the image's own command does not count any more.
        if !same_entry || command != texts(self.image.get("Cmd")) {
            arguments.extend(command);
        }
        self.words.push(named(self.container, image));
        self.words.extend(arguments);
    }
}

/// The name that the container was started with if it still means the same image, else the image's id.
fn named(container: &Value, image: Option<&Image>) -> String {
    let name = word(container, "/Config/Image");
    match image {
        Some(image)
            if !image.tags.iter().any(|tag| tag == name || *tag == format!("{name}:latest")) =>
        {
            image.id.clone()
        }
        _ => name.to_owned(),
    }
}

/// The texts of a list; whatever else is in it is not one of Docker's.
fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Names and texts of an object, sorted by name.
fn pairs(value: Option<&Value>) -> Vec<(String, String)> {
    let pairs = value.and_then(Value::as_object).into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests;
