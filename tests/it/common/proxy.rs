//! A way to a server that can be made slow, late, deaf, or cut.

use std::time::Duration;

use bytes::Bytes;
use jetscope::demo::server::free_port;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

/// What becomes of the bytes on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// They pass.
    Open,
    /// At most so many a second come from the server.
    Slow(u64),
    /// They pass so much later, each way.
    Late(Duration),
    /// They stay where they are, and the connections stay open.
    Deaf,
    /// All connections are closed, and new ones too.
    Cut,
    /// They pass, and the server's clock is an hour ahead in all of its answers.
    Ahead,
}

/// The proxy. Dropping it ends it.
pub(crate) struct Proxy {
    port: u16,
    way: watch::Sender<Way>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// To this port on this machine.
    pub(crate) async fn to(server: u16) -> Self {
        let port = free_port().expect("a port");
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port");
        let (way, watched) = watch::channel(Way::Open);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *watched.borrow() == Way::Cut {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                tokio::spawn(pump(from_client, to_server, watched.clone(), false));
                tokio::spawn(pump(from_server, to_client, watched.clone(), true));
            }
        });
        Self { port, way, task }
    }

    /// The address.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// From now on it is so.
    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.way.send_replace(Way::Cut);
        self.task.abort();
    }
}

/// One direction of a connection.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>, throttled: bool) {
    let (late, mut due) = mpsc::unbounded_channel::<(Instant, Bytes)>();
    let writing = tokio::spawn(async move {
        while let Some((at, bytes)) = due.recv().await {
            sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let now = *way.borrow_and_update();
        let (room, pause) = match now {
            Way::Cut => break,
            Way::Deaf => {
                if way.changed().await.is_err() {
                    break;
                }
                continue;
            }
            Way::Slow(rate) if throttled => ((rate / 10).max(1) as usize, Duration::from_millis(100)),
            _ => (buffer.len(), Duration::ZERO),
        };
        let later = if let Way::Late(by) = now { by } else { Duration::ZERO };
        let read = tokio::select! {
            read = from.read(&mut buffer[..room]) => read,
            _ = way.changed() => continue,
        };
        if let (Way::Ahead, true, Ok(n)) = (now, throttled, &read) {
            set_ahead(&mut buffer[..*n]);
        }
        match read {
            Ok(n) if n > 0 && late.send((Instant::now() + later, Bytes::copy_from_slice(&buffer[..n]))).is_ok() => {}
            _ => break,
        }
        sleep(pause).await;
    }
    writing.abort();
}

/// Sets the time that the server tells in these answers an hour ahead; they stay as long as they are.
fn set_ahead(answers: &mut [u8]) {
    const TOLD: &[u8] = b"\"ts\":\"";
    const LENGTH: usize = "2026-11-20T14:00:00".len();
    let mut from = 0;
    while let Some(at) = answers[from..].windows(TOLD.len()).position(|window| window == TOLD) {
        from += at + TOLD.len();
        let Some(time) = answers.get_mut(from..from + LENGTH) else { return };
        let told = std::str::from_utf8(time).ok().and_then(|text| text.parse::<jiff::civil::DateTime>().ok());
        if let Some(told) = told {
            let later = told.saturating_add(jiff::Span::new().hours(1)).strftime("%Y-%m-%dT%H:%M:%S").to_string();
            time.copy_from_slice(later.as_bytes());
        }
    }
}
