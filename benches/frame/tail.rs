//! What a tail costs the loop when its ring is full: a frame, a key, a batch taken in, another filter.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use jetscope::app::{App, Msg, Screen, TailNews};
use jetscope::model::{Header, Message, Timestamp};
use jetscope::ui::{Theme, draw};

use super::common::{Figures, Outcome, ms, quantile};
use super::press;

/// Messages of one batch, as readings hand them over.
const BATCH: u64 = 500;

/// An event of about 300 bytes, binary and structured by turns.
fn message(seq: u64) -> Arc<Message> {
    let (ty, id) = (["order.created", "order.paid", "cart.updated"][(seq % 3) as usize], format!("{seq:032x}"));
    let data = format!(r#"{{"total":{},"customer":{{"id":{seq},"country":"DE"}},"lines":[1,2,3]}}"#, seq % 500);
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let (headers, body) = if seq.is_multiple_of(2) {
        let headers = vec![
            header("ce-id", &id),
            header("ce-source", "/shop/checkout"),
            header("ce-specversion", "1.0"),
            header("ce-subject", "O-100001"),
            header("ce-time", "2026-11-20T14:00:00Z"),
            header("ce-type", ty),
            header("content-type", "application/json"),
        ];
        (headers, data)
    } else {
        let body = format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/shop/checkout","type":"{ty}","subject":"O-100001","time":"2026-11-20T14:00:00Z","data":{data}}}"#
        );
        (vec![header("content-type", "application/cloudevents+json")], body)
    };
    Arc::new(Message {
        stream: "eventsource-team0001-stream".into(),
        seq,
        time: Timestamp(seq as i64 * 1_000_000),
        subject: "bench.1.made".into(),
        headers,
        undecodable: None,
        body: body.into(),
    })
}

fn id(app: &App) -> Outcome<u64> {
    match app.screen() {
        Some(Screen::Tail(tail)) => Ok(tail.id),
        _ => Err("no tail is shown".into()),
    }
}

/// Measures a tail with its ring full.
pub(super) fn measure(app: &App, screen: &mut super::Screen, rounds: usize, full: bool) -> Outcome {
    let theme = Theme::default();
    let mut app = app.clone();
    press(&mut app, "t")?;
    let id = id(&app)?;
    let read = if full { 60_000 } else { 1_000 };
    for from in (1..read).step_by(BATCH as usize) {
        app.update(Msg::Tail(id, TailNews::Messages((from..from + BATCH).map(message).collect())));
    }
    app.update(Msg::Frame);
    let mut figures = Figures::new(&["", "median ms", "p99 ms", "aim"]);
    let mut row = |what: &str, took: &[f64], aim: &str| {
        figures.row(&[
            what.into(),
            format!("{:.3}", quantile(took, 0.5)),
            format!("{:.3}", quantile(took, 0.99)),
            aim.into(),
        ]);
    };
    let mut took = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        screen.draw(|frame| draw(frame, &app, &theme))?;
        took.push(ms(started.elapsed()));
    }
    row("draw, ring full", &took, "< 2 ms");
    let mut next = read + 1;
    let (mut taken, mut frames) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let batch: Vec<_> = (next..next + BATCH).map(message).collect();
        next += BATCH;
        let started = Instant::now();
        black_box(app.update(Msg::Tail(id, TailNews::Messages(batch))));
        taken.push(ms(started.elapsed()));
        let started = Instant::now();
        app.update(Msg::Frame);
        screen.draw(|frame| draw(frame, &app, &theme))?;
        app.drawn();
        frames.push(ms(started.elapsed()));
    }
    row("500 messages taken in", &taken, "");
    row("frame after them (update, draw)", &frames, "< 10 ms");
    for (what, before, keys) in [
        ("key: up, paused", "up", "up"),
        ("key: page up", "up", "pageup"),
        ("key: first", "", "g"),
        ("key: open the event", "up", "enter"),
        ("key: open the filter", "", "/"),
        ("key: a letter of words", "/ o r d", "e"),
        ("key: a letter of an expression on data", "= d a t a . t o t a l space > space", "4"),
        ("key: next of the same source and subject", "g m s", "n"),
        ("key: next gap", "g", ">"),
        ("key: only broken", "", "!"),
    ] {
        let mut took = Vec::new();
        for _ in 0..rounds.div_ceil(10) {
            let mut app = app.clone();
            press(&mut app, before)?;
            let key = Msg::Key(keys.parse()?);
            let started = Instant::now();
            black_box(app.update(key));
            black_box(app.update(Msg::Frame));
            screen.draw(|frame| draw(frame, &app, &theme))?;
            took.push(ms(started.elapsed()));
        }
        row(what, &took, "< 50 ms");
    }
    figures.print("frame: a tail with 50,000 events in it")
}
