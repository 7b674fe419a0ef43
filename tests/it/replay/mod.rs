//! Replays on real servers: what is promised holds, whatever breaks.

mod doors;
mod drill;
mod leaders;
pub(crate) mod place;
mod traps;
mod wishes;
