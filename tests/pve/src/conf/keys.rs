//! Which keys there are, and what their values may be.

/// The raw keys of LXC that Proxmox lets through.
const RAW: &[&str] = &[
    "lxc.apparmor.allow_incomplete",
    "lxc.apparmor.allow_nesting",
    "lxc.apparmor.profile",
    "lxc.apparmor.raw",
    "lxc.arch",
    "lxc.autodev",
    "lxc.autodev.tmpfs.size",
    "lxc.cap.drop",
    "lxc.cap.keep",
    "lxc.console.buffer.size",
    "lxc.console.logfile",
    "lxc.console.path",
    "lxc.console.rotate",
    "lxc.console.size",
    "lxc.environment",
    "lxc.environment.hooks",
    "lxc.environment.runtime",
    "lxc.ephemeral",
    "lxc.execute.cmd",
    "lxc.group",
    "lxc.hook.autodev",
    "lxc.hook.clone",
    "lxc.hook.destroy",
    "lxc.hook.mount",
    "lxc.hook.post-stop",
    "lxc.hook.pre-mount",
    "lxc.hook.pre-start",
    "lxc.hook.start",
    "lxc.hook.start-host",
    "lxc.hook.stop",
    "lxc.hook.version",
    "lxc.idmap",
    "lxc.include",
    "lxc.init.cmd",
    "lxc.init.cwd",
    "lxc.init.gid",
    "lxc.init.uid",
    "lxc.keyring.session",
    "lxc.log.file",
    "lxc.log.level",
    "lxc.log.syslog",
    "lxc.monitor.signal.pdeath",
    "lxc.monitor.unshare",
    "lxc.mount.auto",
    "lxc.mount.entry",
    "lxc.mount.fstab",
    "lxc.namespace.clone",
    "lxc.namespace.keep",
    "lxc.no_new_privs",
    "lxc.pty.max",
    "lxc.rootfs.mount",
    "lxc.seccomp.allow_nesting",
    "lxc.seccomp.notify.cookie",
    "lxc.seccomp.notify.proxy",
    "lxc.seccomp.profile",
    "lxc.selinux.context",
    "lxc.signal.halt",
    "lxc.signal.reboot",
    "lxc.signal.stop",
    "lxc.start.auto",
    "lxc.start.delay",
    "lxc.start.order",
    "lxc.tty.dir",
    "lxc.tty.max",
    "lxc.uts.name",
];

const RAW_PREFIXES: &[&str] =
    &["lxc.cgroup.", "lxc.cgroup2.", "lxc.net.", "lxc.prlimit.", "lxc.proc.", "lxc.sysctl."];

const SWITCHES: &[&str] = &["console", "debug", "onboot", "protection", "template", "unprivileged"];

const NUMBERS: &[&str] = &["cores", "cpuunits", "memory", "snaptime", "swap", "tty"];

const WORDS: &[&str] = &[
    "arch",
    "cmode",
    "cpulimit",
    "description",
    "entrypoint",
    "env",
    "features",
    "hookscript",
    "hostname",
    "lock",
    "nameserver",
    "ostype",
    "parent",
    "rootfs",
    "searchdomain",
    "startup",
    "tags",
    "timezone",
];

const COUNTED: &[&str] = &["dev", "mp", "net", "unused"];

const LOCKS: &[&str] = &[
    "backup",
    "create",
    "destroyed",
    "disk",
    "fstrim",
    "migrate",
    "mounted",
    "rollback",
    "snapshot",
    "snapshot-delete",
];

const FEATURES: &[&str] = &["force_rw_sys", "fuse", "keyctl", "mknod", "nesting"];

/// Whether a raw line with this key is kept.
pub(super) fn is_raw(key: &str) -> bool {
    RAW.contains(&key) || RAW_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// Whether a value may stand behind a key.
///
/// # Errors
/// What Proxmox says about a key that it does not know, or a value of the wrong type.
pub fn check_value(key: &str, value: &str) -> Result<(), String> {
    let number = key.trim_end_matches(|last: char| last.is_ascii_digit());
    let wrong = |kind| Err(format!("type check ('{kind}') failed - got '{value}'"));
    if SWITCHES.contains(&key) {
        return if matches!(value, "0" | "1") { Ok(()) } else { wrong("boolean") };
    }
    if NUMBERS.contains(&key) {
        let digits = value.strip_prefix('-').unwrap_or(value);
        let right = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        return if right { Ok(()) } else { wrong("integer") };
    }
    match key {
        "lock" if !LOCKS.contains(&value) => Err(format!(
            "value '{value}' does not have a value in the enumeration '{}'",
            LOCKS.join(", ")
        )),
        "features" => match check_features(value) {
            Ok(()) => Ok(()),
            Err(lines) => {
                let below = lines.iter().map(|line| format!("features.{line}\n"));
                Err(format!("invalid format - format error\n{}", below.collect::<String>())
                    .trim_end()
                    .to_owned())
            }
        },
        _ if WORDS.contains(&key) || (number != key && COUNTED.contains(&number)) => Ok(()),
        _ => Err(format!("unknown setting '{key}'")),
    }
}

/// Whether this may stand behind `features`.
///
/// # Errors
/// A line for each part that is wrong.
pub fn check_features(value: &str) -> Result<(), Vec<String>> {
    let mut wrong = Vec::new();
    for part in value.split(',') {
        let Some((name, value)) = part.split_once('=') else {
            wrong.push(format!(
                "{part}: value without key, but schema does not define a default key"
            ));
            continue;
        };
        if FEATURES.contains(&name) {
            if !matches!(value, "0" | "1") {
                wrong.push(format!("{name}: type check ('boolean') failed - got '{value}'"));
            }
        } else if name != "mount" {
            wrong.push(format!(
                "{name}: property is not defined in schema and the schema does not allow additional \
                 properties"
            ));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// What `pct set` can set, besides its own options.
pub(crate) fn is_settable(key: &str) -> bool {
    let known = |key| SWITCHES.contains(&key) || NUMBERS.contains(&key) || WORDS.contains(&key);
    let counted = key.trim_end_matches(|last: char| last.is_ascii_digit());
    (known(key) && !matches!(key, "snaptime" | "parent"))
        || (counted != key && COUNTED.contains(&counted))
}
