//! Losing the server, not being let in, not being allowed: what is said, and that it goes on by itself.

mod table;

use std::time::Duration;

use jetscope::config::Connection;
use jetscope::demo::server::free_port;
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::units::duration;
use jetscope::model::update::Ask;
use jetscope::model::{Link, Problem, ProblemKind, Update};
use jetscope::nats::Pace;
use tokio::time::Instant;

use crate::common::fixture;
use crate::common::live::{LONG, Live, quick, user};
use crate::common::server_with;
use crate::common::stand_in::{Mood, StandIn};

/// Well below the client's own limit of 10 s and our own of 6 s for lists: a refusal must not be waited out.
const SOON: Duration = Duration::from_secs(4);

fn attempts(link: &Link) -> Option<(u32, Option<&str>)> {
    match link {
        Link::Lost { attempt, reason, .. } | Link::Connecting { attempt, reason, .. } => {
            Some((*attempt, reason.as_deref()))
        }
        _ => None,
    }
}

fn has_messages(live: &Live, stream: &str, messages: u64) -> bool {
    live.catalog().streams.get(stream).and_then(|e| e.info.as_ref()).is_some_and(|s| s.state.messages == messages)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_is_told_and_everything_goes_on_after_its_restart() {
    let mut server = server_with("");
    let js = fixture::app(&server.url()).await;
    // In a file, so that it is there again after the restart.
    let mut config = fixture::config("orders");
    config.storage = async_nats::jetstream::stream::StorageType::File;
    js.create_stream(config).await.expect("a stream");
    fixture::consumer(&js, "orders", "billing").await;
    fixture::publish(&js, "orders.new", 5).await;
    let mut live = Live::start(Connection::to(server.url()), quick());
    live.until(LONG, "the stream and its consumer", |l| {
        has_messages(l, "orders", 5) && l.catalog().consumer("orders", "billing").is_some()
    })
    .await;
    assert!(live.header().contains("● connected"), "{}", live.header());
    assert!(live.banner().is_empty(), "{}", live.banner());

    server.kill();
    live.until(LONG, "the loss", |l| matches!(l.catalog().link, Link::Lost { .. })).await;
    let heard = live.catalog().heard;
    live.until(LONG, "a few attempts with a reason", |l| {
        attempts(&l.catalog().link).is_some_and(|(n, reason)| n >= 3 && reason.is_some())
    })
    .await;
    // Its age grows on the screen, and nothing pretends to be new.
    let age = |l: &Live| heard.map(|at| l.world.app.now.since(at).as_secs()).unwrap_or_default();
    live.until(LONG, "an age", |l| age(l) >= 2).await;
    assert!(
        live.header().contains(&format!("data {}", duration(Duration::from_secs(age(&live))))),
        "{}",
        live.header()
    );
    assert_eq!(live.catalog().heard, heard);
    assert!(has_messages(&live, "orders", 5) && live.catalog().consumer("orders", "billing").is_some());
    let (header, banner) = (live.header(), live.banner());
    assert!(header.contains("✖ lost") && header.contains("try "), "{header}");
    assert!(banner.contains("the connection was lost") && banner.contains("since:"), "{banner}");
    assert!(banner.contains("cannot be reached") && banner.contains("the last that was known"), "{banner}");
    assert!(live.row("orders").contains('5'), "{}", live.world.screen());
    let counted: Vec<u32> = live.links().into_iter().filter_map(attempts).map(|(n, _)| n).collect();
    let lost: Vec<u32> = counted.into_iter().skip_while(|n| *n == 0).collect();
    assert!(lost.windows(2).all(|w| w[1] == w[0] + 1), "attempts do not grow one by one: {lost:?}");

    server.restart().expect("it comes back");
    live.until(LONG, "connected again", |l| l.catalog().link.is_up()).await;
    let js = fixture::app(&server.url()).await;
    fixture::publish(&js, "orders.new", 2).await;
    fixture::stream(&js, "later").await;
    live.until(LONG, "new data without a key", |l| {
        has_messages(l, "orders", 7) && l.catalog().streams.contains_key("later") && l.banner().is_empty()
    })
    .await;
    assert!(live.catalog().heard > heard);
    assert!(live.header().contains("● connected"), "{}", live.header());
    // Advisories are subscribed again too.
    fixture::stream(&js, "told").await;
    live.until(LONG, "an advisory", |l| {
        l.seen.iter().any(|(_, u)| matches!(u, Update::Advisory(a) if a.stream == "told"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_slow_lanes_do_not_wait_out_their_pause() {
    let mut server = server_with("");
    let js = fixture::app(&server.url()).await;
    fixture::stream(&js, "before").await;
    let mut live = Live::start(Connection::to(server.url()), crate::common::live::still());
    live.until(LONG, "the stream", |l| l.catalog().streams.contains_key("before")).await;
    // Let what the start and the first rows on screen ask for come to its end.
    live.during(Duration::from_secs(1)).await;
    server.kill();
    live.until(LONG, "the loss", |l| matches!(l.catalog().link, Link::Lost { .. })).await;
    server.restart().expect("it comes back");
    // The stream was in memory. With a pace of a minute only the reconnect itself can have asked.
    live.until(LONG, "the truth after the restart", |l| {
        l.catalog().link.is_up() && !l.catalog().streams.contains_key("before")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn started_before_its_server_it_tries_until_it_is_there() {
    let port = free_port().expect("a port");
    let mut live = Live::start(Connection::to(format!("nats://127.0.0.1:{port}")), quick());
    live.until(LONG, "two attempts", |l| attempts(&l.catalog().link).is_some_and(|(n, _)| n >= 2)).await;
    assert!(matches!(live.catalog().link, Link::Connecting { .. }));
    let (header, banner) = (live.header(), live.banner());
    let (tried, _) = attempts(&live.catalog().link).expect("a count");
    assert!(header.contains(&format!("✖ connecting, try {}", tried + 1)), "{header}");
    assert!(banner.contains(&format!("not connected, {tried} attempts so far")), "{banner}");
    assert!(banner.contains(&format!("127.0.0.1:{port} cannot be reached")), "{banner}");
    assert!(live.world.screen().contains("It goes on by itself when the server answers"));

    let server = Server::start(&ServerSpec { port: Some(port), ..Default::default() }).expect("a server");
    let js = fixture::app(&server.url()).await;
    fixture::stream(&js, "first").await;
    live.until(LONG, "the stream without a key", |l| l.catalog().streams.contains_key("first")).await;
    assert!(live.catalog().link.is_up() && live.banner().is_empty(), "{}", live.banner());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_are_said_without_showing_them() {
    let server = server_with("authorization { user: right, password: right }");
    let mut live = Live::start(user(&server.url(), "right", "hunter2"), quick());
    live.until(LONG, "an attempt", |l| attempts(&l.catalog().link).is_some_and(|(n, _)| n >= 1)).await;
    let banner = live.banner();
    assert!(banner.contains("does not accept these credentials (user and password)"), "{banner}");
    assert!(banner.contains("--context"), "{banner}");
    assert!(live.header().contains("✖ connecting"), "{}", live.header());
    assert!(!live.world.screen().contains("hunter2"));
    // It goes on trying: the server may be given the right users.
    live.until(LONG, "more attempts", |l| attempts(&l.catalog().link).is_some_and(|(n, _)| n >= 2)).await;
}

/// The problem of the list of streams, awaited; and it must not have taken long.
async fn list_problem(live: &mut Live) -> Problem {
    live.until(LONG, "the list's problem", |l| l.catalog().listing.problem().is_some()).await;
    let first = live.seen.iter().find(|(_, u)| matches!(u, Update::Failed(..) | Update::Streams(_)));
    let connected = live.seen.iter().find(|(_, u)| matches!(u, Update::Link(Link::Connected { .. })));
    let took = first.expect("a failure").0.duration_since(connected.expect("a connection").0);
    assert!(took < SOON, "it took {took:?}");
    live.catalog().listing.problem().cloned().expect("a problem")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_jetstream_is_not_an_account_without_streams() {
    let server = server_with(
        "accounts { WITH { jetstream: enabled, users: [{user: with, password: p}] }
                    WITHOUT { users: [{user: without, password: p}] } }",
    );
    let js = fixture::app_as(&server.url(), "with", "p").await;
    fixture::stream(&js, "theirs").await;
    let mut live = Live::start(user(&server.url(), "without", "p"), quick());
    let problem = list_problem(&mut live).await;
    assert_eq!(problem.kind, ProblemKind::NotEnabled, "{problem}");
    let screen = live.world.screen();
    assert!(screen.contains("JetStream is not enabled for this account"), "{screen}");
    assert!(screen.contains("The streams could not be listed"), "{screen}");
    assert!(!screen.contains("This account has no streams"), "{screen}");
    assert_eq!(live.catalog().listing.value(), None, "unknown is not zero");
    live.until(LONG, "the account's problem", |l| l.catalog().account.problem().is_some()).await;
    assert!(live.header().contains("● connected"), "{}", live.header());
    assert!(live.header().contains("account: not enabled"), "{}", live.header());
    let once = live.banner();
    assert_eq!(once.matches("the list of streams").count(), 1, "said twice: {once}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_jetstream_says_so_at_once() {
    let server = Server::start(&ServerSpec { jetstream: false, ..Default::default() }).expect("a server");
    let mut live = Live::start(Connection::to(server.url()), quick());
    let problem = list_problem(&mut live).await;
    assert_eq!(problem.kind, ProblemKind::NoResponders, "{problem}");
    let banner = live.banner();
    assert!(banner.contains("nobody answers on $JS.API.STREAM.LIST"), "{banner}");
    assert!(banner.contains("JetStream is not enabled here"), "{banner}");
    live.until(LONG, "the account's problem", |l| l.header().contains("account: no JetStream")).await;
    assert!(live.catalog().server.as_ref().is_some_and(|s| !s.jetstream));
    assert_eq!(live.catalog().listing.value(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_server_is_asked_less_and_says_why_until_it_recovers() {
    let server = StandIn::start(&["one", "two"], Mood::Well(Duration::ZERO)).await;
    let pace = Pace { account: Duration::from_secs(60), ..quick() };
    let mut live = Live::start(Connection::to(server.url()), pace);
    live.until(LONG, "the streams", |l| has_messages(l, "one", 7)).await;
    let heard = live.catalog().heard;

    server.feel(Mood::Busy);
    live.until(LONG, "slowing down", |l| l.catalog().traffic.back_off.is_some_and(|x| x >= 4.0)).await;
    let (header, banner) = (live.header(), live.banner());
    assert!(header.contains("slowed x"), "{header}");
    assert!(banner.contains("the server cannot answer now") && banner.contains("10008"), "{banner}");
    assert!(banner.contains("by itself"), "{banner}");
    assert!(has_messages(&live, "one", 7), "what was known stays");
    assert!(live.catalog().heard >= heard);
    let asked = server.questions();
    let since = Instant::now();
    live.during(Duration::from_secs(2)).await;
    let rate = (server.questions() - asked) as f64 / since.elapsed().as_secs_f64();
    // Undisturbed it is more than 20 a second at this pace.
    assert!(rate < 15.0, "{rate} questions a second although it is busy");

    server.feel(Mood::Well(Duration::ZERO));
    live.until(LONG, "the usual pace", |l| l.catalog().traffic.back_off.is_none() && l.banner().is_empty()).await;
    assert!(!live.header().contains("slowed"), "{}", live.header());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_keeps_its_data_with_an_age() {
    let server = server_with("");
    let js = fixture::app(&server.url()).await;
    fixture::stream(&js, "orders").await;
    fixture::publish(&js, "orders.new", 3).await;
    let mut live = Live::start(Connection::to(server.url()), quick());
    live.until(LONG, "the stream", |l| has_messages(l, "orders", 3)).await;
    // It hangs, and the connection stays open.
    server.signal("STOP").expect("a signal");
    live.until(LONG, "silence is said", |l| l.banner().contains("no answer within")).await;
    assert!(has_messages(&live, "orders", 3));
    live.until(LONG, "the header says so too", |l| l.header().contains("✖ no answer")).await;
    assert!(live.header().contains("data "), "{}", live.header());
    let heard = live.catalog().heard.expect("an age");
    assert!(live.world.app.now.since(heard) > Duration::from_secs(1), "its age is not true");
    live.until(LONG, "slowing down", |l| l.header().contains("slowed x")).await;
    server.signal("CONT").expect("a signal");
    fixture::publish(&js, "orders.new", 1).await;
    live.until(LONG, "it goes on", |l| has_messages(l, "orders", 4) && l.banner().is_empty()).await;
    live.until(LONG, "the usual pace", |l| !l.header().contains("slowed")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_list_of_streams_nobody_says_that_there_are_no_consumers() {
    let server = StandIn::start(&["one", "two"], Mood::Busy).await;
    let mut live = Live::start(Connection::to(server.url()), quick());
    let refused = |l: &Live| l.seen.iter().filter(|(_, u)| matches!(u, Update::Failed(Ask::Streams, ..))).count();
    live.until(LONG, "two lists that failed", |l| refused(l) >= 2).await;
    assert!(live.catalog().consumers_swept.is_unasked());
    server.feel(Mood::Well(Duration::ZERO));
    live.until(LONG, "the consumers", |l| l.catalog().consumer_count() == 2).await;
    live.until(LONG, "the end of the sweep", |l| l.catalog().consumers_swept.value() == Some(&0)).await;
}
