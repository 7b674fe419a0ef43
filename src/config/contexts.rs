//! The saved connections of the `nats` CLI, read in place and never written.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::query::nearest;

use super::addresses::split_urls;
use super::{ConfigError, Env, Secret};

/// A context file, `nats/context/NAME.json`. Field names as the `nats` CLI writes them; an empty field is unset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ContextFile {
    /// For people.
    pub description: String,
    /// One address or several with commas between; they may hold user and password.
    pub url: Secret,
    /// A token.
    pub token: Secret,
    /// A user.
    pub user: Secret,
    /// Its password.
    pub password: Secret,
    /// A credentials file.
    pub creds: String,
    /// A file with an nkey seed.
    pub nkey: String,
    /// A user JWT.
    pub user_jwt: Secret,
    /// The seed that belongs to it.
    pub user_seed: Secret,
    /// A client certificate (PEM file).
    pub cert: String,
    /// Its key (PEM file).
    pub key: String,
    /// The certificates that the server's is checked with (PEM file).
    pub ca: String,
    /// TLS starts before the server speaks.
    pub tls_first: bool,
    /// The prefix of inboxes.
    pub inbox_prefix: String,
    /// The `JetStream` domain.
    pub jetstream_domain: String,
    /// The prefix of the `JetStream` API.
    pub jetstream_api_prefix: String,
    // What would change the connection and cannot be honoured:
    pub(super) nsc: String,
    pub(super) socks_proxy: String,
    pub(super) windows_cert_store: String,
    pub(super) windows_cert_match: String,
    pub(super) windows_cert_match_by: String,
}

impl ContextFile {
    /// The addresses, without userinfo.
    pub(super) fn servers(&self) -> Result<Vec<String>, ConfigError> {
        Ok(split_urls(self.url.reveal())?.0)
    }

    /// A field that would have to be honoured and cannot be.
    fn unsupported(&self) -> Option<(&'static str, &'static str)> {
        [
            (!self.nsc.is_empty(), "nsc", "it needs the nsc tool; `nsc generate creds` makes a file for \"creds\""),
            (!self.socks_proxy.is_empty(), "socks_proxy", "the client has no SOCKS proxy"),
            (!self.windows_cert_store.is_empty(), "windows_cert_store", "use \"cert\" and \"key\" files"),
            (!self.windows_cert_match.is_empty(), "windows_cert_match", "use \"cert\" and \"key\" files"),
            (!self.windows_cert_match_by.is_empty(), "windows_cert_match_by", "use \"cert\" and \"key\" files"),
        ]
        .into_iter()
        .find(|(set, _, _)| *set)
        .map(|(_, field, reason)| (field, reason))
        .or_else(|| self.reference())
    }

    /// A field that does not hold its value but says where the nats CLI gets it. Taken as it stands it would be a
    /// wrong password, or a file that is not there.
    fn reference(&self) -> Option<(&'static str, &'static str)> {
        const REFERENCES: [&str; 4] = ["op://", "nsc://", "env://", "env:"];
        let reason = "references to other programs and to variables are not resolved";
        [
            ("creds", self.creds.as_str()),
            ("nkey", &self.nkey),
            ("password", self.password.reveal()),
            ("token", self.token.reveal()),
            ("user_jwt", self.user_jwt.reveal()),
            ("user_seed", self.user_seed.reveal()),
        ]
        .into_iter()
        .find(|(_, value)| REFERENCES.iter().any(|scheme| value.starts_with(scheme)))
        .map(|(field, _)| (field, reason))
    }
}

/// A context for a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextSummary {
    /// Its name.
    pub name: String,
    /// Addresses without userinfo.
    pub servers: String,
    /// For people.
    pub description: String,
    /// It is the one that the `nats` CLI has selected.
    pub selected: bool,
    /// Why it cannot be used, if so.
    pub error: Option<String>,
}

/// The folder of the context files.
pub fn folder(env: &Env) -> PathBuf {
    env.nats_dir().join("context")
}

/// The selected context, if there is one.
pub fn selected(env: &Env) -> Option<String> {
    let text = fs::read_to_string(env.nats_dir().join("context.txt")).ok()?;
    let name = text.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The names of all contexts, sorted.
pub fn names(env: &Env) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder(env)) else { return vec![] };
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let json = path.extension()?.eq_ignore_ascii_case("json");
            json.then(|| path.file_stem()?.to_str().map(str::to_owned))?
        })
        .collect();
    names.sort();
    names
}

/// All contexts; those that cannot be used say why.
pub fn list(env: &Env) -> Vec<ContextSummary> {
    let selected = selected(env);
    names(env)
        .into_iter()
        .map(|name| {
            let (servers, description, error) = match read(env, &name) {
                Ok(file) => (super::addresses::shown_servers(file.url.reveal()), file.description, None),
                Err(error) => (String::new(), String::new(), Some(error.to_string())),
            };
            ContextSummary { selected: selected.as_ref() == Some(&name), name, servers, description, error }
        })
        .collect()
}

/// The addresses of a context, also of one that cannot be used.
pub(super) fn servers(env: &Env, name: &str) -> Option<Vec<String>> {
    parse(env, name).ok()?.servers().ok()
}

/// Reads one context; a field that cannot be honoured is an error that names it.
pub fn read(env: &Env, name: &str) -> Result<ContextFile, ConfigError> {
    let file = parse(env, name)?;
    match file.unsupported() {
        Some((field, reason)) => Err(ConfigError::Unsupported { name: name.into(), field: field.into(), reason }),
        None => Ok(file),
    }
}

/// Reads one context as it is.
fn parse(env: &Env, name: &str) -> Result<ContextFile, ConfigError> {
    let dir = folder(env);
    let path = dir.join(format!("{name}.json"));
    let plain = Path::new(name).file_name().is_some_and(|f| f == name);
    if !plain || !path.is_file() {
        let known = names(env);
        let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        return Err(ConfigError::NoContext { name: name.into(), dir, near });
    }
    let bad = |reason: String| ConfigError::BadContext { name: name.into(), path: path.clone(), reason };
    let text = fs::read_to_string(&path).map_err(|e| bad(e.to_string()))?;
    // serde_json's words could quote a secret; line and column do not.
    serde_json::from_str(&text)
        .map_err(|e| bad(format!("it is not the JSON of a context (line {}, column {})", e.line(), e.column())))
}
