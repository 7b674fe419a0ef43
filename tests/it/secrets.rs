//! No form of a credential is ever printed: a marked one is put into every flag, variable and field that describes a
//! connection, right or wrong, and everything that comes out is searched for it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jetscope::config::{Env, Flags, Settings};
use nkeys::KeyPair;
use serde_json::json;

use crate::common::every_kind::{consumer, stream};
use crate::common::home::{Home, text};
use crate::common::jwt::Realm;
use crate::common::pty::Terminal;
use crate::common::server_with;

/// Flags that describe a connection.
const FLAGS: [&str; 18] = [
    "--server",
    "--user",
    "--password",
    "--token",
    "--creds",
    "--nkey",
    "--jwt",
    "--seed",
    "--tlscert",
    "--tlskey",
    "--tlsca",
    "--inbox-prefix",
    "--js-domain",
    "--js-api-prefix",
    "--js-event-prefix",
    "--timeout",
    "--log-level",
    "--config",
];
/// Variables.
const VARIABLES: [&str; 18] = [
    "NATS_URL",
    "NATS_USER",
    "NATS_PASSWORD",
    "NATS_TOKEN",
    "NATS_CREDS",
    "NATS_NKEY",
    "NATS_JWT",
    "NATS_SEED",
    "NATS_CERT",
    "NATS_KEY",
    "NATS_CA",
    "NATS_INBOX_PREFIX",
    "NATS_JS_DOMAIN",
    "NATS_JS_API_PREFIX",
    "NATS_TIMEOUT",
    "NATS_SOCKS_PROXY",
    "NATS_TLS_FIRST",
    "JETSCOPE_HTTP_AUTHORIZATION",
];
/// Fields of a context.
const FIELDS: [&str; 22] = [
    "description",
    "url",
    "token",
    "user",
    "password",
    "creds",
    "nkey",
    "cert",
    "key",
    "ca",
    "nsc",
    "socks_proxy",
    "jetstream_domain",
    "jetstream_api_prefix",
    "jetstream_event_prefix",
    "inbox_prefix",
    "user_jwt",
    "user_seed",
    "color_scheme",
    "tls_first",
    "windows_cert_store",
    "windows_cert_match",
];
/// Places whose text is itself shown, as it has to be; only what is certainly a credential is hidden there. A password
/// looks like any host, subject or word.
const SHOWN: [&str; 16] = [
    "--server",
    "NATS_URL",
    "url",
    "--inbox-prefix",
    "NATS_INBOX_PREFIX",
    "inbox_prefix",
    "--js-domain",
    "NATS_JS_DOMAIN",
    "jetstream_domain",
    "--js-api-prefix",
    "NATS_JS_API_PREFIX",
    "jetstream_api_prefix",
    "--js-event-prefix",
    "jetstream_event_prefix",
    "description",
    "--config",
];

/// A marked credential in some form, and what must not be seen of it.
struct Form {
    text: String,
    marks: Vec<String>,
    /// It cannot be told from any other word.
    plain: bool,
    /// The program is run with it.
    runs: bool,
}

fn forms() -> Vec<Form> {
    let seed = KeyPair::new_user().seed().unwrap();
    let user = Realm::new().user();
    let form = |text: String, marks: &[&str]| Form {
        text,
        marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
        plain: false,
        runs: false,
    };
    let base64 = STANDARD.encode("s3cretMark-base");
    vec![
        Form { plain: true, runs: true, ..form("s3cretMark".into(), &["s3cretMark"]) },
        Form { plain: true, ..form("s3cret Mark#/?:".into(), &["s3cret", "Mark#"]) },
        Form { runs: true, ..form(seed.clone(), &[&seed[2..20]]) },
        form(seed[..40].to_owned(), &[&seed[2..20]]),
        form(format!("/keys/{seed}"), &[&seed[2..20]]),
        form(format!("file://{seed}"), &[&seed[2..20]]),
        form(format!("env://{seed}"), &[&seed[2..20]]),
        form(format!("data:;base64,{base64}"), &[&base64, "s3cretMark"]),
        form(format!("data:;base64,{}", STANDARD.encode(&seed)), &[&seed[2..20], &STANDARD.encode(&seed)[..20]]),
        form(user.jwt.clone(), &[&user.jwt[..30], &user.jwt[60..90]]),
        Form { runs: true, ..form(user.creds(), &[&user.jwt[..30], &user.seed[2..20]]) },
        form("nats://me:s3cretMark@127.0.0.1:1".into(), &["s3cretMark"]),
        Form { runs: true, ..form("http://me:s3cret#Mark@host".into(), &["s3cret", "Mark@"]) },
        form("me:s3cretMark@127.0.0.1:1".into(), &["s3cretMark"]),
        form("socks5://me:s3cretMark@127.0.0.1:1".into(), &["s3cretMark"]),
        form("op://vault/item/s3cretMark".into(), &["s3cretMark"]),
    ]
}

