//! Messages as no client library sends them: written to the server's port as they are.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use jetscope::demo::Server;
use serde_json::Value;

/// A connection that publishes anything.
pub(crate) struct Raw {
    socket: TcpStream,
    /// The server counts its connections.
    pub(crate) number: u64,
}

impl Raw {
    /// Connects.
    pub(crate) fn to(server: &Server) -> Self {
        let mut socket = TcpStream::connect(("127.0.0.1", server.port())).expect("a server");
        socket.write_all(b"CONNECT {\"headers\":true,\"verbose\":false}\r\n").expect("a connection");
        let mut info = String::new();
        BufReader::new(socket.try_clone().expect("a socket")).read_line(&mut info).expect("a greeting");
        let info: Value = serde_json::from_str(info.trim_start_matches("INFO ")).expect("a greeting");
        Self { socket, number: info["client_id"].as_u64().expect("a number") }
    }

    /// Publishes this block of headers and this body; the server may know of it a moment later.
    pub(crate) fn send(&mut self, subject: impl AsRef<[u8]>, block: &[u8], body: &str) {
        let mut out = b"HPUB ".to_vec();
        out.extend(subject.as_ref());
        out.extend(format!(" {} {}\r\n", block.len(), block.len() + body.len()).into_bytes());
        out.extend(block);
        out.extend(format!("{body}\r\n").into_bytes());
        self.socket.write_all(&out).expect("a connection");
    }

    /// Waits until the server has everything.
    pub(crate) fn flush(&mut self) {
        self.socket.write_all(b"PING\r\n").expect("a connection");
        let mut answer = String::new();
        let mut buffer = [0; 1024];
        while !answer.contains("PONG") {
            let n = self.socket.read(&mut buffer).expect("a connection");
            assert!(n > 0 && !answer.contains("-ERR"), "{answer}");
            answer.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    }
}

/// Publishes one message.
pub(crate) fn publish_raw(server: &Server, subject: impl AsRef<[u8]>, block: &[u8], body: &str) {
    let mut raw = Raw::to(server);
    raw.send(subject, block, body);
    raw.flush();
}
