//! The documents of the headless commands against the server's own answers, field by field.

use std::process::Command;

use jetscope::demo::server::{NEWEST, OLDEST};
use jetscope::demo::{Server, ServerSpec};
use serde_json::{Value, json};

use crate::common::every_kind::{make, raw};

/// The output of the built program, as JSON.
fn program(url: &str, args: &[&str]) -> Value {
    let home = tempfile::tempdir().unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_jetscope"))
        .args(args)
        .args(["--server", url])
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// The server's "no limit" is 0, -1 or nothing.
fn limit(value: &Value) -> Value {
    if value.as_i64().is_none_or(|n| n <= 0) { Value::Null } else { value.clone() }
}

fn time(value: &Value) -> Value {
    if value.as_str().is_none_or(|t| t.starts_with("0001-")) { Value::Null } else { value.clone() }
}

fn or<'a>(value: &'a Value, default: &'a Value) -> &'a Value {
    if value.is_null() { default } else { value }
}

/// What the document should say of this `STREAM.INFO`, worked out on its own.
fn stream(info: &Value) -> Value {
    let (config, state) = (&info["config"], &info["state"]);
    let name = config["name"].as_str().unwrap();
    let (kind, label) = match name {
        "eventsource-github-stream" => ("event_source", "github"),
        "eventchannel-mail-stream" => ("event_channel", "mail"),
        "KV_settings" => ("key_value", "settings"),
        "OBJ_files" => ("object_store", "files"),
        "copy" => ("mirror", "copy"),
        _ => ("plain", name),
    };
    let n = |v: &Value| v.as_u64().unwrap_or(0);
    let empty = n(&state["messages"]) == 0;
    let spread = if empty { 0 } else { n(&state["last_seq"]) - n(&state["first_seq"]) + 1 };
    let seconds = limit(&config["max_age"]).as_u64().map(|ns| ns as f64 / 1e9);
    let full = |used: &Value, most: &Value| limit(most).as_f64().map(|most| used.as_f64().unwrap() / most);
    let (bytes, messages) =
        (full(&state["bytes"], &config["max_bytes"]), full(&state["messages"], &config["max_msgs"]));
    let fullness = match (bytes, messages) {
        (None, None) => Value::Null,
        (b, m) if b >= m => json!({"limit": "max_bytes", "ratio": b}),
        (_, m) => json!({"limit": "max_msgs", "ratio": m}),
    };
    json!({
        "name": name, "kind": kind, "label": label,
        "subjects": or(&config["subjects"], &json!([])),
        "storage": config["storage"], "retention": config["retention"], "discard": config["discard"],
        "messages": state["messages"], "bytes": state["bytes"],
        "first_seq": state["first_seq"], "last_seq": state["last_seq"], "spread": spread,
        "deleted": or(&state["num_deleted"], &json!(0)),
        "first_time": if empty { Value::Null } else { time(&state["first_ts"]) },
        "last_time": time(&state["last_ts"]),
        "consumers": state["consumer_count"],
        "rate_in": null,
        "limits": {
            "max_age_seconds": seconds, "max_msgs": limit(&config["max_msgs"]), "max_bytes": limit(&config["max_bytes"]),
            "max_msgs_per_subject": limit(&config["max_msgs_per_subject"]), "max_msg_size": limit(&config["max_msg_size"]),
        },
        "fullness": fullness,
        "replicas": config["num_replicas"],
        "leader": null,
    })
}

/// What the document should say of this `CONSUMER.INFO`.
fn consumer(info: &Value) -> Value {
    let config = &info["config"];
    let none = config["ack_policy"] == "none";
    let pending = info["num_pending"].as_u64().unwrap();
    let filters = match (&config["filter_subject"], &config["filter_subjects"]) {
        (Value::String(one), _) => json!([one]),
        (_, several @ Value::Array(_)) => several.clone(),
        _ => json!([]),
    };
    json!({
        "stream": info["stream_name"], "name": info["name"],
        "mode": if config["deliver_subject"].is_string() { "push" } else { "pull" },
        "durable": config["durable_name"].is_string(),
        "ack_policy": config["ack_policy"], "filter_subjects": filters,
        "outstanding": pending + if none { 0 } else { info["num_ack_pending"].as_u64().unwrap() },
        "pending": pending, "ack_pending": info["num_ack_pending"], "redelivered": info["num_redelivered"],
        "waiting": info["num_waiting"],
        "delivered_seq": info["delivered"]["stream_seq"], "ack_floor_seq": info["ack_floor"]["stream_seq"],
        "last_delivered": time(&info["delivered"]["last_active"]), "last_acked": time(&info["ack_floor"]["last_active"]),
        "paused": info["paused"] == true, "push_bound": info["push_bound"] == true,
    })
}

/// Numbers agree when they are equal as numbers: 604800 and 604800.0 are.
fn agree(ours: &Value, theirs: &Value, path: &str) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let (mut ours, mut theirs): (Vec<_>, Vec<_>) = (a.keys().collect(), b.keys().collect());
            ours.sort();
            theirs.sort();
            assert_eq!(ours, theirs, "{path}");
            for (key, value) in a {
                agree(value, &b[key], &format!("{path}.{key}"));
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-9 * b.abs(), "{path}: {a} and {b}");
        }
        // The server leaves trailing zeroes of a fraction out or not, as we do; the moment is what counts.
        (Value::String(a), Value::String(b)) if a.ends_with('Z') && b.ends_with('Z') => {
            let moment = |t: &str| jetscope::model::Timestamp::parse(t).unwrap();
            assert_eq!(moment(a), moment(b), "{path}");
        }
        _ => assert_eq!(ours, theirs, "{path}"),
    }
}

