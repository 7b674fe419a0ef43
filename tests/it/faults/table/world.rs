//! What a fault befalls: a server behind a way that can be broken, with what is read and copied on it.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use async_nats::jetstream::{self, Context, stream};
use futures_util::StreamExt;
use jetscope::config::{Connection, Flags};
use jetscope::demo::{Server, ServerSpec};
use tokio::time::{Instant, sleep};

use super::{EVENTS, PATIENCE};
use crate::cluster::three;
use crate::common::home::{Home, text};
use crate::common::jwt::Realm;
use crate::common::live::user;
use crate::common::proxy::{Proxy, Way};
use crate::common::{fixture, server_with};

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Kill,
    Restart,
    LameDuck,
    Way(Way),
    Freeze,
    NoJetStream,
    Permission,
    Account,
    Password,
    FullDestination,
    StreamDeleted,
    ConsumerDeleted,
    Poison,
    EmptyServer,
    OtherOnPort,
    /// A majority of its cluster is gone.
    Quorum,
    /// Another server of its cluster leads what was led.
    StepDown,
    /// What was read of the file of credentials is not valid any more.
    Expired,
}

/// A server behind a way that can be broken, with what is read and copied on it.
pub(super) struct World {
    server: Server,
    /// The rest of its cluster.
    others: Vec<Server>,
    pub(super) proxy: Proxy,
    pub(super) js: Context,
    pub(super) home: Home,
    /// Who signs credentials, and until when those are valid that are in use, in seconds of the epoch.
    realm: Option<(Realm, i64)>,
}

/// The file of credentials in its home.
const CREDS: &str = "user.creds";
/// So long are credentials valid that are to expire: until then everything has to go on.
const VALID: i64 = 14;

fn seconds_now() -> i64 {
    jiff::Timestamp::now().as_second()
}

const ALLOWED: &str = r#"["$JS.API.>", "copy.>"]"#;

fn accounts(publish: &str, jetstream: &str, password: &str) -> String {
    format!(
        "accounts {{ A {{ jetstream: {jetstream}, users: [
            {{user: app, password: p}}
            {{user: me, password: {password}, permissions: {{publish: {publish}}}}}
        ] }} }}\n"
    )
}

fn on_disk(name: &str) -> stream::Config {
    stream::Config { storage: stream::StorageType::File, ..fixture::config(name) }
}

impl World {
    pub(super) async fn new(kind: Kind) -> Self {
        let (home, mut others, mut realm) = (Home::new(), Vec::new(), None);
        let (server, js) = match kind {
            Kind::Quorum | Kind::StepDown => {
                others = three();
                let server = others.remove(0);
                let js = fixture::app(&server.url()).await;
                (server, js)
            }
            Kind::Expired => {
                let signs = Realm::new();
                let server = server_with(&signs.server_config());
                let options = async_nats::ConnectOptions::with_credentials(&signs.user().creds()).expect("credentials");
                let js = jetstream::new(options.connect(server.url()).await.expect("a connection"));
                realm = Some((signs, 0));
                (server, js)
            }
            _ => {
                let config = accounts(ALLOWED, "enabled", "p");
                let server = Server::start(&ServerSpec { config, ..Default::default() }).expect("a server");
                let js = fixture::app_as(&server.url(), "app", "p").await;
                (server, js)
            }
        };
        let proxy = Proxy::to(server.port()).await;
        let mut world = Self { server, others, proxy, js, home, realm };
        world.fill().await;
        fixture::patient_stream(&world.js, world.kept("copy"), PATIENCE).await;
        world.sign(Some(VALID));
        world
    }

    /// Credentials that are valid for so long, where such are used.
    fn sign(&mut self, valid: Option<i64>) {
        if let Some((realm, expires)) = &mut self.realm {
            let until = valid.map(|seconds| seconds_now() + seconds);
            *expires = until.unwrap_or(i64::MAX);
            self.home.file(CREDS, &realm.user_until(until).creds());
        }
    }

    /// How the program says who it is.
    pub(super) fn login(&self) -> Vec<String> {
        match self.realm {
            Some(_) => vec!["--creds".into(), text(&self.home.path(CREDS))],
            None => ["--user", "me", "--password", "p"].map(str::to_owned).into(),
        }
    }

    /// The same for a console in this process.
    pub(super) fn connection(&self) -> Connection {
        let url = self.proxy.url();
        if self.realm.is_none() {
            return user(&url, "me", "p");
        }
        let creds = Some(text(&self.home.path(CREDS)).into());
        self.home.load(&Flags { server: Some(url), creds, ..Flags::default() }, &[]).connection
    }

    /// A stream in files, on all servers that there are.
    fn kept(&self, name: &str) -> stream::Config {
        stream::Config { num_replicas: 1 + self.others.len(), ..on_disk(name) }
    }

    async fn fill(&self) {
        fixture::patient_stream(&self.js, self.kept("orders"), PATIENCE).await;
        fixture::consumer(&self.js, "orders", "billing").await;
        fixture::publish(&self.js, "orders.x", EVENTS).await;
    }

