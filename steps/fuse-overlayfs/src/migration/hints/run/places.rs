//! Volumes, other mounts and networks.

use serde_json::Value;

use super::{super::super::survey::word, Line, pairs, texts};

impl Line<'_> {
    pub(super) fn places(&mut self) {
        self.each("--volume", "/HostConfig/Binds");
        self.each("--volumes-from", "/HostConfig/VolumesFrom");
        let mut known: Vec<String> = texts(self.container.pointer("/HostConfig/Binds"))
            .iter()
            .filter_map(|bind| bind.split(':').nth(1).map(str::to_owned))
            .collect();
        for mount in array(self.container.pointer("/HostConfig/Mounts")) {
            known.push(word(&mount, "/Target").to_owned());
            self.option("--mount", spelt(&mount));
        }
        // Volumes without a name of their own: a new container gets the data only if it is told where they are.
        for mount in array(self.container.pointer("/Mounts")) {
            let target = word(&mount, "/Destination");
            if word(&mount, "/Type") == "volume" && !known.iter().any(|one| one == target) {
                self.option("--volume", format!("{}:{target}", word(&mount, "/Name")));
            }
        }
        for (path, options) in pairs(self.container.pointer("/HostConfig/Tmpfs")) {
            let options = if options.is_empty() { options } else { format!(":{options}") };
            self.option("--tmpfs", format!("{path}{options}"));
        }
    }

    pub(super) fn network(&mut self) {
        self.text("--network", "/HostConfig/NetworkMode", &["default", "bridge"]);
        let mode = word(self.container, "/HostConfig/NetworkMode").to_owned();
        let own =
            self.container.pointer("/NetworkSettings/Networks").and_then(|all| all.get(&mode));
        for (option, key) in [("--ip", "IPv4Address"), ("--ip6", "IPv6Address")] {
            let address = own.map_or("", |own| word(own, &format!("/IPAMConfig/{key}")));
            if !address.is_empty() {
                self.option(option, address);
            }
        }
        let id = word(self.container, "/Id");
        let host = word(self.container, "/Config/Hostname");
        for alias in texts(own.and_then(|own| own.get("Aliases"))) {
            // Docker adds these two by itself.
            if alias != host && !id.starts_with(&alias) {
                self.option("--network-alias", alias);
            }
        }
        self.flag("--publish-all", "/HostConfig/PublishAllPorts");
        let bindings =
            self.container.pointer("/HostConfig/PortBindings").and_then(Value::as_object);
        for (port, bindings) in bindings.into_iter().flatten() {
            for binding in array(Some(bindings)) {
                let address = match word(&binding, "/HostIp") {
                    "" => String::new(),
                    address if address.contains(':') => format!("[{address}]:"),
                    address => format!("{address}:"),
                };
                let host = word(&binding, "/HostPort");
                self.option("--publish", format!("{address}{host}:{port}"));
            }
        }
        let exposed = |value: Option<&Value>| -> Vec<String> {
            value
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(port, _)| port.clone())
                .collect()
        };
        let mut known = exposed(self.image.get("ExposedPorts"));
        known.extend(exposed(self.container.pointer("/HostConfig/PortBindings")));
        for port in exposed(self.container.pointer("/Config/ExposedPorts")) {
            if !known.contains(&port) {
                self.option("--expose", port);
            }
        }
        for (option, key) in [
            ("--add-host", "ExtraHosts"),
            ("--dns", "Dns"),
            ("--dns-search", "DnsSearch"),
            ("--dns-option", "DnsOptions"),
        ] {
            self.each(option, &format!("/HostConfig/{key}"));
        }
        for link in texts(self.container.pointer("/HostConfig/Links")) {
            // `/db:/web/alias`
            let (from, alias) = link.split_once(':').unwrap_or((&link, ""));
            let alias = alias.rsplit('/').next().unwrap_or_default();
            self.option("--link", format!("{}:{alias}", from.trim_start_matches('/')));
        }
    }

    /// Those that `docker run` of older versions cannot name in the same line.
    pub(super) fn further_networks(&self) -> Vec<String> {
        let mode = word(self.container, "/HostConfig/NetworkMode");
        let all = self.container.pointer("/NetworkSettings/Networks").and_then(Value::as_object);
        let names = all.into_iter().flatten().map(|(name, _)| name.clone());
        if matches!(mode, "host" | "none") || mode.starts_with("container:") {
            return Vec::new();
        }
        let first = if mode == "default" { "bridge" } else { mode };
        names.filter(|name| name != first).collect()
    }
}

fn spelt(mount: &Value) -> String {
    let mut parts = vec![format!("type={}", word(mount, "/Type"))];
    for (key, name) in [("source", "/Source"), ("target", "/Target")] {
        let value = word(mount, name);
        if !value.is_empty() {
            parts.push(format!("{key}={value}"));
        }
    }
    if mount.get("ReadOnly") == Some(&Value::Bool(true)) {
        parts.push("readonly".to_owned());
    }
    let propagation = word(mount, "/BindOptions/Propagation");
    if !propagation.is_empty() {
        parts.push(format!("bind-propagation={propagation}"));
    }
    if let Some(size) = mount.pointer("/TmpfsOptions/SizeBytes").and_then(Value::as_u64) {
        parts.push(format!("tmpfs-size={size}"));
    }
    parts.join(",")
}

pub(super) fn array(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}
