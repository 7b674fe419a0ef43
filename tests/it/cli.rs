//! The headless commands as scripts use them: output, notes, exit codes.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use jetscope::demo::{Server, ServerSpec};
use serde_json::{Value, json};

use crate::common::every_kind::{make, publish, stream};
use crate::common::server_with;

/// The program with nothing of this machine's environment.
fn jetscope(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
    command.args(args).env_clear().env("HOME", home);
    command
}

fn run(home: &Path, args: &[&str]) -> Output {
    jetscope(home, args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn without_a_server_a_command_fails_at_once_with_one_line() {
    let home = tempfile::tempdir().unwrap();
    for command in ["streams", "consumers"] {
        let started = Instant::now();
        let out = run(home.path(), &[command, "--server", "nats://127.0.0.1:1", "--json"]);
        assert_eq!(out.status.code(), Some(2));
        assert!(out.stdout.is_empty());
        let note = text(&out.stderr);
        assert_eq!(note.lines().count(), 1, "{note}");
        assert!(note.contains("nats://127.0.0.1:1 cannot be reached"), "{note}");
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    }
}

#[test]
fn wrong_usage_is_two_and_help_is_nothing_wrong() {
    let home = tempfile::tempdir().unwrap();
    for args in [&["--nonsense"][..], &["streams", "--watch", "soon"], &["streams", "--watch", "1ms"], &["steams"]] {
        let out = run(home.path(), args);
        assert_eq!((out.status.code(), out.stdout.is_empty()), (Some(2), true), "{args:?}");
    }
    // The console itself needs a terminal.
    let out = run(home.path(), &[]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("needs a terminal"));
    let help = run(home.path(), &["--help"]);
    assert!(help.status.success());
    for word in
        ["streams", "consumers", "contexts", "expr", "demo", "config", "completions", "man", "NATS_URL", "--tlsfirst"]
    {
        assert!(text(&help.stdout).contains(word), "{word}");
    }
    // Nothing of the environment is printed: it may hold secrets.
    let help = jetscope(home.path(), &["--help"]).env("NATS_PASSWORD", "hunter2").output().unwrap();
    assert!(!text(&help.stdout).contains("hunter2"));
}

#[test]
fn a_failure_is_said_once() {
    let server = Server::start(&ServerSpec { jetstream: false, ..Default::default() }).unwrap();
    let home = tempfile::tempdir().unwrap();
    let note = text(&run(home.path(), &["streams", "--server", &server.url()]).stderr);
    assert_eq!(note.matches("JetStream is not enabled here").count(), 1, "{note}");
}

#[tokio::test]
async fn tables_are_aligned_and_harmless() {
    let server = Server::start(&ServerSpec::default()).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    let _held = make(&nats, true).await;
    let home = tempfile::tempdir().unwrap();
    for args in [&["streams"][..], &["consumers"], &["consumers", "jobs"]] {
        let url = server.url();
        let args: Vec<&str> = args.iter().copied().chain(["--server", &url]).collect();
        let out = run(home.path(), &args);
        assert!(out.status.success() && out.stderr.is_empty(), "{}", text(&out.stderr));
        let table = text(&out.stdout);
        assert!(!table.contains(['\u{1b}', '\u{202e}', '\t']), "{table}");
        let mut lines = table.lines();
        let heading = lines.next().unwrap();
        let at = heading.find(" NAME").map_or(0, |at| at + 1);
        for line in lines {
            let before: String = line.chars().take(at).collect();
            assert!(before.is_empty() || before.ends_with("  "), "{line}");
        }
    }
    let out = text(&run(home.path(), &["streams", "--server", &server.url()]).stdout);
    assert!(out.contains("höstile⟨U+202E⟩␛[31m"), "{out}");
}

#[tokio::test]
async fn a_stream_that_does_not_exist_is_named_with_the_nearest() {
    let server = Server::start(&ServerSpec::default()).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    stream(&nats, json!({"name": "orders", "subjects": ["o"]})).await;
    let home = tempfile::tempdir().unwrap();
    let out = run(home.path(), &["consumers", "ordres", "--server", &server.url()]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("no stream is called ordres; did you mean orders?"), "{}", text(&out.stderr));
    // A short name that is shown everywhere means its stream; it is also what is offered.
    stream(&nats, json!({"name": "eventsource-github-stream", "subjects": ["g"]})).await;
    stream(&nats, json!({"name": "github-archive", "subjects": ["ga"]})).await;
    stream(&nats, json!({"name": "KV_orders", "subjects": ["k"]})).await;
    for (args, code, said) in [
        (&["consumers", "github"][..], 0, ""),
        (&["tail", "github", "--last", "1"], 1, ""),
        (&["check", "github", "--window", "1s", "--only", "stream-missing"], 0, ""),
        (&["replay", "github", "--range", "all"], 1, ""),
        (&["consumers", "gitub"], 2, "no stream is called gitub; did you mean github?"),
        (&["tail", "gitub"], 2, "did you mean github?"),
        (&["replay", "gitub", "--range", "all"], 2, "did you mean github?"),
        (&["check", "gitub"], 2, "did you mean github?"),
        (&["reposition", "gitub", "c", "--to", "1"], 2, "no stream is called gitub; did you mean github?"),
        (&["reposition", "github", "c", "--to", "1"], 2, "eventsource-github-stream has no consumer c"),
    ] {
        let out = run(home.path(), &[args, &["--server", &server.url()]].concat());
        let err = text(&out.stderr);
        assert!(err.contains(said) && out.status.code() == Some(code), "{args:?}: {:?} {err}", out.status.code());
    }
    stream(&nats, json!({"name": "OBJ_settings", "subjects": ["os"]})).await;
    stream(&nats, json!({"name": "KV_settings", "subjects": ["ks"]})).await;
    let out = run(home.path(), &["consumers", "settings", "--server", &server.url()]);
    let err = text(&out.stderr);
    assert!(err.contains("KV_settings") && err.contains("OBJ_settings"), "{err}");
    // No consumers are no error, and a whole name is no short one of another.
    let out = run(home.path(), &["consumers", "orders", "--server", &server.url(), "--json"]);
    let document: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&document["consumers"], &document["partial"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn watching_prints_a_document_a_line_with_rates_until_interrupted() {
    let mut server = Server::start(&ServerSpec::default()).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    stream(&nats, json!({"name": "orders", "subjects": ["o"]})).await;
    let home = tempfile::tempdir().unwrap();
    let args = ["streams", "--json", "--watch", "200ms", "--server", &server.url()];
    let mut child = jetscope(home.path(), &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let rate = |document: &Value| document["streams"][0]["rate_in"].clone();
    assert_eq!(rate(&next()), Value::Null, "one sample gives no rate");
    assert_eq!(rate(&next()), json!(0.0));
    publish(&nats, "o", 50).await;
    assert!((0..20).any(|_| rate(&next()).as_f64() > Some(0.0)));
    // The server goes and comes back: notes on standard error, then documents again.
    server.kill();
    server.restart().unwrap();
    let after = next();
    assert_eq!(after["streams"][0]["name"], "orders");
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut notes = String::new();
    child.stderr.take().unwrap().read_to_string(&mut notes).unwrap();
    assert!(notes.lines().all(|line| line.starts_with("jetscope: ")), "{notes}");
}

#[tokio::test]
async fn a_reader_that_leaves_is_no_error() {
    let server = Server::start(&ServerSpec::default()).unwrap();
    let home = tempfile::tempdir().unwrap();
    let args = ["streams", "--watch", "200ms", "--server", &server.url()];
    let mut child = jetscope(home.path(), &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    drop(out);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut notes = String::new();
    child.stderr.take().unwrap().read_to_string(&mut notes).unwrap();
    assert_eq!(notes, "");
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let server = server_with(
        r#"accounts { A { jetstream: enabled, users: [
            { user: all, password: p }
            { user: some, password: p, permissions: { publish: { deny: ["$JS.API.CONSUMER.LIST.closed", "$JS.API.CONSUMER.NAMES.closed"] } } }
            { user: none, password: p, permissions: { publish: { deny: ["$JS.API.>"] } } }
        ] } }"#,
    );
    let nats = async_nats::ConnectOptions::with_user_and_password("all".into(), "p".into())
        .connect(server.url())
        .await
        .unwrap();
    for name in ["open", "closed"] {
        stream(&nats, json!({"name": name, "subjects": [name]})).await;
        let config = json!({"durable_name": "c", "ack_policy": "explicit"});
        crate::common::every_kind::consumer(&nats, name, "c", config).await;
    }
    let home = tempfile::tempdir().unwrap();
    let url = server.url();
    let some = ["consumers", "--server", &url, "--user", "some", "--password", "p"];
    let out = run(home.path(), &[&some[..], &["--json"]].concat());
    assert!(out.status.success(), "{}", text(&out.stderr));
    let document: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(document["consumers"].as_array().unwrap().len(), 1);
    let reason = document["partial"]["failed"][0].as_str().unwrap();
    assert!(reason.contains("$JS.API.CONSUMER.LIST.closed"), "{reason}");
    let out = run(home.path(), &some);
    assert!(text(&out.stderr).contains("$JS.API.CONSUMER.LIST.closed"), "{}", text(&out.stderr));
    let out = run(home.path(), &["streams", "--server", &url, "--user", "none", "--password", "p"]);
    assert_eq!((out.status.code(), out.stdout.is_empty()), (Some(2), true));
    assert!(text(&out.stderr).contains("$JS.API.STREAM.LIST"), "{}", text(&out.stderr));
}

#[test]
fn contexts_are_listed_without_their_secrets() {
    let home = tempfile::tempdir().unwrap();
    let out = run(home.path(), &["contexts"]);
    assert!(out.status.success());
    assert!(text(&out.stderr).contains("nats context add"));
    let folder = home.path().join(".config/nats/context");
    fs::create_dir_all(&folder).unwrap();
    let good = json!({"url": "nats://me:hunter2@host:4222", "password": "hunter2", "description": "here"});
    fs::write(folder.join("good.json"), good.to_string()).unwrap();
    fs::write(folder.join("odd.json"), json!({"nsc": "nsc://a"}).to_string()).unwrap();
    fs::write(home.path().join(".config/nats/context.txt"), "good").unwrap();
    let out = text(&run(home.path(), &["contexts"]).stdout);
    assert!(out.contains("*  good") && out.contains("nats://host:4222") && out.contains("here"), "{out}");
    assert!(out.contains("cannot be used") && out.contains("nsc"), "{out}");
    let out = text(&run(home.path(), &["contexts", "--json"]).stdout);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["contexts"][0]["selected"], true);
    assert!(document["contexts"][1]["error"].as_str().unwrap().contains("nsc"));
    assert!(!out.contains("hunter2"));
    // A context that does not exist is named with the nearest.
    let out = run(home.path(), &["streams", "--context", "god"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("did you mean \"good\""), "{}", text(&out.stderr));
}

#[test]
fn the_configuration_tells_where_it_is_and_what_is_wrong() {
    let home = tempfile::tempdir().unwrap();
    let out = text(&run(home.path(), &["config"]).stdout);
    assert!(out.contains("does not exist; these are the defaults") && out.contains("[poll]"), "{out}");
    let example = text(&run(home.path(), &["config", "example"]).stdout);
    let path = home.path().join("own.toml");
    fs::write(&path, &example).unwrap();
    let named = path.to_str().unwrap();
    let out = text(&run(home.path(), &["config", "--config", named]).stdout);
    assert!(out.starts_with(&format!("# {named}, with the defaults")), "{out}");
    let schema: Value = serde_json::from_slice(&run(home.path(), &["config", "schema"]).stdout).unwrap();
    assert_eq!(schema["title"], "Config");
    fs::write(&path, "[screen]\nthem = 1").unwrap();
    let out = run(home.path(), &["streams", "--config", named]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("them") && text(&out.stderr).contains("own.toml"), "{}", text(&out.stderr));
}

#[test]
fn completions_and_the_manual_are_there() {
    let home = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let out = text(&run(home.path(), &["completions", shell]).stdout);
        assert!(out.contains("consumers") && out.contains("tlsfirst"), "{shell}");
    }
    let page = text(&run(home.path(), &["man"]).stdout);
    assert!(page.contains(".SH NAME") && page.contains("streams"));
}
