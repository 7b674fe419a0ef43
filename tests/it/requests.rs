//! What is noted of the requests of this program: all of them, with what they cost and what came of them, and nothing
//! that is secret.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use jetscope::app::Session;
use jetscope::app::activity::{Folded, command};
use jetscope::config::{Connection, Ledger};
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::request::{Act, Nature, Outcome};
use jetscope::model::{Access, Request};
use jetscope::nats::gate::{Confirmation, Gate, Write};
use jetscope::nats::publish::{Expected, Outbound};
use jetscope::nats::tail::{Report, State, Tail, TailSpec};
use jetscope::nats::{Api, Publisher, open};
use jetscope::query::Range;
use serde_json::json;

use crate::common::every_kind::{api, publish, stream};
use crate::common::liar::INFO;
use crate::common::live::{LONG, Live, quick, user};
use crate::common::{fixture, server_with};

fn noting(connection: Connection) -> Connection {
    Connection { ledger: Ledger::open(None), ..connection }
}

fn lines(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| command::short(request, &Session::default())).collect()
}

/// The folded requests of a console.
fn folded(live: &Live) -> Vec<Folded> {
    live.world.app.activity.requests.folded.iter().map(|entry| entry.item.clone()).collect()
}

fn of<'f>(folded: &'f [Folded], line: &str) -> Option<&'f Folded> {
    folded.iter().find(|f| command::short(&f.last, &Session::default()) == line)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_are_noted_with_their_cost_and_a_refusal_with_its_reason() {
    let server = server_with(
        r#"authorization { users: [
            {user: app, password: p}
            {user: me, password: s3cret, permissions: {
                publish: ["$JS.API.INFO", "$JS.API.STREAM.>", "$JS.API.CONSUMER.INFO.>"],
                subscribe: ["_INBOX.>", "$JS.EVENT.ADVISORY.STREAM.>"]}}
        ] }"#,
    );
    let js = fixture::app_as(&server.url(), "app", "p").await;
    fixture::stream(&js, "orders").await;
    fixture::consumer(&js, "orders", "billing").await;
    let mut live = Live::start(noting(user(&server.url(), "me", "s3cret")), quick());
    live.until(LONG, "several rounds", |l| {
        of(&folded(l), "nats stream ls --all").is_some_and(|f| f.times >= 3)
            && of(&folded(l), "nats consumer ls orders").is_some()
    })
    .await;
    let all = folded(&live);
    let list = of(&all, "nats stream ls --all").expect("the list");
    assert!(list.median().is_some_and(|took| took > Duration::ZERO) && list.bytes > 500, "{list:?}");
    assert_eq!((list.failed, &list.last.outcome), (0, &Outcome::Done));
    assert!(of(&all, "nats account info").is_some() && of(&all, "nats sub '$JS.EVENT.ADVISORY.CONSUMER.>'").is_some());
    let denied = of(&all, "nats consumer ls orders").expect("the refusal");
    let Outcome::Failed(why) = &denied.last.outcome else { panic!("{denied:?}") };
    assert!(why.contains("no permission to publish to $JS.API.CONSUMER.LIST.orders"), "{why}");
    // What was refused is not asked again and again, so it is not noted again and again.
    assert_eq!(denied.times, 1);
    assert!(!format!("{all:?}").contains("s3cret"));
    // The advisories that may not be heard are named.
    live.keys("8");
    live.until(LONG, "the missing permission", |l| {
        l.world.screen().contains("no permission to subscribe to $JS.EVENT.ADVISORY.CONSUMER.>")
    })
    .await;
    fixture::stream(&js, "new").await;
    live.until(LONG, "the others are heard", |l| l.world.screen().contains("stream new was created")).await;
    live.keys("<tab>!");
    live.until(LONG, "what failed", |l| l.world.screen().contains("nats consumer ls orders")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reading_notes_its_consumer_and_what_it_asks() {
    let server = Server::start(&ServerSpec::default()).expect("a server");
    let nats = async_nats::connect(server.url()).await.expect("a connection");
    stream(&nats, json!({"name": "orders", "subjects": ["orders.>"]})).await;
    publish(&nats, "orders.new", 3).await;
    let connection = noting(Connection::to(server.url()));
    let spec = TailSpec {
        stream: "orders".into(),
        subjects: vec!["orders.*".into()],
        range: Range::ALL,
        follow: false,
        batch: 100,
        keep: true,
    };
    let (tail, mut reports) = Tail::spawn(open(&connection).await.expect("a connection"), vec![spec]);
    let mut read = 0;
    while let Some(report) = reports.recv().await {
        match report {
            Report::Messages(messages) => read += messages.len(),
            Report::Stream(_, State::Failed(problem)) => panic!("{problem}"),
            Report::Stream(..) => {}
        }
    }
    tail.close().await;
    let (requests, lost) = connection.ledger.take();
    let lines = lines(&requests);
    assert_eq!((read, lost, lines.len()), (3, 0, 4), "{lines:#?}");
    let own = lines[1].split(' ').nth(4).expect("a name");
    assert!(own.starts_with("jetscope-tail-"), "{lines:#?}");
    assert_eq!(lines[0], "nats stream info orders");
    assert!(lines[1].contains("--ephemeral --pull") && lines[1].contains("--filter 'orders.*'"), "{lines:#?}");
    assert_eq!(lines[2], format!("nats consumer next orders {own} --count 100 --no-ack"));
    assert_eq!(lines[3], format!("nats consumer rm orders {own} --force"));
    let natures: Vec<Nature> = requests.iter().map(Request::nature).collect();
    assert_eq!(natures, [Nature::Read, Nature::Own, Nature::Read, Nature::Own]);
    assert!(!format!("{requests:?}").contains("message 0"), "nothing of a message is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holes_are_not_asked_for_one_by_one_and_a_dense_stream_is_read_side_by_side() {
    let server = Server::start(&ServerSpec::default()).expect("a server");
    let nats = async_nats::connect(server.url()).await.expect("a connection");
    stream(&nats, json!({"name": "jobs", "subjects": ["jobs"], "retention": "workqueue"})).await;
    publish(&nats, "jobs", 1_200).await;
    let connection = noting(Connection::to(server.url()));
    let read = async || {
        let range = Range::ALL;
        let spec = TailSpec { stream: "jobs".into(), subjects: vec![], range, follow: false, batch: 100, keep: true };
        let (tail, mut reports) = Tail::spawn(open(&connection).await.expect("a connection"), vec![spec]);
        let mut seen = Vec::new();
        while let Some(report) = reports.recv().await {
            match report {
                Report::Messages(messages) => seen.extend(messages.iter().map(|m| m.seq)),
                Report::Stream(_, State::Failed(problem)) => panic!("{problem}"),
                Report::Stream(..) => {}
            }
        }
        tail.close().await;
        (seen, connection.ledger.take().0.len())
    };
    let (seen, asked) = read().await;
    assert_eq!(seen, (1..=1_200).collect::<Vec<_>>());
    assert!(asked < 1_200 + 100, "{asked} requests for 1,200 messages");
    // All but each 40th are done.
    for seq in (1..=1_200).filter(|seq| seq % 40 != 0) {
        api(&nats, "STREAM.MSG.DELETE.jobs", json!({"seq": seq})).await;
    }
    let (seen, asked) = read().await;
    assert_eq!(seen, (1..=30).map(|n| n * 40).collect::<Vec<_>>());
    assert!(asked <= 30 * 2 + 20, "{asked} requests for 30 messages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_notes_how_much_and_nothing_of_what() {
    let server = Server::start(&ServerSpec::default()).expect("a server");
    let nats = async_nats::connect(server.url()).await.expect("a connection");
    stream(&nats, json!({"name": "orders", "subjects": ["orders.>"]})).await;
    let connection = noting(Connection::to(server.url()));
    let write = Write::Replay { stream: "orders".into(), destination: "orders".into() };
    let permit = Gate::new(Access::Confirm, "").permit(write, &Confirmation::Yes).expect("a permit");
    let mut publisher = Publisher::open(&connection, &permit).await.expect("a publisher");
    let expected = Expected { stream: "orders", last_id: None };
    for ticket in 0..500 {
        let body = Bytes::from_static(b"s3cret");
        let message = Outbound { subject: "orders.new", headers: &[], id: None, body };
        publisher.publish(ticket, message, expected).await.expect("sent");
    }
    let mut acked = 0;
    while acked < 500 {
        acked += publisher.acks().await.expect("acks").len();
    }
    drop(publisher);
    let (requests, _) = connection.ledger.take();
    let (mut messages, mut bytes) = (0, 0);
    for request in &requests {
        let Act::Publish { messages: m, bytes: b, .. } = request.act else { panic!("{request:?}") };
        (messages, bytes) = (messages + m, bytes + b);
        assert_eq!(request.nature(), Nature::Write);
    }
    assert_eq!((messages, bytes), (500, 3_000), "{requests:?}");
    assert!(requests.len() <= 10, "they are told together");
    assert!(!format!("{requests:?}").contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_before_its_answer_is_noted_as_such_and_a_closed_ledger_notes_nothing() {
    let server = Server::start(&ServerSpec::default()).expect("a server");
    let connection = noting(Connection::to(server.url()));
    let api = Api::new(open(&connection).await.expect("a connection"));
    // Given up while it is on its way; on a busy machine the answer can be there at once, or the connection not yet.
    while std::pin::pin!(api.account()).now_or_never().is_some() {
        connection.ledger.take();
        tokio::task::yield_now().await;
    }
    let missing = api.stream("nothing").await.expect_err("no such stream");
    let (requests, _) = connection.ledger.take();
    assert_eq!(lines(&requests), ["nats account info", "nats stream info nothing"]);
    assert_eq!(requests[0].outcome, Outcome::Left);
    assert_eq!(requests[1].outcome, Outcome::Absent(missing.sentence.as_str().into()));
    let closed = Connection::to(server.url());
    Api::new(open(&closed).await.expect("a connection")).account().await.expect("an answer");
    assert!(closed.ledger.take().0.is_empty());
}

/// A server that takes what it is sent up to the first message, and then nothing more; the connection stays open.
fn deaf() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("nats://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        socket.write_all(format!("{INFO}\r\n").as_bytes()).expect("greeted");
        let mut lines = BufReader::new(socket.try_clone().expect("a socket")).lines();
        while let Some(Ok(line)) = lines.next() {
            match line.as_str() {
                "PING" => socket.write_all(b"PONG\r\n").expect("answered"),
                line if line.starts_with("PUB") || line.starts_with("HPUB") => break,
                _ => {}
            }
        }
        loop {
            thread::park();
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_leaves_a_server_that_takes_nothing_more() {
    let connection = Connection::to(deaf());
    let write = Write::Replay { stream: "orders".into(), destination: "orders".into() };
    let permit = Gate::new(Access::Confirm, "").permit(write, &Confirmation::Yes).expect("a permit");
    let publisher = Publisher::open(&connection, &permit).await.expect("a publisher");
    let body = Bytes::from(vec![b'x'; 4 << 10]);
    let left = async {
        loop {
            let message = Outbound { subject: "orders.new", headers: &[], id: None, body: body.clone() };
            if let Err(problem) = publisher.publish_unheard(message).await {
                return problem.sentence;
            }
        }
    };
    let left = tokio::time::timeout(Duration::from_secs(60), left).await.expect("it is not waited for ever");
    assert_eq!(left, "publishing: the server has taken nothing for 5 s");
}
