//! Files whose contents are nobody's business, whatever their mode.

/// Folders that hold nothing else.
const FOLDERS: &[&str] =
    &["/.gnupg/", "/.ssh/", "/auth.conf.d/", "/etc/pve/priv/", "/etc/ssl/private/", "/private/"];

/// Files, by the end of their path.
const ENDS: &[&str] = &[
    "/.docker/config.json",
    "/.env",
    "/.git-credentials",
    "/.my.cnf",
    "/.netrc",
    "/.npmrc",
    "/.pgpass",
    "/auth.conf",
    "/gshadow",
    "/gshadow-",
    "/shadow",
    "/shadow-",
    ".key",
    ".keytab",
    ".p12",
    ".pem",
    ".pfx",
];

/// Whether a path is one of those that hold keys or passwords.
pub fn is_private(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    FOLDERS.iter().any(|folder| lower.contains(folder))
        || ENDS.iter().any(|end| lower.ends_with(end))
        || name.starts_with("id_")
        || super::is_telling(name)
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn where_secrets_are_and_where_not() {
        for path in [
            "/root/.docker/config.json",
            "/etc/apt/auth.conf.d/90mirror.conf",
            "/etc/apt/auth.conf",
            "/root/.ssh/authorized_keys",
            "/home/me/id_ed25519",
            "/etc/docker/tls/server.KEY",
            "/etc/shadow",
            "/run/secrets.d/x_password",
        ] {
            assert!(is_private(path), "{path}");
        }
        for path in ["/etc/docker/daemon.json", "/etc/apt/sources.list", "/var/lib/lxc/web/config"]
        {
            assert!(!is_private(path), "{path}");
        }
    }
}
