//! `jetscope check` on real servers: what it finds, how it says so, and its exit codes.

mod demo;
mod exposition;
mod servers;
mod work;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use jetscope::demo::Server;
use jetscope::demo::server::{NEWEST, OLDEST};
use serde_json::{Value, json};

use crate::common::every_kind::{api, consumer, publish, stream};
use crate::common::{server_of, server_with};

/// A short look: ten samples all the same.
const WINDOW: &str = "2s";

/// The built program against a server, with the configuration and whatever else lies in `home`.
fn check(home: &Path, url: &str, args: &[&str]) -> Output {
    command(home, url, args).output().expect("the program")
}

fn command(home: &Path, url: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
    command.args(["check", "--server", url]).args(args);
    if !args.contains(&"--window") {
        command.args(["--window", WINDOW]);
    }
    command.env_clear().env("HOME", home);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn code(out: &Output) -> i32 {
    out.status.code().unwrap_or_else(|| panic!("{}", text(&out.stderr)))
}

fn document(home: &Path, url: &str, args: &[&str]) -> Value {
    let out = check(home, url, &[args, &["--json"]].concat());
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", text(&out.stdout), text(&out.stderr)))
}

/// Names and places of the findings of a document.
fn found(document: &Value) -> Vec<(String, String, bool)> {
    let names = |finding: &Value| {
        let part = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let place = format!("{} {}", part("stream"), part("consumer"));
        (part("name"), place.trim().to_owned(), finding["silenced"] == true)
    };
    document["findings"].as_array().expect("findings").iter().map(names).collect()
}

fn has(document: &Value, name: &str, place: &str) -> bool {
    found(document).iter().any(|(n, p, _)| n == name && p == place)
}

async fn connect(server: &Server) -> async_nats::Client {
    async_nats::connect(server.url()).await.expect("a connection")
}

/// A stream that nothing is wrong with.
fn bounded(name: &str) -> Value {
    json!({"name": name, "subjects": [format!("{name}.>")], "max_age": 3_600_000_000_000_u64, "max_bytes": 1_000_000_000})
}

fn durable(name: &str) -> Value {
    json!({"durable_name": name, "ack_policy": "explicit", "ack_wait": 60_000_000_000_u64, "max_ack_pending": 100})
}

/// A pull request that stays open.
async fn reader(nats: &async_nats::Client, stream: &str, name: &str) -> async_nats::Subscriber {
    let inbox = nats.new_inbox();
    let held = nats.subscribe(inbox.clone()).await.expect("an inbox");
    let body = json!({"batch": 100, "expires": 300_000_000_000_u64}).to_string();
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}");
    nats.publish_with_reply(subject, inbox, body.into()).await.expect("a pull");
    nats.flush().await.expect("a flush");
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_healthy_system_has_nothing_to_tell() {
    for version in [NEWEST, OLDEST] {
        let server = server_of(version);
        let nats = connect(&server).await;
        stream(&nats, bounded("orders")).await;
        consumer(&nats, "orders", "billing", durable("billing")).await;
        let _reader = reader(&nats, "orders", "billing").await;
        // What other features make is theirs.
        stream(
            &nats,
            json!({"name": "KV_x", "subjects": ["$KV.x.>"], "max_msgs_per_subject": 1, "allow_rollup_hdrs": true}),
        )
        .await;
        let home = tempfile::tempdir().unwrap();
        // A fresh start, and again.
        for _ in 0..2 {
            let out = check(home.path(), &server.url(), &["--all"]);
            assert_eq!(
                (code(&out), text(&out.stdout), text(&out.stderr)),
                (0, String::new(), String::new()),
                "{version}"
            );
        }
        let document = document(home.path(), &server.url(), &[]);
        assert_eq!(
            (&document["ok"], &document["findings"], &document["partial"]),
            (&json!(true), &json!([]), &Value::Null)
        );
        assert_eq!((&document["streams"], &document["consumers"]), (&json!(2), &json!(1)), "{document}");
        let out = check(home.path(), &server.url(), &["--prometheus"]);
        let metrics = exposition::read(&text(&out.stdout));
        assert_eq!((code(&out), metrics["jetscope_check_success"].series[0].1), (0, 1.0));
        assert!(!metrics.contains_key("jetscope_finding"), "{:?}", metrics.get("jetscope_finding"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_does_not_make_well_what_is_wrong() {
    let server = server_of(NEWEST);
    let nats = connect(&server).await;
    stream(&nats, json!({"name": "orders", "subjects": ["orders.>"]})).await;
    let home = tempfile::tempdir().unwrap();
    let code = |url: &str, args: &[&str]| {
        let mut command = command(home.path(), url, args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program");
        drop(child.stdout.take());
        child.wait().expect("its end").code()
    };
    for args in [&[][..], &["--json"]] {
        assert_eq!(code(&server.url(), args), Some(1), "{args:?}");
    }
    // Nobody answers there.
    assert_eq!(code("127.0.0.1:1", &["--prometheus"]), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_a_line_each_and_the_exit_code() {
    for version in [NEWEST, OLDEST] {
        let server = server_of(version);
        let nats = connect(&server).await;
        stream(&nats, json!({"name": "orders", "subjects": ["orders.>"]})).await;
        stream(
            &nats,
            json!({"name": "audit", "subjects": ["audit"], "retention": "interest", "max_age": 1_000_000_000_000_u64}),
        )
        .await;
        consumer(&nats, "orders", "billing", durable("billing")).await;
        publish(&nats, "orders.eu", 30).await;
        let home = tempfile::tempdir().unwrap();
        let out = check(home.path(), &server.url(), &[]);
        assert_eq!((code(&out), text(&out.stderr)), (1, String::new()));
        let lines: Vec<String> = text(&out.stdout).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 3, "{lines:#?}");
        // The worst first.
        assert!(lines[0].starts_with("critical consumer-stopped orders billing: No reader and no ack"), "{lines:#?}");
        assert!(lines[1].starts_with("critical stream-no-interest audit: "), "{lines:#?}");
        assert!(lines[2].starts_with("warning stream-no-limits orders: It has no limit at all"), "{lines:#?}");

        let document = document(home.path(), &server.url(), &[]);
        assert_eq!(document["counts"], json!({"critical": 2, "warning": 1, "notice": 0, "silenced": 0}));
        let stopped = &document["findings"][0];
        assert_eq!(
            (&stopped["name"], &stopped["severity"], &stopped["subject"], &stopped["stream"], &stopped["consumer"]),
            (&json!("consumer-stopped"), &json!("critical"), &json!("consumer"), &json!("orders"), &json!("billing"))
        );
        assert!(stopped["evidence"].as_array().unwrap().iter().any(|e| e["name"] == "outstanding"), "{stopped}");
        let commands: Vec<&str> =
            stopped["advice"].as_array().unwrap().iter().filter_map(|a| a["command"].as_str()).collect();
        assert!(commands.contains(&"nats consumer info orders billing"), "{commands:?}");
        assert_eq!(document["findings"][1]["consumer"], Value::Null);

        // Only what was asked for decides.
        let only = |names: &str| code(&check(home.path(), &server.url(), &["--only", names]));
        assert_eq!((only("stream-no-limits"), only("stream-memory,consumer-dead")), (1, 0));
        let of = |stream: &str| code(&check(home.path(), &server.url(), &[stream, "--only", "stream-no-limits"]));
        assert_eq!((of("orders"), of("ord*"), of("aud*")), (1, 1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_and_connection_are_two() {
    let server = server_with("");
    let nats = connect(&server).await;
    stream(&nats, bounded("orders")).await;
    let home = tempfile::tempdir().unwrap();
    let url = server.url();
    for (args, part) in [
        (&["--only", "stream-no-limit"][..], "did you mean \"stream-no-limits\"?"),
        (&["--only", "nonsense"], "no rule is called"),
        (&["--window", "10ms"], "less than 1s"),
        (&["--json", "--prometheus"], "cannot be used with"),
        (&["oders"], "did you mean orders?"),
        (&["odd-*"], "there is no stream odd-*"),
    ] {
        let out = check(home.path(), &url, args);
        assert_eq!((code(&out), out.stdout.is_empty()), (2, true), "{args:?}");
        assert!(text(&out.stderr).contains(part), "{args:?}: {}", text(&out.stderr));
    }
    let started = Instant::now();
    let out = check(home.path(), "nats://127.0.0.1:1", &[]);
    assert_eq!((code(&out), out.stdout.is_empty()), (2, true));
    assert_eq!(text(&out.stderr).lines().count(), 1);
    assert!(started.elapsed() < Duration::from_secs(10));
    // Whoever collects metrics sees that nothing is known.
    let out = check(home.path(), "nats://127.0.0.1:1", &["--prometheus"]);
    let metrics = exposition::read(&text(&out.stdout));
    assert_eq!((code(&out), metrics["jetscope_check_success"].series[0].1, metrics.len()), (2, 0.0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_say_the_same_as_the_document() {
    let server = server_with("");
    let nats = connect(&server).await;
    stream(&nats, json!({"name": "orders", "subjects": ["orders.>"]})).await;
    // Names of streams and consumers can hold what labels must escape.
    stream(&nats, json!({"name": "a\"b{c}", "subjects": ["odd"], "storage": "memory"})).await;
    for name in ["billing", "idle"] {
        consumer(&nats, "orders", name, durable(name)).await;
    }
    consumer(&nats, "a\"b{c}", "r\"x", durable("r\"x")).await;
    publish(&nats, "orders.eu", 30).await;
    publish(&nats, "odd", 3).await;
    api(&nats, "CONSUMER.DELETE.orders.idle", Value::Null).await;
    let home = tempfile::tempdir().unwrap();
    let out = check(home.path(), &server.url(), &["--prometheus"]);
    assert_eq!((code(&out), text(&out.stderr)), (0, String::new()), "found something, and could look");
    let metrics = exposition::read(&text(&out.stdout));
    let document = document(home.path(), &server.url(), &[]);

    let told: std::collections::BTreeSet<(String, String, String, String)> = metrics["jetscope_finding"]
        .series
        .iter()
        .map(|(labels, value)| {
            assert_eq!((*value, labels.len()), (1.0, 4));
            let of = |name: &str| labels[name].clone();
            (of("name"), of("severity"), of("stream"), of("consumer"))
        })
        .collect();
    let wanted: std::collections::BTreeSet<(String, String, String, String)> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let of = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            (of("name"), of("severity"), of("stream"), of("consumer"))
        })
        .collect();
    assert_eq!(told, wanted);
    assert!(told.len() >= 4, "{told:?}");

    let value = |family: &str, labels: &[(&str, &str)]| {
        let series = metrics[family].series.iter();
        let fits = |of: &exposition::Labels| labels.iter().all(|(name, value)| of[*name] == *value);
        let values: Vec<f64> = series.filter(|(of, _)| fits(of)).map(|(_, value)| *value).collect();
        assert_eq!(values.len(), 1, "{family} {labels:?}");
        values[0]
    };
    let whole = |family: &str, labels: &[(&str, &str)]| value(family, labels).round() as i64;
    let billing = [("stream", "orders"), ("consumer", "billing")];
    assert_eq!(whole("jetscope_stream_messages", &[("stream", "orders")]), 30);
    assert!(value("jetscope_stream_bytes", &[("stream", "orders")]) > 300.0);
    assert_eq!(whole("jetscope_stream_messages", &[("stream", "a\"b{c}")]), 3);
    assert_eq!(whole("jetscope_consumer_outstanding", &billing), 30);
    assert_eq!(whole("jetscope_consumer_ack_pending", &billing), 0);
    let lag = value("jetscope_consumer_lag_seconds", &billing);
    assert!((1.0..60.0).contains(&lag), "{lag}");
    let verdict = |of: &str| whole("jetscope_consumer_verdict", &[billing[0], billing[1], ("verdict", of)]);
    let all = ["OK", "PAUSED", "UNKNOWN", "REWOUND", "BEHIND", "STALLED", "STOPPED"].map(verdict);
    assert_eq!(all, [0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(
        whole("jetscope_findings", &[("severity", "critical")]),
        document["counts"]["critical"].as_i64().unwrap()
    );
    assert_eq!(whole("jetscope_check_incomplete", &[]), 0);
    let took = value("jetscope_check_duration_seconds", &[]);
    assert!((1.5..30.0).contains(&took), "{took}");
    let at = value("jetscope_check_timestamp_seconds", &[]);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((0.0..60.0).contains(&(now - at)), "{at} {now}");
}

#[tokio::test(flavor = "multi_thread")]
async fn thresholds_come_from_metadata_then_from_the_configuration() {
    for version in [NEWEST, OLDEST] {
        let server = server_of(version);
        let nats = connect(&server).await;
        let with = |mut config: Value, metadata: Value| {
            config["metadata"] = metadata;
            config
        };
        stream(&nats, with(bounded("orders"), json!({"io.nats.monitor.msgs-critical": "100"}))).await;
        stream(
            &nats,
            with(bounded("mail"), json!({"io.nats.monitor.lag-critical": "lots", "io.nats.monitor.enabled": "true"})),
        )
        .await;
        stream(&nats, bounded("plain")).await;
        let pending = |n: &str| json!({"io.nats.monitor.unprocessed-critical": n});
        consumer(&nats, "orders", "over", with(durable("over"), pending("30"))).await;
        consumer(&nats, "orders", "under", with(durable("under"), pending("31"))).await;
        consumer(&nats, "plain", "configured", durable("configured")).await;
        publish(&nats, "orders.eu", 30).await;
        publish(&nats, "plain.x", 30).await;
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join(".config/jetscope/config.toml");
        std::fs::create_dir_all(config.parent().unwrap()).unwrap();
        std::fs::write(&config, "[[threshold]]\nrule = \"consumer-pending\"\nwarning = 10\ncritical = 20\n").unwrap();
        let found = document(home.path(), &server.url(), &[]);
        for (name, place, there) in [
            ("stream-few-messages", "orders", true),
            ("stream-few-messages", "plain", false),
            ("stream-metadata", "mail", true),
            ("stream-metadata", "orders", false),
            ("consumer-pending", "orders over", true),
            ("consumer-pending", "plain configured", true),
        ] {
            assert_eq!(has(&found, name, place), there, "{version}: {name} {place}: {found:#}");
        }
        let of = |name: &str, place: &str| {
            let findings = found["findings"].as_array().unwrap();
            let fits = |f: &&Value| {
                f["name"] == name
                    && format!("{} {}", f["stream"].as_str().unwrap(), f["consumer"].as_str().unwrap_or("")).trim()
                        == place
            };
            findings.iter().find(fits).unwrap_or_else(|| panic!("{name} {place}: {found:#}")).clone()
        };
        // Each side for itself: the metadata says what is critical, the configuration what is a warning.
        assert_eq!(of("consumer-pending", "orders under")["severity"], "warning");
        assert_eq!(of("consumer-pending", "orders over")["severity"], "critical");
        let by = |finding: Value| finding["evidence"].to_string();
        assert!(by(of("consumer-pending", "orders over")).contains("io.nats.monitor.unprocessed-critical"));
        assert!(by(of("consumer-pending", "plain configured")).contains("the configuration"));
        let sentence = of("stream-metadata", "mail")["sentence"].as_str().unwrap().to_owned();
        assert!(sentence.contains("io.nats.monitor.lag-critical is \"lots\""), "{sentence}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_silenced_does_not_fail_a_check() {
    let server = server_with("");
    let nats = connect(&server).await;
    stream(&nats, json!({"name": "shop", "subjects": ["shop"]})).await;
    stream(&nats, json!({"name": "scratch-1", "subjects": ["scratch"]})).await;
    for (of, name) in [("shop", "test-1"), ("scratch-1", "c")] {
        consumer(&nats, of, name, durable(name)).await;
    }
    publish(&nats, "shop", 5).await;
    publish(&nats, "scratch", 5).await;
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("own.toml");
    let silenced = |text: &str| {
        std::fs::write(&config, text).unwrap();
        check(home.path(), &server.url(), &["--config", config.to_str().unwrap()])
    };
    let out = silenced(
        "[[silence]]\nrule = \"stream-no-limits\"\nstream = \"shop\"\nreason = \"kept for ever\"\n\
         [[silence]]\nstream = \"scratch-*\"\n[[silence]]\nconsumer = \"test-*\"\n",
    );
    assert_eq!((code(&out), text(&out.stdout)), (0, String::new()), "{}", text(&out.stderr));
    let args = ["--config", config.to_str().unwrap()];
    let found = document(home.path(), &server.url(), &args);
    assert_eq!((&found["ok"], &found["counts"]["silenced"]), (&json!(true), &json!(4)), "{found:#}");
    assert_eq!(
        found["findings"].as_array().unwrap().iter().filter(|f| f["silence_reason"] == "kept for ever").count(),
        1
    );
    let out = check(home.path(), &server.url(), &[&args[..], &["--all"]].concat());
    assert_eq!(text(&out.stdout).matches(" (silenced): ").count(), 4, "{}", text(&out.stdout));
    let out = check(home.path(), &server.url(), &[&args[..], &["--prometheus"]].concat());
    let metrics = exposition::read(&text(&out.stdout));
    assert!(!metrics.contains_key("jetscope_finding"));
    assert_eq!(metrics["jetscope_findings_silenced"].series[0].1.round() as i64, 4);
    // One of the four is told again.
    let out = silenced(
        "[[silence]]\nrule = \"consumer-stopped\"\n[[silence]]\nrule = \"stream-no-limits\"\nstream = \"s?op\"\n",
    );
    assert_eq!((code(&out), text(&out.stdout).lines().count()), (1, 1), "{}", text(&out.stdout));
    // A rule that does not exist is named with the nearest.
    let out = silenced("[[silence]]\nrule = \"consumer-stoped\"\n");
    assert_eq!(code(&out), 2);
    assert!(text(&out.stderr).contains("did you mean \"consumer-stopped\""), "{}", text(&out.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_looked_at_is_not_fine() {
    let server = server_with(
        r#"accounts { A { jetstream: enabled, users: [
            { user: all, password: p }
            { user: some, password: p, permissions: { publish: { deny: ["$JS.API.CONSUMER.LIST.closed", "$JS.API.CONSUMER.NAMES.closed"] } } }
        ] } }"#,
    );
    let nats = async_nats::ConnectOptions::with_user_and_password("all".into(), "p".into())
        .connect(server.url())
        .await
        .unwrap();
    for name in ["open", "closed"] {
        stream(&nats, bounded(name)).await;
        consumer(&nats, name, "c", durable("c")).await;
    }
    let home = tempfile::tempdir().unwrap();
    let some = ["--user", "some", "--password", "p"];
    let out = check(home.path(), &server.url(), &some);
    assert_eq!((code(&out), out.stdout.is_empty()), (2, true));
    assert!(text(&out.stderr).contains("$JS.API.CONSUMER.LIST.closed"), "{}", text(&out.stderr));
    let document = document(home.path(), &server.url(), &some);
    assert_eq!((&document["ok"], document["partial"].is_object()), (&json!(false), true), "{document:#}");
    let out = check(home.path(), &server.url(), &[&some[..], &["--prometheus"]].concat());
    let metrics = exposition::read(&text(&out.stdout));
    assert_eq!((code(&out), metrics["jetscope_check_incomplete"].series[0].1), (0, 1.0));
    let out = check(home.path(), &server.url(), &[&some[..], &["open"]].concat());
    assert_eq!((code(&out), text(&out.stderr)), (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_do_no_harm_in_lines_and_commands() {
    let server = server_with("");
    let nats = connect(&server).await;
    let name = "x;$(rm)\u{1b}[31m";
    stream(&nats, json!({"name": name, "subjects": ["x"]})).await;
    let home = tempfile::tempdir().unwrap();
    let out = text(&check(home.path(), &server.url(), &["--all"]).stdout);
    assert!(out.contains("stream-no-limits x;$(rm)␛[31m: ") && !out.contains('\u{1b}'), "{out:?}");
    let document = document(home.path(), &server.url(), &[]);
    let command = document["findings"][0]["advice"][0]["command"].as_str().unwrap();
    assert!(command.starts_with(r"nats stream edit $'x;$(rm)\U0000001b[31m' "), "{command:?}");
}
