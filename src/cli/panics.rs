//! What becomes of a panic: a report on standard error, in colour only where a person sees it. One that only ends a
//! connection is a line in the log, since the connection is made anew.

use std::env;
use std::io::{self, IsTerminal as _};
use std::panic::{set_hook, take_hook};

use color_eyre::config::{HookBuilder, Theme};

use crate::nats::serves_a_connection;

/// Puts the hooks in place.
pub(super) fn install() {
    let hooks = HookBuilder::default().display_env_section(false);
    let plain = !io::stderr().is_terminal() || env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    // The hook only adds words to a panic's report; that it is there already does not matter.
    let _ = if plain { hooks.theme(Theme::new()) } else { hooks }.install();
    let next = take_hook();
    set_hook(Box::new(move |info| {
        if serves_a_connection() {
            tracing::warn!(panic = %info, "a connection's task has ended");
        } else {
            next(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Where this is set, the test below panics behind the hooks.
    const PANIC: &str = "JETSCOPE_TEST_PANIC";

    #[test]
    fn a_report_in_a_pipe_has_no_escapes() {
        if env::var_os(PANIC).is_some() {
            install();
            panic!("on purpose");
        }
        let name = "cli::panics::tests::a_report_in_a_pipe_has_no_escapes";
        let args = ["--exact", "--nocapture", name];
        let ended = Command::new(env::current_exe().unwrap()).args(args).env(PANIC, "1").output().unwrap();
        let report = String::from_utf8(ended.stderr).unwrap();
        assert!(report.contains("on purpose") && report.contains("panics.rs"), "{report}");
        assert!(!report.contains('\u{1b}'), "{report:?}");
    }
}
