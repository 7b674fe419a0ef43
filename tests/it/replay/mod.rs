//! Replays on real servers: what is promised holds, whatever breaks.

mod drill;
mod place;