impl Form {
    fn belongs_to(&self, place: &str) -> bool {
        let is_address = ["--server", "NATS_URL", "url"].contains(&place);
        let is_any_word = self.plain || self.text.starts_with("op:") || (self.text.starts_with("me:") && !is_address);
        !(SHOWN.contains(&place) && is_any_word)
    }

    #[track_caller]
    fn hides_in(&self, place: &str, text: &str) {
        for mark in &self.marks {
            assert!(!text.contains(mark.as_str()), "{place} = {}: {mark} shows in:\n{text}", self.text);
        }
    }
}

/// Everything in the files of a directory.
fn contents(dir: &Path) -> String {
    let mut out = String::new();
    for entry in fs::read_dir(dir).into_iter().flatten().map(Result::unwrap) {
        out.push_str(&entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            out.push_str(&contents(&entry.path()));
        } else {
            out.push_str(&String::from_utf8_lossy(&fs::read(entry.path()).unwrap()));
        }
    }
    out
}

/// Settings and errors, as they would be logged or shown in a panic.
#[test]
fn in_no_settings_and_in_no_error() {
    let home = Home::new();
    let dir = home.path("").display().to_string();
    for form in forms() {
        let secret = || Some(form.text.as_str().into());
        let text = || Some(form.text.clone());
        let flags: [(&str, Flags); 16] = [
            ("--server", Flags { server: text(), ..Flags::default() }),
            ("--user", Flags { user: secret(), ..Flags::default() }),
            ("--password", Flags { user: secret(), password: secret(), ..Flags::default() }),
            ("--token", Flags { token: secret(), ..Flags::default() }),
            ("--creds", Flags { creds: secret(), ..Flags::default() }),
            ("--nkey", Flags { nkey: secret(), ..Flags::default() }),
            ("--jwt", Flags { jwt: secret(), ..Flags::default() }),
            ("--seed", Flags { seed: secret(), ..Flags::default() }),
            ("--tlscert", Flags { cert: secret(), ..Flags::default() }),
            ("--tlskey", Flags { key: secret(), ..Flags::default() }),
            ("--tlscert and --tlskey", Flags { cert: secret(), key: secret(), ..Flags::default() }),
            ("--tlsca", Flags { ca: secret(), ..Flags::default() }),
            ("--inbox-prefix", Flags { inbox_prefix: text(), ..Flags::default() }),
            ("--js-domain", Flags { domain: text(), ..Flags::default() }),
            ("--js-api-prefix", Flags { api_prefix: text(), ..Flags::default() }),
            ("--js-event-prefix", Flags { event_prefix: text(), ..Flags::default() }),
        ];
        let env = Env::of([("HOME", dir.as_str()), ("XDG_CONFIG_HOME", dir.as_str())]);
        for (place, flags) in flags.into_iter().filter(|(place, _)| form.belongs_to(place)) {
            let outcome = Settings::load(&flags, &env).map_err(|error| format!("{error} {error:?}"));
            form.hides_in(place, &format!("{outcome:?}"));
        }
        for place in VARIABLES.into_iter().filter(|place| form.belongs_to(place)) {
            let env = Env::of([("HOME", dir.as_str()), ("XDG_CONFIG_HOME", dir.as_str()), (place, form.text.as_str())]);
            let outcome = Settings::load(&Flags::default(), &env).map_err(|error| format!("{error} {error:?}"));
            form.hides_in(place, &format!("{outcome:?}"));
        }
        for place in FIELDS.into_iter().filter(|place| form.belongs_to(place)) {
            home.context("x", &json!({ "url": "nats://127.0.0.1:1", place: form.text }));
            let flags = Flags { context: Some("x".into()), ..Flags::default() };
            let outcome = Settings::load(&flags, &env).map_err(|error| format!("{error} {error:?}"));
            form.hides_in(place, &format!("{outcome:?}"));
        }
    }
}

