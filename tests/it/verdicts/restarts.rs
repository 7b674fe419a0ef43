//! Restarts and changes of leaders, which forget when something was last acked, are no false alarms.

use std::time::Duration;

use serde_json::{Value, json};

use super::play::Stage;
use super::{look, of};
use crate::common::every_kind::raw;
use crate::common::server_with;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_is_no_alarm_and_hides_none() {
    let mut server = server_with("");
    let mut stage = Stage::on(&server.url()).await;
    let on_disk = || json!({"storage": "file"});
    for name in ["idle", "live", "gone"] {
        stage.scene(name, &on_disk(), &json!({})).await;
        stage.store(name, 5).await;
    }
    stage.takes("idle", 5, true).await;
    stage.takes("gone", 2, true).await;
    stage.publishes("live", 1, Duration::from_millis(50));
    stage.reads("live", 50, Duration::from_millis(1), true);
    stage.until("live", "it reads", |c| c["ack_floor"]["consumer_seq"] != 0).await;
    for name in ["idle", "gone"] {
        assert!(stage.info(name).await["ack_floor"]["last_active"].is_string(), "{name}");
    }

    let looking = look(&server.url(), Duration::from_secs(4));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    tokio::task::block_in_place(|| {
        server.kill();
        server.restart().expect("it comes back");
    });
    let told = looking.ended().await;
    for name in ["idle", "gone"] {
        assert!(stage.info(name).await["ack_floor"]["last_active"].is_null(), "{name}: the time is forgotten");
    }
    of(&told, "idle").is("OK", &[], "Nothing is outstanding");
    of(&told, "live").is("OK", &[], "");
    of(&told, "gone").is("STOPPED", &[], "3 messages are outstanding");

    // And when it had forgotten before we look.
    let told = look(&server.url(), Duration::from_secs(2)).ended().await;
    of(&told, "idle").is("OK", &[], "nothing was acked for the whole window");
    of(&told, "live").is("OK", &[], "");
    of(&told, "gone").is("STOPPED", &[], "3 messages are outstanding");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lacks_a_few_samples_is_waited_for() {
    let server = server_with("");
    let stage = Stage::on(&server.url()).await;
    stage.scene("gone", &json!({}), &json!({})).await;
    stage.store("gone", 5).await;
    let looking = look(&server.url(), Duration::from_secs(6));
    tokio::time::sleep(Duration::from_millis(900)).await;
    stage.consumer("gone", "late", &json!({})).await;
    let told = looking.ended().await;
    of(&told, "gone").is("STOPPED", &[], "5 messages are outstanding");
    of(&told, "late").is("STOPPED", &[], "5 messages are outstanding");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_leaders_are_no_alarm() {
    let servers = crate::cluster::three();
    let url = servers[0].url();
    let js = crate::common::fixture::app(&url).await;
    let mut stage = Stage::on(&url).await;
    for name in ["idle", "live", "working"] {
        let config = async_nats::jetstream::stream::Config {
            num_replicas: 3,
            storage: async_nats::jetstream::stream::StorageType::File,
            ..crate::common::fixture::config(name)
        };
        crate::common::fixture::patient_stream(&js, config, Duration::from_secs(45)).await;
        stage.consumer(name, name, &json!({})).await;
        stage.store(name, 5).await;
    }
    stage.store("working", 3_000).await;
    stage.takes("idle", 5, true).await;
    stage.publishes("live", 1, Duration::from_millis(50));
    stage.reads("live", 50, Duration::from_millis(1), true);
    stage.reads("working", 5, Duration::from_millis(50), true);
    stage.until("live", "it reads", |c| c["ack_floor"]["consumer_seq"] != 0).await;

    let leader = |info: &Value| info["cluster"]["leader"].as_str().map(str::to_owned);
    let mut before = Vec::new();
    for name in ["idle", "live", "working"] {
        before.push(leader(&stage.info(name).await));
    }
    let looking = look(&url, Duration::from_secs(10));
    tokio::time::sleep(Duration::from_secs(3)).await;
    for name in ["idle", "live", "working"] {
        raw(&stage.nats, &format!("CONSUMER.LEADER.STEPDOWN.{name}.{name}"), &Value::Null).await;
        raw(&stage.nats, &format!("STREAM.LEADER.STEPDOWN.{name}"), &Value::Null).await;
    }
    let told = looking.ended().await;
    for (name, before) in ["idle", "live", "working"].into_iter().zip(before) {
        stage.until(name, "another leader", |c| leader(c).is_some() && leader(c) != before).await;
    }
    of(&told, "idle").is("OK", &[], "Nothing is outstanding");
    of(&told, "live").is("OK", &[], "");
    of(&told, "working").is("OK", &[], "It catches up by");
}