    /// The configuration with these accounts; the server reads it anew.
    async fn accounts(&self, accounts: &str) {
        self.write(accounts);
        let reloads = || self.server.log().matches("Reloaded server configuration").count();
        let before = reloads();
        self.server.signal("HUP").expect("a signal");
        let started = Instant::now();
        while reloads() == before {
            assert!(started.elapsed() < PATIENCE, "{}", self.server.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn write(&self, accounts: &str) {
        let path = self.server.dir().join("server.conf");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        let head = &text[..text.find("accounts {").expect("the accounts")];
        std::fs::write(&path, format!("{head}{accounts}")).expect("written");
    }

    /// Without `JetStream`, or with it again.
    fn restart_with(&mut self, jetstream: bool) {
        let path = self.server.dir().join("server.conf");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        let (on, off) = ("\njetstream {", "\n#jetstream {");
        let text = if jetstream { text.replace(off, on) } else { text.replace(on, off) };
        std::fs::write(&path, text).expect("written");
        self.write(&accounts(ALLOWED, if jetstream { "enabled" } else { "disabled" }, "p"));
        self.server.restart().expect("it comes back");
    }

    pub(super) async fn bring(&mut self, kind: Kind) -> Option<TcpListener> {
        match kind {
            Kind::Kill => self.server.kill(),
            Kind::Restart => {
                self.server.signal("TERM").expect("a signal");
                self.server.restart().expect("it comes back");
            }
            Kind::LameDuck => self.server.signal("USR2").expect("a signal"),
            Kind::Way(way) => self.proxy.set(way),
            Kind::Freeze => self.server.signal("STOP").expect("a signal"),
            Kind::NoJetStream => self.restart_with(false),
            Kind::Permission => self.accounts(&accounts(r#"["copy.>"]"#, "enabled", "p")).await,
            Kind::Account => self.accounts(&accounts(ALLOWED, "disabled", "p")).await,
            Kind::Password => self.accounts(&accounts(ALLOWED, "enabled", "other")).await,
            Kind::FullDestination => {
                let full = stream::Config { max_messages: 20, discard: stream::DiscardPolicy::New, ..on_disk("copy") };
                self.js.update_stream(full).await.expect("an update");
            }
            Kind::StreamDeleted => {
                self.js.delete_stream("orders").await.expect("deleted");
            }
            Kind::ConsumerDeleted => {
                let orders = self.js.get_stream("orders").await.expect("a stream");
                let mut names = orders.consumer_names();
                while let Some(Ok(name)) = names.next().await {
                    orders.delete_consumer(&name).await.expect("deleted");
                }
            }
            Kind::Poison => {
                let mut headers = async_nats::HeaderMap::new();
                headers.insert("content-type", "application/cloudevents+json");
                self.js
                    .publish_with_headers("orders.x", headers, vec![0xff_u8, 0xfe, b'{'].into())
                    .await
                    .expect("sent");
            }
            Kind::EmptyServer => {
                self.server.kill();
                std::fs::remove_dir_all(self.server.dir().join("store")).expect("its store");
                self.server.restart().expect("another server");
            }
            Kind::OtherOnPort => {
                self.server.kill();
                let other = TcpListener::bind(("127.0.0.1", self.server.port())).expect("the port");
                let listening = other.try_clone().expect("a listener");
                thread::spawn(move || {
                    while let Ok((mut client, _)) = listening.accept() {
                        if std::io::Write::write_all(&mut client, b"SSH-2.0-other\r\n").is_err() {
                            return;
                        }
                    }
                });
                return Some(other);
            }
            Kind::Quorum => self.others.iter_mut().for_each(Server::kill),
            Kind::StepDown => {
                for stream in ["orders", "copy"] {
                    let subject = format!("$JS.API.STREAM.LEADER.STEPDOWN.{stream}");
                    self.js.client().request(subject, "{}".into()).await.expect("an answer");
                }
            }
            Kind::Expired => {
                let expires = self.realm.as_ref().map_or(0, |(_, expires)| *expires);
                // A second more, since times are whole seconds.
                sleep(Duration::from_secs((expires + 1 - seconds_now()).try_into().unwrap_or(0))).await;
            }
        }
        None
    }

    pub(super) async fn mend(&mut self, kind: Kind, other: Option<TcpListener>) {
        match kind {
            Kind::Kill | Kind::LameDuck => self.server.restart().expect("it comes back"),
            Kind::Way(_) => self.proxy.set(Way::Open),
            Kind::Freeze => self.server.signal("CONT").expect("a signal"),
            Kind::NoJetStream => self.restart_with(true),
            Kind::Permission | Kind::Account | Kind::Password => {
                self.accounts(&accounts(ALLOWED, "enabled", "p")).await;
            }
            Kind::FullDestination => {
                self.js.update_stream(on_disk("copy")).await.expect("an update");
            }
            Kind::StreamDeleted | Kind::EmptyServer => self.fill().await,
            Kind::OtherOnPort => {
                if let Some(other) = other {
                    // A socket that accepts is only given up when it is shut down.
                    let port = self.server.port();
                    let _ = other.set_nonblocking(true);
                    drop(other);
                    let _ = std::net::TcpStream::connect(("127.0.0.1", port));
                }
                self.server.restart().expect("it comes back");
            }
            Kind::Quorum => self.others.iter_mut().for_each(|server| server.restart().expect("it comes back")),
            Kind::Expired => self.sign(None),
            Kind::Restart | Kind::ConsumerDeleted | Kind::Poison | Kind::StepDown => {}
        }
    }

    /// Stores one more, as soon as that can be done; how many there are then, and the last sequence.
    pub(super) async fn fresh(&self) -> (u64, u64) {
        let started = Instant::now();
        loop {
            if let Ok(ack) = self.js.publish("orders.x", "fresh".into()).await
                && ack.await.is_ok()
                && let Ok(orders) = self.js.get_stream("orders").await
            {
                let state = &orders.cached_info().state;
                return (state.messages, state.last_sequence);
            }
            assert!(started.elapsed() < PATIENCE, "nothing can be stored");
            sleep(Duration::from_millis(50)).await;
        }
    }
}
