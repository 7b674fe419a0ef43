//! Consoles and commands listen to subjects that others may publish to.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use jetscope::demo::{Server, ServerSpec};
use serde_json::json;
use tokio::time::sleep;

use crate::common::every_kind::stream;
use crate::common::pty::Terminal;
use crate::common::raw::Raw;

/// What kills the client's task, as an advisory.
const DEADLY: &[u8] = b"NATS/1.0\r\na: x\ry\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_console_outlives_what_others_publish_where_it_listens() {
    let server = Server::start(&ServerSpec::default()).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    stream(&nats, json!({"name": "before", "subjects": ["s"]})).await;
    let home = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_jetscope"));
    let url = server.url();
    let mut t = Terminal::start(program, home.path(), (120, 30), &["--server", &url], &[]);
    t.shows("before");
    t.keys("8");
    t.until("the screen of advisories", |t| t.line(1).contains("Activity"));
    let mut raw = Raw::to(&server);
    for (n, block) in [DEADLY, b"NATS/1.0\r\na: \xff\r\n\r\n", DEADLY, DEADLY].into_iter().cycle().take(12).enumerate()
    {
        let subject = ["$JS.EVENT.ADVISORY.STREAM.CREATED.x", "$JS.EVENT.ADVISORY.CONSUMER.CREATED.x.y"][n % 2];
        raw.send(subject, block, "{}");
        raw.flush();
        sleep(Duration::from_millis(100)).await;
    }
    t.shows("breaks again and again");
    assert!(t.is_taken() && t.cursor_hidden(), "the terminal is still the console's");
    assert!(!t.screen().contains("panic"), "{}", t.screen());
    t.until("the header", |t| t.line(0).contains("● connected"));
    // Polls went on undisturbed, and advisories are heard again.
    t.keys("1");
    stream(&nats, json!({"name": "after", "subjects": ["t"]})).await;
    t.shows("after");
    t.keys("q");
    assert_eq!(t.ended().exit_code(), 0);
    let told = String::from_utf8_lossy(&t.bytes).matches("panicked").count();
    assert_eq!(told, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_dies_of_an_answer_is_made_anew_and_watching_goes_on() {
    // Without JetStream there: whoever subscribes its subjects answers.
    let server = Server::start(&ServerSpec { jetstream: false, ..Default::default() }).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut questions = nats.subscribe("$JS.API.>").await.unwrap();
    nats.flush().await.unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_jetscope"))
        .args(["streams", "--json", "--watch", "200ms", "--server", &server.url()])
        .env_clear()
        .env("HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let lines = std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).take(4).count());
    let notes = std::thread::spawn(move || BufReader::new(err).lines().map_while(Result::ok).collect::<Vec<_>>());
    let mut raw = Raw::to(&server);
    let answering = async {
        for n in 0.. {
            let Some(question) = futures_util::StreamExt::next(&mut questions).await else { return };
            let inbox = question.reply.unwrap();
            if n == 1 || n == 3 {
                raw.send(inbox.as_str(), DEADLY, "{}");
                raw.flush();
            } else {
                let answer = r#"{"total":0,"offset":0,"limit":256,"streams":[]}"#;
                nats.publish(inbox, answer.into()).await.unwrap();
            }
        }
    };
    let wanted = tokio::task::spawn_blocking(move || lines.join().unwrap());
    let documents = tokio::select! {
        () = answering => 0,
        wanted = wanted => wanted.unwrap(),
    };
    assert_eq!(documents, 4);
    child.kill().unwrap();
    child.wait().unwrap();
    let notes = notes.join().unwrap().join("\n");
    assert!(notes.contains("the server sent something that the NATS client cannot read"), "{notes}");
    assert!(!notes.contains("panic"), "{notes}");
}
