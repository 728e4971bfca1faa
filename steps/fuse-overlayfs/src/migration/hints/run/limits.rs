//! Rights and limits.

use serde_json::Value;

use super::{super::super::survey::word, Line, pairs, places::array, texts};

impl Line<'_> {
    pub(super) fn rights(&mut self) {
        self.flag("--privileged", "/HostConfig/Privileged");
        self.flag("--read-only", "/HostConfig/ReadonlyRootfs");
        self.flag("--init", "/HostConfig/Init");
        self.each("--cap-add", "/HostConfig/CapAdd");
        self.each("--cap-drop", "/HostConfig/CapDrop");
        self.each("--group-add", "/HostConfig/GroupAdd");
        self.each("--device-cgroup-rule", "/HostConfig/DeviceCgroupRules");
        // Docker itself switches the label off for a privileged container.
        let privileged =
            self.container.pointer("/HostConfig/Privileged") == Some(&Value::Bool(true));
        for option in texts(self.container.pointer("/HostConfig/SecurityOpt")) {
            if !(privileged && option == "label=disable") {
                self.option("--security-opt", option);
            }
        }
        for device in array(self.container.pointer("/HostConfig/Devices")) {
            let part = |name| word(&device, name);
            let (inside, outside) = (part("/PathInContainer"), part("/PathOnHost"));
            let rights = part("/CgroupPermissions");
            self.option("--device", format!("{outside}:{inside}:{rights}"));
        }
        for request in array(self.container.pointer("/HostConfig/DeviceRequests")) {
            let names = texts(request.get("DeviceIDs"));
            let what = if names.is_empty() { "all".to_owned() } else { names.join(",") };
            match word(&request, "/Driver") {
                "cdi" => names.into_iter().for_each(|name| self.option("--device", name)),
                _ => self.option("--gpus", what),
            }
        }
        self.text("--pid", "/HostConfig/PidMode", &[]);
        self.text("--ipc", "/HostConfig/IpcMode", &["private", "shareable"]);
        self.text("--uts", "/HostConfig/UTSMode", &[]);
        self.text("--userns", "/HostConfig/UsernsMode", &[]);
        self.text("--cgroup-parent", "/HostConfig/CgroupParent", &[]);
        self.text("--runtime", "/HostConfig/Runtime", &["runc", "io.containerd.runc.v2"]);
    }

    pub(super) fn limits(&mut self) {
        for (option, key) in [("--sysctl", "Sysctls"), ("--storage-opt", "StorageOpt")] {
            for (name, value) in pairs(self.container.pointer(&format!("/HostConfig/{key}"))) {
                self.option(option, format!("{name}={value}"));
            }
        }
        for limit in array(self.container.pointer("/HostConfig/Ulimits")) {
            let number = |name| limit.get(name).and_then(Value::as_i64).unwrap_or_default();
            let (soft, hard) = (number("Soft"), number("Hard"));
            self.option("--ulimit", format!("{}={soft}:{hard}", word(&limit, "/Name")));
        }
        let number = |key: &str| {
            let pointer = format!("/HostConfig/{key}");
            self.container.pointer(&pointer).and_then(Value::as_i64).unwrap_or_default()
        };
        let (memory, nano_cpus) = (number("Memory"), number("NanoCpus"));
        self.number("--memory", "/HostConfig/Memory", 0);
        self.number("--memory-reservation", "/HostConfig/MemoryReservation", 0);
        // Without a word of the user's it is twice the memory.
        self.number("--memory-swap", "/HostConfig/MemorySwap", memory.saturating_mul(2));
        self.number("--memory-swappiness", "/HostConfig/MemorySwappiness", -1);
        if nano_cpus > 0 {
            let cpus = format!("{}.{:09}", nano_cpus / 1_000_000_000, nano_cpus % 1_000_000_000);
            self.option("--cpus", cpus.trim_end_matches('0').trim_end_matches('.'));
        }
        for (option, key) in [
            ("--cpu-shares", "CpuShares"),
            ("--cpu-quota", "CpuQuota"),
            ("--cpu-period", "CpuPeriod"),
            ("--blkio-weight", "BlkioWeight"),
            ("--oom-score-adj", "OomScoreAdj"),
        ] {
            self.number(option, &format!("/HostConfig/{key}"), 0);
        }
        self.number("--pids-limit", "/HostConfig/PidsLimit", -1);
        self.number("--shm-size", "/HostConfig/ShmSize", 64 << 20);
        self.flag("--oom-kill-disable", "/HostConfig/OomKillDisable");
        self.text("--cpuset-cpus", "/HostConfig/CpusetCpus", &[]);
        self.text("--cpuset-mems", "/HostConfig/CpusetMems", &[]);
        let options = pairs(self.container.pointer("/HostConfig/LogConfig/Config"));
        let driver = word(self.container, "/HostConfig/LogConfig/Type");
        if !driver.is_empty() && (driver != "json-file" || !options.is_empty()) {
            self.option("--log-driver", driver);
        }
        for (name, value) in options {
            self.option("--log-opt", format!("{name}={value}"));
        }
        self.health();
    }

    /// Of a check that the image does not have itself.
    fn health(&mut self) {
        let Some(check) =
            self.container.pointer("/Config/Healthcheck").filter(|one| one.is_object())
        else {
            return;
        };
        if Some(check) == self.image.get("Healthcheck") {
            return;
        }
        match &texts(check.get("Test"))[..] {
            [kind] if kind == "NONE" => return self.words.push("--no-healthcheck".to_owned()),
            [kind, command] if kind == "CMD-SHELL" => self.option("--health-cmd", command.clone()),
            [kind, words @ ..] if kind == "CMD" => {
                self.option("--health-cmd", super::super::quote::line(words));
            }
            _ => {}
        }
        for (option, key) in [
            ("--health-interval", "Interval"),
            ("--health-timeout", "Timeout"),
            ("--health-start-period", "StartPeriod"),
        ] {
            let nanoseconds = check.get(key).and_then(Value::as_i64).unwrap_or_default();
            if nanoseconds > 0 {
                self.option(option, format!("{nanoseconds}ns"));
            }
        }
        if let Some(retries) = check.get("Retries").and_then(Value::as_i64).filter(|n| *n > 0) {
            self.option("--health-retries", retries.to_string());
        }
    }
}
