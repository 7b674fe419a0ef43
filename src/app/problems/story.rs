//! A finding in lines: what is wrong, since when, the numbers, what to do; of a heading what its rule finds.

use crate::event::clean_line;
use crate::event::layout::wrap;
use crate::health::Level;
use crate::health::finding::{Change, Phase, Place, Story, Tracked, entry, story};
use crate::model::Timestamp;
use crate::model::units::{ago, duration};

use super::{App, ProblemKey, summary};

/// Columns of the names of numbers.
const NAMES: usize = 16;

/// A line of a story; sanitised, and no longer than was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoryLine {
    /// The place, with how bad it is.
    Title(Level, String),
    /// What is wrong.
    Text(String),
    /// A number: its name (empty in further lines) and its value.
    Fact(String, String),
    /// What to do.
    Advice(String),
    /// A command line. It is not broken, so that it can be copied.
    Command(String),
    /// Said in passing.
    Aside(String),
    /// Nothing.
    Blank,
}

/// What there is to say of a row, in lines of so many columns.
pub fn story_lines(app: &App, key: &ProblemKey, columns: usize) -> Vec<StoryLine> {
    match &key.place {
        Some(place) => of_finding(app, key, place, columns),
        None => of_rule(app, key, columns),
    }
}

/// The same as it is copied: nothing is broken, nothing is left out.
pub(super) fn copied(app: &App, key: &ProblemKey) -> String {
    match &key.place {
        Some(place) => {
            let words = words(app, key, place);
            let tracked = app.tracked(key.rule, place.at());
            let since = tracked.map(|tracked| since(tracked, app.shown_at()));
            let comes_and_goes = tracked.is_some_and(|tracked| tracked.quiet.is_some());
            let well =
                if comes_and_goes { "It comes and goes, and does not hold just now." } else { "It is well again." };
            let told = words.map_or_else(|| well.to_owned(), |story| story.whole());
            let text = format!("{} {place}\n{told}\n  {}", key.rule, since.unwrap_or_default());
            crate::event::clean(&text).trim_end().to_owned()
        }
        None => {
            let group = app.watch().tracker.iter().filter(|(.., t)| t.rule == key.rule && t.is_told());
            let places: Vec<String> =
                group.map(|(stream, consumer, _)| clean_line(&at(stream, consumer)).into_owned()).collect();
            format!("{}: {}\n{}", key.rule, (entry(key.rule).many)(places.len()), places.join("\n"))
        }
    }
}

fn at(stream: Option<&str>, consumer: Option<&str>) -> String {
    crate::health::finding::At::of(stream, consumer).place().to_string()
}

fn words(app: &App, key: &ProblemKey, place: &Place) -> Option<Story> {
    story(app.catalog(), place.at(), key.rule, &app.session.thresholds, app.shown_at())
}

fn of_finding(app: &App, key: &ProblemKey, place: &Place, columns: usize) -> Vec<StoryLine> {
    let Some(tracked) = app.tracked(key.rule, place.at()) else {
        return vec![StoryLine::Aside("There is nothing to say of it any more.".into())];
    };
    let mut lines = vec![StoryLine::Title(level(tracked), app.place_label(place.at()))];
    let told = words(app, key, place).filter(|_| tracked.phase == Phase::Open);
    let sentence = match (&told, tracked.phase) {
        (Some(story), _) => story.sentence.clone(),
        (None, Phase::Resolved(_)) => format!("It is well again. {}", entry(key.rule).finds),
        (None, _) if tracked.quiet.is_some() => {
            format!("It comes and goes, and does not hold just now. {}", entry(key.rule).finds)
        }
        (None, _) => entry(key.rule).finds.to_owned(),
    };
    lines.extend(broken(&sentence, columns).into_iter().map(StoryLine::Text));
    let value_columns = columns.saturating_sub(NAMES + 1).max(12);
    let mut fact = |name: &str, value: &str| {
        // A name that finds no room stands above its value.
        let short = name.chars().count() <= NAMES;
        if !short {
            lines.push(StoryLine::Fact(name.to_owned(), String::new()));
        }
        let mut name = if short { name.to_owned() } else { String::new() };
        for line in broken(value, value_columns) {
            lines.push(StoryLine::Fact(std::mem::take(&mut name), line));
        }
    };
    fact("since", &since(tracked, app.shown_at()));
    if let Some(words) = change(tracked, app.shown_at()) {
        fact("changed", &words);
    }
    if tracked.silenced {
        let names = (place.stream(), place.consumer());
        let why = app.session.thresholds.silence(key.rule, names.0, names.1).and_then(|s| s.reason.clone());
        fact("silenced", why.as_deref().unwrap_or("by the configuration"));
    }
    for (name, value) in told.iter().flat_map(|story| &story.evidence) {
        fact(name, value);
    }
    for advice in told.iter().flat_map(|story| &story.advice) {
        for (i, line) in broken(&advice.text, columns.saturating_sub(2)).into_iter().enumerate() {
            lines.push(StoryLine::Advice(format!("{}{line}", if i == 0 { "→ " } else { "  " })));
        }
        if let Some(command) = &advice.command {
            lines.push(StoryLine::Command(format!("  {}", clean_line(command))));
        }
    }
    lines.extend(broken(&format!("rule {}", key.rule), columns).into_iter().map(StoryLine::Aside));
    lines
}

