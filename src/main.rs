//! jetscope: parse, run, exit code.

fn main() {}
