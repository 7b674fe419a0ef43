//! A connection with everything that it needs, each from the first place that says something.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::addresses::{DEFAULT_URL, UserInfo, split_urls};
use super::{Clock, ConfigError, ContextFile, Env, Flags, Ledger, Secret};

/// How long connecting may take by default.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// Who we say we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// Nobody.
    #[default]
    None,
    /// A user and a password.
    User(Secret, Secret),
    /// A token.
    Token(Secret),
    /// A credentials file: a JWT and its seed.
    Creds(PathBuf),
    /// A file with an nkey seed.
    Nkey(PathBuf),
    /// A JWT and its seed.
    Jwt(Secret, Secret),
}

/// How the connection is encrypted, beyond what the server asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Our certificate.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// What the server's certificate is checked with.
    pub ca: Option<PathBuf>,
    /// TLS starts before the server speaks.
    pub first: bool,
}

/// The options with which the `nats` CLI reaches the same server, raw; an empty value where one takes none. A user,
/// password or token is not among them. It is shared, since connections are carried into many futures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach(pub Vec<(&'static str, String)>);

/// A connection, ready to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The context that it comes from, if one was used.
    pub context: Option<String>,
    /// Addresses without userinfo.
    pub servers: Vec<String>,
    /// Who we say we are.
    pub auth: Auth,
    /// Encryption.
    pub tls: Tls,
    /// The prefix of inboxes.
    pub inbox_prefix: Option<String>,
    /// The prefix of the `JetStream` API, without the last dot: `$JS.API`, `$JS.<domain>.API` or an own one.
    pub api_prefix: String,
    /// How long connecting may take.
    pub timeout: Duration,
    /// How the `nats` CLI reaches the same.
    pub reach: Arc<Reach>,
    /// Where what is asked is noted.
    pub ledger: Ledger,
    /// Which time it is at the server.
    pub clock: Clock,
}

impl Default for Connection {
    fn default() -> Self {
        Self::to(DEFAULT_URL)
    }
}

impl Connection {
    /// To one server, without anything else.
    pub fn to(url: impl Into<String>) -> Self {
        let url = url.into();
        Self {
            context: None,
            reach: Arc::new(Reach(vec![("--server", url.clone())])),
            servers: vec![url],
            auth: Auth::None,
            tls: Tls::default(),
            inbox_prefix: None,
            api_prefix: "$JS.API".into(),
            timeout: DEFAULT_TIMEOUT,
            ledger: Ledger::default(),
            clock: Clock::default(),
        }
    }

    /// The addresses as they may be shown.
    pub fn shown(&self) -> String {
        self.servers.join(", ")
    }

    /// Puts flags, environment and context together: field by field the first that says something.
    pub(super) fn resolve(
        flags: &Flags,
        env: &Env,
        context: Option<(&str, &ContextFile)>,
    ) -> Result<Self, ConfigError> {
        let empty = ContextFile::default();
        let file = context.map_or(&empty, |(_, file)| file);
        let pick = |flag: Option<&String>, name: &str, file: &str| -> Option<String> {
            flag.cloned()
                .filter(|v| !v.is_empty())
                .or_else(|| env.get(name).map(str::to_owned))
                .or_else(|| (!file.is_empty()).then(|| file.to_owned()))
        };
        let path = |flag: Option<&String>, name: &str, file: &str| pick(flag, name, file).map(|p| env.path(&p));
        let urls = pick(flags.server.as_ref(), "NATS_URL", file.url.reveal()).unwrap_or_else(|| DEFAULT_URL.into());
        let (servers, in_url) = split_urls(&urls)?;
        // Domain and prefix choose the same subjects: the first place that names either decides for both.
        let given = |s: Option<&str>| s.filter(|s| !s.is_empty()).map(str::to_owned);
        let (domain, prefix) = [
            (given(flags.domain.as_deref()), given(flags.api_prefix.as_deref())),
            (given(env.get("NATS_JS_DOMAIN")), given(env.get("NATS_JS_API_PREFIX"))),
            (given(Some(&file.jetstream_domain)), given(Some(&file.jetstream_api_prefix))),
        ]
        .into_iter()
        .find(|(domain, prefix)| domain.is_some() || prefix.is_some())
        .unwrap_or_default();
        let timeout = match (flags.timeout, env.get("NATS_TIMEOUT")) {
            (Some(given), _) => given,
            (None, Some(text)) => super::file::duration(text).map_err(|reason| ConfigError::BadValue {
                what: "NATS_TIMEOUT".into(),
                value: text.into(),
                reason,
            })?,
            (None, None) => DEFAULT_TIMEOUT,
        };
        let tls = Tls {
            cert: path(flags.cert.as_ref(), "NATS_CERT", &file.cert),
            key: path(flags.key.as_ref(), "NATS_KEY", &file.key),
            ca: path(flags.ca.as_ref(), "NATS_CA", &file.ca),
            first: flags.tls_first || env.flag("NATS_TLS_FIRST") || file.tls_first,
        };
        if tls.cert.is_some() != tls.key.is_some() {
            let (has, lacks) = if tls.cert.is_some() { ("certificate", "key") } else { ("key", "certificate") };
            return Err(ConfigError::BadValue {
                what: format!("the client's TLS {has}"),
                value: tls.cert.as_ref().or(tls.key.as_ref()).map(|p| p.display().to_string()).unwrap_or_default(),
                reason: format!("it needs its {lacks} too (--tlscert and --tlskey)"),
            });
        }
        let context = context.map(|(name, _)| name.to_owned());
        let auth = auth(flags, env, in_url, file);
        let reach = reach(flags, env, context.as_deref(), &servers, &auth, &tls);
        Ok(Self {
            context,
            servers,
            auth,
            tls,
            inbox_prefix: pick(flags.inbox_prefix.as_ref(), "NATS_INBOX_PREFIX", &file.inbox_prefix),
            api_prefix: api_prefix(domain.as_deref(), prefix.as_deref())?,
            timeout,
            reach: Arc::new(Reach(reach)),
            ledger: Ledger::default(),
            clock: Clock::default(),
        })
    }
}

