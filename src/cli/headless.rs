//! What the headless commands share: one connection, asked once or again and again.

use std::io;
use std::time::Duration;

use thiserror::Error;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Settings;
use crate::event::clean_line;
use crate::model::{Catalog, Problem, ServerInfo};
use crate::nats::{self, Api, ConnectError};
use crate::query::nearest;

use super::args::Print;
use super::output;

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

/// No stream has this name; names one that is near.
pub(super) async fn unknown_stream(api: &Api, stream: &str) -> Failure {
    let names = api.stream_names().await.unwrap_or_default();
    let near = nearest(stream, names.iter().map(String::as_str));
    let hint = near.map(|n| format!("; did you mean {}?", clean_line(n))).unwrap_or_default();
    Failure::Unknown(format!("no stream is called {}{hint} (`jetscope streams` lists them)", clean_line(stream)))
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
    /// Connects, once.
    pub(super) async fn open(settings: Settings) -> Result<Self, Failure> {
        let client = nats::open(&settings.connection).await?;
        Ok(Self { api: Api::new(client), catalog: Catalog::default().knowing(&settings.thresholds()), settings })
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

/// Prints once, or at every interval. Only the first failure ends a repeated command: later ones are told,
/// and the next round tries again.
pub(super) async fn repeat<F>(mut headless: Headless, print: Print, mut once: F) -> Result<(), Failure>
where
    F: AsyncFnMut(&mut Headless) -> Result<String, Failure>,
{
    let Some(every) = print.watch else {
        return Ok(output::print(&once(&mut headless).await?)?);
    };
    let mut ticks = interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut first = true;
    loop {
        ticks.tick().await;
        match once(&mut headless).await {
            Ok(text) => {
                if !first && !print.json {
                    output::print("\n")?;
                }
                output::print(&text)?;
            }
            Err(failure) if first => return Err(failure),
            Err(failure @ Failure::Output(_)) => return Err(failure),
            Err(failure) => output::note(&failure.to_string()),
        }
        first = false;
    }
}
