//! The console on a real terminal: puts the loop, the terminal and the connection together.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use color_eyre::eyre::{Result, WrapErr, eyre};
use futures_util::{StreamExt, stream};
use jiff::tz::TimeZone;
use signal_hook::consts::{SIGCONT, SIGTSTP};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};

use crate::app::reposition::RepositionOrder;
use crate::app::tail::Saved;
use crate::app::{App, Effect, Msg, Viewer};
use crate::config::{Env, Ledger, Settings};
use crate::event::clean_line;
use crate::health::Level;
use crate::keymap::Keymap;
use crate::model::{Message, Scope};
use crate::nats;
use crate::ui::Theme;

use super::clipboard::{self, Wrap};
use super::event_loop::run_loop;
use super::files;
use super::input::Keyboard;
use super::past::Keeper;
use super::replays::Replays;
use super::repositions::Repositions;
use super::session::{self, Request};
use super::tails::Tails;
use super::terminal::{Screen, can_be_continued, is_lent, restore_on_panic, retake, stop};
use super::{Display, EffectRunner};

/// Messages that wait for the loop; a full inbox holds the poller back.
const INBOX: usize = 1024;
/// Requests that wait for the connection.
const REQUESTS: usize = 64;

/// Opens the console and runs it until somebody quits.
///
/// # Errors
///
/// When there is no terminal to draw on, or when drawing fails. A server that cannot be reached is no error:
/// the console says so and keeps trying.
pub async fn console(mut settings: Settings) -> Result<()> {
    // All connections are made from these settings, so what any of them asks is noted there.
    settings.connection.ledger = Ledger::open(settings.own_context());
    let keymap = Keymap::with(&settings.config.keys)?;
    let (inbox, messages) = mpsc::channel(INBOX);
    let (requests, asked) = mpsc::channel(REQUESTS);
    let (scope, watched) = watch::channel(Scope::default());
    let env = settings.env();
    let wrap = Wrap::detect(env.get("TMUX"), env.get("TERM"));
    let mut app = App::new(session::session(&settings), keymap, nats::now());
    app.zone = TimeZone::system();
    let current = Arc::new(Mutex::new(settings.clone()));
    let replays = Replays::new(&settings, Arc::clone(&current), inbox.clone());
    let repositions = Repositions::new(Arc::clone(&current), inbox.clone());
    let tails = Tails::new(Arc::clone(&current), inbox.clone());
    let keyboard = Keyboard::default();

    restore_on_panic();
    // Before the terminal is taken: whoever ends us from then on gets it back.
    let told_to_end = told_to_end()?;
    let theme = Theme::from(&settings.theme);
    let of = Arc::clone(&current);
    // Ages are counted by the clock of the server that is looked at.
    let clock = move || of.lock().unwrap_or_else(PoisonError::into_inner).connection.clock.at_server(nats::now());
    let mut screen =
        Screen::take(theme).wrap_err("the console needs a terminal; `jetscope help` has the commands that do not")?;
    let (columns, rows) = screen.size()?;
    let env = env.clone();
    let mut outside = Outside {
        scope,
        requests,
        inbox: inbox.clone(),
        wrap,
        tails,
        replays,
        repositions,
        keyboard: keyboard.clone(),
        env,
        keeper: Keeper::default(),
        told_last: Arc::default(),
    };
    for signal in [SIGTSTP, SIGCONT] {
        signal_hook::flag::register_usize(signal, Arc::clone(&outside.told_last), signal.unsigned_abs() as usize)?;
    }
    let first = app.update(Msg::Resize(columns, rows));
    let read = [Effect::LoadContexts, Effect::Reposition(RepositionOrder::Read)];
    for effect in first.into_iter().chain(read) {
        outside.run(effect, &mut screen)?;
    }
    let keeper = outside.keeper.clone();
    let connection = tokio::spawn(session::run(settings, current, asked, watched, inbox, keeper));

    // A terminal that fails to be read is gone: the stream ends, and so does the loop.
    keyboard.listen();
    let told = stream::select(resumed()?, told_to_stop()?);
    let input = stream::select(keyboard.map(Some).chain(stream::iter([None])), told.map(Some))
        .take_while(|message| std::future::ready(message.is_some()))
        .filter_map(std::future::ready);
    let ended = tokio::select! {
        ended = run_loop(&mut app, &mut screen, &mut outside, input, messages, &clock) => ended.map(|_| ()),
        () = told_to_end => Ok(()),
    };
    connection.abort();
    drop(screen);
    if let Some(file) = &app.session.kept_in {
        outside.keeper.keep(file, app.past());
    }
    tokio::join!(outside.tails.close(), outside.repositions.close());
    ended.map_err(|e| eyre!("the terminal failed: {e}"))
}

/// Ends with the first signal that would end us without giving the terminal back. The keys that interrupt a pager
/// are not meant for us: a task of its own hears them while the loop stands still.
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let for_us = [SignalKind::terminate(), SignalKind::hangup()];
    let for_the_terminal = [SignalKind::interrupt(), SignalKind::quit()];
    let ended = Arc::new(Notify::new());
    for (kind, of_terminal) in for_us.map(|k| (k, false)).into_iter().chain(for_the_terminal.map(|k| (k, true))) {
        let (mut signals, ended) = (signal(kind)?, Arc::clone(&ended));
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if !(of_terminal && is_lent()) {
                    ended.notify_one();
                }
            }
        });
    }
    Ok(async move { ended.notified().await })
}

