//! What the headless commands share: one connection, asked once or again and again.

use std::io;
use std::time::Duration;

use thiserror::Error;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use crate::config::Settings;
use crate::event::clean_line;
use crate::model::{Catalog, KindPatterns, Problem, ProblemKind, ServerInfo, Timestamp, skew_in_words};
use crate::nats::{self, Api, ConnectError};
use crate::query::{Named, named};

use super::args::Print;
use super::output;

/// So long everything may take that is printed once.
pub(super) const ONCE: Duration = Duration::from_secs(30);
/// So much longer than its window may take what looks for a while.
pub(super) const MARGIN: Duration = Duration::from_secs(10);

/// Why a command failed.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The question was not answered.
    #[error("{0}")]
    Answer(#[from] Problem),
    /// Nothing of this name.
    #[error("{0}")]
    Unknown(String),
    /// The output cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// What is meant by "now" on the command line: the server's time, as an answer about this stream tells it.
pub(super) async fn server_time(api: &Api, stream: &str) -> Timestamp {
    // Why there is no answer is told by what is asked next.
    let _ = api.stream(stream).await;
    tell_skew(api);
    api.now()
}

fn tell_skew(api: &Api) {
    if let Some(words) = skew_in_words(api.client().ahead(), api.now()) {
        output::note(&words);
    }
}

/// The stream that a word means: by its name, or by the short one that is shown for it where only one has it.
pub(super) async fn stream(api: &Api, kinds: &KindPatterns, word: &str) -> Result<String, Failure> {
    match api.stream(word).await {
        Err(problem) if problem.kind == ProblemKind::NotFound => {}
        // What else may be wrong is said by whoever asks more of it.
        _ => return Ok(word.to_owned()),
    }
    let names = api.stream_names().await.unwrap_or_default();
    let all: Vec<Named<'_>> = names.iter().map(|name| (name.as_str(), kinds.classify_name(name).1)).collect();
    match named(word, &all) {
        Ok(name) => Ok(name.to_owned()),
        Err(why) => {
            let words = why.words("stream", word);
            Err(Failure::Unknown(format!("{} (`jetscope streams` lists them)", clean_line(&words))))
        }
    }
}

/// That a stream which was there a moment ago is not there.
pub(super) fn unknown_stream(stream: &str) -> Failure {
    Failure::Unknown(format!("there is no stream {} (`jetscope streams` lists them)", clean_line(stream)))
}

/// An open connection and what was learned on it.
#[derive(Debug)]
pub(super) struct Headless {
    /// Asks.
    pub(super) api: Api,
    /// Rates need more than one answer.
    pub(super) catalog: Catalog,
    /// From flags, variables and files.
    pub(super) settings: Settings,
}

impl Headless {
    /// Connects, once. What is asked has to be answered within `limit` of now, if there is one, connecting included.
    pub(super) async fn open(settings: Settings, limit: Option<Duration>) -> Result<Self, Failure> {
        // What no clock can tell is no limit.
        let deadline = limit.and_then(|limit| Some((limit, Instant::now().checked_add(limit)?)));
        let opening = nats::open(&settings.connection);
        let api = match deadline {
            Some((limit, deadline)) => {
                let late = |_| ConnectError::Timeout { servers: settings.connection.shown(), limit };
                Api::new(timeout_at(deadline, opening).await.map_err(late)??).until(deadline)
            }
            None => Api::new(opening.await?),
        };
        Ok(Self { api, catalog: Catalog::default().knowing(&settings.thresholds()), settings })
    }

    /// Says that one of the two clocks is wrong, if so.
    pub(super) fn tell_skew(&self) {
        tell_skew(&self.api);
    }

    /// The stream that a word means.
    pub(super) async fn stream(&self, word: &str) -> Result<String, Failure> {
        stream(&self.api, &self.settings.kinds(), word).await
    }

    /// Who answers.
    pub(super) fn server(&self) -> ServerInfo {
        self.api.client().server()
    }

    /// The name of the context whose addresses are asked.
    pub(super) fn context(&self) -> Option<String> {
        self.settings.own_context().map(str::to_owned)
    }
}

/// Asks and prints, once or at every interval. Only the first failure ends a repeated command: later ones are told,
/// and the next round tries again.
pub(super) async fn repeat<T>(
    mut headless: Headless,
    print: Print,
    mut ask: impl AsyncFnMut(&mut Headless) -> Result<T, Failure>,
    write: impl Fn(&Headless, T, &mut dyn io::Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let Some(every) = print.watch else {
        let answer = ask(&mut headless).await?;
        return Ok(output::print_with(|out| write(&headless, answer, out))?);
    };
    let mut ticks = interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut first = true;
    loop {
        ticks.tick().await;
        match ask(&mut headless).await {
            Ok(answer) => output::print_with(|out| {
                if !first && !print.json {
                    out.write_all(b"\n")?;
                }
                write(&headless, answer, out)
            })?,
            Err(failure) if first => return Err(failure),
            Err(failure @ Failure::Output(_)) => return Err(failure),
            Err(failure) => output::note(&failure.to_string()),
        }
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::config::{Env, Flags};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn connecting_counts_however_many_addresses_say_nothing() {
        let silent: Vec<TcpListener> = (0..10).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses: Vec<String> = silent.iter().map(|l| l.local_addr().unwrap().to_string()).collect();
        let flags = Flags { server: Some(addresses.join(",")), ..Default::default() };
        let settings = Settings::load(&flags, &Env::of([("HOME", "/nowhere")])).unwrap();
        let begun = Instant::now();
        let failure = Headless::open(settings, Some(Duration::from_secs(1))).await.unwrap_err().to_string();
        assert!(failure.contains(&addresses[0]) && failure.contains("within 1 s"), "{failure}");
        // Each of them alone would be given 5 s.
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
