//! jetscope: parse, run, exit code.

use std::process::ExitCode;

/// Messages are allocated on one thread and let go on another, which the allocator of glibc answers with a lock: a
/// third of the time of a replay went there. Without huge pages, which doubled the memory of an idle console.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    jetscope::cli::main()
}
