//! Users that may do little: which permission is missing is named, soon, and what is allowed goes on.

use std::time::Duration;

use jetscope::demo::Server;
use jetscope::model::{Link, ProblemKind, Update};
use jetscope::nats::Pace;
use tokio::time::Instant;

use crate::common::live::{LONG, Live, quick, user};
use crate::common::{fixture, server_with};

/// The own limit for lists is 6 s and for everything else 2 s: a refusal is known far sooner.
const SOON: Duration = Duration::from_secs(2);

/// A server with one stream of three messages and a consumer, and a user who may publish and subscribe only this.
async fn server_for(publish: &str, subscribe: &str) -> Server {
    let server = server_with(&format!(
        "authorization {{ users: [
            {{user: app, password: p}}
            {{user: me, password: p, permissions: {{publish: [{publish}], subscribe: [{subscribe}]}}}}
        ] }}"
    ));
    let js = fixture::app_as(&server.url(), "app", "p").await;
    fixture::stream(&js, "orders").await;
    fixture::consumer(&js, "orders", "billing").await;
    fixture::publish(&js, "orders.new", 3).await;
    server
}

const ALL: &str = r#""_INBOX.>", "$JS.EVENT.ADVISORY.>""#;

fn me(server: &Server, pace: Pace) -> Live {
    Live::start(user(&server.url(), "me", "p"), pace)
}