/// Each time that we are told to stop for a while: the loop gives the terminal back first. While the terminal is lent,
/// it is not ours to give back, and the loop stands still: then we stop at once, with the program that has it.
fn told_to_stop() -> io::Result<impl futures_util::Stream<Item = Msg> + Unpin> {
    let mut told = signal(SignalKind::from_raw(SIGTSTP))?;
    let (stops, mut stop_now) = mpsc::channel(1);
    tokio::spawn(async move {
        while told.recv().await.is_some() {
            if is_lent() {
                stop();
            } else {
                // One that waits is enough.
                let _ = stops.try_send(Msg::Suspend);
            }
        }
    });
    Ok(stream::poll_fn(move |cx| stop_now.poll_recv(cx)))
}

/// Each time that we were stopped and go on: the terminal is taken over again, and drawn in its present size.
fn resumed() -> io::Result<impl futures_util::Stream<Item = Msg> + Unpin> {
    let continued = signal(SignalKind::from_raw(SIGCONT))?;
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
    tails: Tails,
    replays: Replays,
    repositions: Repositions,
    keyboard: Keyboard,
    env: Env,
    keeper: Keeper,
    /// The last signal that told us to stop or to go on.
    told_last: Arc<AtomicUsize>,
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

    /// Writes events to a file, beside the loop.
    fn save(&self, path: String, saved: Saved, messages: Vec<Arc<Message>>) {
        let (inbox, home) = (self.inbox.clone(), self.env.get("HOME").map(str::to_owned));
        tokio::task::spawn_blocking(move || {
            let told = match files::save(&path, home.as_deref(), saved.format, &messages) {
                Ok(words) => Msg::Tell(Level::Ok, words),
                Err(words) => Msg::NotSaved(path, saved, words),
            };
            // Nobody hears it only when the console has ended.
            let _ = inbox.blocking_send(told);
        });
    }

    /// Opens a text in another program; the terminal and the keys are its own until it ends.
    fn show(&self, with: Viewer, name: &str, text: &str, display: &mut dyn Display) -> io::Result<()> {
        self.keyboard.leave();
        let mut shown = Ok(());
        let lent = tokio::task::block_in_place(|| {
            display.lend(&mut || {
                shown = files::show(with, name, text, &self.env);
                Ok(())
            })
        });
        self.keyboard.listen();
        lent?;
        if let Err(error) = shown {
            self.tell(Level::Warning, format!("it could not be opened: {error}; PAGER and EDITOR say what with"));
        }
        Ok(())
    }
}

impl EffectRunner for Outside {
    fn run(&mut self, effect: Effect, display: &mut dyn Display) -> io::Result<()> {
        match effect {
            Effect::Watch(scope) => {
                self.scope.send_replace(*scope);
            }
            Effect::Refresh => self.request(Request::Refresh),
            Effect::LoadContexts => self.request(Request::Contexts),
            Effect::Switch(name) => self.request(Request::Switch(name)),
            Effect::Copy { text, what } => match clipboard::sequence(&text, self.wrap) {
                Some(sequence) => {
                    display.write(&sequence)?;
                    self.tell(Level::Ok, format!("copied {}, as far as the terminal allows it", clean_line(&what)));
                }
                None => {
                    let limit = crate::model::units::bytes(clipboard::MOST as u64);
                    self.tell(Level::Warning, format!("{what} is longer than a terminal can copy ({limit})"));
                }
            },
            Effect::Tail(request) => self.tails.start(request),
            Effect::TailTook(id) => self.tails.took(id),
            Effect::TailEnd(id) => self.tails.end(id),
            Effect::PlanReplay(id, wish) => self.replays.plan(id, *wish),
            Effect::StopPlanning(id) => self.replays.stop_planning(id),
            Effect::StartReplay(plan, typed) => self.replays.start(*plan, typed),
            Effect::ResumeReplay { id, typed, behind } => self.replays.resume(id, typed, behind),
            Effect::TellReplay(id, control) => self.replays.tell(id, control),
            Effect::WatchReplays(wanted) => self.replays.watch(wanted),
            Effect::Reposition(order) => self.repositions.order(order),
            Effect::Save { path, saved, messages } => self.save(path, saved, messages),
            Effect::KeepPast(file, past) => {
                let keeper = self.keeper.clone();
                tokio::task::spawn_blocking(move || keeper.keep(&file, &past));
            }
            Effect::Show { with, name, text } => self.show(with, &name, &text, display)?,
            Effect::Suspend { by_key: true } if !can_be_continued() => {
                self.tell(Level::Notice, "no shell started the console here: nothing could bring it back");
            }
            Effect::Suspend { by_key } => display.lend(&mut || {
                // Who was told to go on meanwhile would stand still for ever.
                if by_key || self.told_last.load(Ordering::SeqCst) != SIGCONT.unsigned_abs() as usize {
                    stop();
                }
                Ok(())
            })?,
            // The loop does these itself.
            Effect::Redraw | Effect::Quit => {}
        }
        Ok(())
    }
}
