//! A connection with everything that it needs, each from the first place that says something.

use std::sync::Arc;
use std::time::Duration;

use super::addresses::{DEFAULT_URL, split_urls};
use super::auth::{Auth, Places};
use super::contexts::field_of;
use super::credential::shown;
use super::secret::looks_secret;
use super::{Clock, ConfigError, ContextFile, Env, Flags, Ledger, NamedFile, Secret};

/// Where the server tells events by default.
const EVENTS: &str = "$JS.EVENT";
/// How long connecting may take by default.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// How the connection is encrypted, beyond what the server asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Our certificate.
    pub cert: Option<NamedFile>,
    /// Its key.
    pub key: Option<NamedFile>,
    /// What the server's certificate is checked with.
    pub ca: Option<NamedFile>,
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
    /// The prefix of the `JetStream` events, without the last dot: `$JS.EVENT` or an own one.
    pub event_prefix: String,
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
            event_prefix: EVENTS.into(),
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
        let places = Places { flags, env, context };
        let urls = flags.server.clone().filter(|v| !v.is_empty()).map(Secret::new);
        let urls = places.first(urls.as_ref(), "--server", "NATS_URL", |file| &file.url, "url");
        let urls = urls.map_or_else(|| Secret::new(DEFAULT_URL), |given| given.text);
        let (servers, in_url) = split_urls(urls.reveal())?;
        places.without_proxy()?;
        // Domain and prefix choose the same subjects: the first place that names either decides for both.
        let file = places.file();
        let of = |field: &str| context.map_or_else(String::new, |(name, _)| field_of(name, field));
        let given = |field: String, s: Option<&str>| s.filter(|s| !s.is_empty()).map(|s| (field, s.to_owned()));
        let (domain, prefix) = [
            (
                given("--js-domain".into(), flags.domain.as_deref()),
                given("--js-api-prefix".into(), flags.api_prefix.as_deref()),
            ),
            (
                given("NATS_JS_DOMAIN".into(), env.get("NATS_JS_DOMAIN")),
                given("NATS_JS_API_PREFIX".into(), env.get("NATS_JS_API_PREFIX")),
            ),
            (
                given(of("jetstream_domain"), Some(&file.jetstream_domain)),
                given(of("jetstream_api_prefix"), Some(&file.jetstream_api_prefix)),
            ),
        ]
        .into_iter()
        .find(|(domain, prefix)| domain.is_some() || prefix.is_some())
        .unwrap_or_default();
        let api_prefix = match (domain, prefix) {
            (_, Some(prefix)) => subject(&prefix)?,
            (Some(domain), None) => format!("$JS.{}.API", subject(&domain)?),
            (None, None) => "$JS.API".into(),
        };
        let event_prefix = given("--js-event-prefix".into(), flags.event_prefix.as_deref())
            .or_else(|| given(of("jetstream_event_prefix"), Some(&file.jetstream_event_prefix)));
        let inbox_prefix = given("--inbox-prefix".into(), flags.inbox_prefix.as_deref())
            .or_else(|| given("NATS_INBOX_PREFIX".into(), env.get("NATS_INBOX_PREFIX")))
            .or_else(|| given(of("inbox_prefix"), Some(&file.inbox_prefix)));
        let timeout = match (flags.timeout, env.get("NATS_TIMEOUT")) {
            (Some(given), _) => given,
            (None, Some(text)) => super::file::duration(text)
                .map_err(|reason| ConfigError::BadField { field: "NATS_TIMEOUT".into(), reason })?,
            (None, None) => DEFAULT_TIMEOUT,
        };
        let tls = Tls {
            cert: places.tls_file(flags.cert.as_ref(), "--tlscert", "NATS_CERT", |file| &file.cert, "cert")?,
            key: places.tls_file(flags.key.as_ref(), "--tlskey", "NATS_KEY", |file| &file.key, "key")?,
            ca: places.tls_file(flags.ca.as_ref(), "--tlsca", "NATS_CA", |file| &file.ca, "ca")?,
            first: flags.tls_first || env.flag("NATS_TLS_FIRST") || file.tls_first,
        };
        if tls.cert.is_some() != tls.key.is_some() {
            let (has, lacks) = if tls.cert.is_some() { ("certificate", "key") } else { ("key", "certificate") };
            let file = tls.cert.as_ref().or(tls.key.as_ref()).map(ToString::to_string).unwrap_or_default();
            return Err(ConfigError::BadField {
                field: format!("the client's TLS {has} {file}"),
                reason: format!("it needs its {lacks} too (--tlscert and --tlskey)"),
            });
        }
        let context = context.map(|(name, _)| name.to_owned());
        let auth = places.auth(in_url)?;
        let reach = reach(flags, env, context.as_deref(), &servers, &auth, &tls);
        Ok(Self {
            context,
            servers,
            auth,
            tls,
            inbox_prefix: inbox_prefix.map(|given| subject(&given)).transpose()?,
            api_prefix,
            event_prefix: event_prefix.map(|given| subject(&given)).transpose()?.unwrap_or_else(|| EVENTS.into()),
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
    let set = |flag: Option<&Secret>, name: &str| flag.is_some_and(|v| !v.is_empty()) || env.get(name).is_some();
    let mut out = Vec::new();
    if let Some(name) = context {
        out.push(("--context", name.to_owned()));
    }
    if context.is_none() || given(flags.server.as_ref(), "NATS_URL") {
        out.push(("--server", servers.join(",")));
    }
    // What is no file is a secret, and left out as a password is.
    let (option, file) = match auth {
        Auth::Creds(file) if set(flags.creds.as_ref(), "NATS_CREDS") => ("--creds", file.path()),
        Auth::Nkey(file) if set(flags.nkey.as_ref(), "NATS_NKEY") => ("--nkey", file.path()),
        _ => ("", None),
    };
    if let Some(path) = file.and_then(shown) {
        out.push((option, path));
    }
    for (option, flag, name, path) in [
        ("--tlscert", &flags.cert, "NATS_CERT", &tls.cert),
        ("--tlskey", &flags.key, "NATS_KEY", &tls.key),
        ("--tlsca", &flags.ca, "NATS_CA", &tls.ca),
    ] {
        if let Some(path) = path.as_ref().filter(|_| set(flag.as_ref(), name)).and_then(|file| shown(&file.path)) {
            out.push((option, path));
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

/// A part of subjects without its last dot; the value of another field in it is not told.
fn subject((field, value): &(String, String)) -> Result<String, ConfigError> {
    let bad = |reason: &str| Err(ConfigError::BadField { field: field.clone(), reason: reason.into() });
    let value = value.strip_suffix('.').unwrap_or(value);
    if looks_secret(value) {
        return bad("it looks like a credential, which is not shown");
    }
    if value.is_empty() || value.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | '>')) {
        return bad(&format!("{value:?} should be a subject without blanks, * or >"));
    }
    if value.split('.').any(str::is_empty) {
        return bad(&format!("{value:?} should be a subject: something before, behind and between its dots"));
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Credential;
    use super::*;

    fn resolve(flags: &Flags, env: &Env, file: &ContextFile) -> Connection {
        Connection::resolve(flags, env, Some(("c", file))).unwrap()
    }

    fn path(of: &Credential) -> String {
        of.path().unwrap().display().to_string()
    }

    fn who(auth: &Auth) -> String {
        let text = |of: &Credential| of.read_line().unwrap().reveal().to_owned();
        match auth {
            Auth::User(user, password) => format!("user {} {}", user.reveal(), text(password)),
            Auth::Token(token) => format!("token {}", text(token)),
            Auth::Jwt(jwt, seed) => {
                format!("jwt {} {}", text(jwt), seed.as_ref().map(text).unwrap_or_default())
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_seed_belongs_to_the_jwt_wherever_that_is() {
        let file = ContextFile { user_jwt: "j".into(), user_seed: "s".into(), ..Default::default() };
        let none = Env::default();
        assert_eq!(who(&resolve(&Flags::default(), &none, &file).auth), "jwt j s");
        let env = Env::of([("NATS_JWT", "env://J"), ("J", "ej"), ("NATS_SEED", "es")]);
        assert_eq!(who(&resolve(&Flags::default(), &env, &file).auth), "jwt ej es");
        let flags = Flags { seed: Some("fs".into()), ..Default::default() };
        assert_eq!(who(&resolve(&flags, &env, &file).auth), "jwt ej fs");
        assert_eq!(who(&resolve(&flags, &none, &file).auth), "jwt j fs");
        // Half a pair of another place is not made whole by the context's.
        let env = Env::of([("NATS_JWT", "ej")]);
        assert_eq!(who(&resolve(&Flags::default(), &env, &file).auth), "jwt ej ");
        let alone = Connection::resolve(&flags, &none, None).unwrap_err().to_string();
        assert!(alone.contains("--seed") && !alone.contains("fs "), "{alone}");
    }

    #[test]
    fn a_proxy_is_not_gone_past() {
        let file = ContextFile { socks_proxy: "socks5://u:s3cret@p".into(), ..Default::default() };
        let with = |env: &Env| Connection::resolve(&Flags::default(), env, Some(("c", &file)));
        let error = with(&Env::default()).unwrap_err().to_string();
        assert!(error.contains("\"socks_proxy\"") && !error.contains("s3cret"), "{error}");
        assert!(with(&Env::of([("NATS_SOCKS_PROXY", "none")])).is_ok());
        let env = Env::of([("NATS_SOCKS_PROXY", "socks5://u:s3cret@p")]);
        let error = Connection::resolve(&Flags::default(), &env, None).unwrap_err().to_string();
        assert!(error.contains("NATS_SOCKS_PROXY") && !error.contains("s3cret"), "{error}");
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
        assert!(matches!(resolve(&flags, &env, &file).auth, Auth::Creds(c) if path(&c) == "/h/a.creds"));
        assert_eq!(who(&resolve(&Flags::default(), &env, &file).auth), "user u p");
        let token = Env::of([("NATS_USER", "t")]);
        assert_eq!(who(&resolve(&Flags::default(), &token, &file).auth), "token t");
    }

    #[test]
    fn a_password_belongs_to_the_user_wherever_that_is() {
        let file = ContextFile { user: Secret::new("u"), password: Secret::new("p"), ..Default::default() };
        let none = Env::default();
        let env = Env::of([("NATS_USER", "me"), ("NATS_PASSWORD", "env")]);
        let password = || Some(Secret::new("flag"));
        let flags = Flags { password: password(), ..Default::default() };
        assert_eq!(who(&resolve(&flags, &none, &file).auth), "user u flag");
        assert_eq!(who(&resolve(&flags, &env, &file).auth), "user me flag");
        let flags = Flags { user: Some(Secret::new("you")), ..Default::default() };
        assert_eq!(who(&resolve(&flags, &env, &file).auth), "user you env");
        assert_eq!(who(&resolve(&flags, &none, &file).auth), "token you");
        // Several in one place: the nats CLI takes the user before files, and a token last.
        let many = ContextFile { creds: "/c".into(), token: Secret::new("t"), ..file };
        assert_eq!(who(&resolve(&Flags::default(), &none, &many).auth), "user u p");
        let many = ContextFile { user: Secret::default(), ..many };
        assert!(matches!(resolve(&Flags::default(), &none, &many).auth, Auth::Creds(c) if path(&c) == "/c"));
    }

    #[test]
    fn userinfo_leaves_the_address_and_is_decoded() {
        let file = ContextFile { url: Secret::new("nats://me:p%40ss@host:4223"), ..Default::default() };
        let c = resolve(&Flags::default(), &Env::default(), &file);
        assert_eq!(c.servers, ["nats://host:4223"]);
        assert_eq!(who(&c.auth), "user me p@ss");
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
        let of = |domain: &str, api: &str, events: &str| {
            let file = ContextFile {
                jetstream_domain: domain.into(),
                jetstream_api_prefix: api.into(),
                jetstream_event_prefix: events.into(),
                ..Default::default()
            };
            let c = Connection::resolve(&Flags::default(), &Env::default(), Some(("c", &file)))?;
            Ok::<_, ConfigError>((c.api_prefix, c.event_prefix))
        };
        let is = |api: &str, events: &str| (api.to_owned(), events.to_owned());
        assert_eq!(of("", "", "").unwrap(), is("$JS.API", "$JS.EVENT"));
        assert_eq!(of("hub", "", "EV.a.").unwrap(), is("$JS.hub.API", "EV.a"));
        assert_eq!(of("hub", "JSAPP.API.", "").unwrap(), is("JSAPP.API", "$JS.EVENT"));
        let wrong = [("a b", ""), ("", "a.>"), (".a", ""), ("", ".EV"), ("", "EV.."), ("", "a..b"), ("", ".")];
        for (domain, events) in wrong {
            let field = if events.is_empty() { "jetstream_domain" } else { "jetstream_event_prefix" };
            let error = of(domain, "", events).unwrap_err().to_string();
            assert!(error.contains(field) && error.contains("context \"c\""), "{error}");
        }
    }
}
