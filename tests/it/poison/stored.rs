//! Odd messages in streams: read by tails, replays, and whoever looks for copies in a destination.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jetscope::config::Connection;
use jetscope::demo::server::{NEWEST, OLDEST};
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::Message;
use jetscope::nats::tail::{Report, State, Tail, TailSpec};
use jetscope::nats::{Client, open};
use jetscope::query::Range;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::ODD;
use crate::common::every_kind::{publish, raw, stream};
use crate::common::raw::{Raw, publish_raw};
use crate::replay::place::{Place, assert_exact, copies, fill, last_json};

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn read(client: &Client, name: &str, subjects: &[&str]) -> Vec<Message> {
    let subjects = subjects.iter().map(|s| (*s).to_owned()).collect();
    let spec = TailSpec { stream: name.into(), subjects, range: Range::ALL, follow: false, batch: 500, keep: true };
    let (_tail, mut reports) = Tail::spawn(client.clone(), vec![spec]);
    let mut messages = Vec::new();
    let reading = async {
        while let Some(report) = reports.recv().await {
            match report {
                Report::Messages(more) => messages.extend(more),
                Report::Stream(_, State::Failed(problem)) => panic!("{problem}"),
                Report::Stream(..) => {}
            }
        }
    };
    let ended = timeout(PATIENCE, reading).await;
    assert!(ended.is_ok(), "it stands behind {:?}", messages.last().map(|m| m.seq));
    messages
}

