//! What is written down of a replay, what a script can rely on, and what no record has.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use jetscope::model::replay::{Pace, State};
use jetscope::replay::{Replays, Request};
use serde_json::{Value, json};

use super::doors::place;
use super::endpoint::endpoint;
use super::place::{Place, assert_exact, copies, last_json};
use super::traps::{begin, completed, until, wanted};

fn said(out: &std::process::Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_directory_that_is_deleted_stops_nothing() {
    let place = place(1_500).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    let (url, received) = endpoint(&[]);
    for to in ["copy.{subject}", &url] {
        let request = Request { pace: Pace::PerSecond(500.0), ..wanted("orders", to) };
        let running = begin(&place, request).await;
        let id = running.plan.id.clone();
        until(&running, "it sends", |p| p.counters.sent > 100).await;
        let state_dir = place.settings().state_dir().clone();
        match std::fs::remove_dir_all(state_dir.join("replays")) {
            // What it writes meanwhile may keep its folder, but not what was in it.
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => {}
            deleted => deleted.unwrap(),
        }
        let last = completed(running).await;
        assert!(last.last_error.as_deref().unwrap_or_default().contains("made again"), "{last:?}");
        let run = Replays::new(&state_dir).show(&id).unwrap();
        assert_eq!((run.progress.state, run.orphaned), (State::Completed, false));
    }
    assert_exact(&copies(&place.read("copies").await), 1..=1_500);
    let mut seqs = super::endpoint::sequences(&received);
    seqs.dedup();
    assert_exact(&seqs, (1..=1_500).filter(|seq| seq % 3 != 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_is_cut_short_is_listed_by_name() {
    let place = place(10).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    let running = begin(&place, wanted("orders", "copy.{subject}")).await;
    let id = running.plan.id.clone();
    completed(running).await;
    let path = place.settings().state_dir().join("replays").join(&id).join("plan.json");
    let text = std::fs::read(&path).unwrap();
    std::fs::write(&path, &text[..100]).unwrap();
    let out = place.replay(&["list"]).await;
    let list = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(list.contains(&id) && list.contains("BROKEN") && list.contains("plan.json"), "{list}");
    let listed = last_json(&place.replay(&["list", "--json"]).await);
    assert_eq!((&listed["id"], &listed["file"]), (&json!(id), &json!(path)), "{listed}");
    for what in ["show", "resume", "cancel"] {
        let out = place.replay(&[what, &id]).await;
        assert_eq!(out.status.code(), Some(2));
        assert!(said(&out).contains("cannot be read") && said(&out).contains("make a new plan"), "{}", said(&out));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_leaves_stops_no_replay_and_ends_one_to_itself() {
    let place = place(600).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    let mut command = place.command(&[
        "orders",
        "--range",
        "all",
        "--to",
        "copy.{subject}",
        "--pace",
        "300/s",
        "--execute",
        "--json",
    ]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    // The reader goes with the end of this statement.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains("\"state\""), "{first}");
    let out = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    assert!(said(&out).contains("has left; the replay goes on"), "{}", said(&out));
    assert_exact(&copies(&place.read("copies").await), 1..=600);

    let mut command = place.command(&["orders", "--range", "all", "--to", "-", "--pace", "100/s", "--execute"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let out = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(out.status.code(), Some(1), "{}", said(&out));
    assert!(said(&out).contains("CANCELLED") && said(&out).contains("has left"), "{}", said(&out));
    let run = Replays::new(place.settings().state_dir()).list().remove(0);
    assert_eq!(run.progress.state, State::Cancelled);
    assert!(run.progress.counters.sent < 400, "{:?}", run.progress);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_an_endpoint_is_kept_or_shown_and_a_resume_asks_for_it() {
    let place = place(30).await;
    let (url, received) = endpoint(&["200 OK\r\n", "422 No\r\n"]);
    let execute = |to: &str| ["orders", "--range", "all", "--to", to, "--execute"].map(str::to_owned);
    for secret in ["http://me:hush@127.0.0.1/e", "http://me:hush@ho st/e", &format!("{url}?token=hush")] {
        let args = execute(secret);
        let out = place.replay(&args.each_ref().map(String::as_str)).await;
        assert_eq!(out.status.code(), Some(2));
        assert!(!said(&out).contains("hush") && said(&out).contains("--to: "), "{}", said(&out));
    }
    let args = execute(&url);
    let mut command = place.command(&args.each_ref().map(String::as_str));
    let out = command.env("JETSCOPE_HTTP_QUERY", "token=hush").output().unwrap();
    assert!(said(&out).contains("answers 422") && !said(&out).contains("hush"), "{}", said(&out));
    let id = Replays::new(place.settings().state_dir()).list()[0].plan.id.clone();
    let out = place.replay(&["resume", &id]).await;
    assert!(out.status.code() == Some(2) && said(&out).contains("JETSCOPE_HTTP_QUERY=token=…"), "{}", said(&out));
    let out = place.command(&["resume", &id, "--json"]).env("JETSCOPE_HTTP_QUERY", "token=hush").output().unwrap();
    assert!(out.status.success(), "{}", said(&out));
    let received = received.lock().unwrap();
    assert_eq!(received.len(), 20);
    assert!(received.iter().all(|r| r.0[0].starts_with("post /events?token=hush ")), "{:?}", received[0]);
    let found = std::process::Command::new("grep").arg("-r").arg("hush").arg(place.settings().state_dir()).output();
    assert_eq!(found.unwrap().status.code(), Some(1), "it is written down nowhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn standard_output_gets_no_character_that_acts_on_a_terminal() {
    let place = Place::new().await;
    place.stream("orders", &["orders.>"], json!({})).await;
    let js = async_nats::jetstream::new(place.nats.clone());
    let body = "{\"specversion\":\"1.0\",\"id\":\"\u{202e}\u{7f}\",\"source\":\"/\u{9b}\",\"type\":\"t\",\"data\":\"\u{200b}\"}";
    js.publish("orders.\u{202e}\u{7f}\u{9b}\u{200b}", body.into()).await.unwrap().await.unwrap();
    let out = place.replay(&["orders", "--range", "all", "--to", "-", "--execute"]).await;
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(!text.contains(['\u{202e}', '\u{7f}', '\u{9b}', '\u{200b}']), "{text:?}");
    let event: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(event["natssubject"], "orders.\u{202e}\u{7f}\u{9b}\u{200b}");
    assert_eq!((&event["id"], &event["data"]), (&json!("\u{202e}\u{7f}"), &json!("\u{200b}")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_goes_through_the_context_that_was_planned_and_says_so() {
    let place = place(40).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    let home = place.home.path();
    let write = |name: &str, text: &str| {
        let path = home.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for name in ["rw", "ro"] {
        write(&format!("nats/context/{name}.json"), &json!({"url": place.server.url()}).to_string());
    }
    write("jetscope/config.toml", "[contexts.ro]\naccess = \"read-only\"\n");
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jetscope"));
        command.args(args).args(["--log-level", "off"]).env_clear().stdin(Stdio::null());
        command.env("HOME", home).env("XDG_STATE_HOME", home).env("XDG_CONFIG_HOME", home).output().unwrap()
    };
    let plan = home.join("plan.json");
    let plan = plan.to_str().unwrap();
    let what = ["replay", "orders", "--range", "all", "--to", "copy.{subject}", "--plan-out", plan];
    assert!(run(&[&what[..], &["--context", "rw"]].concat()).status.success());
    let out = run(&["--context", "ro", "replay", "run", plan]);
    let words = said(&out);
    assert_eq!(out.status.code(), Some(2), "{words}");
    assert!(words.contains("through context rw") && words.contains("this is context ro"), "{words}");
    assert!(words.contains("--context rw"), "the next step: {words}");
    assert!(place.read("copies").await.is_empty());
    // Nothing is named: then it goes where it was planned, and says so.
    write("nats/context.txt", "ro");
    let out = run(&["replay", "run", plan]);
    assert!(out.status.success() && said(&out).contains("through context rw"), "{}", said(&out));
    assert_eq!(place.read("copies").await.len(), 40);
    // Planned without a context.
    std::fs::remove_file(home.join("nats/context.txt")).unwrap();
    let url = place.server.url();
    assert!(run(&[&what[..], &["--server", &url]].concat()).status.success());
    let words = said(&run(&["--context", "ro", "replay", "run", plan]));
    assert!(words.contains(&format!("go on with --server {url} and no context")), "{words}");
    assert!(words.contains("without a context") && words.contains("context ro ("), "{words}");
    // The level of an address is that of the contexts that go there.
    std::fs::remove_file(home.join("jetscope/config.toml")).unwrap();
    let out = run(&["--server", &url, "replay", "run", plan]);
    assert!(out.status.success(), "{}", said(&out));
}
