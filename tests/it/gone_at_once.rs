//! A consumer that is gone as soon as it is made, again and again: others are made after pauses that grow, and that is
//! told once.

use std::io::Read as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::common::liar::{Answer, INFO, program, start};

/// Consumers that are made before the reader is looked at: 7.75 s of pauses, doubled from a quarter of a second on.
const MADE: usize = 6;
/// The pauses between them, at least; what is asked between them takes some of that time.
const PAUSES: [u64; MADE - 1] = [250, 500, 1_000, 2_000, 4_000];
const PATIENCE: Duration = Duration::from_secs(60);

/// What was asked until now: every request, and when consumers were made.
#[derive(Default)]
struct Asked {
    requests: usize,
    made: Vec<Instant>,
}

type Seen = Arc<(Mutex<Asked>, Condvar)>;

/// A server with a stream whose consumers are gone at once with this status, and whose messages cannot be looked at one
/// by one for now. Its address, and what it is asked.
fn server(status: &'static str) -> (String, Seen) {
    let seen = Seen::default();
    let asked = Arc::clone(&seen);
    let url = start(
        INFO.as_bytes(),
        Arc::new(move |subject, _, _| {
            let tokens: Vec<&str> = subject.split('.').skip(2).collect();
            let mut now = asked.0.lock().unwrap();
            now.requests += 1;
            match tokens.as_slice() {
                ["STREAM", "INFO", _] => Answer::Text(
                    r#"{"config":{"name":"S","subjects":["s"],"retention":"limits"},"created":"2026-11-23T09:24:33Z","state":{"messages":1000,"bytes":9000,"first_seq":1,"last_seq":1000}}"#.into(),
                ),
                ["CONSUMER", "CREATE", _, name] => {
                    now.made.push(Instant::now());
                    asked.1.notify_all();
                    Answer::Text(format!(r#"{{"stream_name":"S","name":"{name}","num_pending":1000}}"#))
                }
                ["CONSUMER", "MSG", "NEXT", ..] => {
                    let length = "NATS/1.0 \r\n\r\n".len() + status.len();
                    let head = format!("HMSG SUBJECT SID {length} {length}\r\nNATS/1.0 {status}\r\n\r\n\r\n");
                    Answer::Bytes(head.into_bytes())
                }
                ["STREAM", "MSG", "GET", _] => {
                    Answer::Text(r#"{"error":{"code":503,"err_code":10008,"description":"no leader"}}"#.into())
                }
                _ => Answer::Text(r#"{"streams":1,"limits":{"max_storage":-1}}"#.into()),
            }
        }),
    );
    (url, seen)
}

struct Reader {
    child: Child,
    status: &'static str,
    seen: Seen,
    _home: TempDir,
}

fn reader(args: &[&str], status: &'static str) -> Reader {
    let (url, seen) = server(status);
    let home = tempfile::tempdir().unwrap();
    let child = program(home.path(), &url, args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    Reader { child, status, seen, _home: home }
}

impl Reader {
    /// Waits until it has made enough consumers; then how often it asked, when it made them, and what it said.
    fn looked_at(mut self, least: usize) -> (usize, Vec<Instant>, String) {
        let (asked, changed) = &*self.seen;
        let wait = changed.wait_timeout_while(asked.lock().unwrap(), PATIENCE, |now| now.made.len() < least);
        let (now, _) = wait.unwrap();
        let (requests, made) = (now.requests, now.made.clone());
        drop(now);
        self.child.kill().unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        self.child.wait().unwrap();
        (requests, made, said)
    }
}

#[test]
fn another_is_made_after_pauses_that_grow_and_that_is_told_once() {
    let tail: &[&str] = &["tail", "S", "--range", "all"];
    let replay: &[&str] = &["replay", "S", "--range", "all", "--to", "file:copies", "--execute"];
    let statuses = ["409 Consumer Deleted", "999 Odd"];
    // A plan looks at one message first, with a reader of its own.
    let readers: Vec<(Reader, usize)> = [(tail, 0), (replay, 1)]
        .into_iter()
        .flat_map(|(args, first)| statuses.map(|status| (reader(args, status), first)))
        .collect();
    for (reader, first) in readers {
        let status = reader.status;
        let (requests, mut made, said) = reader.looked_at(MADE + first);
        assert!(made.len() >= MADE + first, "{status}: {} made, {said}", made.len());
        made.drain(..first);
        for (pair, least) in made.windows(2).zip(PAUSES) {
            let pause = pair[1] - pair[0];
            assert!(pause >= Duration::from_millis(least), "{status}: {pause:?} instead of {least} ms");
        }
        assert!(requests <= 10 * MADE, "{status}: {requests} requests");
        assert_eq!(said.matches("is gone as soon as it is made").count(), 1, "{status}: {said}");
        assert!(said.contains(status), "{status}: {said}");
    }
}
