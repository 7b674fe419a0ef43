//! jetscope: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    jetscope::cli::main()
}
