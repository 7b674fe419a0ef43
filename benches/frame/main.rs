//! What the console costs with 10,000 streams and 50,000 consumers at 200x60: a frame, a key, a poll.
//!
//! Aims: a frame in less than 2 ms, every key answered (its work, the lists built anew, the frame) within
//! 50 ms. The ceiling of a frame is the same terminal filled with prepared lines; that of a poll is a map of the
//! same names whose values are replaced.

#[path = "../common/mod.rs"]
mod common;
mod tail;
mod world;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use common::{Figures, Outcome, in_full, ms, quantile};
use jetscope::app::{App, Msg};
use jetscope::model::{Stream, Update};
use jetscope::ui::{Theme, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Style;
use world::Size;

const COLUMNS: u16 = 200;
const ROWS: u16 = 60;
/// Polls before anything is measured, so that rates and rings of samples are filled.
const POLLS: u64 = 12;

type Screen = Terminal<TestBackend>;

fn main() -> Outcome {
    let (size, rounds) =
        if in_full() { (Size { streams: 10_000, consumers: 5 }, 200) } else { (Size { streams: 40, consumers: 2 }, 2) };
    let app = world::app(size, COLUMNS, ROWS, POLLS)?;
    let mut screen = Terminal::new(TestBackend::new(COLUMNS, ROWS))?;
    frames(&app, &mut screen, rounds)?;
    keys(&app, &mut screen, rounds.div_ceil(20))?;
    tail::measure(&app, &mut screen, rounds, in_full())?;
    polls(app, size, rounds.div_ceil(20))
}

fn press(app: &mut App, keys: &str) -> Outcome {
    for key in keys.split(' ').filter(|k| !k.is_empty()) {
        app.update(Msg::Key(key.parse()?));
        app.update(Msg::Frame);
    }
    Ok(())
}

/// Frames of the screens that show the most.
fn frames(app: &App, screen: &mut Screen, rounds: usize) -> Outcome {
    let theme = Theme::default();
    let lines: Vec<String> = (0..ROWS).map(|y| format!("{y:>width$}", width = usize::from(COLUMNS))).collect();
    let mut filled = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        screen.draw(|frame| {
            for (line, y) in lines.iter().zip(0..) {
                frame.buffer_mut().set_string(0, y, line, Style::new());
            }
        })?;
        filled.push(ms(started.elapsed()));
    }
    let ceiling = quantile(&filled, 0.5);
    let mut figures = Figures::new(&["", "median ms", "p99 ms", "ratio", "aim"]);
    figures.row(&[
        "prepared lines".into(),
        format!("{ceiling:.3}"),
        format!("{:.3}", quantile(&filled, 0.99)),
        "1".into(),
        String::new(),
    ]);
    for (what, keys) in [
        ("streams", ""),
        ("streams, filtered", "/ t e a m enter"),
        ("all consumers", "C"),
        ("one stream", "enter"),
        ("its consumers", "enter tab"),
        ("its subjects (10,000)", "enter tab tab"),
    ] {
        let mut app = app.clone();
        press(&mut app, keys)?;
        let mut took = Vec::new();
        for _ in 0..rounds {
            let started = Instant::now();
            screen.draw(|frame| draw(frame, &app, &theme))?;
            took.push(ms(started.elapsed()));
        }
        let median = quantile(&took, 0.5);
        figures.row(&[
            what.into(),
            format!("{median:.3}"),
            format!("{:.3}", quantile(&took, 0.99)),
            format!("{:.1}", median / ceiling),
            "< 2 ms".into(),
        ]);
    }
    figures.print(&format!("frame: draw at {COLUMNS}x{ROWS}"))
}

