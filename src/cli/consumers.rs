//! `jetscope consumers [STREAM]`: the consumers of all streams or of one, as a table or as JSON.

use std::io::{self, Write};
use std::time::Duration;

use crate::config::Settings;
use crate::health::{Standing, State, Terms, Verdict, time_to_loss};
use crate::model::document::{ConsumerDocument, ConsumersDocument, Each, VerdictDocument};
use crate::model::lag::LagTime;
use crate::model::ring::SLOT;
use crate::model::units::{count_exact, duration};
use crate::model::{Catalog, Timestamp};

use super::args::Print;
use super::headless::{Failure, Headless, MARGIN, ONCE, repeat};
use super::output;
use super::sampling::{Wanted, announce, fill, lags, sample, slot, terms};
use super::streams::{UNKNOWN, tell_partial};

/// Runs the command; `window` is the time over which samples are taken before something is printed.
pub(super) async fn run(
    settings: Settings,
    stream: Option<String>,
    window: Option<Duration>,
    print: Print,
) -> Result<(), Failure> {
    let limit = window.map_or(ONCE, |window| window + MARGIN);
    let mut headless = Headless::open(settings, print.watch.is_none().then_some(limit)).await?;
    let every = print.watch.map_or(SLOT, |every| every.max(SLOT));
    headless.catalog = Catalog::with_slot(window.map_or(every, slot)).knowing(&headless.settings.thresholds());
    let stream = match stream {
        Some(word) => Some(headless.stream(&word).await?),
        None => None,
    };
    let stream = stream.as_deref();
    let mut first = window;
    let ask = async |h: &mut Headless| {
        let mut round = match first {
            Some(window) => {
                announce(window);
                fill(h, Wanted::of(stream), window, async |_, _| {}).await?
            }
            None => sample(h, Wanted::of(stream)).await?,
        };
        first = None;
        if round.told.is_empty()
            && let Some(why) = round.partial.failed.first()
        {
            // Not being told of any is not: there are none.
            return Err(Failure::Unknown(why.clone()));
        }
        lags(h, &mut round).await;
        Ok(round)
    };
    repeat(headless, print, ask, |h, round, out| {
        let terms = terms(h);
        let consumers = || round.told.iter().filter_map(|(stream, name)| consumer(&h.catalog, stream, name, &terms));
        let (taken, partial) = (h.api.now(), round.partial.clone().or_none());
        if print.json {
            let (context, server) = (h.context(), (&h.server()).into());
            return output::write_json(
                out,
                &ConsumersDocument { taken, context, server, partial, consumers: Each(consumers) },
            );
        }
        h.tell_skew();
        tell_partial(partial.as_ref());
        table(consumers, taken, stream.is_none(), out)
    })
    .await
}

fn consumer(catalog: &Catalog, stream: &str, name: &str, terms: &Terms) -> Option<ConsumerDocument> {
    let entry = catalog.consumer(stream, name)?;
    let info = entry.info.as_deref()?;
    let standing = Standing::of(entry, terms);
    let verdict = standing.verdict();
    let lag = entry.lag_time(terms.now);
    let loss = match lag {
        LagTime::Known(_, oldest, _) => {
            catalog.streams.get(stream).and_then(|of| time_to_loss(of, &oldest, terms.now)).map(|loss| loss.after)
        }
        _ => None,
    };
    let age = if lag == LagTime::Nothing { Some(Duration::ZERO) } else { lag.age() };
    let verdict = VerdictDocument {
        verdict: verdict.map_or(State::Unknown, |v| v.state).word(),
        since: verdict.filter(|v| !v.or_longer).and_then(|v| v.since),
        seen_since: verdict.filter(|v| v.or_longer).and_then(|v| v.since),
        lost_per_second: verdict.and_then(|v| v.flags.lost().rate()).map(thousandths),
        flags: verdict.map_or_else(Vec::new, |v| v.flags.iter().map(|flag| flag.to_string()).collect()),
        sentence: standing.health(entry, terms).sentence,
        slope_per_second: verdict.and_then(|v| v.slope).map(thousandths),
        eta_seconds: verdict.and_then(Verdict::eta).map(thousandths),
        lag_seconds: age.map(|age| thousandths(age.as_secs_f64())),
        loss_seconds: loss.map(|after| thousandths(after.as_secs_f64())),
    };
    Some(ConsumerDocument::new(info, verdict))
}

/// What a clock and ten samples give is not more exact than this.
fn thousandths(n: f64) -> f64 {
    (n * 1_000.0).round() / 1_000.0
}

fn table<I>(consumers: impl Fn() -> I, taken: Timestamp, with_stream: bool, out: &mut dyn Write) -> io::Result<()>
where
    I: Iterator<Item = ConsumerDocument>,
{
    let headings = [
        "STREAM",
        "NAME",
        "VERDICT",
        ">SINCE",
        ">OUTSTANDING",
        ">LAG",
        "MODE",
        "ACK",
        ">PENDING",
        ">ACK PENDING",
        ">REDELIVERED",
        ">WAITING",
        ">DELIVERED",
        ">ACK FLOOR",
        ">LAST DELIVERED",
        ">LAST ACKED",
        "STATE",
        "FILTER",
    ];
    let from = usize::from(!with_stream);
    output::table(out, &headings[from..], || consumers().map(|c| row(&c, taken).split_off(from)))
}

fn row(c: &ConsumerDocument, taken: Timestamp) -> Vec<String> {
    let ago = |at: Option<Timestamp>| {
        at.map_or_else(|| UNKNOWN.to_owned(), |at| format!("{} ago", duration(taken.since(at))))
    };
    let mut state: Vec<&str> = Vec::new();
    if c.paused {
        state.push("paused");
    }
    if c.mode == "push" {
        state.push(if c.push_bound { "bound" } else { "unbound" });
    }
    if !c.durable {
        state.push("ephemeral");
    }
    let mut verdict = vec![c.verdict.verdict];
    verdict.extend(c.verdict.flags.iter().map(String::as_str));
    let lag = c.verdict.lag_seconds.map_or_else(|| UNKNOWN.to_owned(), |s| duration(Duration::from_secs_f64(s)));
    vec![
        c.stream.clone(),
        c.name.clone(),
        verdict.join(" "),
        // Of what was so when it was first looked at only this much is known.
        match c.verdict.seen_since.map(|at| taken.since(at)).filter(|for_long| for_long.as_secs() > 0) {
            Some(for_long) => format!("≥{} ago", duration(Duration::from_secs(for_long.as_secs()))),
            None => ago(c.verdict.since),
        },
        count_exact(c.outstanding),
        lag,
        c.mode.to_owned(),
        c.ack_policy.word().to_owned(),
        count_exact(c.pending),
        count_exact(c.ack_pending),
        count_exact(c.redelivered),
        c.waiting.to_string(),
        c.delivered_seq.to_string(),
        c.ack_floor_seq.to_string(),
        ago(c.last_delivered),
        ago(c.last_acked),
        if state.is_empty() { UNKNOWN.to_owned() } else { state.join(" ") },
        if c.filter_subjects.is_empty() { UNKNOWN.to_owned() } else { c.filter_subjects.join(" ") },
    ]
}
