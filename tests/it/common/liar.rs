//! A server that lies: it speaks just enough of the protocol to be asked, and answers whatever a scene says.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// What the client is greeted with where a scene says nothing else.
pub(crate) const INFO: &str = r#"INFO {"server_id":"L","server_name":"liar","version":"2.15.1","proto":1,"headers":true,"max_payload":1048576,"jetstream":true,"client_id":1}"#;

/// What is answered.
pub(crate) enum Answer {
    /// This text, as a message.
    Text(String),
    /// These bytes as they are; `SUBJECT SID` in front of them stands for where the answer goes.
    Bytes(Vec<u8>),
    /// A message of so many bytes is announced, and they come without an end.
    Flood(u64),
    /// Half of this text, and the end of the connection.
    Cut(String),
    /// Nothing.
    Silence,
}

/// What a scene answers to a question on this subject with this body, the so many-th on its connection.
pub(crate) type Scene = dyn Fn(&str, &str, usize) -> Answer + Send + Sync;

/// A running liar, and its address. It ends with the process.
pub(crate) fn start(greeting: &'static [u8], scene: Arc<Scene>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("nats://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let scene = Arc::clone(&scene);
            thread::spawn(move || serve(&socket, greeting, &*scene));
        }
    });
    url
}

/// Until the client leaves.
fn serve(mut socket: &TcpStream, greeting: &[u8], scene: &Scene) -> Option<()> {
    socket.set_write_timeout(Some(Duration::from_secs(10))).ok()?;
    socket.write_all(greeting).ok()?;
    socket.write_all(b"\r\n").ok()?;
    let mut reader = BufReader::new(socket.try_clone().ok()?);
    let mut inboxes: Vec<(String, String)> = Vec::new();
    let mut asked = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["PING"] => socket.write_all(b"PONG\r\n").ok()?,
            ["SUB", subject, .., sid] => {
                inboxes.push((subject.trim_end_matches('*').to_owned(), (*sid).to_owned()));
            }
            ["PUB" | "HPUB", subject, rest @ .., length] => {
                let mut body = vec![0; length.parse::<usize>().ok()? + 2];
                reader.read_exact(&mut body).ok()?;
                let Some(reply) = rest.first() else { continue };
                let inbox = inboxes.iter().rev().find(|(prefix, _)| reply.starts_with(prefix.as_str()));
                let to = format!("{reply} {}", inbox?.1);
                let answer = scene(subject, &String::from_utf8_lossy(&body), asked);
                asked += 1;
                tell(socket, &to, answer)?;
            }
            _ => {}
        }
    }
}

fn tell(mut socket: &TcpStream, to: &str, answer: Answer) -> Option<()> {
    match answer {
        Answer::Silence => Some(()),
        Answer::Text(text) => socket.write_all(format!("MSG {to} {}\r\n{text}\r\n", text.len()).as_bytes()).ok(),
        Answer::Cut(text) => {
            let half = &text.as_bytes()[..text.len() / 2];
            socket.write_all(format!("MSG {to} {}\r\n", text.len()).as_bytes()).ok()?;
            socket.write_all(half).ok()?;
            None
        }
        Answer::Bytes(bytes) => {
            let marker = b"SUBJECT SID";
            let at = bytes.windows(marker.len()).position(|window| window == marker);
            let out = match at {
                Some(at) => [&bytes[..at], to.as_bytes(), &bytes[at + marker.len()..]].concat(),
                None => bytes,
            };
            socket.write_all(&out).ok()
        }
        Answer::Flood(length) => {
            socket.write_all(format!("MSG {to} {length}\r\n").as_bytes()).ok()?;
            let chunk = vec![b'x'; 1 << 18];
            loop {
                socket.write_all(&chunk).ok()?;
            }
        }
    }
}

/// The built program, with nothing of this environment but a home, beside the server there.
pub(crate) fn program(home: &Path, url: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
    command.args(args).args(["--server", url]).env_clear().env("HOME", home).stdin(Stdio::null());
    command
}

/// The most memory that a process had, without what is mapped of its own file: the build under test has its debug
/// information in it, of which some 30 MiB are read in.
pub(crate) fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    of("VmHWM:").unwrap_or(0).saturating_sub(of("RssFile:").unwrap_or(0)) << 10
}
