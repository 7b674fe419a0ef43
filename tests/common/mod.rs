//! What the integration tests share. Each test file takes what it needs.
#![expect(dead_code, reason = "each test binary uses a part of it")]

pub use jetscope::demo::{Server, ServerSpec};
