//! The environment as it was at the start, and the flags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Secret;
use super::addresses::shown_servers;

/// A snapshot of the environment, so that nothing else reads it and tests can make one.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, String>);

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be secrets.
        f.debug_tuple("Env").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}

impl Env {
    /// The real one; what is not UTF-8 is left out.
    pub fn real() -> Self {
        Self(std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect())
    }

    /// Of these variables.
    pub fn of<'a>(vars: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(vars.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// `1`, `true`, `yes`, `on` is true, in any case.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|v| matches!(v.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on" | "y" | "t"))
    }

    /// The same without the variables that describe a connection.
    pub(super) fn without_connection(&self) -> Self {
        Self(
            self.0.iter().filter(|(name, _)| !name.starts_with("NATS_")).map(|(k, v)| (k.clone(), v.clone())).collect(),
        )
    }

    /// The home directory.
    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME").or_else(|| self.get("USERPROFILE")).map(PathBuf::from)
    }

    /// Where the `nats` CLI keeps its contexts: `$XDG_CONFIG_HOME/nats`, else `~/.config/nats`.
    pub fn nats_dir(&self) -> PathBuf {
        let base = self.get("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| self.home().map(|h| h.join(".config")));
        base.unwrap_or_default().join("nats")
    }

    /// A path as people write it: `~` and `$NAME` are replaced.
    pub fn path(&self, text: &str) -> PathBuf {
        let mut out = String::new();
        // Newer versions of the nats CLI also know files by their address.
        let mut rest = text.strip_prefix("file://").unwrap_or(text);
        if let (Some(after), Some(home)) = (rest.strip_prefix('~'), self.home())
            && (after.is_empty() || after.starts_with('/'))
        {
            out.push_str(&home.display().to_string());
            rest = after;
        }
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let braced = after.strip_prefix('{').and_then(|r| r.split_once('}'));
            let (name, tail) = braced.unwrap_or_else(|| {
                let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
                after.split_at(end)
            });
            out.push_str(self.get(name).unwrap_or(""));
            rest = tail;
        }
        out.push_str(rest);
        Path::new(&out).to_owned()
    }
}

/// The flags that make settings. Names as the `nats` CLI has them.
#[derive(Clone, Default)]
pub struct Flags {
    /// `--context`.
    pub context: Option<String>,
    /// `--server`: one address or several with commas between.
    pub server: Option<String>,
    /// `--user`: a user, or a token when there is no password.
    pub user: Option<Secret>,
    /// `--password`.
    pub password: Option<Secret>,
    /// `--token`.
    pub token: Option<Secret>,
    /// `--creds`: a credentials file, or a reference to its text.
    pub creds: Option<Secret>,
    /// `--nkey`: a file with a seed, or a reference to it.
    pub nkey: Option<Secret>,
    /// `--jwt`: a user JWT, or a reference.
    pub jwt: Option<Secret>,
    /// `--seed`: the seed that belongs to it, or a reference.
    pub seed: Option<Secret>,
    /// `--tlscert`.
    pub cert: Option<Secret>,
    /// `--tlskey`.
    pub key: Option<Secret>,
    /// `--tlsca`.
    pub ca: Option<Secret>,
    /// `--tlsfirst`.
    pub tls_first: bool,
    /// `--inbox-prefix`.
    pub inbox_prefix: Option<String>,
    /// `--js-domain`.
    pub domain: Option<String>,
    /// `--js-api-prefix`.
    pub api_prefix: Option<String>,
    /// `--js-event-prefix`.
    pub event_prefix: Option<String>,
    /// `--timeout`.
    pub timeout: Option<Duration>,
    /// `--read-only`: lowers the access level.
    pub read_only: bool,
    /// `--config`: our own configuration file.
    pub config: Option<PathBuf>,
    /// `--no-color`.
    pub no_color: bool,
    /// `--log-level`.
    pub log_level: Option<String>,
}

impl Flags {
    /// The same without those that describe a connection.
    pub(super) fn without_connection(&self) -> Self {
        Self {
            read_only: self.read_only,
            config: self.config.clone(),
            no_color: self.no_color,
            log_level: self.log_level.clone(),
            timeout: self.timeout,
            ..Self::default()
        }
    }
}

impl std::fmt::Debug for Flags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // All by name, so that a new flag is not forgotten.
        let Self {
            context,
            server,
            user,
            password,
            token,
            creds,
            nkey,
            jwt,
            seed,
            cert,
            key,
            ca,
            tls_first,
            inbox_prefix,
            domain,
            api_prefix,
            event_prefix,
            timeout,
            read_only,
            config,
            no_color,
            log_level,
        } = self;
        f.debug_struct("Flags")
            .field("context", context)
            // An address may hold a password.
            .field("server", &server.as_deref().map(shown_servers))
            .field("user", user)
            .field("password", password)
            .field("token", token)
            .field("creds", creds)
            .field("nkey", nkey)
            .field("jwt", jwt)
            .field("seed", seed)
            .field("cert", cert)
            .field("key", key)
            .field("ca", ca)
            .field("tls_first", tls_first)
            .field("inbox_prefix", inbox_prefix)
            .field("domain", domain)
            .field("api_prefix", api_prefix)
            .field("event_prefix", event_prefix)
            .field("timeout", timeout)
            .field("read_only", read_only)
            .field("config", config)
            .field("no_color", no_color)
            .field("log_level", log_level)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_expanded_as_people_write_them() {
        let env = Env::of([("HOME", "/home/a"), ("KEYS", "/k")]);
        for (text, path) in [
            ("~/x.creds", "/home/a/x.creds"),
            ("~", "/home/a"),
            ("file:///etc/x.creds", "/etc/x.creds"),
            ("$KEYS/x", "/k/x"),
            ("${KEYS}x", "/kx"),
            ("/a/$NONE/b", "/a//b"),
            ("~b/x", "~b/x"),
        ] {
            assert_eq!(env.path(text), Path::new(path), "{text}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let server = Some("nats://me:hunter2@host".into());
        let flags = Flags { server, password: Some(Secret::new("hunter2")), ..Default::default() };
        let shown = format!("{flags:?}");
        assert!(shown.contains("nats://host") && !shown.contains("hunter2"), "{shown}");
        assert!(!format!("{:?}", Env::of([("NATS_PASSWORD", "hunter2")])).contains("hunter2"));
    }
}
