//! Making a connection from settings, and saying in one sentence why it cannot be made.

use std::error::Error as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{AuthError, ConnectErrorKind, ConnectOptions, Event, ServerError};
use thiserror::Error;
use tokio::time::timeout;

use crate::config::{Auth, Connection};
use crate::event::clean_line;

use super::client::Events;
use super::{Client, ClientEvent};

/// Events that wait for a reader that is slow.
const EVENTS: usize = 256;
/// The longest pause between attempts to reconnect.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Why there is no connection. Each names the server (without userinfo) and the next step.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// Nobody listens there, or the way is blocked.
    #[error("{servers} cannot be reached ({reason}); is the server running, and is the address right?")]
    Unreachable {
        /// The addresses.
        servers: String,
        /// The system's words.
        reason: String,
    },
    /// The host's name is not known.
    #[error("the host of {servers} is not known ({reason}); check the address")]
    NoHost {
        /// The addresses.
        servers: String,
        /// The system's words.
        reason: String,
    },
    /// The server does not let us in.
    #[error(
        "{servers} does not accept these credentials ({how}); check them, or choose another context with --context"
    )]
    Refused {
        /// The addresses.
        servers: String,
        /// What was tried, in words.
        how: String,
    },
    /// Encryption failed.
    #[error("no encrypted connection to {servers}: {reason}")]
    Tls {
        /// The addresses.
        servers: String,
        /// Why, and the next step.
        reason: String,
    },
    /// A file of the connection is wrong.
    #[error("{what} {path}: {reason}")]
    BadFile {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A setting makes no sense.
    #[error("{0}")]
    BadSetting(String),
    /// No answer in time.
    #[error("{servers} did not answer within {seconds} s; is it a NATS server, and is the way to it open?")]
    Timeout {
        /// The addresses.
        servers: String,
        /// The limit.
        seconds: u64,
    },
}

/// Connects once. After that the client reconnects by itself, for ever.
pub async fn open(connection: &Connection) -> Result<Client, ConnectError> {
    let events = Events::new(EVENTS);
    let options = options(connection, &events)?;
    let limit = connection.timeout;
    let connecting = options.connect(connection.servers.clone());
    match timeout(limit, connecting).await {
        Ok(Ok(nats)) => Ok(Client::new(nats, connection.api_prefix.clone(), events)),
        Ok(Err(error)) => Err(explain(&error, connection)),
        Err(_) => Err(ConnectError::Timeout { servers: connection.shown(), seconds: limit.as_secs().max(1) }),
    }
}

fn options(connection: &Connection, events: &Events) -> Result<ConnectOptions, ConnectError> {
    let told = events.clone();
    let servers = connection.shown();
    let addresses = connection.servers.len();
    let mut options = ConnectOptions::new()
        .name(concat!("jetscope ", env!("CARGO_PKG_VERSION")))
        .connection_timeout(connection.timeout)
        .retain_servers_order()
        .reconnect_delay_callback(move |attempts| pause_before(attempts, addresses))
        .event_callback(move |event| {
            let told = told.clone();
            let event = heard(event, &servers);
            async move {
                if let Some(event) = event {
                    told.tell(event);
                }
            }
        });
    options = match &connection.auth {
        Auth::None => options,
        Auth::User(user, password) => options.user_and_password(user.reveal().into(), password.reveal().into()),
        Auth::Token(token) => options.token(token.reveal().into()),
        Auth::Creds(path) => {
            let text = file("the credentials file", path)?;
            options.credentials(&text).map_err(|_| ConnectError::BadFile {
                what: "the credentials file",
                path: path.display().to_string(),
                reason: "it does not hold a user JWT and its seed; `nsc generate creds` makes one".into(),
            })?
        }
        Auth::Nkey(path) => {
            let text = file("the nkey file", path)?;
            let seed = text.split_whitespace().find(|word| word.starts_with("SU"));
            let seed = seed.filter(|seed| nkeys::KeyPair::from_seed(seed).is_ok());
            let seed = seed.ok_or_else(|| ConnectError::BadFile {
                what: "the nkey file",
                path: path.display().to_string(),
                reason: "it holds no user seed (a word that begins with SU)".into(),
            })?;
            options.nkey(seed.to_owned())
        }
        Auth::Jwt(jwt, seed) => {
            let pair = nkeys::KeyPair::from_seed(seed.reveal().trim()).map_err(|_| {
                ConnectError::BadSetting("the context's \"user_seed\" is no seed; it should begin with SU".into())
            })?;
            let pair = Arc::new(pair);
            options.jwt(jwt.reveal().trim().to_owned(), move |nonce| {
                let pair = Arc::clone(&pair);
                async move { pair.sign(&nonce).map_err(AuthError::new) }
            })
        }
    };
    let tls = &connection.tls;
    if let Some(ca) = &tls.ca {
        pem("the CA file", ca, "CERTIFICATE")?;
        options = options.add_root_certificates(ca.clone());
    }
    if let (Some(cert), Some(key)) = (&tls.cert, &tls.key) {
        pem("the client certificate", cert, "CERTIFICATE")?;
        pem("the client's key", key, "PRIVATE KEY")?;
        options = options.add_client_certificate(cert.clone(), key.clone());
    }
    if tls.first {
        options = options.tls_first().require_tls(true);
    }
    if let Some(prefix) = &connection.inbox_prefix {
        let prefix = prefix.trim_end_matches('.');
        if prefix.is_empty() || prefix.contains(|c: char| c.is_whitespace() || matches!(c, '*' | '>')) {
            return Err(ConnectError::BadSetting(format!(
                "the inbox prefix {prefix:?} is no subject; it must not have blanks, * or >"
            )));
        }
        options = options.custom_inbox_prefix(prefix);
    }
    Ok(options)
}

