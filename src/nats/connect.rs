//! Making a connection from settings, and saying in one sentence why it cannot be made.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_nats::{AuthError, ConnectErrorKind, ConnectOptions, Event, ServerError};
use thiserror::Error;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::config::{Auth, Connection};
use crate::event::clean_line;

use super::client::{Events, Live};
use super::island::{Island, Life};
use super::keep::{Lives, keep};
use super::{Client, ClientEvent, files, inbox, login, pulse};

/// Events that wait for a reader that is slow.
const EVENTS: usize = 256;
/// The longest pause between attempts to reconnect.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The pause before a connection that is not to be taken up again.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 86_400);

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
    #[error("{servers} did not answer within {} s; is it a NATS server, and is the way to it open?", .limit.as_secs_f64())]
    Timeout {
        /// The addresses.
        servers: String,
        /// The limit for each.
        limit: Duration,
    },
    /// The server closed the connection at once, as it does when it waits for TLS and we for its greeting.
    #[error(
        "{servers} closed the connection without a greeting; it may want TLS first (--tlsfirst), or be no NATS server"
    )]
    NoGreeting {
        /// The addresses.
        servers: String,
    },
    /// What the server sent before it let us in cannot be read.
    #[error("{servers} does not answer as a NATS server does; is the address right?")]
    Unreadable {
        /// The addresses.
        servers: String,
    },
    /// The server does not want a connection now, whoever we are.
    #[error("{servers} refuses the connection: {said}; ask those who run the server")]
    Rejected {
        /// The addresses.
        servers: String,
        /// The server's words.
        said: String,
    },
}

/// Connects once. After that the connection is taken up again by itself, for ever, whatever it was lost to.
pub async fn open(connection: &Connection) -> Result<Client, ConnectError> {
    let (events, lives) = (Events::new(EVENTS), Lives::default());
    let live = dial(connection, &events, Some(&lives)).await?;
    let client = Client::new(live, lives.clone(), connection.api_prefix.clone(), events.clone());
    let client = client.hearing(&connection.event_prefix).noting(&connection.ledger).timed_by(&connection.clock);
    tokio::spawn(keep(Arc::downgrade(client.wire()), Some(connection.clone()), events, lives));
    Ok(client)
}

/// Connects once, and for good: a connection that is lost stays lost, and what was handed over and not sent by then
/// is never sent. For what is published in order: the client's own way to reconnect would send the rest without
/// what was lost on the way.
pub async fn open_once(connection: &Connection) -> Result<Client, ConnectError> {
    let events = Events::new(EVENTS);
    let (live, lives) = (dial(connection, &events, None).await?, Lives::default());
    let client = Client::new(live, lives.clone(), connection.api_prefix.clone(), events.clone());
    let client = client.hearing(&connection.event_prefix).noting(&connection.ledger).timed_by(&connection.clock);
    tokio::spawn(keep(Arc::downgrade(client.wire()), None, events, lives));
    Ok(client)
}

