//! The real SDKs as receivers, where `scripts/sdk-receivers.sh` has brought them; what is not there is said and passed over.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::doors::{Requests, endpoint, single};
use super::{Sample, is_encoded, place};
use crate::common::receiver::{Payload, Received};

/// One of them.
struct Sdk {
    name: &'static str,
    command: Command,
    /// It hands over bytes; others make text of all that is none.
    bytes: bool,
    /// It refuses events that are none by the letter: attributes of odd names, values whose type is not JSON.
    strict: bool,
}

/// Those that are there.
fn sdks() -> Vec<Sdk> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = std::env::var_os("JETSCOPE_SDK_DIR").map_or_else(|| root.join(".cache/sdk"), PathBuf::from);
    let mut python = Command::new("python3");
    python.arg(root.join("tests/sdk/receive.py")).env("PYTHONPATH", dir.join("python"));
    let mut javascript = Command::new("node");
    javascript.arg(root.join("tests/sdk/receive.mjs")).arg(dir.join("javascript"));
    let all = [
        (Sdk { name: "Python", command: python, bytes: true, strict: false }, dir.join("python/cloudevents")),
        (
            Sdk { name: "JavaScript", command: javascript, bytes: false, strict: false },
            dir.join("javascript/node_modules/cloudevents"),
        ),
        (
            Sdk { name: "Go", command: Command::new(dir.join("go/receive")), bytes: true, strict: true },
            dir.join("go/receive"),
        ),
    ];
    let mut there = Vec::new();
    for (sdk, path) in all {
        if path.exists() {
            there.push(sdk);
        } else {
            eprintln!("not run: the SDK for {}, which scripts/sdk-receivers.sh brings", sdk.name);
        }
    }
    there
}

impl Sdk {
    /// What it makes of requests.
    fn receive(&mut self, requests: &Requests) -> Vec<Value> {
        let mut child = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        for (headers, body) in requests.lock().unwrap().iter() {
            let headers: Map<String, Value> = headers.iter().map(|(n, v)| (n.clone(), json!(v))).collect();
            writeln!(input, "{}", json!({"headers": headers, "body": BASE64_STANDARD.encode(body)})).unwrap();
        }
        drop(input);
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{}", self.name);
        // Numbers beyond what a language has come as no JSON.
        String::from_utf8(out.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap_or_default()).collect()
    }

    /// Whether it received this.
    fn check(&self, sample: &Sample, expected: &Received, found: &Value, mode: &str) {
        let context = format!("{} in {mode} mode, to the SDK for {}: {found}", sample.name, self.name);
        for name in ["id", "source", "type", "subject"] {
            let expected = expected.attributes.get(name).map(String::as_str);
            let found = found["attributes"][name].as_str();
            // That for Go writes a source as a URI has to be written.
            let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            let same =
                found == expected || (self.strict && name == "source" && found.map(decoded) == expected.map(decoded));
            assert!(same, "{name}, {expected:?}: {context}");
        }
        let data = &found["data"];
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        match &expected.payload {
            Payload::None => assert!(data.is_null(), "{context}"),
            Payload::Json(source) => {
                // Not every number is one there, and JSON that no type tells of is text.
                let value: Value = serde_json::from_str(source).unwrap_or_default();
                let bytes = data["base64"].as_str().and_then(|b| BASE64_STANDARD.decode(b).ok()).unwrap_or_default();
                let same = same_json(&data["json"], &value)
                    || serde_json::from_slice::<Value>(&bytes).is_ok_and(|v| same_json(&v, &value));
                let as_text = || {
                    data["json"].as_str().is_some_and(|t| serde_json::from_str::<Value>(t).is_ok_and(|v| v == value))
                };
                assert!(same || as_text() || (value.is_null() && data.is_null()), "{context}");
            }
            Payload::Bytes(bytes) => {
                let found = data["base64"].as_str().map(|b| BASE64_STANDARD.decode(b).unwrap());
                let found = found.or_else(|| data["json"].as_str().map(|t| t.as_bytes().to_vec()));
                if self.bytes || text(bytes).is_some() {
                    assert_eq!(found.as_ref(), Some(bytes), "{context}");
                }
            }
        }
    }
}

/// The same, but for digits: a language has its own numbers.
fn same_json(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same_json(a, b)))
        }
        (a, b) => a == b,
    }
}

/// What SDKs do not read as the specification says, and so nobody can send to them.
fn is_beyond(sdk: &Sdk, sample: &Sample, event: &Received, mode: &str) -> bool {
    // Most do not decode per cent signs, some know no version 0.3, numbers are what the language has, and that for Python
    // takes `Id` for `id`.
    let beyond = ["version 0.3 with Base64", "null beside Base64", "digits", "names that a header would lose"];
    // That for Go takes the quotes off a string that is JSON, in structured mode.
    let unquoted = sdk.strict && matches!(&event.payload, Payload::Json(source) if source.starts_with('"'));
    unquoted || (mode == "binary" && is_encoded(event)) || beyond.contains(&sample.name)
}

/// Whether an event is one by the letter.
fn is_strict(event: &Received) -> bool {
    let other = event.attributes.get("datacontenttype").is_some_and(|named| !named.contains("json"));
    let value = matches!(&event.payload, Payload::Json(source) if !source.starts_with('"'));
    event.attributes.keys().all(|name| name.bytes().all(|b| b.is_ascii_alphanumeric())) && !(other && value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdks_receive_what_was_sent() {
    let mut sdks = sdks();
    if sdks.is_empty() {
        return;
    }
    let place = place().await;
    for mode in ["binary", "structured"] {
        let (url, requests) = endpoint();
        let out = place.replay(&["corpus", "--range", "all", "--to", &url, "--http", mode, "--execute"]).await;
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        for sdk in &mut sdks {
            let found = sdk.receive(&requests);
            assert_eq!(found.len(), single().count());
            for ((_, sample, event), found) in single().zip(&found) {
                let refused = sdk.strict && !is_strict(&event);
                if refused {
                    assert!(
                        found["error"].is_string(),
                        "{} is refused by the SDK for {}: {found}",
                        sample.name,
                        sdk.name
                    );
                } else if !is_beyond(sdk, sample, &event, mode) {
                    sdk.check(sample, &event, found, mode);
                }
            }
        }
    }
}