/// From a key to the frame that shows what it did.
fn keys(app: &App, screen: &mut Screen, rounds: usize) -> Outcome {
    let theme = Theme::default();
    let mut figures = Figures::new(&["", "median ms", "worst ms", "slowest key, best round", "aim"]);
    for (what, before, keys) in [
        ("streams: down", "", "j"),
        ("streams: end", "", "G"),
        ("streams: filter, each letter", "/", "t e a m 0 1"),
        ("streams: filter taken away", "/ t e a m enter", "esc"),
        ("streams: sort, each column", "", "s s s s s s s s s s s s"),
        ("streams: sort by state", "s s s s s s s s s s", "s"),
        ("streams: down, sorted by messages", "s s", "j"),
        ("streams: only problems", "", "!"),
        ("streams: freeze", "", "f"),
        ("streams: command, each letter", ":", "s t r e a m space o r d"),
        ("stream: open", "", "enter"),
        ("stream: subjects", "enter tab", "tab"),
        ("stream: subjects, filter", "enter tab tab /", "0 1 2"),
        ("consumers: open", "", "C"),
        ("consumers: down", "C", "j"),
        ("consumers: end", "C", "G"),
        ("consumers: filter, each letter", "C /", "r e a d 0 1"),
        ("consumers: sort, each column", "C", "s s s s s s s s s s s s"),
        ("consumers: down, sorted by name", "C s s", "j"),
        ("consumers: only problems", "C", "!"),
        ("consumer: open", "C", "enter"),
        ("consumer: back to all", "C enter", "esc"),
        ("help", "C", "?"),
    ] {
        // Of each key the best round: a machine that is busy with other things makes the rest.
        let (mut took, mut best) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let mut app = app.clone();
            press(&mut app, before)?;
            for (i, key) in keys.split(' ').enumerate() {
                let key = Msg::Key(key.parse()?);
                let started = Instant::now();
                black_box(app.update(key));
                black_box(app.update(Msg::Frame));
                screen.draw(|frame| draw(frame, &app, &theme))?;
                let now = ms(started.elapsed());
                took.push(now);
                if let Some(least) = best.get_mut(i) {
                    *least = f64::min(*least, now);
                } else {
                    best.push(now);
                }
            }
        }
        figures.row(&[
            what.into(),
            format!("{:.2}", quantile(&took, 0.5)),
            format!("{:.2}", quantile(&took, 1.0)),
            format!("{:.2}", quantile(&best, 1.0)),
            "< 50 ms".into(),
        ]);
    }
    figures.print("frame: a key answered (update, lists, draw)")
}

/// What a poll's reports cost the loop, and the second that follows them.
fn polls(mut app: App, size: Size, rounds: usize) -> Outcome {
    let (mut listed, mut swept, mut ticked, mut plain) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    press(&mut app, "C")?;
    let mut map: BTreeMap<String, Arc<Stream>> = BTreeMap::new();
    for second in (POLLS + 1..).take(rounds) {
        let streams = world::streams(size, second);
        let consumers = world::consumers(size, second);
        let Update::Streams(listing) = streams.clone() else { return Err("a list of streams".into()) };
        let started = Instant::now();
        for stream in listing.items {
            match map.get_mut(&stream.name) {
                Some(old) => *old = stream,
                None => {
                    map.insert(stream.name.clone(), stream);
                }
            }
        }
        plain.push(ms(started.elapsed()));
        let started = Instant::now();
        app.update(Msg::Data(streams));
        listed.push(ms(started.elapsed()));
        let started = Instant::now();
        for update in consumers {
            app.update(Msg::Data(update));
        }
        swept.push(ms(started.elapsed()));
        let started = Instant::now();
        app.update(Msg::Tick(world::at(second)));
        app.update(Msg::Frame);
        ticked.push(ms(started.elapsed()));
    }
    let ceiling = quantile(&plain, 0.5);
    let mut figures = Figures::new(&["", "median ms", "best ms", "ratio"]);
    for (what, took) in [
        ("a plain map, streams replaced", &plain),
        ("list of all streams", &listed),
        ("sweep over all consumers", &swept),
        ("second with all consumers shown", &ticked),
    ] {
        let median = quantile(took, 0.5);
        figures.row(&[
            what.into(),
            format!("{median:.2}"),
            format!("{:.2}", quantile(took, 0.0)),
            format!("{:.1}", median / ceiling),
        ]);
    }
    figures.print(&format!("frame: a poll of {} streams x {} consumers", size.streams, size.consumers))
}
