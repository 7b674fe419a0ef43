//! Which server is asked: precedence, lists, and what is said when nobody is there.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use jetscope::config::{Connection, Flags, Settings};
use jetscope::demo::server::free_port;
use jetscope::nats::{ConnectError, open};
use serde_json::json;

use super::{account, error_of, hides, named, says, sentence_of};
use crate::common::home::Home;
use crate::common::server_with;

async fn name_of(settings: &Settings) -> String {
    open(&settings.connection).await.expect("a connection").server().name
}

#[tokio::test]
async fn flags_before_variables_before_the_context_before_the_default() {
    let (by_flag, by_env, by_file, by_other) = (named("flag"), named("env"), named("file"), named("other"));
    let home = Home::with(&json!({ "url": by_file.url() }));
    home.context("other", &json!({ "url": by_other.url() }));
    let env = by_env.url();
    let vars = [("NATS_URL", env.as_str())];
    let flags = Flags { server: Some(by_flag.url()), ..Flags::default() };
    let no_flags = Flags::default();
    assert_eq!(name_of(&home.load(&flags, &vars)).await, "flag");
    assert_eq!(name_of(&home.load(&no_flags, &vars)).await, "env");
    assert_eq!(name_of(&home.load(&no_flags, &[("NATS_CONTEXT", "other")])).await, "other");
    let chosen = Flags { context: Some("it".into()), ..Flags::default() };
    assert_eq!(name_of(&home.load(&chosen, &[("NATS_CONTEXT", "other")])).await, "file");
    assert_eq!(name_of(&home.selected()).await, "file");
    assert_eq!(name_of(&home.load(&flags, &vars).for_context("other").unwrap()).await, "other");
    assert_eq!(Home::new().selected().connection, Connection::default());
}

#[tokio::test]
async fn a_list_goes_on_to_the_next_server() {
    let server = server_with("");
    let down = free_port().unwrap();
    let list = format!("nats://127.0.0.1:{down}, 127.0.0.1:{}", server.port());
    account(&Home::with(&json!({ "url": list })).selected()).await;
    account(&Home::new().load(&Flags { server: Some(list.clone()), ..Flags::default() }, &[])).await;
    account(&Home::new().load(&Flags::default(), &[("NATS_URL", &list)])).await;
}

/// A server that takes connections and then says nothing must not use up the time of the next one.
#[tokio::test]
async fn a_list_goes_on_after_a_server_that_hangs() {
    let server = named("second");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let list = format!("{},{}", silent.local_addr().unwrap(), server.url());
    let flags = Flags { server: Some(list), timeout: Some(Duration::from_secs(1)), ..Flags::default() };
    assert_eq!(name_of(&Home::new().load(&flags, &[])).await, "second");
}

#[tokio::test]
async fn the_first_attempt_does_not_wait() {
    let server = named("quick");
    let settings = Home::with(&json!({ "url": server.url() })).selected();
    let mut fastest = Duration::MAX;
    // The fastest of a few, since this machine may be busy.
    for _ in 0..5 {
        let started = Instant::now();
        open(&settings.connection).await.unwrap();
        fastest = fastest.min(started.elapsed());
    }
    assert!(fastest < Duration::from_millis(150), "{fastest:?}");
}

#[tokio::test]
async fn nobody_listens() {
    let (one, two) = (free_port().unwrap(), free_port().unwrap());
    let url = format!("nats://me:hunter2@127.0.0.1:{one},nats://127.0.0.1:{two}");
    let error = error_of(&Home::with(&json!({ "url": url })).selected(), &["hunter2"]).await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    let both = format!("nats://127.0.0.1:{one}, nats://127.0.0.1:{two}");
    says(&error.to_string(), &[&both, "refused", "is the server running"]);
}

#[tokio::test]
async fn an_unknown_host() {
    // Longer than a name may be, so that no resolver is asked and none can take its time.
    let host = format!("{}.invalid", "a".repeat(70));
    let url = format!("nats://me:hunter2@{host}:4222");
    let error = error_of(&Home::with(&json!({ "url": url })).selected(), &["hunter2"]).await;
    assert!(matches!(error, ConnectError::NoHost { .. }), "{error:?}");
    says(&error.to_string(), &[&format!("nats://{host}:4222"), "check the address"]);
}

#[tokio::test]
async fn a_server_that_says_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", silent.local_addr().unwrap());
    let flags = Flags { server: Some(url.clone()), timeout: Some(Duration::from_millis(300)), ..Flags::default() };
    let none = Home::new();
    for settings in [
        none.load(&flags, &[("NATS_TIMEOUT", "60s")]),
        none.load(&Flags::default(), &[("NATS_URL", &url), ("NATS_TIMEOUT", "300ms")]),
    ] {
        let error = error_of(&settings, &[]).await;
        assert!(matches!(error, ConnectError::Timeout { .. }), "{error:?}");
        says(&error.to_string(), &[&url, "0.3 s", "is it a NATS server"]);
    }
    let error = none.try_load(&Flags::default(), &[("NATS_TIMEOUT", "soon")]).unwrap_err().to_string();
    says(&error, &["NATS_TIMEOUT", "500ms"]);
    hides(&[error], &["soon"]);
}

#[tokio::test]
async fn a_server_that_is_full() {
    let server = server_with("max_connections: 1");
    let settings = Home::with(&json!({ "url": server.url() })).selected();
    let _first = open(&settings.connection).await.unwrap();
    says(&sentence_of(&settings, &[]).await, &[&server.url(), "maximum connections exceeded"]);
}

/// Addresses that cannot be meant so are told, and what may be a password in them is not.
#[test]
fn bad_addresses() {
    for (url, part) in [
        ("http://me:hunter2@host", "http://host"),
        ("nats://me:hunter2", "nats://me"),
        ("nats://me:hunter2,rest@host", "nats://me"),
        ("nats://me:12/hunter2@host", "nats://host"),
        ("nats://me:12#hunter2@host", "nats://host"),
        ("nats://me:12?hunter2@host", "nats://host"),
        ("nats://me:hunter2@host:99999", "nats://host"),
        ("nats://me:hunter2@", "nats://"),
        ("ws://me:hunter2@host", "WebSocket"),
    ] {
        let home = Home::with(&json!({ "url": url }));
        let error = home.try_load(&Flags::default(), &[]).unwrap_err();
        says(&error.to_string(), &[part]);
        hides(&[error.to_string(), format!("{error:?}")], &["hunter2"]);
        let settings = home.try_load(&Flags { server: Some("fine".into()), ..Flags::default() }, &[]).unwrap();
        hides(&[format!("{:?}", settings.contexts())], &["hunter2"]);
    }
}
