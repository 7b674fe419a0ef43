//! Servers and ways that are slow, silent or half gone: what looks once ends in its time, and says what it lacks.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::proxy::{Proxy, Way};
use crate::common::stand_in::{Mood, StandIn, answer};
use crate::common::{fixture, server_with};

/// What a command may take beyond its window, as its help says, and what a loaded machine may add.
const MARGIN: Duration = Duration::from_secs(10 + 3);

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The built program, and how long it took.
async fn run(url: &str, args: &[&str]) -> (Output, Duration) {
    let (url, args) = (url.to_owned(), args.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>());
    let running = move || {
        let home = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
        command.args(&args).args(["--server", &url]).env_clear().env("HOME", AsRef::<Path>::as_ref(home.path()));
        let started = Instant::now();
        (command.output().expect("the program"), started.elapsed())
    };
    tokio::task::spawn_blocking(running).await.expect("an end")
}

fn code(out: &Output) -> i32 {
    out.status.code().unwrap_or_else(|| panic!("{}", text(&out.stderr)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_of_a_server_that_answers_late_ends_in_its_time_and_says_what_it_lacks() {
    // Every question takes longer than it is waited for, or about as long.
    let server = StandIn::start(&["one", "two"], Mood::Well(Duration::from_millis(1_500))).await;
    let (out, took) = run(&server.url(), &["check", "--window", "1s", "--json"]).await;
    assert!(took < Duration::from_secs(1) + MARGIN, "{took:?}");
    let told: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&out.stderr)));
    let failed = told["partial"]["failed"].to_string();
    assert!(failed.contains("of 10 samples were answered") && failed.contains("--window"), "{told:#}");
    assert_eq!((told["ok"].as_bool(), told["streams"].as_u64()), (Some(false), Some(2)), "{told:#}");
    assert_eq!(code(&out), if told["counts"]["warning"] == 0 { 2 } else { 1 }, "{told:#}");
    server.feel(Mood::Well(Duration::from_secs(3)));
    for args in [&["check", "--window", "1s"][..], &["consumers", "--window", "1s"]] {
        let (out, took) = run(&server.url(), args).await;
        assert!(took < Duration::from_secs(1) + MARGIN, "{args:?}: {took:?}");
        let expected = match (args[0], out.stdout.is_empty()) {
            (_, true) => 2,
            // Nobody checked them: what could be listed is listed, and what it lacks is told.
            ("consumers", false) => 0,
            (_, false) => 1,
        };
        assert_eq!(code(&out), expected, "{args:?}: {}", text(&out.stderr));
        assert!(text(&out.stderr).contains("the server"), "{args:?}: {}", text(&out.stderr));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_way_of_a_hundred_bytes_a_second_and_over_one_that_is_deaf_everything_ends() {
    let server = server_with("");
    let js = fixture::app(&server.url()).await;
    fixture::streams(&js, "s", 0..30).await;
    fixture::consumers(&js, "s000", 0..3).await;
    for way in [Way::Slow(100), Way::Deaf] {
        let proxy = Proxy::to(server.port()).await;
        proxy.set(way);
        let (out, took) = run(&proxy.url(), &["check", "--window", "2s"]).await;
        assert!(took < Duration::from_secs(2) + MARGIN, "{way:?}: {took:?}");
        assert_eq!(code(&out), 2, "{way:?}: {}{}", text(&out.stdout), text(&out.stderr));
        assert!(!out.stderr.is_empty(), "{way:?}: nothing is told");
    }
    let proxy = Proxy::to(server.port()).await;
    proxy.set(Way::Slow(100));
    for args in [&["streams"][..], &["consumers"]] {
        let (out, took) = run(&proxy.url(), args).await;
        assert!(took < Duration::from_secs(30) + MARGIN, "{args:?}: {took:?}");
        assert_eq!(code(&out), 2, "{args:?}: {}", text(&out.stderr));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_of_a_server_that_freezes_in_the_middle_ends_in_its_time() {
    let server = server_with("");
    let js = fixture::app(&server.url()).await;
    fixture::streams(&js, "s", 0..3).await;
    fixture::consumer(&js, "s000", "c").await;
    let url = server.url();
    let looking = tokio::spawn(async move { run(&url, &["check", "--window", "4s", "--json"]).await });
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    server.signal("STOP").expect("a signal");
    let (out, took) = looking.await.expect("an end");
    server.signal("CONT").expect("a signal");
    assert!(took < Duration::from_secs(4) + MARGIN, "{took:?}");
    // What is known of before is told, and that it is not all.
    let told: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&out.stderr)));
    assert!(told["partial"]["failed"].to_string().contains("of 10 samples"), "{told:#}");
    assert_ne!(code(&out), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offline_stream_that_is_checked_by_name_is_told_as_in_the_list() {
    let offline = r#"{"total":2,"offset":0,"limit":256,"streams":[],"offline":{"old":"it needs a newer server"}}"#;
    let server = StandIn::answering(Mood::Well(Duration::ZERO), move |subject| match subject {
        "$JS.API.STREAM.LIST" => offline.into(),
        s if s.rsplit('.').next() == Some("old") => {
            r#"{"error":{"code":500,"err_code":10194,"description":"stream is offline: it needs a newer server"}}"#
                .into()
        }
        other => answer(other, &[], 0),
    })
    .await;
    for args in [&["check", "old", "--window", "1s"][..], &["check", "--window", "1s"]] {
        let (out, _) = run(&server.url(), args).await;
        let told = text(&out.stdout);
        assert_eq!(code(&out), 1, "{args:?}: {told}{}", text(&out.stderr));
        assert!(told.contains("stream-offline old: It is offline: it needs a newer server"), "{args:?}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_list_consumers_gets_them_one_by_one_or_is_told() {
    let server = server_with(
        r#"authorization { users: [
            {user: app, password: p}
            {user: one, password: p, permissions: {publish: ["$JS.API.INFO", "$JS.API.STREAM.>", "$JS.API.CONSUMER.NAMES.>", "$JS.API.CONSUMER.INFO.>"]}}
            {user: none, password: p, permissions: {publish: ["$JS.API.INFO", "$JS.API.STREAM.>"]}}
        ] }"#,
    );
    let js = fixture::app_as(&server.url(), "app", "p").await;
    fixture::streams(&js, "s", 0..2).await;
    fixture::consumers(&js, "s000", 0..3).await;
    let (out, _) = run(&server.url(), &["consumers", "--user", "one", "--password", "p"]).await;
    let told = text(&out.stdout);
    assert_eq!(code(&out), 0, "{}", text(&out.stderr));
    assert!((0..3).all(|n| told.contains(&format!("c00{n}"))), "{told}");
    let (out, _) = run(&server.url(), &["consumers", "--user", "none", "--password", "p"]).await;
    assert_eq!((code(&out), text(&out.stdout).as_str()), (2, ""));
    let why = text(&out.stderr);
    assert!(why.contains("no permission to publish to $JS.API.CONSUMER.LIST.s000"), "{why}");
}
