//! What the integration tests share.

pub(crate) mod certs;
pub(crate) mod events;
pub(crate) mod every_kind;
pub(crate) mod fixture;
pub(crate) mod home;
pub(crate) mod jwt;
pub(crate) mod liar;
pub(crate) mod live;
pub(crate) mod proxy;
pub(crate) mod pty;
pub(crate) mod raw;
pub(crate) mod receiver;
pub(crate) mod stand_in;
pub(crate) mod world;

use jetscope::demo::{Server, ServerSpec};

/// A newest server with `JetStream` and this configuration appended.
pub(crate) fn server_with(config: &str) -> Server {
    Server::start(&ServerSpec { config: config.into(), ..Default::default() }).expect("a server")
}

/// A server of this version with `JetStream`.
pub(crate) fn server_of(version: &str) -> Server {
    Server::start(&ServerSpec { version: Some(version.into()), ..Default::default() }).expect("a server")
}