/// The options of the `nats` CLI for the same connection: the context, and what flags and variables say beside it. They
/// are for a shell that may have neither the flags nor the variables nor the same context selected.
fn reach(
    flags: &Flags,
    env: &Env,
    context: Option<&str>,
    servers: &[String],
    auth: &Auth,
    tls: &Tls,
) -> Vec<(&'static str, String)> {
    let given = |flag: Option<&String>, name: &str| flag.is_some_and(|v| !v.is_empty()) || env.get(name).is_some();
    let shown = |path: &std::path::Path| path.display().to_string();
    let mut out = Vec::new();
    if let Some(name) = context {
        out.push(("--context", name.to_owned()));
    }
    if context.is_none() || given(flags.server.as_ref(), "NATS_URL") {
        out.push(("--server", servers.join(",")));
    }
    match auth {
        Auth::Creds(file) if given(flags.creds.as_ref(), "NATS_CREDS") => out.push(("--creds", shown(file))),
        Auth::Nkey(file) if given(flags.nkey.as_ref(), "NATS_NKEY") => out.push(("--nkey", shown(file))),
        _ => {}
    }
    for (option, flag, name, path) in [
        ("--tlscert", &flags.cert, "NATS_CERT", &tls.cert),
        ("--tlskey", &flags.key, "NATS_KEY", &tls.key),
        ("--tlsca", &flags.ca, "NATS_CA", &tls.ca),
    ] {
        if let Some(path) = path.as_ref().filter(|_| given(flag.as_ref(), name)) {
            out.push((option, shown(path)));
        }
    }
    if flags.tls_first || env.flag("NATS_TLS_FIRST") {
        out.push(("--tlsfirst", String::new()));
    }
    if let Some(prefix) = flags.inbox_prefix.as_deref().or_else(|| env.get("NATS_INBOX_PREFIX")) {
        out.push(("--inbox-prefix", prefix.to_owned()));
    }
    out
}