/// When the first update that fits came, after the connection stood.
fn after(live: &Live, fits: impl Fn(&Update) -> bool) -> Duration {
    let at =
        |fits: &dyn Fn(&Update) -> bool| -> Instant { live.seen.iter().find(|(_, u)| fits(u)).expect("an update").0 };
    at(&fits).duration_since(at(&|u| matches!(u, Update::Link(Link::Connected { .. }))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_list_but_read_names_sees_everything() {
    let server =
        server_for(r#""$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO.*", "$JS.API.CONSUMER.>""#, ALL)
            .await;
    let mut live = me(&server, quick());
    live.until(LONG, "stream and consumer", |l| l.catalog().consumer("orders", "billing").is_some()).await;
    assert!(after(&live, |u| matches!(u, Update::Streams(_))) < SOON);
    assert_eq!(live.catalog().streams["orders"].info.as_ref().map(|s| s.state.messages), Some(3));
    assert_eq!(live.catalog().listing.value(), Some(&1));
    assert!(live.banner().is_empty(), "{}", live.banner());
    assert!(live.row("orders").contains('3'), "{}", live.world.screen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_may_not_be_read_is_named() {
    let server = server_for(
        r#""$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO.orders", "$JS.API.CONSUMER.>""#,
        ALL,
    )
    .await;
    let js = fixture::app_as(&server.url(), "app", "p").await;
    fixture::stream(&js, "secret").await;
    let mut live = me(&server, quick());
    live.until(LONG, "what may be read", |l| l.catalog().streams.contains_key("orders")).await;
    let problem = live.catalog().listing.problem().expect("a problem").clone();
    assert_eq!(problem.kind, ProblemKind::Denied { subject: "$JS.API.STREAM.INFO.secret".into() });
    assert!(live.banner().contains("$JS.API.STREAM.INFO.secret"), "{}", live.banner());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_list_consumers_sees_streams_and_why() {
    let server = server_for(r#""$JS.API.INFO", "$JS.API.STREAM.>""#, ALL).await;
    let mut live = me(&server, quick());
    live.until(LONG, "the consumers' problem", |l| {
        l.catalog().consumers.get("orders").is_some_and(|s| s.listing.problem().is_some())
    })
    .await;
    assert!(after(&live, |u| matches!(u, Update::Consumers(..))) < SOON);
    let subject = "$JS.API.CONSUMER.LIST.orders";
    let problem = live.catalog().consumers["orders"].listing.problem().expect("a problem").clone();
    assert_eq!(problem.kind, ProblemKind::Denied { subject: subject.into() });
    // How many there are is known from the stream; how far they are is not, and that is not zero.
    assert_eq!(live.catalog().streams["orders"].info.as_ref().map(|s| s.state.consumers), Some(1));
    assert!(live.row("orders").contains('?'), "{}", live.world.screen());
    live.keys("<enter>");
    live.until(LONG, "the sentence on the stream's screen", |l| l.banner().contains(subject)).await;
    assert!(live.world.screen().contains("no permission to publish to $JS.API.CONSUMER.LIST.orders"));
    assert_eq!(live.catalog().traffic.back_off, None, "a refusal says nothing of the server's load");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_nothing_is_told_which_permission_is_missing() {
    let server = server_for(r#""nothing""#, ALL).await;
    let mut live = me(&server, quick());
    live.until(LONG, "both problems", |l| {
        l.catalog().listing.problem().is_some() && l.catalog().account.problem().is_some()
    })
    .await;
    assert!(after(&live, |u| matches!(u, Update::Failed(..))) < SOON);
    let denied = |subject: &str| ProblemKind::Denied { subject: subject.into() };
    assert_eq!(live.catalog().listing.problem().map(|p| p.kind.clone()), Some(denied("$JS.API.STREAM.LIST")));
    assert_eq!(live.catalog().account.problem().map(|p| p.kind.clone()), Some(denied("$JS.API.INFO")));
    let screen = live.world.screen();
    assert!(live.banner().contains("no permission to publish to $JS.API.STREAM.LIST"), "{screen}");
    assert!(screen.contains("The streams could not be listed"), "{screen}");
    assert!(live.header().contains("account: no permission"), "{screen}");
    assert!(live.header().contains("● connected"), "{screen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_not_tried_again_and_again() {
    let server = server_for(r#""nothing""#, ALL).await;
    let mut live = me(&server, quick());
    let answers = |l: &Live| l.seen.iter().filter(|(_, u)| matches!(u, Update::Failed(..))).count();
    live.until(LONG, "some rounds", |l| answers(l) >= 12).await;
    // The server logs every attempt.
    let refusals = || server.log().matches(r#"Subject "$JS.API.INFO""#).count();
    assert_eq!(refusals(), 1, "{}", server.log());
    live.refresh();
    live.until(LONG, "who asks for everything is heard", |_| refusals() == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_hear_advisories_is_told_what_that_costs() {
    let server = server_for(r#""$JS.API.>""#, r#""_INBOX.>""#).await;
    let mut live = me(&server, quick());
    live.until(LONG, "the refusal", |l| l.catalog().advisories.is_some()).await;
    assert!(after(&live, |u| matches!(u, Update::Failed(..))) < SOON);
    let problem = live.catalog().advisories.clone().expect("a problem");
    assert!(matches!(&problem.kind, ProblemKind::Denied { subject } if subject.starts_with("$JS.EVENT.ADVISORY.")));
    live.until(LONG, "all the rest", |l| l.catalog().consumer("orders", "billing").is_some()).await;
    assert!(live.banner().is_empty(), "{}", live.banner());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_use_the_inbox_is_told_so_and_not_of_silence() {
    let server = server_for(r#""$JS.API.>""#, r#""mine.>", "$JS.EVENT.ADVISORY.>""#).await;
    let mut live = me(&server, quick());
    live.until(LONG, "both problems", |l| {
        l.catalog().listing.problem().is_some() && l.catalog().account.problem().is_some()
    })
    .await;
    // Also the later questions, which the server does not refuse a second time.
    let answers = |l: &Live| l.seen.iter().filter(|(_, u)| matches!(u, Update::Failed(..))).count();
    let later = answers(&live) + 4;
    live.until(LONG, "more questions", |l| answers(l) >= later).await;
    for (_, update) in &live.seen {
        if let Update::Failed(_, problem, _) = update {
            let inbox = matches!(&problem.kind, ProblemKind::Denied { subject } if subject.starts_with("_INBOX."));
            assert!(inbox, "{problem}");
        }
    }
    assert!(after(&live, |u| matches!(u, Update::Failed(..))) < SOON);
    assert!(live.banner().contains("--inbox-prefix"), "{}", live.banner());

    // And the advice is right.
    let mut allowed = user(&server.url(), "me", "p");
    allowed.inbox_prefix = Some("mine".into());
    let mut live = Live::start(allowed, quick());
    live.until(LONG, "everything", |l| l.catalog().consumer("orders", "billing").is_some()).await;
}

/// Gives the user `me` these permissions to subscribe, on a server that runs.
async fn hear(server: &Server, subscribe: &str) {
    let path = server.dir().join("server.conf");
    let text = std::fs::read_to_string(&path).expect("the configuration");
    let at = text.find("subscribe: [").expect("permissions") + "subscribe: [".len();
    let end = at + text[at..].find(']').expect("their end");
    std::fs::write(&path, format!("{}{subscribe}{}", &text[..at], &text[end..])).expect("written");
    let reloads = || server.log().matches("Reloaded server configuration").count();
    let before = reloads();
    server.signal("HUP").expect("a signal");
    let started = Instant::now();
    while reloads() == before {
        assert!(started.elapsed() < LONG, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inbox_that_is_taken_away_and_given_back() {
    let server = server_for(r#""$JS.API.>""#, ALL).await;
    let js = fixture::app_as(&server.url(), "app", "p").await;
    let mut live = me(&server, quick());
    live.until(LONG, "everything", |l| l.catalog().consumer("orders", "billing").is_some()).await;
    hear(&server, r#""$JS.EVENT.ADVISORY.>""#).await;
    live.until(LONG, "the refusal", |l| l.banner().contains("--inbox-prefix")).await;
    let refusals = || server.log().matches("Subscription Violation").count();
    let (before, links) = (refusals(), live.links().len());
    live.during(Duration::from_secs(10)).await;
    // It looks refused, and not lost again and again; the server logs each try: a few of them.
    assert_eq!(live.links().len(), links, "{:?}", live.links());
    let tried = refusals() - before;
    assert!((1..=5).contains(&tried), "{tried} tries in 10 s\n{}", server.log());
    hear(&server, ALL).await;
    let given = Instant::now();
    fixture::publish(&js, "orders.new", 1).await;
    live.until(LONG, "it goes on", |l| {
        let info = l.catalog().streams.get("orders").and_then(|e| e.info.as_ref());
        info.is_some_and(|s| s.state.messages == 4) && l.banner().is_empty()
    })
    .await;
    // The pause that has grown by then, and what a loaded machine may add.
    assert!(given.elapsed() < Duration::from_secs(12 + 4), "{:?}", given.elapsed());
}
