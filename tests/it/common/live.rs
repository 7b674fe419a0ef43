//! A console on a real poller: updates go into an `App` as they come, and tests wait for conditions on it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use jetscope::app::{App, Effect, Msg, Session};
use jetscope::config::{Auth, Connection, Credential, Secret};
use jetscope::keymap::Keymap;
use jetscope::model::{Catalog, Link, Scope, Timestamp, Traffic, Update};
use jetscope::nats::{Connector, Pace, Poller, open};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::world::World;

/// How long anything may take before a test gives up. Long, since the machine may be loaded; nothing waits for it
/// unless it fails.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// The present time.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    Timestamp(i64::try_from(since.as_nanos()).expect("this century"))
}

/// A pace that makes tests short.
pub(crate) const fn quick() -> Pace {
    let ms = Duration::from_millis;
    Pace { fast: ms(100), list: ms(300), consumers: ms(200), account: ms(300), detail: ms(300) }
}

/// A pace at which nothing is asked again by itself within a test.
pub(crate) const fn still() -> Pace {
    let long = Duration::from_secs(60);
    Pace { fast: long, list: long, consumers: long, account: long, detail: long }
}

/// A connection as this user.
pub(crate) fn user(url: &str, name: &str, password: &str) -> Connection {
    Connection { auth: Auth::User(Secret::new(name), Credential::held("the test", password)), ..Connection::to(url) }
}

/// Connects with these settings each time it is asked to.
pub(crate) fn connector(connection: Connection) -> Connector {
    std::sync::Arc::new(move || {
        let connection = connection.clone();
        async move { open(&connection).await.map_err(|error| error.to_string()) }.boxed()
    })
}

/// A console whose data comes from a poller.
pub(crate) struct Live {
    /// The console.
    pub(crate) world: World,
    /// Every update so far except `Traffic`, each with when it came.
    pub(crate) seen: Vec<(Instant, Update)>,
    /// What our looking cost, each with when it came.
    pub(crate) traffic: Vec<(Instant, Traffic)>,
    /// When it was started.
    pub(crate) started: Instant,
    scope: watch::Sender<Scope>,
    own_scope: bool,
    updates: mpsc::Receiver<Update>,
    poller: Poller,
}

impl Live {
    /// A console that polls what its screen shows.
    pub(crate) fn start(connection: Connection, pace: Pace) -> Self {
        Self::make(connection, pace, None)
    }

    /// One that polls this, whatever its screen shows.
    pub(crate) fn with_scope(connection: Connection, pace: Pace, scope: Scope) -> Self {
        Self::make(connection, pace, Some(scope))
    }

    fn make(connection: Connection, pace: Pace, scope: Option<Scope>) -> Self {
        let session = Session { servers: connection.shown(), ..Default::default() };
        let keymap = Keymap::with(&std::collections::BTreeMap::new()).expect("the key map");
        let mut world = World { app: App::new(session, keymap, now()), effects: vec![] };
        world.send(Msg::Resize(200, 24));
        world.send(Msg::Frame);
        let own_scope = scope.is_some();
        let (scope, watched) = watch::channel(scope.unwrap_or_default());
        let (out, updates) = mpsc::channel(1024);
        let poller = Poller::spawn(connector(connection), pace, watched, out);
        let mut live =
            Self { world, seen: vec![], traffic: vec![], started: Instant::now(), scope, own_scope, updates, poller };
        live.follow();
        live
    }

    /// What is known.
    pub(crate) fn catalog(&self) -> &Catalog {
        self.world.app.live()
    }

    /// The sentence on the screen, or nothing.
    pub(crate) fn banner(&self) -> String {
        self.world.app.banner().map(|b| b.text).unwrap_or_default()
    }

    /// The header line.
    pub(crate) fn header(&self) -> String {
        self.world.screen().lines().next().unwrap_or_default().to_owned()
    }

    /// The row of the table that names this.
    pub(crate) fn row(&self, name: &str) -> String {
        let screen = self.world.screen();
        // The panel beside the table also has names in it.
        let mut rows = screen.lines().skip(2).map(|line| line.split('│').next().unwrap_or_default());
        rows.find(|row| row.contains(name)).unwrap_or_default().to_owned()
    }

    /// Presses keys.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.world.keys(keys);
        self.follow();
    }

    /// Polls this from now on.
    pub(crate) fn watch(&mut self, scope: Scope) {
        self.own_scope = true;
        self.scope.send_replace(scope);
    }

    /// Asks for everything now.
    pub(crate) fn refresh(&self) {
        self.poller.refresh();
    }

    /// All states of the link so far.
    pub(crate) fn links(&self) -> Vec<&Link> {
        self.seen.iter().filter_map(|(_, u)| if let Update::Link(link) = u { Some(link) } else { None }).collect()
    }

    /// Takes updates in until the condition holds; fails with what is on the screen when it does not in time.
    pub(crate) async fn until(&mut self, limit: Duration, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + limit;
        while !condition(self) {
            assert!(
                Instant::now() < deadline,
                "not within {limit:?}: {what}\nlink {:?}\nbanner {:?}\nlisting {:?}\n{}",
                self.catalog().link,
                self.banner(),
                self.catalog().listing,
                self.world.screen()
            );
            self.step(deadline).await;
        }
    }

    /// Takes updates in until this time has passed, for what must not happen and for measurements.
    pub(crate) async fn during(&mut self, span: Duration) {
        let deadline = Instant::now() + span;
        while Instant::now() < deadline {
            self.step(deadline).await;
        }
    }

    /// The next updates, or a short while without any: ages grow also when nothing comes.
    async fn step(&mut self, deadline: Instant) {
        let wake = deadline.min(Instant::now() + Duration::from_millis(100));
        if let Ok(update) = timeout_at(wake, self.updates.recv()).await {
            self.take(update.expect("the poller goes on"));
            while let Ok(more) = self.updates.try_recv() {
                self.take(more);
            }
        }
        // As the console does: by the server's clock.
        let ahead = self.catalog().ahead;
        self.world.send(Msg::Tick(Timestamp(now().0 + ahead)));
        self.world.send(Msg::Frame);
        self.follow();
    }

    fn take(&mut self, update: Update) {
        let at = Instant::now();
        match &update {
            Update::Traffic(traffic) => self.traffic.push((at, *traffic)),
            other => self.seen.push((at, other.clone())),
        }
        self.world.send(Msg::Data(update));
    }

    /// Does what the console asks for, as the runtime would.
    fn follow(&mut self) {
        for effect in self.world.effects.drain(..) {
            match effect {
                Effect::Watch(scope) if !self.own_scope => {
                    self.scope.send_replace(*scope);
                }
                Effect::Refresh => self.poller.refresh(),
                _ => {}
            }
        }
    }
}