async fn check(version: &str) {
    let server = Server::start(&ServerSpec { version: Some(version.into()), ..Default::default() }).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    let new = version == NEWEST;
    let _held = make(&nats, new).await;
    // What is short-lived ends before the two sides look: exhausted deliveries, the age of the cache.
    wait_until_settled(&nats).await;

    let ours = program(&server.url(), &["streams", "--json"]);
    let theirs = raw(&nats, "STREAM.LIST", &Value::Null).await;
    assert_eq!(ours["partial"], Value::Null);
    assert_eq!(ours["context"], Value::Null);
    assert_eq!(ours["server"], json!({"name": "jetscope-demo", "version": version}));
    let infos = theirs["streams"].as_array().unwrap();
    let streams = ours["streams"].as_array().unwrap();
    assert_eq!((streams.len(), theirs["total"].as_u64()), (14, Some(14)));
    let taken = jetscope::model::Timestamp::parse(ours["taken"].as_str().unwrap()).unwrap();
    for info in infos {
        let name = &info["config"]["name"];
        let mut document = streams.iter().find(|s| s["name"] == *name).unwrap().clone();
        // The one field that depends on when it was asked.
        let reach = document.as_object_mut().unwrap().remove("reach_seconds").unwrap();
        match document["first_time"].as_str() {
            Some(first) => {
                let seconds = taken.seconds_since(jetscope::model::Timestamp::parse(first).unwrap());
                assert!((reach.as_f64().unwrap() - seconds).abs() < 2.0, "{name}: {reach} and {seconds}");
            }
            None => assert!(reach.is_null(), "{name}"),
        }
        agree(&document, &stream(info), &format!("stream {name}"));
    }

    let ours = program(&server.url(), &["consumers", "--json"]);
    assert_eq!(ours["partial"], Value::Null);
    let mut seen = 0;
    for of in ["eventsource-github-stream", "gaps", "jobs", "audit"] {
        let theirs = raw(&nats, &format!("CONSUMER.LIST.{of}"), &Value::Null).await;
        let infos = theirs["consumers"].as_array().unwrap();
        let alone = program(&server.url(), &["consumers", of, "--json"]);
        assert_eq!(alone["consumers"].as_array().unwrap().len(), infos.len());
        for info in infos {
            let same = |c: &&Value| c["stream"] == of && c["name"] == info["name"];
            for list in [&ours, &alone] {
                let mut document = list["consumers"].as_array().unwrap().iter().find(same).unwrap().clone();
                let path = format!("consumer {of} {}", info["name"]);
                check_verdict(&nats, document.as_object_mut().unwrap(), info, &path).await;
                agree(&document, &consumer(info), &path);
            }
        }
        seen += infos.len();
    }
    // Newer servers keep consumers of their own for mirrors and sources.
    assert!(seen >= 14 + usize::from(new), "{seen}");
    assert_eq!(ours["consumers"].as_array().unwrap().len(), seen);
}