fn of_rule(app: &App, key: &ProblemKey, columns: usize) -> Vec<StoryLine> {
    let of = entry(key.rule);
    let group = match app.screen() {
        Some(super::super::Screen::Problems(screen)) => screen.groups.get(&key.rule).copied().unwrap_or_default(),
        _ => super::Group::default(),
    };
    let mut lines = vec![StoryLine::Title(group.level, summary(key.rule, &group))];
    lines.extend(broken(of.finds, columns).into_iter().map(StoryLine::Text));
    lines.push(StoryLine::Fact("rule".into(), key.rule.name().into()));
    let levels: Vec<&str> = of.levels.iter().map(|level| level.word()).collect();
    lines.push(StoryLine::Fact("level".into(), levels.join(" or ")));
    if group.resolved > 0 {
        lines.push(StoryLine::Fact("well again".into(), group.resolved.to_string()));
    }
    if group.silenced > 0 {
        lines.push(StoryLine::Fact("silenced".into(), group.silenced.to_string()));
    }
    if !of.patience.is_zero() {
        lines.push(StoryLine::Fact("told after".into(), duration(of.patience)));
    }
    let folded = match app.screen() {
        Some(super::super::Screen::Problems(screen)) => screen.is_folded(key.rule),
        _ => false,
    };
    let where_next = if folded { "Enter opens it:" } else { "Below it stands each one:" };
    let next = format!("{where_next} since when, with which numbers, and what to do.");
    lines.extend(broken(&next, columns).into_iter().map(StoryLine::Text));
    let quiet = format!("To silence it, put into config.toml: [[silence]] rule = \"{}\"", key.rule);
    lines.extend(broken(&quiet, columns).into_iter().map(StoryLine::Aside));
    lines
}

fn level(tracked: &Tracked) -> Level {
    if tracked.phase == Phase::Open { tracked.level } else { Level::Ok }
}

/// Since when, with the time and how long that is.
fn since(tracked: &Tracked, now: Timestamp) -> String {
    let long = whole(now, tracked.since);
    let open = if tracked.begun {
        format!("{long} (from {} UTC)", tracked.since.to_display())
    } else {
        format!("{long} or longer (first looked at {} UTC)", tracked.since.to_clock())
    };
    match tracked.phase {
        Phase::Resolved(at) => format!("{open}; well again {}", ago(now.since(at))),
        _ => open,
    }
}

fn change(tracked: &Tracked, now: Timestamp) -> Option<String> {
    let what = match (tracked.phase, tracked.change) {
        (Phase::Resolved(_), _) | (_, Change::New) => return None,
        (_, Change::Worse) => "it became worse",
        (_, Change::Better) => "it became better",
        (_, Change::Again) => "it was well for a while and came again",
    };
    Some(format!("{what}, {}", ago(now.since(tracked.changed))))
}

/// Whole seconds: what is shown moves once a second.
fn whole(now: Timestamp, at: Timestamp) -> String {
    duration(std::time::Duration::from_secs(now.since(at).as_secs()))
}

fn broken(text: &str, columns: usize) -> Vec<String> {
    wrap(&clean_line(text), columns.max(1))
}