/// The built program: standard output and error, the log, everything that it leaves on the disk.
#[test]
fn in_nothing_that_the_program_prints_or_keeps() {
    let home = Home::new();
    let state = home.path("state");
    let run = |args: &[&str], var: Option<(&str, &str)>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
        command.args(args).env_clear().env("HOME", home.path("")).env("XDG_CONFIG_HOME", home.path(""));
        command.env("XDG_STATE_HOME", &state).env("RUST_BACKTRACE", "full").envs(var);
        let out = command.output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
    };
    // Each takes a while; the forms that are left out differ only in what makes settings of them.
    for form in forms().into_iter().filter(|form| form.runs) {
        let text = form.text.as_str();
        for place in FLAGS.into_iter().filter(|place| form.belongs_to(place)) {
            let at = ["--server", "nats://127.0.0.1:1"];
            let mut args = vec!["streams", "--json", place, text];
            if place != "--server" {
                args.extend(at);
            }
            form.hides_in(place, &run(&args, None));
        }
        for place in ["NATS_URL", "NATS_PASSWORD", "NATS_CREDS"].into_iter().filter(|place| form.belongs_to(place)) {
            let args = if place == "NATS_URL" { vec!["streams"] } else { vec!["streams", "-s", "nats://127.0.0.1:1"] };
            form.hides_in(place, &run(&args, Some((place, text))));
        }
        for place in FIELDS {
            // All are listed at once below.
            home.context(place, &json!({ "url": "nats://127.0.0.1:1", place: text }));
            if !form.belongs_to(place) {
                home.context(place, &json!({ "url": "nats://127.0.0.1:1" }));
            }
        }
        for args in [&["contexts"][..], &["contexts", "--json"], &["config"]] {
            form.hides_in("the list", &run(args, None));
        }
        // In places that are none: a word too many, an unknown option, a destination, a plan.
        for args in [
            &[text][..],
            &["streams", text],
            &["streams", "--pasword", text],
            &["streams", "--watch", text],
            &["replay", "S", "--pace", text],
        ] {
            form.hides_in(&args.join(" "), &run(args, None));
        }
        if !form.plain {
            for args in [
                &["replay", "S", "--to", text, "--server", "nats://127.0.0.1:1"][..],
                &["streams", "--context", text],
                &["replay", "run", text],
                &["tail", text, "--server", "nats://127.0.0.1:1"],
            ] {
                form.hides_in(&args.join(" "), &run(args, None));
            }
        }
        form.hides_in("the state directory", &contents(&state));
    }
}

/// The console, on a connection that cannot be made, and its list of contexts.
#[test]
fn on_no_screen_of_the_console() {
    let home = Home::new();
    let forms = forms();
    for (n, form) in forms.iter().enumerate() {
        for place in FIELDS.into_iter().filter(|place| form.belongs_to(place)) {
            home.context(&format!("{place}-{n}"), &json!({ "url": "nats://127.0.0.1:1", place: form.text }));
        }
    }
    home.context("start", &json!({ "url": "nats://127.0.0.1:1", "nkey": "~/gone-nkey" }));
    let (dir, state) = (home.path("").display().to_string(), home.path("state").display().to_string());
    let vars = [("XDG_CONFIG_HOME", dir.as_str()), ("XDG_STATE_HOME", state.as_str())];
    let program = Path::new(env!("CARGO_BIN_EXE_jetscope"));
    let args = ["--context", "start", "--log-level", "trace"];
    let mut terminal = Terminal::start(program, &home.path(""), (250, 70), &args, &vars);
    terminal.shows("gone-nkey");
    terminal.keys("x");
    // Page after page, down to the last.
    terminal.shows("cert-0");
    for name in ["key-1", "socks_proxy-3", "user-8", "windows_cert_store-9"] {
        terminal.keys(&format!("/{name}\r"));
        terminal.shows(name);
        terminal.keys("\x1b");
        terminal.hides(&format!("/{name}"));
    }
    for name in ["creds-9", "nkey-3", "password-15", "url-11"] {
        terminal.keys(&format!(":context {name}"));
        terminal.shows(&format!("context {name}"));
        terminal.keys("\r");
        terminal.hides(&format!("context {name}"));
    }
    terminal.keys("q");
    terminal.ended();
    let shown = String::from_utf8_lossy(&terminal.bytes).into_owned();
    for form in &forms {
        form.hides_in("the console", &shown);
        form.hides_in("its log", &contents(Path::new(&state)));
    }
}

