//! Every command and the console against a server that lies: none panics, hangs, or takes all the memory.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::liar::{Answer, INFO, Scene, memory, program, start};
use crate::common::pty::Terminal;

/// The most memory that anything may take, in bytes.
const MEMORY: u64 = 200 << 20;
/// And where a message of 4 GB comes on each connection: how much of it is read before that is noticed hangs on how busy
/// the machine is, and the client doubles its buffer.
const FLOOD: u64 = 400 << 20;
/// The longest that a command may take, also on a busy machine.
const LONGEST: Duration = Duration::from_secs(60);
/// Commands that run at the same time.
const TOGETHER: usize = 6;

/// The largest number that is read at all.
const LARGEST: &str = "18446744073709551615";

const ANSWER: &str = "MSG SUBJECT SID 2\r\n{}\r\n";

fn text(text: impl Into<String>) -> Answer {
    Answer::Text(text.into())
}

/// The number as a setting, which is signed: what is larger makes the whole answer unreadable.
fn setting(number: &str) -> &str {
    if number == LARGEST { "9223372036854775807" } else { number }
}

fn stream(name: &str, number: &str) -> String {
    let set = setting(number);
    format!(
        r#"{{"config":{{"name":"{name}","subjects":["s"],"retention":"limits","max_age":{set},"max_msgs":{set},"max_bytes":{set},"num_replicas":1}},"created":"2026-11-23T09:24:33Z","state":{{"messages":{number},"bytes":{number},"first_seq":{number},"first_ts":"2026-11-23T09:24:33Z","last_seq":{number},"last_ts":"9999-11-23T09:24:33Z","consumer_count":{number},"num_deleted":{number},"num_subjects":{number}}}}}"#
    )
}

fn consumer(stream: &str, name: &str, number: &str) -> String {
    let set = setting(number);
    format!(
        r#"{{"stream_name":"{stream}","name":"{name}","created":"2026-11-23T09:24:33Z","config":{{"durable_name":"{name}","ack_policy":"explicit","ack_wait":{set},"max_deliver":{set},"max_ack_pending":{set}}},"delivered":{{"consumer_seq":{number},"stream_seq":{number}}},"ack_floor":{{"consumer_seq":{number},"stream_seq":{number}}},"num_ack_pending":{number},"num_pending":{number},"num_waiting":{number},"num_redelivered":{number}}}"#
    )
}

