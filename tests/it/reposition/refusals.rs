//! What is refused, with the reason and the next step.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_that_are_none() {
    let place = Place::with(20, json!({"ack_wait": SECOND})).await;
    api(&place.nats, "STREAM.PURGE.S", json!({"seq": 6})).await;
    place.fill(2).await;
    for place_text in ["24", "2100-01-01T00:00Z"] {
        let said = place.run(&["S", "c", "--to", place_text]).await.code(2).has(&["`end` is for what comes next"]);
        assert!(said.out.contains("not possible"), "{said:#?}");
        place
            .run(&["S", "c", "--to", place_text, "--execute"])
            .await
            .code(2)
            .has(&["is not moved", "`end` is for what comes next"]);
    }
    place
        .run(&["S", "c", "--to", "23"])
        .await
        .code(0)
        .has(&["#23, what comes next", "17 messages were never delivered"]);
    // Before the beginning is the beginning, with a word.
    take(&place.nats, "c", 1).await;
    let said = place.run(&["S", "c", "--to", "2", "--execute", "--force"]).await;
    said.code(0).has(&["the stream begins with #6; nothing is left of #2", "to #6"]);
    assert_eq!(position(&place.info("c").await), (5, 5));
    for (args, words) in [
        (["S", "c", "--to", "yesterday"], "a consumer goes on at"),
        (["S", "c", "--to", "0"], "begin at 1"),
        (["S", "none", "--to", "7"], "S has no consumer none (`jetscope consumers S`"),
        (["T", "c", "--to", "7"], "no stream is called T"),
        (["S", "a.b", "--to", "7"], "no consumer can be called"),
    ] {
        place.run(&args).await.code(2).has(&[words]);
    }
    for args in [&["S", "c"][..], &["S"], &[], &["undo", "S"]] {
        place.run(args).await.code(2);
    }
    place.run(&["undo"]).await.code(0);
    place.run(&["undo", "S", "other"]).await.code(2).has(&["nothing to take back of consumer other of S"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_that_the_server_does_not_move() {
    let place = Place::with(20, json!({})).await;
    for (name, config) in [
        ("new", json!({"deliver_policy": "new"})),
        ("last", json!({"deliver_policy": "last"})),
        ("each", json!({"deliver_policy": "last_per_subject", "filter_subject": "s.*"})),
        ("seq", json!({"deliver_policy": "by_start_sequence", "opt_start_seq": 10})),
    ] {
        place.consumer(name, config).await;
        let policy = place.info(name).await["config"]["deliver_policy"].as_str().unwrap().to_owned();
        let words = if name == "seq" { "made to start at #10".to_owned() } else { format!("deliver policy {policy}") };
        place.run(&["S", name, "--to", "5", "--execute"]).await.code(2).has(&[&words, "--recreate"]);
        let said = place.run(&["S", name, "--to", "5", "--recreate"]).await.code(0);
        said.has(
            &["lost", "redelivery counts", "made again"]
                .map(|w| if w == "redelivery counts" { "redelivered" } else { w }),
        );
        place.run(&["S", name, "--to", "5", "--recreate", "--execute"]).await.code(0).has(&["to #5, read back"]);
        let info = place.info(name).await;
        assert_eq!(
            (&info["config"]["deliver_policy"], &info["config"]["opt_start_seq"]),
            (&json!("by_start_sequence"), &json!(5))
        );
    }
    // From where it was made to start on, it is moved as any other.
    place.run(&["S", "seq", "--to", "12", "--execute", "--json"]).await.code(0).has(&["\"reset\""]);
    // Had another be made of the same name since, it would not be touched.
    api(&place.nats, "CONSUMER.DELETE.S.seq", Value::Null).await;
    place.consumer("seq", json!({})).await;
    place.run(&["undo", "S", "seq", "--execute"]).await.code(2).has(&["made again by somebody else"]);
    // The server's own word, where it was not foreseen.
    let at = jiff::Timestamp::now().to_string();
    place.fill(3).await;
    place.consumer("time", json!({"deliver_policy": "by_start_time", "opt_start_time": at})).await;
    place.run(&["S", "time", "--to", "5"]).await.code(2).has(&["made to start at 20"]);
    place.run(&["S", "time", "--to", "22", "--execute"]).await.code(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_levels() {
    let place = Place::with(10, json!({})).await;
    let file = |name: &str, text: String| {
        let path = place.home.path().join("config").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for name in ["prod", "look"] {
        file(&format!("nats/context/{name}.json"), json!({"url": place.server.url()}).to_string());
    }
    file(
        "jetscope/config.toml",
        "[contexts.prod]\naccess = \"protected\"\n[contexts.look]\naccess = \"read-only\"\n".into(),
    );
    let args = ["S", "c", "--to", "5", "--execute"];
    place.run_as(&args, &["--context", "look"]).await.code(2).has(&["read-only"]);
    place.run_as(&args, &["--context", "prod"]).await.code(2).has(&["type the context's name, \"prod\""]);
    place.run_as(&args, &["--context", "prod", "--confirm", "dev"]).await.code(2);
    place.run_as(&args, &["--context", "prod", "--confirm", "prod", "--read-only"]).await.code(2).has(&["read-only"]);
    assert_eq!(position(&place.info("c").await), (0, 0));
    assert!(place.records().is_empty(), "nothing was begun");
    place.run_as(&args[..4], &["--context", "look"]).await.code(0);
    place.run_as(&args, &["--context", "prod", "--confirm", "prod"]).await.code(0);
    assert_eq!(place.audit()[0]["context"], "prod");
    let undo = ["undo", "--execute"];
    place.run_as(&undo, &["--context", "prod"]).await.code(2).has(&["type the context's name"]);
    place.run_as(&undo, &["--context", "prod", "--confirm", "prod"]).await.code(0);
    assert_eq!(position(&place.info("c").await), (0, 0));
}

/// A context that is selected lends its credentials to another address, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_level_is_that_of_the_address() {
    let place = Place::with(10, json!({})).await;
    let elsewhere = Place::with(10, json!({})).await;
    let config = place.home.path().join("config");
    let file = |name: &str, text: String| {
        let path = config.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    file("nats/context/prod.json", json!({"url": place.server.url()}).to_string());
    file("nats/context/dev.json", json!({"url": "nats://127.0.0.1:1"}).to_string());
    file("jetscope/config.toml", "[contexts.prod]\naccess = \"protected\"\n".into());
    let args = ["S", "c", "--to", "5", "--execute"];
    let (own, other) = (place.server.url(), elsewhere.server.url());
    // The address of the protected context is protected, whichever context is selected, and whatever it is called.
    let localhost = own.replace("127.0.0.1", "localhost");
    for (selected, server) in [("dev", &own), ("prod", &own), ("dev", &localhost)] {
        file("nats/context.txt", selected.into());
        place.run_as(&args, &["-s", server]).await.code(2).has(&["type the context's name, \"prod\""]);
    }
    assert_eq!(position(&place.info("c").await), (0, 0));
    file("nats/context.txt", "prod".into());
    place.run_as(&args, &["--confirm", "prod"]).await.code(0);
    // Selected, and elsewhere: the default. What was done at the context's own address is not taken back there.
    place.run_as(&["undo", "--execute"], &["-s", &other]).await.code(2).has(&["nothing"]);
    assert_eq!(position(&elsewhere.info("c").await), (0, 0));
    place.run_as(&args, &["-s", &other, "--read-only"]).await.code(2).has(&["read-only"]);
    place.run_as(&args, &["-s", &other]).await.code(0);
    assert_eq!(position(&elsewhere.info("c").await), (4, 4));
    let audit = place.audit();
    assert_eq!((&audit[0]["context"], &audit[1]["context"]), (&json!("prod"), &Value::Null));
    // Asked for by name it may be meant.
    let args = ["S", "c", "--to", "7", "--execute"];
    place.run_as(&args, &["--context", "prod", "-s", &other]).await.code(2).has(&["\"prod\""]);
}

/// A user who may do everything but this.
async fn without(denied: &str) -> Place {
    let server = server_with(&format!(
        "authorization {{ users: [
            {{user: app, password: p}}
            {{user: me, password: p, permissions: {{publish: {{deny: [\"{denied}\"]}}}}}}
        ] }}\nno_auth_user: app"
    ));
    let place = Place::on(server).await;
    stream(&place.nats, json!({"name": "S", "subjects": ["s.*"]})).await;
    place.fill(10).await;
    place.consumer("c", json!({})).await;
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_that_are_missing_are_named() {
    for verb in ["PAUSE", "RESET"] {
        let denied = format!("$JS.API.CONSUMER.{verb}.S.c");
        let place = without(&denied).await;
        let url = place.server.url();
        let me = ["--server", url.as_str(), "--user", "me", "--password", "p"];
        let begun = Instant::now();
        let said = place.run_as(&["S", "c", "--to", "5", "--execute"], &me).await.code(2);
        said.has(&["no permission to publish to", &denied, "it stands where it stood"]);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        place.until("c", "resumed", |c| c["paused"].is_null() && position(c) == (0, 0)).await;
        assert_eq!((&place.audit()[0]["state"], &place.records()[0]["stage"]), (&json!("FAILED"), &json!("FAILED")));
    }
}

/// Deleted, and may not be made again: nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_made_again_is_printed_and_kept() {
    let place = without("$JS.API.CONSUMER.CREATE.S.n").await;
    place.consumer("n", json!({"deliver_policy": "new", "metadata": {"owner": "me"}, "ack_wait": 7 * SECOND})).await;
    let url = place.server.url();
    let me = ["--server", url.as_str(), "--user", "me", "--password", "p"];
    let said = place.run_as(&["S", "n", "--to", "5", "--recreate", "--execute"], &me).await.code(2);
    said.has(&[
        "no permission to publish to $JS.API.CONSUMER.CREATE.S.n",
        "it is deleted",
        "\"owner\":\"me\"",
        ".json",
    ]);
    assert_eq!(raw(&place.nats, "CONSUMER.INFO.S.n", &Value::Null).await["error"]["err_code"], 10014);
    assert_eq!(place.records()[0]["config"]["ack_wait"], 7 * SECOND);
    // As somebody who may.
    place.run(&["undo"]).await.code(0).has(&["which is gone", "broken off"]);
    place.run(&["undo", "--execute"]).await.code(0).has(&["to #11"]);
    let info = place.info("n").await;
    assert_eq!((&info["config"]["ack_wait"], &info["config"]["metadata"]["owner"]), (&json!(7 * SECOND), &json!("me")));
    assert_eq!(position(&info), (10, 10));
    let said = place.run(&["undo"]).await.code(2).has(&["nothing to take back"]);
    assert!(!said.err.contains("broken off"), "{said:#?}");
}
