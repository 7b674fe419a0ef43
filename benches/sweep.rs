//! A whole sweep (all streams, then the consumers of all) against the same requests alone, whose replies are
//! thrown away unread: what is left is what reading and keeping costs. Aim: a ratio of at most 1.3.
//!
//! And the same sweep with each request noted for the console's activity, against the one without; beside it what a
//! note costs alone. Aim: nothing that can be told from the noise of a sweep.
//!
//! `JETSCOPE_BENCH_SWEEP=1000x5,10000x1` (streams x consumers of each) chooses other sizes.

mod common;

use std::time::Instant;

use common::{Figures, Outcome, in_full, ms, quantile};
use futures_util::{StreamExt, TryStreamExt, stream};
use jetscope::app::{App, Msg, Session};
use jetscope::config::{Connection, Ledger};
use jetscope::demo::{Server, ServerSpec};
use jetscope::keymap::Keymap;
use jetscope::model::request::{Act, Outcome as RequestOutcome};
use jetscope::model::{Request, Update};
use jetscope::nats::{self, Api};

/// Pages side by side, as `Api::streams` has them.
const PAGES: usize = 4;
/// Questions side by side, as `Api::all_consumers` has them.
const SIDE_BY_SIDE: usize = nats::api::SIDE_BY_SIDE;
/// Streams of a page.
const PAGE: usize = 256;
/// Notes that are made in a row to see what one costs.
const NOTES: usize = 10_000;
/// Requests side by side while the fixture is made.
const MAKING: usize = 128;

fn main() -> Outcome {
    let sizes = match std::env::var("JETSCOPE_BENCH_SWEEP") {
        Ok(text) => sizes(&text)?,
        Err(_) if in_full() => vec![(1_000, 5), (10_000, 1)],
        Err(_) => vec![(20, 2)],
    };
    let rounds = if in_full() { 9 } else { 1 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for (streams, consumers) in sizes {
        runtime.block_on(compare(streams, consumers, rounds))?;
    }
    Ok(())
}

fn sizes(text: &str) -> Outcome<Vec<(usize, usize)>> {
    text.split(',')
        .map(|size| {
            let (streams, consumers) = size.split_once('x').ok_or("sizes are written as 1000x5")?;
            Ok((streams.trim().parse()?, consumers.trim().parse()?))
        })
        .collect()
}

/// A part of what a sweep took.
type Part = fn(Took) -> f64;

/// What one sweep took: the list of streams, and the consumers.
#[derive(Clone, Copy)]
struct Took {
    list: f64,
    consumers: f64,
}

impl Took {
    const fn all(self) -> f64 {
        self.list + self.consumers
    }
}

async fn compare(streams: usize, consumers: usize, rounds: usize) -> Outcome {
    let server = Server::start(&ServerSpec::default())?;
    let raw = async_nats::connect(server.url()).await?;
    let making = Instant::now();
    make(&raw, streams, consumers).await?;
    let made = making.elapsed();
    let api = Api::new(nats::open(&Connection::to(server.url())).await?);
    let ledger = Ledger::open(None);
    let noted = Connection { ledger: ledger.clone(), ..Connection::to(server.url()) };
    let noting = Api::new(nats::open(&noted).await?);
    // The first sweep of either warms what there is to be warmed.
    ours(&api).await?;
    ours(&noting).await?;
    alone(&raw, streams).await?;
    let (mut ours_took, mut alone_took, mut noted_took) = (Vec::new(), Vec::new(), Vec::new());
    let mut app = console()?;
    let (mut requests, mut taken) = (0, Vec::new());
    for round in 0..rounds {
        // Whoever comes second finds the server as the first left it, so they take turns.
        if round % 2 == 0 {
            ours_took.push(ours(&api).await?);
            noted_took.push(ours(&noting).await?);
            alone_took.push(alone(&raw, streams).await?);
        } else {
            alone_took.push(alone(&raw, streams).await?);
            noted_took.push(ours(&noting).await?);
            ours_took.push(ours(&api).await?);
        }
        // As the console takes them, once a second.
        let (notes, lost) = ledger.take();
        requests = notes.len();
        let taking = Instant::now();
        app.update(Msg::Data(Update::Requests(notes, lost)));
        taken.push(taking.elapsed().as_nanos() as f64 / requests.max(1) as f64);
    }
    let mut figures = Figures::new(&["", "jetscope ms", "raw ms", "ratio", "aim", "noted ms", "noted ratio"]);
    let parts: [(&str, Part, &str); 3] =
        [("streams", |t| t.list, ""), ("consumers", |t| t.consumers, ""), ("both", Took::all, "<= 1.3")];
    for (name, part, aim) in parts {
        let median = |took: &[Took]| quantile(&took.iter().map(|t| part(*t)).collect::<Vec<_>>(), 0.5);
        let ratios = |a: &[Took], b: &[Took]| {
            let each: Vec<f64> = a.iter().zip(b).map(|(a, b)| part(*a) / part(*b)).collect();
            quantile(&each, 0.5)
        };
        figures.row(&[
            name.into(),
            format!("{:.1}", median(&ours_took)),
            format!("{:.1}", median(&alone_took)),
            format!("{:.2}", ratios(&ours_took, &alone_took)),
            aim.into(),
            format!("{:.1}", median(&noted_took)),
            format!("{:.2}", ratios(&noted_took, &ours_took)),
        ]);
    }
    figures.print(&format!(
        "sweep: {streams} streams x {consumers} consumers, medians of {rounds} rounds (made in {:.1} s), {requests} \
         requests each; a note alone: {:.0} ns, taken in by the console: {:.0} ns",
        made.as_secs_f64(),
        note(rounds),
        quantile(&taken, 0.5)
    ))
}

/// A console that knows nothing.
fn console() -> Outcome<App> {
    let keymap = Keymap::with(&std::collections::BTreeMap::new())?;
    Ok(App::new(Session::default(), keymap, nats::now()))
}

/// What a note costs beside its request, in nanoseconds: the same steps as `nats::note` takes, and the ledger.
fn note(rounds: usize) -> f64 {
    let ledger = Ledger::open(Some("prod"));
    let subject = format!("$JS.API.CONSUMER.LIST.{}", name(7));
    let body = bytes::Bytes::from(String::from("{\"offset\":256}"));
    let mut each = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        for _ in 0..NOTES {
            let asked = Instant::now();
            ledger.note(Request {
                at: nats::now(),
                act: Act::Ask,
                subject: subject.as_str().into(),
                prefix: "$JS.API".len(),
                body: body.clone(),
                took: Some(asked.elapsed()),
                reply: Some(812),
                outcome: RequestOutcome::Done,
                context: ledger.context(),
            });
        }
        each.push(started.elapsed().as_nanos() as f64 / NOTES as f64);
        ledger.take();
    }
    quantile(&each, 0.5)
}

