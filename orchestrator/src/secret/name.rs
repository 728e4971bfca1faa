//! Names that say that what stands beside them is a secret.

/// Anywhere in a name.
const PARTS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
];

/// The whole of a name.
const WHOLE: &[&str] = &["auth", "authorization", "cookie", "pass", "psk", "pwd"];

/// Whether a key, a variable or an option of this name holds a secret: `password`, `REGISTRY_TOKEN`, `/auths/x/auth`.
pub fn is_telling(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    let plain: String = last.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    WHOLE.contains(&plain.as_str()) || PARTS.iter().any(|part| plain.contains(part))
}

#[cfg(test)]
mod tests {
    use super::is_telling;

    #[test]
    fn names_of_secrets_and_of_other_things() {
        for name in [
            "password",
            "DB_PASSWORD",
            "registry-token",
            "--api-key",
            "apiKey",
            "/auths/https:~1~1index.docker.io/auth",
            "AWS_SECRET_ACCESS_KEY",
            "clientSecret",
        ] {
            assert!(is_telling(name), "{name}");
        }
        for name in ["key", "storage-driver", "author", "bypass", "/auths", "path", "", "passes"] {
            assert!(!is_telling(name), "{name}");
        }
    }
}
