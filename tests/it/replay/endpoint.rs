//! An endpoint that receives events over HTTP, and behaves as badly as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::common::certs::Leaf;

/// What an endpoint received: request line and headers, their names in lower case, and the body.
pub(super) type Received = Arc<Mutex<Vec<(Vec<String>, String)>>>;

type Answers = Arc<Mutex<std::slice::Iter<'static, &'static str>>>;

/// An endpoint that answers what it is told, in turn, and then 204 for ever. `hang up` closes the connection instead, with
/// the request read; `closed` closes the next connection at once.
pub(super) fn endpoint(answers: &'static [&'static str]) -> (String, Received) {
    let (port, received) = listen(answers, None);
    (format!("http://127.0.0.1:{port}/events"), received)
}

/// The same over TLS, with this certificate of `localhost`.
pub(super) fn encrypted(leaf: &Leaf) -> (String, Received) {
    let certs = vec![CertificateDer::from_pem_slice(leaf.cert.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into());
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let (port, received) = listen(&[], Some(Arc::new(builder.with_single_cert(certs, key).unwrap())));
    (format!("https://localhost:{port}/events"), received)
}

fn listen(answers: &'static [&'static str], tls: Option<Arc<ServerConfig>>) -> (u16, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Received::default();
    let (book, left) = (Arc::clone(&received), Arc::new(Mutex::new(answers.iter())));
    thread::spawn(move || {
        for socket in listener.incoming() {
            if left.lock().unwrap().as_slice().first() == Some(&"closed") {
                left.lock().unwrap().next();
                continue;
            }
            let (socket, book, left, tls) = (socket.unwrap(), Arc::clone(&book), Arc::clone(&left), tls.clone());
            thread::spawn(move || match tls {
                Some(config) => {
                    serve(StreamOwned::new(ServerConnection::new(config).unwrap(), socket), &book, &left);
                }
                None => serve::<TcpStream>(socket, &book, &left),
            });
        }
    });
    (port, received)
}

fn serve<S: Read + Write>(socket: S, book: &Received, left: &Answers) {
    let mut reader = BufReader::new(socket);
    loop {
        let (mut headers, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
            headers.push(format!("{}:{value}", name.to_ascii_lowercase()));
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            // Killed in the middle of it.
            return;
        }
        let answer = left.lock().unwrap().next().copied().unwrap_or("204 No Content\r\n");
        if answer == "hang up" {
            return;
        }
        if answer.starts_with('2') {
            book.lock().unwrap().push((headers, String::from_utf8(body).unwrap()));
        }
        // In one piece, which no acknowledgement is waited for. Who has sent it may be gone.
        let _ = reader.get_mut().write_all(format!("HTTP/1.1 {answer}Content-Length: 0\r\n\r\n").as_bytes());
    }
}

/// A header of what was received.
pub(super) fn header<'r>(received: &'r (Vec<String>, String), name: &str) -> Option<&'r str> {
    received.0.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The sequences of what was received, in order.
pub(super) fn sequences(received: &Received) -> Vec<u64> {
    received.lock().unwrap().iter().map(|r| header(r, "ce-replayseq").unwrap().parse().unwrap()).collect()
}