/// What the API was asked so far.
async fn asked(nats: &async_nats::Client) -> u64 {
    raw(nats, "INFO", &Value::Null).await["api"]["total"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_odd_message_stops_a_reader_and_each_is_shown() {
    for version in [NEWEST, OLDEST] {
        let spec = ServerSpec { version: Some(version.into()), ..Default::default() };
        let server = Server::start(&spec).unwrap();
        let nats = async_nats::connect(server.url()).await.unwrap();
        stream(&nats, json!({"name": "P", "subjects": ["p.>"]})).await;
        stream(&nats, json!({"name": "W", "subjects": ["w.>"], "retention": "workqueue"})).await;
        // The first of all, each alone among others, several in a row, and the last of all.
        for (_, (subject, block)) in ODD {
            publish_raw(&server, subject, block, "odd");
            publish_raw(&server, [b"w", &subject[1..]].concat(), block, "odd");
            publish(&nats, "p.x", 3).await;
            publish(&nats, "w.x", 3).await;
        }
        for (_, (subject, block)) in ODD {
            publish_raw(&server, subject, block, "odd");
        }
        let client = open(&Connection::to(server.url())).await.unwrap();
        let all = read(&client, "P", &[]).await;
        let odd = ODD.len();
        assert_eq!(all.iter().map(|m| m.seq).collect::<Vec<_>>(), (1..=5 * odd as u64).collect::<Vec<_>>());
        let peeked = read(&client, "W", &[]).await;
        for (n, (what, _)) in ODD.iter().enumerate() {
            for message in [&all[4 * n], &all[4 * odd + n]] {
                assert_eq!(&message.body[..], b"odd", "{what}");
                // The same, whichever way it is read.
                let same = &peeked[4 * n];
                assert_eq!(same.headers, message.headers, "{what}");
                assert_eq!(same.undecodable, message.undecodable, "{what}");
                assert!(message.undecodable.is_some() || !message.headers.is_empty(), "{what}");
            }
        }
        let some = read(&client, "P", &["p.x", "p.h"]).await;
        assert_eq!(some.len(), 3 * odd + 2 * 5, "{version}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_odd_message_costs_a_handful_of_connections_and_requests() {
    let server = Server::start(&ServerSpec::default()).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    stream(&nats, json!({"name": "P", "subjects": ["p.>"]})).await;
    let bad = 40;
    for n in 0..bad {
        publish(&nats, "p.x", 50).await;
        let (_, (subject, block)) = ODD[n % ODD.len()];
        publish_raw(&server, subject, block, "odd");
    }
    let client = open(&Connection::to(server.url())).await.unwrap();
    let (before, questions) = (Raw::to(&server).number, asked(&nats).await);
    let all = read(&client, "P", &[]).await;
    let (connections, questions) = (Raw::to(&server).number - before, asked(&nats).await - questions);
    assert_eq!(all.len(), 51 * bad);
    println!("{bad} odd messages of {}: {connections} connections, {questions} requests", all.len());
    assert!(connections <= 2 * bad as u64, "{connections} connections");
    assert!(questions <= all.len() as u64 * 2, "{questions} requests");
}

/// Numbers that are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    /// A block of headers: mostly of pieces that mean something, in any order.
    fn block(&mut self) -> Vec<u8> {
        const PIECES: &[&[u8]] = &[
            b"\r\n",
            b"\r",
            b"\n",
            b":",
            b" ",
            b"\t",
            b"a",
            b"ce-id",
            b"ce-type",
            b"content-type",
            b"\xff",
            b"\xc2\xa0",
            b"\x00",
            b"\x0b",
            b"\x1b[31m",
            b": 1",
            b": x\r\n",
            b"NATS/1.0",
            b" 100",
            b" 404 No Messages",
            "é".as_bytes(),
            b"\xe2\x80\xa8",
            b"\r\n ",
            b"\r\n\r\n",
        ];
        let mut block = match self.below(8) {
            0 => b"NATS/1.0".to_vec(),
            1 => b"NATS/1.0 503".to_vec(),
            _ => b"NATS/1.0\r\n".to_vec(),
        };
        for _ in 0..self.below(9) {
            block.extend(PIECES[self.below(PIECES.len())]);
        }
        block.extend(b"\r\n\r\n");
        block
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_made_up_header_blocks_are_read_to_the_last() {
    let place = Place::new().await;
    place.stream("P", &["p.>"], json!({})).await;
    let (mut chance, mut wire) = (Chance(20_261_130), Raw::to(&place.server));
    let blocks: Vec<Vec<u8>> = (0..4_000).map(|_| chance.block()).collect();
    for (n, block) in blocks.iter().enumerate() {
        wire.send(format!("p.{}", n % 7), block, &n.to_string());
    }
    wire.flush();
    let client = open(&Connection::to(place.server.url())).await.unwrap();
    let stored = timeout(PATIENCE, async {
        loop {
            let info = raw(&place.nats, "STREAM.INFO.P", &Value::Null).await;
            let last = info["state"]["last_seq"].as_u64().unwrap();
            if last == blocks.len() as u64 {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let stored = stored.await.unwrap();
    let all = read(&client, "P", &[]).await;
    assert_eq!(all.iter().map(|m| m.seq).collect::<Vec<_>>(), (1..=stored).collect::<Vec<_>>());
    for message in &all {
        let n: usize = std::str::from_utf8(&message.body).unwrap().parse().unwrap();
        assert_eq!(message.seq, n as u64 + 1);
    }
    let undecodable: Vec<&Message> = all.iter().filter(|m| m.undecodable.is_some()).collect();
    for message in undecodable.iter().take(50) {
        let stored = raw(&place.nats, "STREAM.MSG.GET.P", &json!({"seq": message.seq})).await;
        let block = STANDARD.decode(stored["message"]["hdrs"].as_str().unwrap()).unwrap();
        assert_eq!(message.undecodable.as_deref(), Some(&block[..]), "its bytes are shown as they are");
    }
    let bad = undecodable.len();
    println!("{bad} of {} cannot be decoded", all.len());
    assert!(bad > 500, "{bad}");
    // A replay of a part of them ends too, and counts what it cannot copy.
    place.stream("C", &["c.>"], json!({})).await;
    let out = place.replay(&["P", "--range", "1..1000", "--to", "c.{subject}", "--execute", "--json"]).await;
    let last = last_json(&out);
    let n = |field: &str| last[field].as_u64().unwrap();
    assert_eq!(
        (&last["state"], n("planned") + n("skipped"), n("sent")),
        (&json!("COMPLETED"), 1000, n("planned")),
        "{last}"
    );
    assert_eq!(copies(&place.read("C").await).len() as u64, n("sent"));
    let undecodable = all[..1000].iter().filter(|m| m.undecodable.is_some()).count() as u64;
    assert!(n("skipped") >= undecodable && n("sent") > 100, "{undecodable}: {last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_store_in_a_destination_does_not_hold_up_a_replay() {
    let place = Place::new().await;
    place.stream("orders", &["orders.>"], json!({})).await;
    place.stream("copies", &["p.>"], json!({})).await;
    fill(&place.nats, "orders", 0, 400).await;
    let args = ["orders", "--range", "all", "--to", "p.{subject}", "--pace", "200/s", "--execute"];
    let mut child = place.command(&args).stdout(std::process::Stdio::null()).spawn().unwrap();
    let halfway = timeout(PATIENCE, async {
        loop {
            let info = raw(&place.nats, "STREAM.INFO.copies", &Value::Null).await;
            if info["state"]["messages"].as_u64().unwrap() >= 50 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    halfway.await.unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    for (_, (subject, block)) in ODD {
        publish_raw(&place.server, subject, block, "of another publisher");
    }
    let id = jetscope::replay::Replays::new(place.settings().state_dir()).list()[0].plan.id.clone();
    let resumed = timeout(PATIENCE, place.replay(&["resume", &id])).await.expect("it ends");
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    assert_exact(&copies(&place.read("copies").await), 1..=400);
}
