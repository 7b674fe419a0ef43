//! A server whose clock tells another time than ours: ages are by its clock, and the difference is told.

use std::process::Command;
use std::time::Duration;

use jetscope::config::Connection;
use jetscope::model::Timestamp;
use jetscope::nats::{Api, open};

use crate::common::live::{LONG, Live, now, quick};
use crate::common::stand_in::StandIn;
use crate::common::{fixture, server_of, server_with};

const MINUTES: i64 = 600 * 1_000_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ages_are_by_the_servers_clock_whichever_is_ahead() {
    for ahead in [MINUTES, -MINUTES] {
        let server = StandIn::ahead(&["one", "two"], ahead).await;
        let mut live = Live::start(Connection::to(server.url()), quick());
        live.until(LONG, "the difference", |l| (l.catalog().ahead - ahead).abs() < 1_000_000_000).await;
        let later = live.seen.len() + 20;
        live.until(LONG, "more answers", |l| l.seen.len() > later).await;
        let stream = live.catalog().streams["one"].info.clone().expect("an answer");
        // Its last message is a minute old by its own clock.
        let age = stream.taken.since(stream.state.last_time.expect("a time"));
        assert!(age > Duration::from_secs(58) && age < Duration::from_secs(62), "{age:?}");
        assert!(live.world.app.now.since(stream.taken) < Duration::from_secs(5), "what is new looks old");
        let (header, banner) = (live.header(), live.banner());
        assert!(header.contains(if ahead > 0 { "clock -10m" } else { "clock +10m" }), "{header}");
        let words = if ahead > 0 { "10m behind the server's" } else { "10m ahead of the server's" };
        assert!(banner.contains(words) && banner.contains("UTC here and"), "{banner}");
        let out = Command::new(env!("CARGO_BIN_EXE_jetscope"))
            .args(["streams", "--server", &server.url()])
            .env_clear()
            .output()
            .expect("the program");
        let noted = String::from_utf8(out.stderr).expect("UTF-8");
        assert!(noted.contains(words), "{noted}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_supported_servers_tell_their_time_and_ours_is_left_alone_where_it_is_right() {
    for version in [jetscope::demo::server::NEWEST, jetscope::demo::server::OLDEST] {
        let server = server_of(version);
        let js = fixture::app(&server.url()).await;
        fixture::stream(&js, "orders").await;
        fixture::consumer(&js, "orders", "billing").await;
        let connection = Connection::to(server.url());
        // As if an earlier answer had told another time: only the server's own word sets it right.
        connection.clock.note(Timestamp(MINUTES), Timestamp(0), Timestamp(0));
        let api = Api::new(open(&connection).await.expect("a connection"));
        assert!(api.now() > now().plus(Duration::from_secs(500)), "{version}");
        api.consumer("orders", "billing").await.expect("a consumer");
        assert!(connection.clock.ahead().abs() < 1_000_000_000, "{version}: {}", connection.clock.ahead());
        connection.clock.note(Timestamp(MINUTES), Timestamp(0), Timestamp(0));
        api.stream("orders").await.expect("a stream");
        assert!(connection.clock.ahead().abs() < 1_000_000_000, "{version}: {}", connection.clock.ahead());
    }
    let server = server_with("");
    let mut live = Live::start(Connection::to(server.url()), quick());
    let js = fixture::app(&server.url()).await;
    fixture::stream(&js, "orders").await;
    live.until(LONG, "the stream", |l| l.catalog().streams.contains_key("orders")).await;
    live.during(Duration::from_millis(1_500)).await;
    assert_eq!(live.catalog().ahead, 0);
    assert!(!live.header().contains("clock"), "{}", live.header());
}