/// One connection. It is taken up again after pauses that depend on how long connections live; without `lives` it stays
/// lost once it is lost.
pub(super) async fn dial(
    connection: &Connection,
    events: &Events,
    lives: Option<&Lives>,
) -> Result<Live, ConnectError> {
    let addresses = connection.servers.len();
    let ((held, life), used) = (Life::new(), Arc::new(()));
    let begun = AtomicBool::new(false);
    let known = lives.cloned();
    // The attempts of one round are counted from 1: another 1 is another round.
    let again = move |attempts| {
        let _held = &held;
        let other_round = attempts == 1 && begun.swap(true, Ordering::Relaxed);
        match &known {
            Some(lives) if other_round => lives.lost(Instant::now()),
            Some(_) => pause(attempts, addresses),
            None if other_round => FOR_EVER,
            None => Duration::ZERO,
        }
    };
    let options = options(connection, events, again)?;
    // The client gives each server that long. It does not count the time that the resolver takes, so we do.
    let limit = connection.timeout.saturating_mul(u32::try_from(addresses).unwrap_or(1).max(1));
    let no_thread = |error: std::io::Error| ConnectError::BadSetting(format!("no thread can be started: {error}"));
    let island = Island::new(life.clone(), lives.is_some()).map_err(no_thread)?;
    let servers = connection.servers.clone();
    let connecting = island.spawn(async move { timeout(limit, options.connect(servers)).await });
    let connected = match connecting {
        Some(connecting) => connecting.await.ok(),
        None => None,
    };
    match connected {
        Some(Ok(Ok(nats))) => {
            if lives.is_some() {
                tokio::spawn(inbox::watch(nats.clone(), events.clone(), life.clone(), Arc::downgrade(&used)));
                let notes = (connection.api_prefix.clone(), connection.ledger.clone());
                tokio::spawn(pulse::watch(nats.clone(), notes, events.clone(), life.clone(), Arc::downgrade(&used)));
            }
            Ok(Live { nats, life, island, _used: used })
        }
        Some(Ok(Err(error))) => Err(explain(&error, connection)),
        Some(Err(_)) => Err(ConnectError::Timeout { servers: connection.shown(), limit: connection.timeout }),
        // The client's task has panicked.
        None => Err(ConnectError::Unreadable { servers: connection.shown() }),
    }
}

/// Who we say we are to which servers, for what is told of it later.
#[derive(Clone)]
struct Login {
    servers: Arc<str>,
    auth: Arc<Auth>,
    with_certificate: bool,
}

impl Login {
    fn of(connection: &Connection) -> Self {
        Self {
            servers: connection.shown().into(),
            auth: Arc::new(connection.auth.clone()),
            with_certificate: connection.tls.cert.is_some(),
        }
    }

    /// Why the server does not let us in any more. Whoever renews the credentials need not start anything again.
    fn refused(&self) -> String {
        let how = login::tried(&self.auth, self.with_certificate);
        let files = login::is_read_again(&self.auth);
        let again = if files { "; they are read again at every attempt" } else { "" };
        format!("{} does not accept these credentials any more ({how}){again}", self.servers)
    }
}

fn options(
    connection: &Connection,
    events: &Events,
    again: impl Fn(usize) -> Duration + Send + Sync + 'static,
) -> Result<ConnectOptions, ConnectError> {
    let login = Login::of(connection);
    // Tried once before, since an error of a file is to name it.
    login::answer(&login.auth, &[])?;
    let (told, heard_of, auth) = (events.clone(), login.clone(), Arc::clone(&login.auth));
    let mut options = match &connection.auth {
        Auth::None => ConnectOptions::new(),
        _ => ConnectOptions::with_auth_callback(move |nonce| {
            let auth = Arc::clone(&auth);
            async move {
                // Files are read: one on a slow disk must not hold up anything else.
                let answered = spawn_blocking(move || login::answer(&auth, &nonce)).await;
                answered.map_err(AuthError::new)?.map_err(AuthError::new)
            }
        }),
    };
    options = options
        .name(concat!("jetscope ", env!("CARGO_PKG_VERSION")))
        .connection_timeout(connection.timeout)
        .retain_servers_order()
        .reconnect_delay_callback(again)
        .event_callback(move |event| {
            let (told, login) = (told.clone(), heard_of.clone());
            async move {
                // Files are read for the sentence of some: not on the only thread of the connection.
                let event = match event {
                    Event::ClientError(_) | Event::ServerError(ServerError::AuthorizationViolation) => {
                        spawn_blocking(move || heard(event, &login)).await.ok().flatten()
                    }
                    other => heard(other, &login),
                };
                if let Some(event) = event {
                    told.tell(event);
                }
            }
        });
    // Who names an authority or a certificate wants TLS: a server that does not offer it gets no password.
    let tls = &connection.tls;
    if let Some(ca) = &tls.ca {
        files::check_ca(ca)?;
        options = options.add_root_certificates(ca.path.clone()).require_tls(true);
    }
    if let (Some(cert), Some(key)) = (&tls.cert, &tls.key) {
        files::check_pair(cert, key)?;
        options = options.add_client_certificate(cert.path.clone(), key.path.clone()).require_tls(true);
    }
    if tls.first {
        options = options.tls_first().require_tls(true);
    }
    if let Some(prefix) = &connection.inbox_prefix {
        options = options.custom_inbox_prefix(prefix);
    }
    Ok(options)
}

