//! A fault without an end: a server that accepts connections and never speaks. Every command ends with its sentence, and
//! the console stays usable.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::pty::Terminal;

/// So soon each command has ended, on a machine that is loaded: the limit to connect is 5 s.
const ENDS: Duration = Duration::from_secs(5 + 10);

/// The address of such a server. It ends with the process.
fn mute() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("nats://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        let kept: Vec<_> = listener.incoming().collect();
        drop(kept);
    });
    url
}

#[test]
fn a_server_that_accepts_and_never_speaks_holds_nobody_up() {
    let (url, home) = (mute(), tempfile::tempdir().expect("a directory"));
    let program = env!("CARGO_BIN_EXE_jetscope");
    let copies = format!("file:{}", home.path().join("out.ndjson").display());
    let commands: [&[&str]; 9] = [
        &["streams"],
        &["streams", "--json", "--watch", "1s"],
        &["consumers"],
        &["check", "--window", "1s"],
        &["tail", "S"],
        &["tail", "S", "--follow"],
        &["replay", "S", "--range", "all", "--to", &copies],
        &["replay", "S", "--range", "all", "--to", &copies, "--execute"],
        &["reposition", "S", "c", "--to", "1"],
    ];
    thread::scope(|scope| {
        for args in commands {
            let (url, home) = (&url, home.path());
            scope.spawn(move || {
                let begun = Instant::now();
                let mut command = Command::new(program);
                command.args(args).args(["--server", url]).env_clear().env("HOME", home);
                let out = command.output().expect("the program");
                let said = String::from_utf8_lossy(&out.stderr).into_owned();
                println!("    {:<60} {:.1} s: {}", args.join(" "), begun.elapsed().as_secs_f64(), said.trim());
                assert!(begun.elapsed() < ENDS, "{args:?}: {:?}", begun.elapsed());
                assert_eq!(out.status.code(), Some(2), "{args:?}: {said}");
                assert!(said.contains("127.0.0.1") && said.contains("did not answer within"), "{args:?}: {said}");
            });
        }
        let mut t = Terminal::start(Path::new(program), home.path(), (80, 24), &["--server", &url], &[]);
        t.until("a failed attempt", |t| t.screen().contains("did not answer"));
        let attempts = |t: &Terminal| {
            let (_, rest) = t.line(0).split_once("try ").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap_or_default();
            rest.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0_u32)
        };
        let before = attempts(&t);
        // Keys work meanwhile, and it tries again.
        t.keys("?");
        t.until("the help", |t| t.line(1).contains("Help"));
        t.keys("\x1b");
        t.until("the streams", |t| !t.line(1).contains("Help"));
        t.keys("6");
        t.shows("Nothing was replayed or moved yet");
        t.until("another attempt", |t| attempts(t) > before);
        t.keys("q");
        assert!(t.ended().success(), "{}", t.screen());
    });
}
