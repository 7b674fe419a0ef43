//! A stand-in for `JetStream`: a real server without it, and a client that answers on the API's subjects. So a
//! test decides how slowly and how well is answered, and sees which questions are open at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::live::now;

/// How questions are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Well, after this long.
    Well(Duration),
    /// "Temporarily unavailable", code 10008, as without a meta leader.
    Busy,
}

/// A question: when it came and when it was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) came: Instant,
    pub(crate) done: Option<Instant>,
}

type Book = Arc<Mutex<BTreeMap<String, Vec<Asked>>>>;

/// The stand-in. Dropping it ends it.
pub(crate) struct StandIn {
    server: Server,
    mood: Arc<Mutex<Mood>>,
    book: Book,
    task: JoinHandle<()>,
}

impl StandIn {
    /// Stands in for a server with these streams, each with one consumer.
    pub(crate) async fn start(streams: &'static [&'static str], mood: Mood) -> Self {
        Self::answering(mood, move |subject| answer(subject, streams, 0)).await
    }

    /// The same, of which the clock is so much ahead of ours, in nanoseconds.
    pub(crate) async fn ahead(streams: &'static [&'static str], ahead: i64) -> Self {
        Self::answering(Mood::Well(Duration::ZERO), move |subject| answer(subject, streams, ahead)).await
    }

    /// Stands in for a server that answers so, by subject.
    pub(crate) async fn answering(mood: Mood, answers: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let answers = Arc::new(answers);
        let spec = ServerSpec { jetstream: false, ..Default::default() };
        let server = Server::start(&spec).expect("a server");
        let client = async_nats::connect(server.url()).await.expect("a connection");
        let mut questions = client.subscribe("$JS.API.>").await.expect("a subscription");
        client.flush().await.expect("the subscription is known");
        let mood = Arc::new(Mutex::new(mood));
        let book = Book::default();
        let (moods, pages) = (Arc::clone(&mood), Arc::clone(&book));
        let task = tokio::spawn(async move {
            while let Some(question) = questions.next().await {
                let came = Instant::now();
                let subject = question.subject.to_string();
                let index = {
                    let mut book = pages.lock().expect("the book");
                    let page = book.entry(subject.clone()).or_default();
                    page.push(Asked { came, done: None });
                    page.len() - 1
                };
                let mood = *moods.lock().expect("the mood");
                let (client, pages, answers) = (client.clone(), Arc::clone(&pages), Arc::clone(&answers));
                tokio::spawn(async move {
                    let reply = match mood {
                        Mood::Well(after) => {
                            sleep(after).await;
                            answers(&subject)
                        }
                        Mood::Busy => BUSY.to_owned(),
                    };
                    // Noted first: the next question cannot come before this answer.
                    pages.lock().expect("the book").get_mut(&subject).expect("a page")[index].done =
                        Some(Instant::now());
                    if let Some(inbox) = question.reply {
                        let _ = client.publish(inbox, reply.into()).await;
                    }
                });
            }
        });
        Self { server, mood, book, task }
    }

    /// The address.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Answers so from now on.
    pub(crate) fn feel(&self, mood: Mood) {
        *self.mood.lock().expect("the mood") = mood;
    }

    /// What was asked, by subject.
    pub(crate) fn book(&self) -> BTreeMap<String, Vec<Asked>> {
        self.book.lock().expect("the book").clone()
    }

    /// How many questions came so far.
    pub(crate) fn questions(&self) -> usize {
        self.book.lock().expect("the book").values().map(Vec::len).sum()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const BUSY: &str =
    r#"{"error":{"code":503,"err_code":10008,"description":"JetStream system temporarily unavailable"}}"#;

/// What such a server answers.
pub(crate) fn answer(subject: &str, streams: &[&str], ahead: i64) -> String {
    let ts = Timestamp(now().0 + ahead);
    let tokens: Vec<&str> = subject.split('.').skip(2).collect();
    match tokens.as_slice() {
        ["STREAM", "LIST"] => {
            let all: Vec<String> = streams.iter().map(|name| stream(name, ts)).collect();
            format!(r#"{{"total":{n},"offset":0,"limit":256,"streams":[{}]}}"#, all.join(","), n = streams.len())
        }
        ["STREAM", "INFO", name] => stream(name, ts),
        ["CONSUMER", "LIST", stream] => {
            format!(
                r#"{{"total":1,"offset":0,"limit":256,"consumers":[{{"stream_name":"{stream}","name":"c","config":{{"durable_name":"c"}},"ts":"{ts}"}}]}}"#
            )
        }
        _ => r#"{"storage":1,"streams":2,"limits":{"max_storage":-1}}"#.into(),
    }
}

/// A stream whose last message was stored a minute ago, by its server's clock.
fn stream(name: &str, ts: Timestamp) -> String {
    let last = ts.minus(Duration::from_secs(60));
    format!(
        r#"{{"config":{{"name":"{name}","retention":"limits","storage":"file","num_replicas":1}},"created":"2026-11-23T09:24:33Z","state":{{"messages":7,"first_seq":1,"last_seq":7,"first_ts":"{last}","last_ts":"{last}","consumer_count":1}},"ts":"{ts}"}}"#
    )
}