fn file(what: &'static str, path: &Path) -> Result<String, ConnectError> {
    fs::read_to_string(path).map_err(|error| ConnectError::BadFile {
        what,
        path: path.display().to_string(),
        reason: format!("it cannot be read ({error})"),
    })
}

/// A PEM file that holds at least one block of this kind.
fn pem(what: &'static str, path: &Path, label: &str) -> Result<(), ConnectError> {
    let text = file(what, path)?;
    if text.lines().any(|line| line.starts_with("-----BEGIN") && line.contains(label)) {
        return Ok(());
    }
    Err(ConnectError::BadFile {
        what,
        path: path.display().to_string(),
        reason: format!("it holds no PEM block with a {label}"),
    })
}

/// How long the client waits before an attempt, counted from 1 over all addresses. Each address is tried once
/// without a pause: the first connection must not wait, nor the way to the other servers when one dies.
fn pause_before(attempt: usize, addresses: usize) -> Duration {
    let Some(again) = attempt.checked_sub(addresses.max(1) + 1) else { return Duration::ZERO };
    Duration::from_millis(200_u64 << again.min(8)).min(LONGEST_PAUSE)
}

/// A sentence for a failed attempt to reconnect, of which the client only tells the kind.
fn failed(words: &str, servers: &str) -> String {
    let words = words.strip_prefix("nats: ").unwrap_or(words);
    match words {
        "IO error" => format!("{servers} cannot be reached"),
        "timed out" => format!("{servers} did not answer in time"),
        "DNS error" => format!("the host of {servers} is not known"),
        "TLS error" => format!("no encrypted connection to {servers}"),
        "authorization violation" => format!("{servers} does not accept these credentials any more"),
        other => format!("{servers}: {other}"),
    }
}

/// What an event of the client means to us.
fn heard(event: Event, servers: &str) -> Option<ClientEvent> {
    Some(match event {
        Event::Connected => ClientEvent::Connected,
        Event::Disconnected | Event::Closed => ClientEvent::Disconnected,
        Event::LameDuckMode => ClientEvent::LameDuck,
        Event::SlowConsumer(_) => ClientEvent::SlowConsumer,
        Event::ServerError(ServerError::AuthorizationViolation) => {
            ClientEvent::Failed("the server does not accept these credentials any more".into())
        }
        Event::ServerError(ServerError::Other(text)) => {
            denied(&text).unwrap_or_else(|| ClientEvent::Failed(clean_line(&text).into_owned()))
        }
        Event::ClientError(error) => ClientEvent::Failed(failed(&clean_line(&error.to_string()), servers)),
        Event::ServerError(ServerError::SlowConsumer(_)) | Event::Draining => return None,
    })
}

