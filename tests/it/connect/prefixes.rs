//! What changes the subjects that are used: inbox prefix, `JetStream` domain, prefix of the `JetStream` API.

use jetscope::config::{Flags, Secret, Settings};
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::{Problem, ProblemKind, Update};
use jetscope::nats::{Api, open};
use serde_json::json;

use super::{account, says, server_flag};
use crate::common::home::Home;
use crate::common::live::{LONG, Live, quick};
use crate::common::{fixture, server_with};

async fn problem_of(settings: &Settings) -> Problem {
    let client = open(&settings.connection).await.expect("a connection");
    Api::new(client).account().await.expect_err("no account")
}

#[tokio::test]
async fn an_inbox_prefix_that_the_user_is_bound_to() {
    let server = server_with(
        r#"authorization { users: [ { user: me, password: pw, permissions: {
            publish: "$JS.API.>", subscribe: "_INBOX_me.>" } } ] }"#,
    );
    let mut context = json!({ "url": server.url(), "user": "me", "password": "pw" });
    let plain = Home::with(&context);
    let problem = problem_of(&plain.selected()).await;
    assert!(matches!(problem.kind, ProblemKind::Denied { .. }), "{problem:?}");
    says(&problem.sentence, &["_INBOX.", "--inbox-prefix"]);

    account(&plain.load(&Flags { inbox_prefix: Some("_INBOX_me".into()), ..Flags::default() }, &[])).await;
    account(&plain.load(&Flags::default(), &[("NATS_INBOX_PREFIX", "_INBOX_me.")])).await;
    context["inbox_prefix"] = "_INBOX_me".into();
    account(&Home::with(&context).selected()).await;

    for bad in ["_INBOX me", "_INBOX.>", "*", "."] {
        let flags = Flags { inbox_prefix: Some(bad.into()), ..Flags::default() };
        let error = plain.try_load(&flags, &[]).unwrap_err().to_string();
        says(&error, &["--inbox-prefix", &format!("{:?}", bad.trim_end_matches('.'))]);
    }
}

#[tokio::test]
async fn a_jetstream_domain() {
    let spec = ServerSpec {
        jetstream: false,
        config: "jetstream { store_dir: \"{dir}/store\", domain: hub }".into(),
        ..ServerSpec::default()
    };
    let server = Server::start(&spec).unwrap();
    let home = Home::with(&json!({ "url": server.url(), "jetstream_domain": "hub" }));
    let settings = home.selected();
    assert_eq!(settings.connection.api_prefix, "$JS.hub.API");
    assert_eq!(account(&settings).await.domain.as_deref(), Some("hub"));

    let none = Home::new();
    account(&none.load(&Flags { domain: Some("hub".into()), ..server_flag(&server) }, &[])).await;
    account(&none.load(&server_flag(&server), &[("NATS_JS_DOMAIN", "hub")])).await;

    let problem = problem_of(&home.load(&Flags { domain: Some("leaf".into()), ..Flags::default() }, &[])).await;
    assert_eq!(problem.kind, ProblemKind::NoResponders);
    says(&problem.sentence, &["$JS.leaf.API", "domain"]);
}

#[tokio::test]
async fn an_api_prefix_of_an_imported_account() {
    let server = server_with(
        r#"accounts {
            JS: { jetstream: { max_streams: 7 }, users: [{ user: js, password: pw }],
                  exports: [{ service: "$JS.API.>" }] }
            APP: { users: [{ user: app, password: pw }],
                   imports: [{ service: { account: JS, subject: "$JS.API.>" }, to: "JSAPP.API.>" }] }
        }"#,
    );
    let context = json!({ "url": server.url(), "user": "app", "password": "pw", "jetstream_api_prefix": "JSAPP.API" });
    let home = Home::with(&context);
    let settings = home.selected();
    assert_eq!(account(&settings).await.whole.max_streams, Some(7));
    let listing = Api::new(open(&settings.connection).await.unwrap()).streams().await;
    assert_eq!((listing.problem, listing.total), (None, 0));

    let none = Home::new();
    let user = || Flags { user: Some(Secret::new("app")), password: Some(Secret::new("pw")), ..server_flag(&server) };
    account(&none.load(&Flags { api_prefix: Some("JSAPP.API.".into()), ..user() }, &[])).await;
    account(&none.load(&user(), &[("NATS_JS_API_PREFIX", "JSAPP.API")])).await;

    // Without it the account has no JetStream of its own.
    let problem = problem_of(&none.load(&user(), &[])).await;
    assert!(matches!(problem.kind, ProblemKind::NotEnabled | ProblemKind::NoResponders), "{problem:?}");
}

/// Advisories of another account come under subjects of our own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn advisories_with_another_prefix() {
    let server = server_with(
        r#"accounts {
            JS: { jetstream: enabled, users: [{ user: js, password: pw }],
                  exports: [{ service: "$JS.API.>", response_type: stream }, { stream: "$JS.EVENT.>" }] }
            APP: { users: [{ user: app, password: pw }],
                   imports: [{ service: { account: JS, subject: "$JS.API.>" }, to: "JSAPP.API.>" },
                             { stream: { account: JS, subject: "$JS.EVENT.>" }, to: "JSAPP.EVENT.>" }] }
        }"#,
    );
    let context = json!({
        "url": server.url(), "user": "app", "password": "pw",
        "jetstream_api_prefix": "JSAPP.API", "jetstream_event_prefix": "JSAPP.EVENT",
    });
    let connection = Home::with(&context).selected().connection;
    assert_eq!(connection.event_prefix, "JSAPP.EVENT");
    let js = fixture::app_as(&server.url(), "js", "pw").await;
    let mut live = Live::start(connection, quick());
    live.until(LONG, "listening", |l| l.seen.iter().any(|(_, u)| matches!(u, Update::AdvisoriesHeard(_)))).await;
    fixture::stream(&js, "told").await;
    live.until(LONG, "an advisory", |l| {
        l.seen.iter().any(|(_, u)| matches!(u, Update::Advisory(a) if a.stream == "told"))
    })
    .await;
    live.keys("8");
    live.until(LONG, "its sentence", |l| l.world.screen().contains("stream told was created")).await;
}

/// Domain and prefix both choose the API's subjects, so the first place that names either decides.
#[test]
fn the_first_place_that_names_domain_or_prefix_decides() {
    let home = Home::with(&json!({ "jetstream_api_prefix": "FILE.API" }));
    let prefix = |flags: &Flags, vars: &[(&str, &str)]| home.load(flags, vars).connection.api_prefix;
    let domain = Flags { domain: Some("flag".into()), ..Flags::default() };
    assert_eq!(prefix(&Flags::default(), &[]), "FILE.API");
    assert_eq!(prefix(&Flags::default(), &[("NATS_JS_DOMAIN", "env")]), "$JS.env.API");
    assert_eq!(prefix(&domain, &[("NATS_JS_API_PREFIX", "ENV.API")]), "$JS.flag.API");
    let both = Flags { api_prefix: Some("FLAG.API".into()), ..domain };
    assert_eq!(prefix(&both, &[("NATS_JS_DOMAIN", "env")]), "FLAG.API");
    let error = home.try_load(&Flags { domain: Some("a b".into()), ..Flags::default() }, &[]).unwrap_err().to_string();
    says(&error, &["domain", "a b", "blanks"]);
}
