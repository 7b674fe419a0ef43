//! Publishing to servers that do less than they should.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::model::Access;
use crate::nats::gate::{Confirmation, Gate, Write};

/// What a client is greeted with.
const INFO: &[u8] =
    b"INFO {\"server_id\":\"M\",\"version\":\"2.15.1\",\"proto\":1,\"headers\":true,\"max_payload\":1048576}\r\n";

/// The first connection to a server that answers nothing but pings. It ends when this is dropped.
pub(crate) struct Mute(Option<TcpStream>);

impl Drop for Mute {
    fn drop(&mut self) {
        if let Some(socket) = &self.0 {
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// Accepts one connection. It is read up to the first message that is published, or, with `reads`, for ever.
pub(crate) fn listen(reads: bool) -> (Connection, mpsc::Receiver<Mute>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = Connection::to(format!("nats://{}", listener.local_addr().unwrap()));
    let (out, accepted) = mpsc::channel();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(INFO).unwrap();
        out.send(Mute(Some(socket.try_clone().unwrap()))).unwrap();
        let mut lines = BufReader::new(socket.try_clone().unwrap());
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|n| n > 0) {
            if line.starts_with("PING") {
                socket.write_all(b"PONG\r\n").unwrap();
            }
            if !reads && (line.starts_with("PUB") || line.starts_with("HPUB")) {
                return;
            }
            line.clear();
        }
        // Whatever comes behind what is no line.
        let _ = lines.read(&mut [0; 1024]);
    });
    (connection, accepted)
}

/// A client of a server that answers nothing.
pub(crate) async fn mute() -> (Client, Mute) {
    let (connection, accepted) = listen(true);
    let client = connect::open(&connection).await.unwrap();
    (client, accepted.recv().unwrap())
}

async fn publisher(connection: &Connection) -> Publisher {
    let write = Write::Replay { stream: "S".into(), destination: "to".into() };
    let permit = Gate::new(Access::Confirm, "").permit(write, &Confirmation::Yes).unwrap();
    Publisher::open(connection, &permit).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_takes_nothing_and_breaks_is_no_place_to_wait_at() {
    let (connection, accepted) = listen(false);
    let publisher = publisher(&connection).await;
    let server = accepted.recv().unwrap();
    let body = Bytes::from(vec![b'x'; 16 << 10]);
    let send = || {
        let message = Outbound { subject: "a", headers: &[], id: None, body: body.clone() };
        publisher.publish_unheard(message)
    };
    // Until the system takes no more, and the client neither.
    while let Ok(sent) = timeout(Duration::from_millis(500), send()).await {
        sent.unwrap();
    }
    let more = send();
    drop(server);
    let ended = timeout(Duration::from_secs(10), more).await.expect("it hangs");
    assert_eq!(ended.unwrap_err().kind, ProblemKind::Disconnected);
}
