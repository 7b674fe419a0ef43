//! Replays on real servers: what is promised holds, whatever breaks.

mod broken;
mod doors;
mod doubt;
mod drill;
mod endpoint;
mod everywhere;
mod identity;
mod leaders;
pub(crate) mod place;
mod printed;
mod record;
pub(crate) mod traps;
mod wishes;
