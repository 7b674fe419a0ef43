//! The saved connections of the `nats` CLI, read in place and never written.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::query::nearest;

use super::addresses::split_urls;
use super::secret::scrubbed;
use super::{ConfigError, Connection, Env, Flags, Secret};

/// A context file, `nats/context/NAME.json`. Field names as the `nats` CLI writes them; an empty field is unset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextFile {
    /// For people.
    pub description: String,
    /// One address or several with commas between; they may hold user and password.
    pub url: Secret,
    /// A token, or a reference.
    pub token: Secret,
    /// A user.
    pub user: Secret,
    /// Its password, or a reference.
    pub password: Secret,
    /// A credentials file, or a reference.
    pub creds: Secret,
    /// A file with an nkey seed, or a reference.
    pub nkey: Secret,
    /// A user JWT, or a reference.
    pub user_jwt: Secret,
    /// The seed that belongs to it, or a reference.
    pub user_seed: Secret,
    /// A client certificate (PEM file).
    pub cert: Secret,
    /// Its key (PEM file).
    pub key: Secret,
    /// The certificates that the server's is checked with (PEM file).
    pub ca: Secret,
    /// TLS starts before the server speaks.
    pub tls_first: bool,
    /// The prefix of inboxes.
    pub inbox_prefix: String,
    /// The `JetStream` domain.
    pub jetstream_domain: String,
    /// The prefix of the `JetStream` API.
    pub jetstream_api_prefix: String,
    /// The prefix of the `JetStream` events.
    pub jetstream_event_prefix: String,
    /// A SOCKS proxy, which the client does not have.
    pub(super) socks_proxy: Secret,
    /// A field that would change the connection and cannot be honoured, and why.
    pub(super) unsupported: Option<(&'static str, &'static str)>,
}

/// Fields that would change the connection and cannot be honoured.
const UNSUPPORTED: [(&str, &str); 5] = [
    ("nsc", "it needs the nsc tool; `nsc generate creds` makes a file for \"creds\""),
    ("windows_cert_store", "use \"cert\" and \"key\" files"),
    ("windows_cert_match", "use \"cert\" and \"key\" files"),
    ("windows_cert_match_by", "use \"cert\" and \"key\" files"),
    ("windows_ca_certs_match", "use a \"ca\" file"),
];

impl ContextFile {
    /// Reads the text of a file. The error names a line or a field, and never quotes a value.
    fn parse(text: &str) -> Result<Self, String> {
        let fields: Map<String, Value> = serde_json::from_str(text)
            .map_err(|e| format!("it is not the JSON of a context (line {}, column {})", e.line(), e.column()))?;
        let text = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(format!("its field {name:?} should be a text")),
        };
        let secret = |name: &str| text(name).map(Secret::new);
        let is_set = |value: &Value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(list) => !list.is_empty(),
            _ => true,
        };
        Ok(Self {
            description: text("description")?,
            url: secret("url")?,
            token: secret("token")?,
            user: secret("user")?,
            password: secret("password")?,
            creds: secret("creds")?,
            nkey: secret("nkey")?,
            user_jwt: secret("user_jwt")?,
            user_seed: secret("user_seed")?,
            cert: secret("cert")?,
            key: secret("key")?,
            ca: secret("ca")?,
            tls_first: match fields.get("tls_first") {
                None | Some(Value::Null) => false,
                Some(Value::Bool(first)) => *first,
                Some(_) => return Err("its field \"tls_first\" should be true or false".into()),
            },
            inbox_prefix: text("inbox_prefix")?,
            jetstream_domain: text("jetstream_domain")?,
            jetstream_api_prefix: text("jetstream_api_prefix")?,
            jetstream_event_prefix: text("jetstream_event_prefix")?,
            socks_proxy: secret("socks_proxy")?,
            unsupported: UNSUPPORTED.into_iter().find(|(name, _)| fields.get(*name).is_some_and(is_set)),
        })
    }

    /// The addresses, without userinfo.
    pub(super) fn servers(&self) -> Result<Vec<String>, ConfigError> {
        Ok(split_urls(self.url.reveal())?.0)
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
    let text = super::read::text(&env.nats_dir().join("context.txt")).ok()?;
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
            let usable = |file: &ContextFile| {
                Connection::resolve(&Flags::default(), &env.without_connection(), Some((&name, file))).map(drop)
            };
            let (servers, description, error) = match read(env, &name).and_then(|file| usable(&file).map(|()| file)) {
                Ok(file) => {
                    (super::addresses::shown_servers(file.url.reveal()), scrubbed(&file.description).into_owned(), None)
                }
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
    match file.unsupported {
        Some((field, reason)) => Err(ConfigError::BadField { field: field_of(name, field), reason: reason.into() }),
        None => Ok(file),
    }
}

/// A field of a context, for sentences.
pub(super) fn field_of(name: &str, field: &str) -> String {
    format!("{field:?} of context {name:?}")
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
    let text = super::read::text(&path).map_err(|e| bad(e.to_string()))?;
    ContextFile::parse(&text).map_err(bad)
}
