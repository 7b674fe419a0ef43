//! The engine against made-up sources and sinks, in no time.