/// The pause before this attempt, counted from 1 over all servers. Each is tried once without any: the first
/// connection must not wait, nor the way to the other servers when one dies.
fn pause(attempt: usize, servers: usize) -> Duration {
    attempt.checked_sub(servers.max(1) + 1).map_or(Duration::ZERO, |again| {
        let doubled = 100_u64.saturating_mul(1 << again.min(8) as u32);
        Duration::from_millis(doubled).min(LONGEST_PAUSE)
    })
}

/// A sentence for a failed attempt to reconnect, of which the client only tells the kind.
fn failed(words: &str, login: &Login) -> String {
    let servers = &login.servers;
    let words = words.strip_prefix("nats: ").unwrap_or(words);
    match words {
        "IO error" => format!("{servers} cannot be reached"),
        "timed out" => format!("{servers} did not answer in time"),
        "DNS error" => format!("the host of {servers} is not known"),
        "TLS error" => format!("no encrypted connection to {servers}"),
        "authorization violation" => login.refused(),
        // Our own: they could not be read.
        "failed signing nonce" => match login::answer(&login.auth, &[]) {
            Err(error) => error.to_string(),
            Ok(_) => login.refused(),
        },
        other => format!("{servers}: {other}"),
    }
}

/// What an event of the client means to us.
fn heard(event: Event, login: &Login) -> Option<ClientEvent> {
    Some(match event {
        Event::Connected => ClientEvent::Connected,
        Event::Disconnected | Event::Closed => ClientEvent::Disconnected,
        Event::LameDuckMode => ClientEvent::LameDuck,
        Event::SlowConsumer(_) => ClientEvent::SlowConsumer,
        Event::ServerError(ServerError::AuthorizationViolation) => ClientEvent::Failed(login.refused()),
        Event::ServerError(ServerError::Other(text)) => {
            denied(&text).unwrap_or_else(|| ClientEvent::Failed(clean_line(&text).into_owned()))
        }
        Event::ClientError(error) => ClientEvent::Failed(failed(&clean_line(&error.to_string()), login)),
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
    let mut said = None;
    let mut source = error.source();
    while let Some(inner) = source {
        words = clean_line(&inner.to_string()).into_owned();
        if let Some(ServerError::Other(text)) = inner.downcast_ref() {
            said = Some(clean_line(text).into_owned());
        }
        source = inner.source();
    }
    let all = format!("{error:?} {words}");
    match error.kind() {
        ConnectErrorKind::Dns | ConnectErrorKind::ServerParse => ConnectError::NoHost { servers, reason: words },
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            ConnectError::Refused { servers, how: login::tried(&connection.auth, connection.tls.cert.is_some()) }
        }
        ConnectErrorKind::TimedOut => ConnectError::Timeout { servers, limit: connection.timeout },
        _ if words == "expected INFO, got nothing" => ConnectError::NoGreeting { servers },
        _ => match said.or_else(|| said_for_greeting(&words)) {
            Some(said) => ConnectError::Rejected { servers, said },
            None if matches!(error.kind(), ConnectErrorKind::Tls) || is_tls(&all) => {
                ConnectError::Tls { servers, reason: tls_reason(&all, &words, connection.tls.cert.is_some()) }
            }
            None => ConnectError::Unreachable { servers, reason: words },
        },
    }
}

/// An error instead of a greeting comes only in the client's words: `expected INFO, got Error(Other("…"))`.
fn said_for_greeting(words: &str) -> Option<String> {
    let (_, rest) = words.split_once("got Error(Other(\"")?;
    rest.split_once('"').map(|(said, _)| said.to_owned())
}

fn is_tls(words: &str) -> bool {
    ["certificate", "InvalidCertificate", "InvalidMessage", "AlertReceived", "HandshakeFailure", "tls", "TLS"]
        .iter()
        .any(|word| words.contains(word))
}

/// The reason of a failed handshake, with the next step.
fn tls_reason(all: &str, words: &str, with_cert: bool) -> String {
    let has = |parts: &[&str]| parts.iter().any(|part| all.contains(part));
    // What the server says of us is looked at first: an alert has the same words as an error of its certificate.
    let alert = has(&["AlertReceived"]);
    if alert && (has(&["CertificateRequired"]) || (!with_cert && has(&["BadCertificate"]))) {
        "the server asks for a client certificate; give one with --tlscert and --tlskey".into()
    } else if alert && with_cert && has(&["Certificate", "UnknownCA", "AccessDenied", "DecryptError"]) {
        format!("the server does not accept our client certificate ({words}); give another with --tlscert and --tlskey")
    } else if alert {
        format!("the server broke off ({words}); its log says why")
    } else if has(&["UnknownIssuer", "BadSignature"]) {
        "the server's certificate is not signed by a known authority; name its CA with --tlsca".into()
    } else if has(&["presented: []", "UnsupportedCertVersion"]) {
        "the server's certificate names no host (it has no subjectAltName, and its common name does not count); it has to \
         be made anew with one"
            .into()
    } else if has(&["NotValidForName"]) {
        "the server's certificate is for another host name; connect with the name that it is for".into()
    } else if has(&["Expired"]) {
        "the server's certificate has expired; it has to be renewed".into()
    } else if has(&["platform certs"]) {
        format!("the system's certificates cannot be read ({words}); name the server's CA with --tlsca")
    } else {
        format!("{words}; does the server speak TLS there, and before or after its greeting (--tlsfirst)?")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_attempts_are_sentences() {
        let login = Login::of(&Connection::to("nats://h:4222"));
        assert_eq!(failed("nats: IO error", &login), "nats://h:4222 cannot be reached");
        assert_eq!(failed("nats: something new", &login), "nats://h:4222: something new");
    }

    #[test]
    fn permission_errors_name_their_subject() {
        let event = denied("Permissions Violation for Publish to \"$JS.API.STREAM.LIST\"");
        assert_eq!(event, Some(ClientEvent::Denied { subject: "$JS.API.STREAM.LIST".into(), publish: true }));
        let event = denied("Permissions Violation for Subscription to \"_INBOX.x.*\"");
        assert_eq!(event, Some(ClientEvent::Denied { subject: "_INBOX.x.*".into(), publish: false }));
        assert_eq!(denied("Something else"), None);
    }

    #[test]
    fn pauses_begin_when_each_server_was_tried() {
        let pauses: Vec<u128> = (1..8).map(|attempt| pause(attempt, 2).as_millis()).collect();
        assert_eq!(pauses, [0, 0, 100, 200, 400, 800, 1000]);
        assert_eq!(pause(usize::MAX, 1), LONGEST_PAUSE);
    }

    #[test]
    fn handshakes_that_fail_have_a_next_step() {
        for (words, with_cert, next) in [
            ("could not load platform certs: no such file", false, "--tlsca"),
            ("AlertReceived(BadCertificate)", false, "asks for a client certificate"),
            ("AlertReceived(BadCertificate)", true, "give another"),
            ("AlertReceived(CertificateExpired)", true, "give another"),
            ("AlertReceived(ProtocolVersion)", true, "its log"),
            ("InvalidMessage(InvalidContentType)", false, "--tlsfirst"),
        ] {
            let reason = tls_reason(words, words, with_cert);
            assert!(reason.contains(next), "{words}: {reason}");
        }
    }
}