/// What a server with one stream and one consumer says, each number of theirs being this one.
fn plain(subject: &str, number: &str) -> String {
    let tokens: Vec<&str> = subject.split('.').skip(2).collect();
    match tokens.as_slice() {
        ["STREAM", "LIST"] => {
            format!(r#"{{"total":1,"offset":0,"limit":256,"streams":[{}]}}"#, stream("S", number))
        }
        ["STREAM", "NAMES"] => r#"{"total":1,"offset":0,"limit":256,"streams":["S"]}"#.into(),
        ["STREAM", "INFO", name] => stream(name, number),
        ["STREAM", "MSG", "GET", _] => {
            format!(r#"{{"message":{{"subject":"s","seq":{number},"data":"eA==","time":"2026-11-23T09:24:33Z"}}}}"#)
        }
        ["CONSUMER", "LIST", name] => {
            format!(r#"{{"total":1,"offset":0,"limit":256,"consumers":[{}]}}"#, consumer(name, "c", number))
        }
        ["CONSUMER", "INFO" | "CREATE" | "DURABLE", name, more @ ..] => {
            consumer(name, more.first().unwrap_or(&"c"), number)
        }
        _ => format!(r#"{{"memory":{number},"storage":{number},"streams":{number},"limits":{{"max_storage":-1}}}}"#),
    }
}

/// Pages of 256 names, which begin with this, and more of them to come: so many, as the server says.
fn endless(subject: &str, Endless { of_names, total, more }: &Endless) -> String {
    let names = (0..256).map(|n| format!("{of_names}-{n}"));
    let items: Vec<String> = match subject {
        "$JS.API.STREAM.LIST" => names.map(|name| stream(&name, "7")).collect(),
        "$JS.API.STREAM.NAMES" => names.map(|name| format!("\"{name}\"")).collect(),
        _ if subject.contains("CONSUMER.LIST") => names.map(|name| consumer("S", &name, "7")).collect(),
        _ => return plain(subject, "7"),
    };
    let of = if subject.contains("CONSUMER.LIST") { "consumers" } else { "streams" };
    let items =
        items.join(",").replace("\"config\":{", &format!("\"config\":{{\"description\":\"{}\",", "x".repeat(*more)));
    format!(r#"{{"total":{total},"offset":0,"limit":256,"{of}":[{items}]}}"#)
}

/// A page of a list: how its names begin, how many names the list is said to have, and how much more is said of each.
struct Endless {
    of_names: String,
    total: usize,
    more: usize,
}

/// The so many-th answer of a scene.
fn endless_scene(page: fn(usize) -> Endless) -> Arc<Scene> {
    Arc::new(move |subject, _, nth| text(endless(subject, &page(nth))))
}

fn page(nth: usize, total: usize, more: usize) -> Endless {
    Endless { of_names: format!("n{nth}"), total, more }
}

/// Scenes by name: the greeting, and what is answered.
fn scenes() -> Vec<(&'static str, &'static [u8], Arc<Scene>)> {
    let info = INFO.as_bytes();
    let mut scenes: Vec<(&'static str, &'static [u8], Arc<Scene>)> = vec![
        ("a greeting that is none", b"INFO {\"server_id\":7", Arc::new(|_, _, _| Answer::Silence)),
        ("a bare error as the greeting", b"-ERR", Arc::new(|_, _, _| Answer::Silence)),
        ("a length near 2^64 as the greeting", b"MSG a 1 18446744073709551610", Arc::new(|_, _, _| Answer::Silence)),
        (
            "greetings of odd types",
            b"INFO {\"max_payload\":-1,\"headers\":\"yes\"}",
            Arc::new(|_, _, _| Answer::Silence),
        ),
        ("a bare error", info, Arc::new(|_, _, _| Answer::Bytes(b"-ERR\r\n".to_vec()))),
        (
            "a length near 2^64",
            info,
            Arc::new(|_, _, _| Answer::Bytes(b"MSG SUBJECT SID 18446744073709551610\r\nx".to_vec())),
        ),
        (
            "a length near 2^63",
            info,
            Arc::new(|_, _, _| Answer::Bytes(b"MSG SUBJECT SID 9223372036854775807\r\nx".to_vec())),
        ),
        ("4 GB", info, Arc::new(|_, _, _| Answer::Flood(4 << 30))),
        ("pages without an end", info, endless_scene(|nth| page(nth, usize::MAX, 0))),
        ("the same page without an end", info, endless_scene(|_| page(0, usize::MAX, 0))),
        ("one page more without an end", info, endless_scene(|nth| page(nth, (nth + 2) * 256, 0))),
        ("large pages without an end", info, endless_scene(|nth| page(nth, 140_000, 8_000))),
        (
            "long names without an end",
            info,
            endless_scene(|nth| Endless { of_names: format!("{}{nth}", "n".repeat(8_000)), ..page(nth, 140_000, 0) }),
        ),
        ("answers cut off", info, Arc::new(|subject, _, _| Answer::Cut(plain(subject, "7")))),
        (
            "a status that nobody knows",
            info,
            Arc::new(|_, _, _| Answer::Bytes(b"HMSG SUBJECT SID 20 20\r\nNATS/1.0 999 Odd\r\n\r\n\r\n".to_vec())),
        ),
        ("nothing in answers", info, Arc::new(|_, _, _| Answer::Bytes(ANSWER.into()))),
        ("no JSON", info, Arc::new(|_, _, _| text("\u{1b}[2J no json \u{202e}"))),
        ("a list for all", info, Arc::new(|_, _, _| text("[".repeat(100_000)))),
        ("null for all", info, Arc::new(|_, _, _| text("null"))),
        (
            "consumers that are gone at once",
            info,
            Arc::new(|subject, _, _| {
                if subject.contains("MSG.NEXT") {
                    Answer::Bytes(b"HMSG SUBJECT SID 33 33\r\nNATS/1.0 409 Consumer Deleted\r\n\r\n\r\n".to_vec())
                } else {
                    text(plain(subject, "7"))
                }
            }),
        ),
    ];
    for number in [LARGEST, "9223372036854775807", "-1", "1.5", "null", "\"7\"", "0", "1e400"] {
        scenes.push((number, info, Arc::new(move |subject: &str, _: &str, _| text(plain(subject, number)))));
    }
    scenes
}

const COMMANDS: &[&[&str]] = &[
    &["streams"],
    &["consumers", "--json"],
    &["check", "--window", "1s"],
    &["tail", "S", "--last", "5", "--limit", "5"],
    &["replay", "S", "--to", "copy.{subject}"],
    &["reposition", "S", "c", "--to", "start"],
];

fn may(scene: &str) -> u64 {
    if scene == "4 GB" { FLOOD } else { MEMORY }
}

/// Runs a command to its end; says what was wrong with that.
fn run(scene: &str, url: &str, args: &[&str]) -> Option<String> {
    let home = tempfile::tempdir().unwrap();
    let mut child = program(home.path(), url, args)
        .args(["--timeout", "2s"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let notes = thread::spawn(move || {
        let mut notes = Vec::new();
        let _ = stderr.read_to_end(&mut notes);
        String::from_utf8_lossy(&notes).into_owned()
    });
    let (started, may, mut most) = (Instant::now(), may(scene), 0);
    let ended = loop {
        most = most.max(memory(child.id()));
        match child.try_wait().unwrap() {
            Some(ended) => break Some(ended),
            None if started.elapsed() > LONGEST || most > may => break None,
            None => thread::sleep(Duration::from_millis(10)),
        }
    };
    let _ = child.kill();
    let _ = child.wait();
    let (took, notes) = (started.elapsed(), notes.join().unwrap());
    let code = ended.and_then(|ended| ended.code());
    println!("{scene:?}: {args:?}: {code:?} after {took:.1?}, {} MiB", most >> 20);
    let well = matches!(code, Some(0..=2)) && most <= may && !notes.contains("panicked") && !notes.contains('\u{1b}');
    (!well).then(|| format!("{scene:?}: {args:?}: {code:?} after {took:.1?}, {} MiB\n{}", most >> 20, notes.trim_end()))
}

#[test]
fn no_command_panics_hangs_or_takes_all_the_memory() {
    let mut jobs: Vec<_> = scenes()
        .into_iter()
        .flat_map(|(name, greeting, scene)| {
            let url = start(greeting, scene);
            COMMANDS.iter().map(move |args| (name, url.clone(), *args))
        })
        .collect();
    // What takes longest is begun first.
    jobs.sort_by_key(|(name, ..)| name.contains("without an end"));
    let jobs = Mutex::new(jobs);
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().unwrap().pop();
                    let Some((name, url, args)) = job else { return };
                    wrong.lock().unwrap().extend(run(name, &url, args));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_console_stays_open_and_gives_the_terminal_back() {
    let wrong = Mutex::new(Vec::new());
    let jobs = Mutex::new(scenes());
    thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().unwrap().pop();
                    let Some((name, greeting, scene)) = job else { return };
                    let url = start(greeting, scene);
                    let home = tempfile::tempdir().unwrap();
                    let program = Path::new(env!("CARGO_BIN_EXE_jetscope"));
                    let mut t = Terminal::start(program, home.path(), (100, 30), &["--server", &url], &[]);
                    t.until("the console", Terminal::is_taken);
                    for keys in ["C", "7", "8", "1", "\r", "\t", "\t", "\t"] {
                        t.keys(keys);
                        let until = Instant::now() + Duration::from_millis(250);
                        t.until("a moment", |_| Instant::now() > until);
                    }
                    let most = memory(t.pid());
                    let open = t.is_taken();
                    t.keys("\x03");
                    let ended = t.ended();
                    let screen = t.screen();
                    println!("{name:?}: {} MiB", most >> 20);
                    if !open || t.is_taken() || t.cursor_hidden() || screen.contains("panicked") || most > may(name) {
                        let mib = most >> 20;
                        wrong.lock().unwrap().push(format!("{name:?}: {mib} MiB, {ended:?}, open {open}\n{screen}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