/// What is said of a consumer after one sample; taken out of the document.
async fn check_verdict(
    nats: &async_nats::Client,
    document: &mut serde_json::Map<String, Value>,
    info: &Value,
    path: &str,
) {
    let mut take = |field: &str| document.remove(field).unwrap_or_else(|| panic!("{path}: no {field}"));
    let n = |field: &str| info[field].as_u64().unwrap();
    let acks = info["config"]["ack_policy"] != "none";
    let outstanding = n("num_pending") + if acks { n("num_ack_pending") } else { 0 };
    let expected = match (info["paused"] == true, outstanding) {
        (true, _) => "PAUSED",
        (_, 0) => "OK",
        _ => "UNKNOWN",
    };
    assert_eq!(take("verdict"), expected, "{path}");
    assert_eq!(take("sentence").as_str().unwrap().starts_with("1/10 samples"), expected == "UNKNOWN", "{path}");
    for one_sample in ["slope_per_second", "eta_seconds"] {
        assert_eq!(take(one_sample), Value::Null, "{path}");
    }
    let mut flags = Vec::new();
    if info["config"]["max_deliver"].as_i64().is_some_and(|n| n > 0) && n("num_redelivered") > n("num_ack_pending") {
        flags.push(format!("DEAD>={}", n("num_redelivered") - n("num_ack_pending")));
    }
    assert_eq!(take("flags"), json!(flags), "{path}");
    let (since, seen) = (take("since"), take("seen_since"));
    assert_eq!(since.is_null() && seen.is_null(), expected == "UNKNOWN", "{path}");
    assert!(since.is_null() || seen.is_null(), "{path}: one of them at most");
    // The stream's own word for when the first message was stored that is not acked.
    let lag = take("lag_seconds");
    if outstanding == 0 {
        assert_eq!(lag, json!(0.0), "{path}");
    } else {
        let position = if acks { "ack_floor" } else { "delivered" };
        let floor = info[position]["stream_seq"].as_u64().unwrap();
        let filters = match (&info["config"]["filter_subject"], &info["config"]["filter_subjects"]) {
            (Value::String(one), _) => vec![one.clone()],
            (_, Value::Array(several)) => several.iter().map(|f| f.as_str().unwrap().to_owned()).collect(),
            _ => vec![">".to_owned()],
        };
        let mut times = Vec::new();
        for filter in filters {
            let stream = info["stream_name"].as_str().unwrap();
            let body = json!({"seq": floor + 1, "next_by_subj": filter});
            let reply = raw(nats, &format!("STREAM.MSG.GET.{stream}"), &body).await;
            times.extend(reply["message"]["time"].as_str().and_then(jetscope::model::Timestamp::parse));
        }
        let age = crate::common::live::now().since(*times.iter().min().unwrap()).as_secs_f64();
        let told = lag.as_f64().unwrap();
        assert!(told > 0.0 && told <= age, "{path}: {told} and {age}");
        assert!(age - told < 20.0, "{path}: {told} and {age}");
    }
    take("loss_seconds");
    take("lost_per_second");
}

async fn wait_until_settled(nats: &async_nats::Client) {
    let settled = async {
        loop {
            let cache = raw(nats, "STREAM.INFO.cache", &Value::Null).await;
            let done = cache["state"]["messages"] == 0;
            if done {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), settled).await.expect("an age limit that is kept");
}

#[tokio::test]
async fn documents_agree_with_the_newest_server() {
    check(NEWEST).await;
}

#[tokio::test]
async fn documents_agree_with_the_oldest_server() {
    check(OLDEST).await;
}
