//! Credentials that expire and are renewed in their file: whoever is connected comes back by itself.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jetscope::config::Flags;
use jetscope::nats::{ClientEvent, open};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use super::{account, hides, says};
use crate::common::home::{Home, text};
use crate::common::jwt::Realm;
use crate::common::server_with;

const LONG: Duration = Duration::from_secs(20);

/// The first of the events for which there is something to say.
async fn until<T>(events: &mut Receiver<ClientEvent>, wanted: impl Fn(&ClientEvent) -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = wanted(&events.recv().await.expect("an event")) {
                return found;
            }
        }
    };
    timeout(LONG, found).await.expect("it happens in time")
}

fn in_seconds(seconds: i64) -> i64 {
    jiff::Timestamp::now().as_second() + seconds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_comes_back_with_renewed_credentials() {
    let realm = Realm::new();
    let server = server_with(&realm.server_config());
    let home = Home::with(&json!({ "url": server.url(), "creds": "~/user.creds" }));
    let short = realm.user_until(Some(in_seconds(3)));
    let path = home.file("user.creds", &short.creds());
    let settings = home.selected();
    let client = open(&settings.connection).await.expect("a connection");
    let mut events = client.events();
    let failed = |event: &ClientEvent| match event {
        ClientEvent::Failed(sentence) if sentence.contains("expired at") => Some(sentence.clone()),
        _ => None,
    };
    let sentence = until(&mut events, failed).await;
    says(&sentence, &["does not accept these credentials any more", "read again"]);
    hides(&[sentence], &[&short.jwt, &short.seed]);
    // Meanwhile they cannot even be read; that is said, and no reason to give up.
    fs::remove_file(&path).unwrap();
    let gone = |event: &ClientEvent| match event {
        ClientEvent::Failed(sentence) if sentence.contains("cannot be read") => Some(sentence.clone()),
        _ => None,
    };
    says(&until(&mut events, gone).await, &["user.creds", "\"creds\" of context \"it\""]);
    fs::write(&path, realm.user().creds()).unwrap();
    until(&mut events, |event| (*event == ClientEvent::Connected).then_some(())).await;
    assert!(client.is_connected());
}

/// Who repeats, as `tail` and the console do, holds one connection.
#[test]
fn a_command_that_repeats_comes_back_too() {
    let realm = Realm::new();
    let server = server_with(&realm.server_config());
    let home = Home::new();
    let path = home.file("user.creds", &realm.user_until(Some(in_seconds(3))).creds());
    let errors = fs::File::create(home.path("errors")).unwrap();
    let output = fs::File::create(home.path("output")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_jetscope"))
        .args(["streams", "--json", "--watch", "1s", "--server", &server.url(), "--creds", &text(&path)])
        .env_clear()
        .env("HOME", home.path(""))
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let wait = |what: &str, is_so: &dyn Fn() -> bool| {
        while !is_so() {
            assert!(begun.elapsed() < LONG * 3, "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let read = |name: &str| fs::read_to_string(home.path(name)).unwrap();
    wait("it fails", &|| !read("errors").is_empty());
    let documents = read("output").lines().count();
    assert!(documents > 0, "it was connected");
    fs::write(&path, realm.user().creds()).unwrap();
    wait("it comes back", &|| read("output").lines().count() > documents);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_token_is_read_again_too() {
    let server = server_with("authorization { token: right-s3cret }");
    let home = Home::new();
    let path = home.file("token", "wrong-s3cret\n");
    let flags = Flags {
        server: Some(server.url()),
        token: Some(format!("file://{}", path.display()).into()),
        ..Flags::default()
    };
    let settings = home.load(&flags, &[]);
    assert!(open(&settings.connection).await.is_err());
    fs::write(&path, "right-s3cret\n").unwrap();
    account(&settings).await;
}
