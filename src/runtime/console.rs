//! The console on a real terminal: puts the loop, the terminal and the connection together.

use std::io;

use color_eyre::eyre::{Result, WrapErr, eyre};
use crossterm::event::EventStream;
use futures_util::{StreamExt, stream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::app::{App, Effect, Msg};
use crate::config::Settings;
use crate::event::clean_line;
use crate::health::Level;
use crate::keymap::Keymap;
use crate::model::Scope;
use crate::nats;
use crate::ui::Theme;

use super::clipboard::{self, Wrap};
use super::event_loop::run_loop;
use super::input::message;
use super::session::{self, Request};
use super::terminal::{Screen, restore_on_panic, retake};
use super::{Display, EffectRunner};

/// Messages that wait for the loop; a full inbox holds the poller back.
const INBOX: usize = 1024;
/// The number of SIGCONT, which tokio has no name for.
const CONTINUE: i32 = if cfg!(any(target_os = "linux", target_os = "android")) { 18 } else { 19 };
/// Requests that wait for the connection.
const REQUESTS: usize = 64;

/// Opens the console and runs it until somebody quits.
///
/// # Errors
///
/// When there is no terminal to draw on, or when drawing fails. A server that cannot be reached is no error:
/// the console says so and keeps trying.
pub async fn console(settings: Settings) -> Result<()> {
    let keymap = Keymap::with(&settings.config.keys)?;
    let (inbox, messages) = mpsc::channel(INBOX);
    let (requests, asked) = mpsc::channel(REQUESTS);
    let (scope, watched) = watch::channel(Scope::default());
    let env = settings.env();
    let wrap = Wrap::detect(env.get("TMUX"), env.get("TERM"));
    let mut app = App::new(session::session(&settings), keymap, nats::now());

    restore_on_panic();
    // Before the terminal is taken: whoever ends us from then on gets it back.
    let told_to_end = told_to_end()?;
    let theme = Theme::from(&settings.theme);
    let mut screen =
        Screen::take(theme).wrap_err("the console needs a terminal; `jetscope help` has the commands that do not")?;
    let (columns, rows) = screen.size()?;
    let mut outside = Outside { scope, requests, inbox: inbox.clone(), wrap };
    let first = app.update(Msg::Resize(columns, rows));
    for effect in first.into_iter().chain([Effect::LoadContexts]) {
        outside.run(effect, &mut screen)?;
    }
    let connection = tokio::spawn(session::run(settings, asked, watched, inbox));

    // A terminal that fails to be read is gone: the stream ends, and so does the loop.
    let input = EventStream::new()
        .take_while(|event| std::future::ready(event.is_ok()))
        .filter_map(|event| std::future::ready(event.ok().and_then(message)));
    let input = stream::select(input.map(Some).chain(stream::iter([None])), resumed()?.map(Some))
        .take_while(|message| std::future::ready(message.is_some()))
        .filter_map(std::future::ready);
    let ended = tokio::select! {
        ended = run_loop(&mut app, &mut screen, &mut outside, input, messages, nats::now) => ended.map(|_| ()),
        () = told_to_end => Ok(()),
    };
    connection.abort();
    drop(screen);
    ended.map_err(|e| eyre!("the terminal failed: {e}"))
}

/// Ends with the first signal that would end us without giving the terminal back.
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt(), SignalKind::quit()];
    let mut signals = kinds.map(signal).into_iter().collect::<io::Result<Vec<_>>>()?;
    Ok(async move {
        let any = signals.iter_mut().map(|s| Box::pin(s.recv()));
        futures_util::future::select_all(any).await;
    })
}

/// Each time that we were stopped and go on: the terminal is taken over again, and drawn in its present size.
fn resumed() -> io::Result<impl futures_util::Stream<Item = Msg> + Unpin> {
    let continued = signal(SignalKind::from_raw(CONTINUE))?;
    Ok(Box::pin(stream::unfold(continued, |mut continued| async {
        loop {
            continued.recv().await?;
            if retake().is_ok()
                && let Ok((columns, rows)) = crossterm::terminal::size()
            {
                return Some((Msg::Resize(columns, rows), continued));
            }
        }
    })))
}

/// Does what the app asks for.
struct Outside {
    scope: watch::Sender<Scope>,
    requests: mpsc::Sender<Request>,
    inbox: mpsc::Sender<Msg>,
    wrap: Wrap,
}

impl Outside {
    /// Never waits: the loop must not stand still for a connection that is busy.
    fn request(&self, request: Request) {
        if self.requests.try_send(request).is_err() {
            self.tell(Level::Warning, "still busy with the requests before; try again in a moment");
        }
    }

    fn tell(&self, level: Level, text: impl Into<String>) {
        let _ = self.inbox.try_send(Msg::Tell(level, text.into()));
    }
}

impl EffectRunner for Outside {
    fn run(&mut self, effect: Effect, display: &mut dyn Display) -> io::Result<()> {
        match effect {
            Effect::Watch(scope) => {
                self.scope.send_replace(scope);
            }
            Effect::Refresh => self.request(Request::Refresh),
            Effect::LoadContexts => self.request(Request::Contexts),
            Effect::Switch(name) => self.request(Request::Switch(name)),
            Effect::Copy { text, what } => match clipboard::sequence(&text, self.wrap) {
                Some(sequence) => {
                    display.write(&sequence)?;
                    self.tell(Level::Ok, format!("copied {}", clean_line(&what)));
                }
                None => {
                    let limit = crate::model::units::bytes(clipboard::MOST as u64);
                    self.tell(Level::Warning, format!("{what} is longer than a terminal can copy ({limit})"));
                }
            },
            // The loop does these itself.
            Effect::Redraw | Effect::Quit => {}
        }
        Ok(())
    }
}
