//! The built program in a terminal, on a real server: what a person does, from end to end.

use std::fs;
use std::path::Path;
use std::process::Command;

use jetscope::demo::{Server, ServerSpec};
use jetscope::runtime::Display as _;
use jetscope::runtime::terminal::{Screen, restore_on_panic};
use jetscope::ui::Theme;
use serde_json::json;

use crate::common::every_kind::{Held, make, publish};
use crate::common::pty::Terminal;

const ESC: &str = "\x1b";
const ENTER: &str = "\r";
const TAB: &str = "\t";

/// The built program in a terminal of this size.
fn open(home: &Path, size: (u16, u16), args: &[&str]) -> Terminal {
    Terminal::start(Path::new(env!("CARGO_BIN_EXE_jetscope")), home, size, args, &[])
}

/// A server with everything on it, and a home for the program.
struct Place {
    server: Server,
    nats: async_nats::Client,
    home: tempfile::TempDir,
    _held: Held,
}

impl Place {
    async fn new() -> Self {
        let server = Server::start(&ServerSpec::default()).unwrap();
        let nats = async_nats::connect(server.url()).await.unwrap();
        let held = make(&nats, true).await;
        Self { server, nats, home: tempfile::tempdir().unwrap(), _held: held }
    }

    fn open(&self, columns: u16, rows: u16) -> Terminal {
        open(self.home.path(), (columns, rows), &["--server", &self.server.url()])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_screen_can_be_reached_and_left() {
    let place = Place::new().await;
    let mut t = place.open(80, 24);
    t.shows("github");
    t.until("the header", |t| t.line(0).contains("connected") && t.line(0).contains("disk"));
    assert!(t.is_taken() && t.cursor_hidden());
    // Names that act on a terminal reach it as pictures of themselves.
    t.shows("höstile");
    assert!(!t.screen().contains('\u{202e}') && t.screen().contains("höstile⟨U+"), "{}", t.screen());

    t.keys("gg/git");
    t.until("the filter", |t| t.screen().contains("github") && !t.screen().contains("audit"));
    t.keys(ENTER);
    t.keys(ENTER);
    t.until("the stream", |t| t.line(1).contains("github") && t.line(1).contains("Streams"));
    for (tab, text) in [
        ("the overview", "keeps messages until"),
        ("consumers", "unacked"),
        ("subjects", "github.push"),
        ("configuration", "max age"),
        ("cluster", "cluster"),
    ] {
        t.until(tab, |t| t.screen().to_lowercase().contains(text));
        t.keys(TAB);
    }
    t.keys(ESC);
    t.until("the streams", |t| !t.line(1).contains("›"));
    t.keys(ESC);
    t.shows("audit");

    t.keys("C");
    t.until("all consumers", |t| t.line(1).contains("Consumers") && t.screen().contains("workers"));
    t.keys("/untouched");
    t.until("one consumer", |t| !t.screen().contains("workers"));
    t.keys(ENTER);
    t.keys(ENTER);
    t.until("the consumer", |t| t.line(1).contains("› untouched") && t.screen().contains("60"));
    t.keys(ESC);
    t.until("all consumers again", |t| !t.line(1).contains("› untouched"));
    t.keys("x");
    t.until("the contexts", |t| t.line(1).contains("Contexts"));
    t.keys("?");
    t.shows("Keys that work here");
    t.keys("q");
    assert!(t.ended().success());
    assert!(!t.is_taken() && !t.cursor_hidden(), "the terminal is given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sorts_types_commands_and_changes_the_size() {
    let place = Place::new().await;
    let mut t = place.open(120, 40);
    t.shows("mail");
    // The order by messages: the stream with the most comes first.
    t.keys("s");
    t.until("another order", |t| t.screen().contains("sorted by"));
    t.keys(":stream j");
    t.keys(TAB);
    t.shows("stream jobs");
    t.keys(ENTER);
    t.until("the stream", |t| t.line(1).contains("jobs"));
    t.keys(":strems");
    t.keys(ENTER);
    t.shows("streams");
    t.keys(":streams");
    t.keys(ENTER);
    t.until("the streams", |t| !t.line(1).contains("jobs"));
    for (columns, rows) in [(60, 20), (250, 70), (80, 24), (30, 6), (80, 24)] {
        t.resize(columns, rows);
        if columns < 40 {
            t.shows("too small");
        } else {
            t.until("a footer that fits", |t| t.line(rows - 1).contains("help") && t.screen().contains("github"));
        }
    }
    // What happens on the server shows up by itself.
    publish(&place.nats, "gaps", 500).await;
    t.until("new messages", |t| t.screen().contains("517"));
    let config = json!({"name": "brand-new", "subjects": ["brand.new"], "num_replicas": 1});
    place.nats.request("$JS.API.STREAM.CREATE.brand-new", config.to_string().into()).await.unwrap();
    t.shows("brand-new");
    place.nats.request("$JS.API.STREAM.DELETE.brand-new", "".into()).await.unwrap();
    t.hides("brand-new");
    t.keys("\x03");
    assert!(t.ended().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_goes_and_comes_back() {
    let mut place = Place::new().await;
    let mut t = place.open(100, 30);
    t.shows("github");
    t.until("the header", |t| t.line(0).contains("connected"));
    place.server.kill();
    t.shows("the connection was lost");
    t.until("an age", |t| t.screen().contains("github") && !t.line(0).contains("data 0s"));
    // Keys work meanwhile.
    t.keys("/audit");
    t.until("the filter", |t| !t.screen().contains("github"));
    t.keys(ESC);
    place.server.restart().unwrap();
    t.hides("the connection was lost");
    t.until("fresh data", |t| t.line(0).contains("connected") && t.screen().contains("github"));
    t.keys("q");
    assert!(t.ended().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_may_start_before_the_server() {
    let home = tempfile::tempdir().unwrap();
    let port = jetscope::demo::server::free_port().unwrap();
    let url = format!("nats://127.0.0.1:{port}");
    let mut t = open(home.path(), (80, 24), &["--server", &url]);
    t.shows("not connected");
    t.until("attempts", |t| t.screen().contains("attempts"));
    let _server = Server::start(&ServerSpec { port: Some(port), ..Default::default() }).unwrap();
    t.until("the connection", |t| t.line(0).contains("connected") && !t.screen().contains("not connected"));
    t.shows("no streams");
    t.keys("q");
    assert!(t.ended().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contexts_are_switched_without_leaving() {
    let (one, two) = (Place::new().await, Server::start(&ServerSpec::default()).unwrap());
    let nats = async_nats::connect(two.url()).await.unwrap();
    crate::common::every_kind::stream(&nats, json!({"name": "elsewhere", "subjects": ["e"]})).await;
    let folder = one.home.path().join(".config/nats/context");
    fs::create_dir_all(&folder).unwrap();
    let save = |name: &str, url: &str| {
        let text = json!({"url": url, "description": "a test", "user": "u", "password": "hunter2"}).to_string();
        fs::write(folder.join(format!("{name}.json")), text).unwrap();
    };
    save("first", &one.server.url());
    save("second", &two.url());
    save("down", "nats://127.0.0.1:1");
    let mut t = open(one.home.path(), (80, 24), &["--context", "first"]);
    t.until("the first", |t| t.line(0).contains("first") && t.screen().contains("github"));
    t.keys(":context down");
    t.keys(ENTER);
    t.shows("cannot be reached");
    t.until("the first still", |t| t.line(0).contains("first"));
    t.keys("x");
    t.until("the list", |t| t.screen().contains("second") && t.screen().contains("down"));
    t.keys("G");
    t.keys(ENTER);
    t.until("the second", |t| t.line(0).contains("second") && t.screen().contains("elsewhere"));
    t.hides("github");
    t.keys("q");
    assert!(t.ended().success());
    // Neither the screen nor the log has shown the password.
    assert!(!String::from_utf8_lossy(&t.bytes).contains("hunter2"));
    let logs = one.home.path().join(".local/state/jetscope");
    let mut read = 0;
    for entry in fs::read_dir(logs).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(text.contains("switched") && !text.contains("hunter2"), "{text}");
        read += 1;
    }
    assert_eq!(read, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_give_the_terminal_back() {
    let place = Place::new().await;
    for signal in ["TERM", "HUP", "INT", "QUIT"] {
        let mut t = place.open(80, 24);
        t.shows("github");
        Command::new("kill").arg(format!("-{signal}")).arg(t.pid().to_string()).status().unwrap();
        assert!(t.ended().success(), "{signal}");
        assert!(!t.is_taken() && !t.cursor_hidden(), "{signal}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_that_others_wrote_on_is_drawn_anew() {
    let place = Place::new().await;
    let mut t = place.open(80, 24);
    t.shows("github");
    t.parser.process(b"\x1b[2J\x1b[Hmessage from root");
    t.shows("message from root");
    t.keys("\x0c");
    t.until("the screen as it was", |t| t.screen().contains("github") && !t.screen().contains("message from root"));
    t.keys("q");
    assert!(t.ended().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_stop_the_terminal_is_taken_over_again() {
    let place = Place::new().await;
    let mut t = place.open(80, 24);
    t.shows("github");
    let tell = |t: &Terminal, signal: &str| {
        Command::new("kill").args([signal, &t.pid().to_string()]).status().unwrap();
    };
    tell(&t, "-STOP");
    // The shell that gets the terminal meanwhile shows its own screen.
    t.parser.process(b"\x1b[?1049l\x1b[?25h$ ");
    assert!(!t.is_taken());
    tell(&t, "-CONT");
    t.until("the whole screen", |t| t.is_taken() && t.cursor_hidden() && t.screen().contains("github"));
    t.keys("q");
    assert!(t.ended().success());
    assert!(!t.is_taken() && !t.cursor_hidden());
}

/// The console as the child of a shell with job control, which shows when it has the terminal back and goes on with `fg`
/// when Enter is pressed.
fn open_in_a_shell(place: &Place) -> Terminal {
    let script = r#"set -m; "$0" --server "$1"; echo "stopped: $?"; read -r go; fg; echo "ended: $?"; read -r go"#;
    let args = ["-c", script, env!("CARGO_BIN_EXE_jetscope"), &place.server.url()];
    let vars = [("PATH", "/usr/bin:/bin")];
    let mut t = Terminal::start(Path::new("/bin/sh"), place.home.path(), (80, 24), &args, &vars);
    t.until("the console", |t| t.is_taken() && t.cursor_hidden() && t.screen().contains("github"));
    t
}

/// The shell has the terminal as it was before, and `fg` brings back a console that takes keys.
fn stops_and_goes_on(t: &mut Terminal) {
    t.until("the shell", |t| !t.is_taken() && !t.cursor_hidden() && t.screen().contains("stopped: "));
    // Raw mode is off: the terminal itself shows what is typed, and ends the line with Enter.
    t.keys("typed");
    t.shows("typed");
    t.keys(ENTER);
    t.until("the console again", |t| t.is_taken() && t.cursor_hidden() && t.screen().contains("github"));
    t.keys("C");
    t.until("all consumers", |t| t.line(1).contains("Consumers") && t.screen().contains("workers"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_the_console_gets_the_terminal_back() {
    let place = Place::new().await;
    let mut t = open_in_a_shell(&place);
    let shell = t.pid().to_string();
    let console = Command::new("pgrep").args(["-P", &shell, "jetscope"]).output().unwrap();
    let console = String::from_utf8(console.stdout).unwrap();
    Command::new("kill").args(["-TSTP", console.trim()]).status().unwrap();
    stops_and_goes_on(&mut t);
    t.keys("q");
    t.shows("ended: 0");
    assert!(!t.is_taken() && !t.cursor_hidden());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_goes_back_to_the_shell_even_while_something_is_typed() {
    let place = Place::new().await;
    let mut t = open_in_a_shell(&place);
    t.keys("\x1a");
    stops_and_goes_on(&mut t);
    // To the script the second stop is the end of its `fg`.
    t.keys("/work");
    t.until("the filter", |t| t.screen().contains("workers") && !t.screen().contains("untouched"));
    t.keys("\x1a");
    t.until("the shell", |t| !t.is_taken() && !t.cursor_hidden() && t.screen().contains("ended: "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_shell_the_console_stays() {
    let place = Place::new().await;
    let mut t = place.open(80, 24);
    t.shows("github");
    t.keys("\x1a");
    t.shows("no shell started the console");
    assert!(t.is_taken());
    // Whoever stops it from outside knows how to continue it.
    let tell = |t: &Terminal, signal: &str| {
        Command::new("kill").args([signal, &t.pid().to_string()]).status().unwrap();
    };
    tell(&t, "-TSTP");
    t.until("the terminal back", |t| !t.is_taken() && !t.cursor_hidden());
    t.until("the stop", |t| {
        let state = Command::new("ps").args(["-o", "state=", "-p", &t.pid().to_string()]).output().unwrap();
        String::from_utf8(state.stdout).unwrap().trim().starts_with('T')
    });
    tell(&t, "-CONT");
    t.until("the whole screen", |t| t.is_taken() && t.cursor_hidden() && t.screen().contains("github"));
    // Told to go on before it has come to stop, it does not stop for ever.
    tell(&t, "-TSTP");
    tell(&t, "-CONT");
    t.keys("C");
    t.until("all consumers", |t| t.is_taken() && t.line(1).contains("Consumers") && t.screen().contains("workers"));
    t.keys("q");
    assert!(t.ended().success());
}

/// Set for a run of this very test program whose only test panics with the terminal taken over.
const PANIC: &str = "JETSCOPE_TEST_PANIC";

#[test]
fn a_panic_gives_the_terminal_back_and_is_told() {
    if std::env::var_os(PANIC).is_some() {
        restore_on_panic();
        let mut screen = Screen::take(Theme::default()).unwrap();
        // The other side waits for the screen before it lets this go on.
        std::io::stdin().lines().next();
        std::thread::spawn(|| panic!("on purpose")).join().unwrap_err();
        // The loop must not go on drawing into the report.
        let refused = screen.clear().is_err() && screen.write("\x1b[?25l").is_err();
        std::process::exit(if refused { 101 } else { 1 });
    }
    let home = tempfile::tempdir().unwrap();
    let name = "console::a_panic_gives_the_terminal_back_and_is_told";
    let program = std::env::current_exe().unwrap();
    let args = ["--exact", name, "--nocapture"];
    let mut t = Terminal::start(&program, home.path(), (80, 24), &args, &[(PANIC, "1")]);
    t.until("the whole screen", |t| t.is_taken() && t.cursor_hidden());
    t.keys("\n");
    assert_eq!(t.ended().exit_code(), 101);
    assert!(!t.is_taken() && !t.cursor_hidden());
    assert!(t.screen().contains("on purpose"), "{}", t.screen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copying_goes_through_the_terminal() {
    let place = Place::new().await;
    let mut t = place.open(80, 24);
    t.shows("github");
    t.keys("/audit");
    t.keys(ENTER);
    t.keys("y");
    t.shows("copied");
    // base64 of "audit".
    assert!(String::from_utf8_lossy(&t.bytes).contains("\x1b]52;c;YXVkaXQ=\x07"));
}