/// `Permissions Violation for Publish to "subject"`, or `… for Subscription to "subject"`.
fn denied(text: &str) -> Option<ClientEvent> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find("permissions violation for ")?;
    let rest = &lower[at + "permissions violation for ".len()..];
    let publish = rest.starts_with("publish");
    let subject = text[at..].split('"').nth(1)?;
    Some(ClientEvent::Denied { subject: subject.to_owned(), publish })
}

fn explain(error: &async_nats::ConnectError, connection: &Connection) -> ConnectError {
    let servers = connection.shown();
    let mut words = clean_line(&error.to_string()).into_owned();
    let mut source = error.source();
    while let Some(inner) = source {
        words = clean_line(&inner.to_string()).into_owned();
        source = inner.source();
    }
    let all = format!("{error:?} {words}");
    match error.kind() {
        ConnectErrorKind::Dns | ConnectErrorKind::ServerParse => ConnectError::NoHost { servers, reason: words },
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            ConnectError::Refused { servers, how: tried(&connection.auth).into() }
        }
        ConnectErrorKind::TimedOut => ConnectError::Timeout { servers, seconds: connection.timeout.as_secs().max(1) },
        _ if matches!(error.kind(), ConnectErrorKind::Tls) || is_tls(&all) => {
            ConnectError::Tls { servers, reason: tls_reason(&all, &words) }
        }
        _ if all.contains("failed to lookup") || all.contains("Name or service not known") => {
            ConnectError::NoHost { servers, reason: words }
        }
        _ => ConnectError::Unreachable { servers, reason: words },
    }
}

const fn tried(auth: &Auth) -> &'static str {
    match auth {
        Auth::None => "none were given",
        Auth::User(..) => "user and password",
        Auth::Token(_) => "a token",
        Auth::Creds(_) => "a credentials file",
        Auth::Nkey(_) => "an nkey",
        Auth::Jwt(..) => "a user JWT",
    }
}

fn is_tls(words: &str) -> bool {
    ["certificate", "InvalidCertificate", "AlertReceived", "HandshakeFailure", "tls", "TLS"]
        .iter()
        .any(|word| words.contains(word))
}

/// The reason of a failed handshake, with the next step.
fn tls_reason(all: &str, words: &str) -> String {
    if all.contains("UnknownIssuer") {
        "the server's certificate is not signed by a known authority; name its CA with --tlsca".into()
    } else if all.contains("NotValidForName") {
        "the server's certificate is for another host name; connect with the name that it is for".into()
    } else if all.contains("Expired") {
        "the server's certificate has expired; it has to be renewed".into()
    } else if all.contains("CertificateRequired") || all.contains("certificate required") {
        "the server asks for a client certificate; give one with --tlscert and --tlskey".into()
    } else {
        format!("{words}; does the server speak TLS there, and before or after its greeting (--tlsfirst)?")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_tried_before_there_is_a_pause() {
        let pauses = |addresses| (1..=5).map(|n| pause_before(n, addresses).as_millis()).collect::<Vec<_>>();
        assert_eq!(pauses(1), [0, 200, 400, 800, 1000]);
        assert_eq!(pauses(3), [0, 0, 0, 200, 400]);
        assert_eq!(pause_before(usize::MAX, 1), LONGEST_PAUSE);
    }

    #[test]
    fn failed_attempts_are_sentences() {
        assert_eq!(failed("nats: IO error", "nats://h:4222"), "nats://h:4222 cannot be reached");
        assert_eq!(failed("nats: something new", "nats://h:4222"), "nats://h:4222: something new");
    }

    #[test]
    fn permission_errors_name_their_subject() {
        let event = denied("Permissions Violation for Publish to \"$JS.API.STREAM.LIST\"");
        assert_eq!(event, Some(ClientEvent::Denied { subject: "$JS.API.STREAM.LIST".into(), publish: true }));
        let event = denied("Permissions Violation for Subscription to \"_INBOX.x.*\"");
        assert_eq!(event, Some(ClientEvent::Denied { subject: "_INBOX.x.*".into(), publish: false }));
        assert_eq!(denied("Something else"), None);
    }
}