/// Modes of everything in a directory, itself included, that anybody else could use.
fn open_to_others(path: &Path) -> Vec<String> {
    let mode = fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    let mut out = Vec::new();
    if mode & 0o077 != 0 {
        out.push(format!("{} {mode:o}", path.display()));
    }
    if path.is_dir() {
        out.extend(fs::read_dir(path).unwrap().flat_map(|entry| open_to_others(&entry.unwrap().path())));
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_is_private_whatever_the_umask() {
    let server = server_with("");
    let nats = async_nats::connect(server.url()).await.unwrap();
    stream(&nats, json!({ "name": "S", "subjects": ["s"] })).await;
    for id in ["1", "2", "3"] {
        let event = json!({ "specversion": "1.0", "id": id, "source": "/it", "type": "it" });
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("content-type", "application/cloudevents+json");
        nats.publish_with_headers("s", headers, event.to_string().into()).await.unwrap();
    }
    nats.flush().await.unwrap();
    let home = Home::new();
    // As earlier versions left it.
    let old = home.file("state/jetscope/replays/old/plan.json", "{}");
    let audit = home.file("state/jetscope/audit.jsonl", "");
    let state = home.path("state/jetscope");
    for path in [&state, &home.path("state/jetscope/replays"), old.parent().unwrap()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for path in [&old, &audit] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    assert_eq!(open_to_others(&state).len(), 5);
    let (program, url, out) = (env!("CARGO_BIN_EXE_jetscope"), server.url(), home.path("out.ndjson"));
    let to = format!("file:{}", out.display());
    let run = |args: &[&str]| {
        let done = Command::new("sh")
            .args(["-c", "umask 000; exec \"$0\" \"$@\"", program])
            .args(args)
            .args(["--server", &url, "--log-level", "trace"])
            .env_clear()
            .env("HOME", home.path(""))
            .env("XDG_STATE_HOME", home.path("state"))
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    run(&["streams"]);
    assert_eq!(open_to_others(&state), [""; 0]);
    run(&["replay", "S", "--range", "all", "--to", &to, "--execute"]);
    stream(&nats, json!({ "name": "T", "subjects": ["t.>"] })).await;
    run(&["replay", "S", "--range", "all", "--to", "t.{subject}", "--execute"]);
    consumer(&nats, "S", "c", json!({ "durable_name": "c", "ack_policy": "explicit" })).await;
    run(&["reposition", "S", "c", "--to", "2", "--execute"]);
    assert!(contents(&state).contains("audit.jsonl") && state.join("repositions").is_dir());
    assert_eq!(open_to_others(&state), [""; 0]);
    // The user's own files are as the user wants them.
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o666);
}

/// None of these hangs, and each is named.
#[test]
fn devices_and_pipes_are_not_read() {
    let home = Home::new();
    let pipe = text(&home.path("pipe"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let large = text(&home.file("large", &"x".repeat((1 << 20) + 1)));
    for path in [&pipe, "/dev/zero", &large] {
        for args in [
            &["streams", "--creds", path][..],
            &["streams", "--nkey", path],
            &["streams", "--jwt", &format!("file://{path}")],
            &["streams", "--token", &format!("file://{path}")],
            &["streams", "--tlsca", path],
            &["streams", "--tlscert", path, "--tlskey", path],
            &["streams", "--config", path],
            &["replay", "run", path],
            &["replay", "S", "--sequences", path],
        ] {
            let mut command = Command::new("timeout");
            command.args(["20", env!("CARGO_BIN_EXE_jetscope")]).args(args).args(["--server", "nats://127.0.0.1:1"]);
            let out = command.env_clear().env("HOME", home.path("")).output().unwrap();
            let words = String::from_utf8_lossy(&out.stderr).into_owned();
            assert_eq!(out.status.code(), Some(2), "{args:?}: {words}");
            if !args.contains(&"--sequences") && args[0] != "replay" {
                assert!(words.contains(path), "{args:?}: {words}");
            }
        }
    }
    home.context("pipe", &json!({}));
    let context = home.path("nats/context/pipe.json");
    fs::remove_file(&context).unwrap();
    assert!(Command::new("mkfifo").arg(&context).status().unwrap().success());
    let out = Command::new("timeout")
        .args(["20", env!("CARGO_BIN_EXE_jetscope"), "contexts", "--json"])
        .env_clear()
        .env("XDG_CONFIG_HOME", home.path(""))
        .output()
        .unwrap();
    assert!(out.status.success() && String::from_utf8_lossy(&out.stdout).contains("pipe"));
}