/// The first place that names any credentials decides alone: a `--creds` replaces the context's password. A
/// password belongs to the user that is found, wherever that is: `--password` with the context's user is its password.
fn auth(flags: &Flags, env: &Env, in_url: Option<UserInfo>, file: &ContextFile) -> Auth {
    let set = |s: Option<&Secret>| s.filter(|s| !s.is_empty()).cloned();
    let secret = |name: &str| env.get(name).map(Secret::new);
    let password = set(flags.password.as_ref()).or_else(|| secret("NATS_PASSWORD"));
    let text = |s: &str| (!s.is_empty()).then(|| s.to_owned());
    let from_flags = Given {
        creds: text(flags.creds.as_deref().unwrap_or("")),
        nkey: text(flags.nkey.as_deref().unwrap_or("")),
        jwt: None,
        token: set(flags.token.as_ref()),
        user: set(flags.user.as_ref()),
        password: password.clone(),
        user_may_be_token: true,
    };
    let from_env = || Given {
        creds: env.get("NATS_CREDS").map(str::to_owned),
        nkey: env.get("NATS_NKEY").map(str::to_owned),
        jwt: None,
        token: secret("NATS_TOKEN"),
        user: secret("NATS_USER"),
        password: password.clone(),
        user_may_be_token: true,
    };
    let from_url = || {
        in_url.map(|(user, password)| if password.is_empty() { Auth::Token(user) } else { Auth::User(user, password) })
    };
    let from_file = || Given {
        creds: text(&file.creds),
        nkey: text(&file.nkey),
        jwt: (!file.user_jwt.is_empty()).then(|| (file.user_jwt.clone(), file.user_seed.clone())),
        token: set(Some(&file.token)),
        user: set(Some(&file.user)),
        password: password.clone().or_else(|| set(Some(&file.password))),
        user_may_be_token: false,
    };
    from_flags
        .choose(env)
        .or_else(|| from_env().choose(env))
        .or_else(from_url)
        .or_else(|| from_file().choose(env))
        .unwrap_or_default()
}

/// The credentials of one place.
struct Given {
    creds: Option<String>,
    nkey: Option<String>,
    jwt: Option<(Secret, Secret)>,
    token: Option<Secret>,
    user: Option<Secret>,
    password: Option<Secret>,
    user_may_be_token: bool,
}

impl Given {
    /// One of them, in the order of the nats CLI.
    fn choose(self, env: &Env) -> Option<Auth> {
        // As with the nats CLI: a user without a password is a token, which comes last; not so in a context.
        let (user, token) = match (self.user, &self.password) {
            (Some(user), None) if self.user_may_be_token => (None, Some(self.token.unwrap_or(user))),
            (user, _) => (user, self.token),
        };
        user.map(|user| Auth::User(user, self.password.unwrap_or_default()))
            .or_else(|| self.creds.map(|file| Auth::Creds(env.path(&file))))
            .or_else(|| self.nkey.map(|file| Auth::Nkey(env.path(&file))))
            .or_else(|| self.jwt.map(|(jwt, seed)| Auth::Jwt(jwt, seed)))
            .or_else(|| token.map(Auth::Token))
    }
}

