//! Plain data: what a server said, when, and what follows from it by arithmetic alone.
//!
//! May import std, serde and jiff (for the text form of times); names no clock, no client,
//! no terminal. Everything here is `Clone + PartialEq + Debug`, so that a session can be
//! logged and played back.

pub mod access;
pub mod account;
pub mod advisory;
pub mod catalog;
pub mod check;
pub mod consumer;
pub mod document;
pub mod entry;
pub mod glob;
pub mod gone;
pub mod history;
pub mod kind;
pub mod lag;
pub mod link;
pub mod message;
pub mod missed;
pub mod owner;
pub mod problem;
pub mod reading;
pub mod replay;
pub mod reposition;
pub mod request;
pub mod retention;
pub mod ring;
pub mod rule;
pub mod said;
pub mod sanitise;
pub mod scope;
pub mod series;
pub mod shell;
pub mod stream;
pub mod subject;
pub mod thresholds;
pub mod time;
pub mod units;
pub mod update;

pub use access::Access;
pub use account::{Account, Quota, ServerInfo};
pub use advisory::{Advisory, AdvisoryKind};
pub use catalog::Catalog;
pub use consumer::{AckPolicy, Consumer, ConsumerConfig, DeliverPolicy, Delivery};
pub use entry::{Availability, ConsumerEntry, StreamEntry};
pub use history::History;
pub use kind::{Kind, KindPatterns};
pub use lag::Lag;
pub use link::Link;
pub use message::{Header, Message};
pub use owner::Owner;
pub use problem::{Problem, ProblemKind};
pub use reading::Reading;
pub use request::Request;
pub use ring::ConsumerSample;
pub use rule::Rule;
pub use said::Said;
pub use scope::Scope;
pub use series::{AccountSample, Series, StreamSample};
pub use stream::{
    Cluster, Discard, Fullness, Limits, Peer, Retention, Storage, Stream, StreamConfig, StreamState, Upstream,
};
pub use thresholds::Thresholds;
pub use time::{Timestamp, skew, skew_in_words};
pub use update::{Listing, Traffic, Update};
