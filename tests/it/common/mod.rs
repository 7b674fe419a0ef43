//! What the integration tests share.

pub(crate) mod certs;
pub(crate) mod every_kind;
pub(crate) mod home;
pub(crate) mod jwt;
pub(crate) mod pty;
pub(crate) mod world;

use jetscope::demo::{Server, ServerSpec};

/// A newest server with `JetStream` and this configuration appended.
pub(crate) fn server_with(config: &str) -> Server {
    Server::start(&ServerSpec { config: config.into(), ..Default::default() }).expect("a server")
}