/// Our sweep, as the poller and the headless commands do it.
async fn ours(api: &Api) -> Outcome<Took> {
    let started = Instant::now();
    let listing = api.streams().await;
    let list = ms(started.elapsed());
    let names: Vec<String> = listing.items.iter().filter(|s| s.state.consumers > 0).map(|s| s.name.clone()).collect();
    let asked = names.len();
    let consumers = Instant::now();
    let mut answers = Box::pin(api.all_consumers(names));
    let mut answered = 0;
    while let Some((_, listing)) = answers.next().await {
        answered += usize::from(listing.is_whole());
    }
    if asked != answered || !listing.is_whole() {
        return Err(format!("{answered} of {asked} were answered").into());
    }
    Ok(Took { list, consumers: ms(consumers.elapsed()) })
}

/// The same requests, nothing else.
async fn alone(nats: &async_nats::Client, streams: usize) -> Outcome<Took> {
    let started = Instant::now();
    nats.request("$JS.API.STREAM.LIST", "".into()).await?;
    stream::iter((PAGE..streams).step_by(PAGE))
        .map(|offset| nats.request("$JS.API.STREAM.LIST", format!("{{\"offset\":{offset}}}").into()))
        .buffer_unordered(PAGES)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    let list = ms(started.elapsed());
    let consumers = Instant::now();
    stream::iter(0..streams)
        .map(|n| nats.request(format!("$JS.API.CONSUMER.LIST.{}", name(n)), "".into()))
        .buffer_unordered(SIDE_BY_SIDE)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    Ok(Took { list, consumers: ms(consumers.elapsed()) })
}

/// Names as the project's users have them.
fn name(n: usize) -> String {
    format!("eventsource-team{n:05}-stream")
}

/// Memory streams with pull consumers.
async fn make(nats: &async_nats::Client, streams: usize, consumers: usize) -> Outcome {
    let ask = |subject: String, body: String| async move {
        let reply = nats.request(subject, body.into()).await?;
        let refused = reply.payload.windows(8).any(|w| w == b"\"error\":");
        let said = refused.then(|| String::from_utf8_lossy(&reply.payload).into_owned());
        said.map_or(Outcome::Ok(()), |words| Err(words.into()))
    };
    stream::iter(0..streams)
        .map(|n| {
            let (name, subject) = (name(n), format!("bench.{n}.>"));
            let body = format!("{{\"name\":\"{name}\",\"subjects\":[\"{subject}\"],\"storage\":\"memory\"}}");
            ask(format!("$JS.API.STREAM.CREATE.{name}"), body)
        })
        .buffer_unordered(MAKING)
        .try_for_each(|()| async { Ok(()) })
        .await?;
    stream::iter((0..streams).flat_map(|n| (0..consumers).map(move |c| (n, c))))
        .map(|(n, c)| {
            let (stream, name) = (name(n), format!("reader-{c}"));
            let body = format!(
                "{{\"stream_name\":\"{stream}\",\"config\":{{\"name\":\"{name}\",\"durable_name\":\"{name}\",\
                 \"ack_policy\":\"explicit\",\"deliver_policy\":\"all\",\"replay_policy\":\"instant\"}}}}"
            );
            ask(format!("$JS.API.CONSUMER.CREATE.{stream}.{name}"), body)
        })
        .buffer_unordered(MAKING)
        .try_for_each(|()| async { Ok(()) })
        .await
}