fn api_prefix(domain: Option<&str>, prefix: Option<&str>) -> Result<String, ConfigError> {
    let subject_token = |what: &str, value: &str| {
        if value.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | '>')) {
            return Err(ConfigError::BadValue {
                what: what.into(),
                value: value.into(),
                reason: "it must not have blanks, * or >".into(),
            });
        }
        Ok(value.trim_end_matches('.').to_owned())
    };
    match (domain, prefix) {
        (_, Some(prefix)) => subject_token("the JetStream API prefix", prefix),
        (Some(domain), None) => Ok(format!("$JS.{}.API", subject_token("the JetStream domain", domain)?)),
        (None, None) => Ok("$JS.API".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(flags: &Flags, env: &Env, file: &ContextFile) -> Connection {
        Connection::resolve(flags, env, Some(("c", file))).unwrap()
    }

    #[test]
    fn the_first_place_that_says_something_wins() {
        let file = ContextFile { url: Secret::new("nats://file"), inbox_prefix: "_F".into(), ..Default::default() };
        let none = Env::default();
        assert_eq!(resolve(&Flags::default(), &none, &file).servers, ["nats://file:4222"]);
        let env = Env::of([("NATS_URL", "env:1")]);
        assert_eq!(resolve(&Flags::default(), &env, &file).servers, ["nats://env:1"]);
        let flags = Flags { server: Some("a,tls://b:9".into()), ..Default::default() };
        let c = resolve(&flags, &env, &file);
        assert_eq!(c.servers, ["nats://a:4222", "tls://b:9"]);
        assert_eq!(c.inbox_prefix.as_deref(), Some("_F"));
        assert_eq!(resolve(&Flags::default(), &none, &ContextFile::default()).servers, [DEFAULT_URL]);
    }

    #[test]
    fn what_reaches_the_same_is_named_without_secrets() {
        let file =
            ContextFile { url: Secret::new("nats://me:pw@file"), creds: "/of/context".into(), ..Default::default() };
        let none = Env::default();
        let reach = |flags: &Flags, env: &Env, context: Option<(&str, &ContextFile)>| {
            let of = Connection::resolve(flags, env, context).unwrap().reach;
            of.0.iter().map(|(option, value)| format!("{option} {value}").trim().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(reach(&Flags::default(), &none, Some(("c", &file))), ["--context c"]);
        assert_eq!(reach(&Flags::default(), &none, None), ["--server nats://127.0.0.1:4222"]);
        let flags = Flags { server: Some("u:p@a,tls://b:9".into()), tls_first: true, ..Default::default() };
        let env = Env::of([("HOME", "/h"), ("NATS_CREDS", "~/me.creds"), ("NATS_CA", "/ca"), ("NATS_PASSWORD", "pw")]);
        let own = ["--server nats://a:4222,tls://b:9", "--creds /h/me.creds", "--tlsca /ca", "--tlsfirst"];
        assert_eq!(reach(&flags, &env, None), own);
        assert_eq!(reach(&flags, &none, Some(("c", &file))), ["--context c", own[0], "--tlsfirst"]);
        let token = Flags { user: Some(Secret::new("t")), ..Default::default() };
        assert_eq!(reach(&token, &none, Some(("c", &file))), ["--context c"], "secrets are left out");
    }

    #[test]
    fn credentials_come_whole_from_one_place() {
        let file = ContextFile { user: Secret::new("u"), password: Secret::new("p"), ..Default::default() };
        let flags = Flags { creds: Some("~/a.creds".into()), ..Default::default() };
        let env = Env::of([("HOME", "/h")]);
        assert_eq!(resolve(&flags, &env, &file).auth, Auth::Creds("/h/a.creds".into()));
        assert_eq!(resolve(&Flags::default(), &env, &file).auth, Auth::User(Secret::new("u"), Secret::new("p")));
        let token = Env::of([("NATS_USER", "t")]);
        assert_eq!(resolve(&Flags::default(), &token, &file).auth, Auth::Token(Secret::new("t")));
    }

    #[test]
    fn a_password_belongs_to_the_user_wherever_that_is() {
        let file = ContextFile { user: Secret::new("u"), password: Secret::new("p"), ..Default::default() };
        let user = |user: &str, password: &str| Auth::User(Secret::new(user), Secret::new(password));
        let none = Env::default();
        let env = Env::of([("NATS_USER", "me"), ("NATS_PASSWORD", "env")]);
        let password = || Some(Secret::new("flag"));
        let flags = Flags { password: password(), ..Default::default() };
        assert_eq!(resolve(&flags, &none, &file).auth, user("u", "flag"));
        assert_eq!(resolve(&flags, &env, &file).auth, user("me", "flag"));
        let flags = Flags { user: Some(Secret::new("you")), ..Default::default() };
        assert_eq!(resolve(&flags, &env, &file).auth, user("you", "env"));
        assert_eq!(resolve(&flags, &none, &file).auth, Auth::Token(Secret::new("you")));
        // Several in one place: the nats CLI takes the user before files, and a token last.
        let many = ContextFile { creds: "/c".into(), token: Secret::new("t"), ..file };
        assert_eq!(resolve(&Flags::default(), &none, &many).auth, user("u", "p"));
        let many = ContextFile { user: Secret::default(), ..many };
        assert_eq!(resolve(&Flags::default(), &none, &many).auth, Auth::Creds("/c".into()));
    }

    #[test]
    fn userinfo_leaves_the_address_and_is_decoded() {
        let file = ContextFile { url: Secret::new("nats://me:p%40ss@host:4223"), ..Default::default() };
        let c = resolve(&Flags::default(), &Env::default(), &file);
        assert_eq!(c.servers, ["nats://host:4223"]);
        assert_eq!(c.auth, Auth::User(Secret::new("me"), Secret::new("p@ss")));
        assert!(!format!("{c:?}").contains("p@ss"));
    }

    #[test]
    fn bad_addresses_are_named_without_their_secrets() {
        let file = ContextFile { url: Secret::new("http://me:secret@host"), ..Default::default() };
        let error =
            Connection::resolve(&Flags::default(), &Env::default(), Some(("c", &file))).unwrap_err().to_string();
        assert!(error.contains("http://host") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn prefixes() {
        assert_eq!(api_prefix(None, None).unwrap(), "$JS.API");
        assert_eq!(api_prefix(Some("hub"), None).unwrap(), "$JS.hub.API");
        assert_eq!(api_prefix(Some("hub"), Some("JSAPP.API.")).unwrap(), "JSAPP.API");
        assert!(api_prefix(Some("a b"), None).is_err());
    }
}
