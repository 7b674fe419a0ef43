//! jetscope: parse, run, exit code.

use std::process::ExitCode;

/// Messages are allocated on one thread and let go on another, which costs the allocator of glibc a lock: a fifth of what
/// a replay took of the processor. Without huge pages, which doubled the memory of an idle console.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    jetscope::cli::main()
}
