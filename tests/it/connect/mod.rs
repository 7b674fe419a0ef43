//! Connecting, in every way that the settings know, to real servers that demand exactly that.

mod addresses;
mod credentials;
mod forms;
mod jwt;
mod prefixes;
mod renewal;
mod tls;

use jetscope::config::{Flags, Settings};
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::Account;
use jetscope::nats::{Api, ConnectError, open};

/// Connects and asks `JetStream` something, so that more than the handshake is known to work.
async fn account(settings: &Settings) -> Account {
    let client = open(&settings.connection).await.expect("a connection");
    Api::new(client).account().await.expect("the account")
}

/// Why there is no connection; neither the error nor the settings may show one of the secrets.
async fn error_of(settings: &Settings, secrets: &[&str]) -> ConnectError {
    let error = open(&settings.connection).await.expect_err("no connection");
    hides(&[error.to_string(), format!("{error:?}"), format!("{settings:?}")], secrets);
    error
}

/// The same as a sentence.
async fn sentence_of(settings: &Settings, secrets: &[&str]) -> String {
    error_of(settings, secrets).await.to_string()
}

fn hides(texts: &[String], secrets: &[&str]) {
    for text in texts {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} shows in: {text}");
        }
    }
}

/// Each of the parts is in the sentence.
#[track_caller]
fn says(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is missing in: {sentence}");
    }
}

fn server_flag(server: &Server) -> Flags {
    Flags { server: Some(server.url()), ..Flags::default() }
}

/// A server that has nothing but a name.
fn named(name: &str) -> Server {
    Server::start(&ServerSpec { name: name.into(), jetstream: false, ..ServerSpec::default() }).expect("a server")
}
