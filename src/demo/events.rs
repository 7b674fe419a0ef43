//! The demo's `CloudEvents`: what each application tells, with plausible types, subjects and data.

use cloudevents::{Event, EventBuilder as _, EventBuilderV10};
use serde_json::{Value, json};
use thiserror::Error;

use super::dice::Dice;

/// Why an event could not be made.
#[derive(Debug, Error)]
pub(super) enum EventError {
    /// An attribute is missing or wrong.
    #[error(transparent)]
    Build(#[from] cloudevents::event::EventBuilderError),
    /// It could not be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// An application that publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// Webhooks of repositories.
    Github,
    /// Orders, payments, carts.
    Shop,
    /// Mails to be sent, by tenant.
    Mail,
    /// Documents of an ERP system, by plant.
    Erp,
    /// Work for exactly one worker.
    Jobs,
    /// Who did what.
    Audit,
    /// Measurements of hosts.
    Metrics,
    /// Weather stations that nobody listens to.
    Weather,
}

/// An event that is not yet on its way.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The NATS subject.
    pub(super) subject: String,
    /// The event.
    pub(super) event: Event,
}

const REPOS: [&str; 10] =
    ["gateway", "web", "billing", "infra", "docs", "mobile", "search", "design", "sdk-rust", "sdk-go"];
/// One name is not ASCII, so that percent-encoded headers occur.
const PEOPLE: [&str; 8] = ["ada", "grace", "linus", "zoë", "margaret", "ken", "barbara", "dennis"];
const TENANTS: [&str; 5] = ["acme", "globex", "initech", "umbrella", "hooli"];
const PLANTS: [&str; 4] = ["berlin", "lyon", "porto", "gdansk"];
const HOSTS: [&str; 6] = ["web-1", "web-2", "db-1", "db-2", "queue-1", "cache-1"];
const STATIONS: [&str; 12] =
    ["ems", "jena", "kiel", "lindau", "mainz", "norden", "passau", "rheine", "speyer", "trier", "ulm", "worms"];

/// The next event of this application. `serial` counts its events.
pub(super) fn draft(topic: Topic, dice: &mut Dice, serial: u64) -> Result<Draft, EventError> {
    let said = match topic {
        Topic::Github => github(dice, serial),
        Topic::Shop => shop(dice, serial),
        Topic::Mail => mail(dice),
        Topic::Erp => erp(dice, serial),
        Topic::Jobs => jobs(dice, serial),
        Topic::Audit => audit(dice),
        Topic::Metrics => metrics(dice),
        Topic::Weather => weather(dice),
    };
    let mut event = EventBuilderV10::new()
        .id(dice.uuid())
        .source(said.source)
        .ty(said.ty)
        .subject(said.about)
        .time(jiff::Timestamp::now().to_string())
        .data("application/json", said.data);
    if dice.below(3) > 0 {
        let trace = format!("00-{}{}-{}-01", dice.hex(16), dice.hex(16), dice.hex(16));
        event = event.extension("traceparent", trace);
    }
    if dice.below(2) == 0 {
        event = event.extension("correlationid", dice.uuid());
    }
    Ok(Draft { subject: said.subject, event: event.build()? })
}

/// What an application says, before it is an event.
struct Said {
    subject: String,
    source: String,
    ty: String,
    about: String,
    data: Value,
}

fn github(dice: &mut Dice, serial: u64) -> Said {
    let repo = dice.pick(&REPOS);
    let who = dice.pick(&PEOPLE);
    let number = 100 + serial % 900;
    let kind = dice.pick(&["push", "pull_request", "issues", "check_run", "star", "release"]);
    let (action, data) = match kind {
        "push" => (
            "",
            json!({"ref": "refs/heads/main", "before": dice.hex(16), "after": dice.hex(16), "commits": [{"id": dice.hex(16), "message": "Make the retry wait longer each time", "author": {"name": who}}], "forced": false}),
        ),
        "pull_request" => (
            dice.pick(&["opened", "synchronize", "merged", "closed"]),
            json!({"number": number, "title": "Bump the connection pool", "base": "main", "additions": dice.below(400), "deletions": dice.below(200), "draft": false}),
        ),
        "issues" => (
            dice.pick(&["opened", "closed", "labeled"]),
            json!({"number": number, "title": "Time-out when the upstream is slow", "labels": ["bug", "p2"]}),
        ),
        "check_run" => (
            "completed",
            json!({"name": "ci / test", "conclusion": dice.pick(&["success", "failure"]), "seconds": dice.below(600)}),
        ),
        "star" => ("created", json!({"stargazers": 1_000 + serial % 5_000})),
        _ => ("published", json!({"tag": format!("v1.{}.{}", number % 40, serial % 10), "prerelease": false})),
    };
    let mut ty = format!("com.github.{kind}");
    if !action.is_empty() {
        ty.push('.');
        ty.push_str(action);
    }
    Said {
        subject: format!("eventsource.github.{repo}.{kind}"),
        source: format!("https://github.com/acme/{repo}"),
        ty,
        about: format!("{who}/{number}"),
        data: json!({"action": action, "repository": {"full_name": format!("acme/{repo}"), "private": false}, "sender": {"login": who, "id": dice.below(90_000)}, "payload": data}),
    }
}

fn shop(dice: &mut Dice, serial: u64) -> Said {
    let kind = dice.pick(&["order.created", "order.paid", "cart.updated", "order.shipped", "payment.failed"]);
    let order = format!("O-{:06}", 100_000 + serial);
    Said {
        subject: format!("eventsource.shop.{kind}"),
        source: "/shop/checkout".into(),
        ty: format!("com.shop.{kind}"),
        about: order.clone(),
        data: json!({
            "order": order,
            "customer": {"id": dice.below(20_000), "country": dice.pick(&["DE", "FR", "PL", "PT"])},
            "lines": [{"sku": format!("SKU-{}", dice.below(900)), "quantity": 1 + dice.below(4), "price": {"amount": dice.below(20_000) as f64 / 100.0, "currency": "EUR"}}],
            "coupon": null,
        }),
    }
}

fn mail(dice: &mut Dice) -> Said {
    let tenant = dice.pick(&TENANTS);
    let kind = dice.pick(&["queued", "queued", "bounced", "opened"]);
    let to = format!("customer{}@example.com", dice.below(5_000));
    Said {
        subject: format!("eventchannel.mail.{tenant}.{kind}"),
        source: format!("/mail/{tenant}"),
        ty: format!("com.mail.{kind}"),
        about: to.clone(),
        data: json!({"to": to, "template": dice.pick(&["welcome", "invoice", "reset-password"]), "language": "en", "attempt": 1}),
    }
}

fn erp(dice: &mut Dice, serial: u64) -> Said {
    let plant = dice.pick(&PLANTS);
    let kind = dice.pick(&["stock.changed", "invoice.posted", "delivery.created"]);
    let document = format!("45{serial:08}");
    Said {
        subject: format!("eventchannel.erp.{plant}.{kind}"),
        source: format!("urn:erp:plant:{plant}"),
        ty: format!("com.erp.{kind}.v1"),
        about: document.clone(),
        data: json!({"document": document, "plant": plant, "material": format!("M-{}", dice.below(9_000)), "quantity": dice.below(500), "unit": "PCE", "posted": true}),
    }
}

fn jobs(dice: &mut Dice, serial: u64) -> Said {
    let kind = dice.pick(&["mail.send", "render.thumbnail", "render.invoice"]);
    Said {
        subject: format!("jobs.{kind}"),
        source: "/jobs/api".into(),
        ty: format!("com.jobs.{kind}"),
        about: format!("job-{serial}"),
        data: json!({"job": serial, "priority": dice.below(3), "input": format!("s3://uploads/{}", dice.hex(12))}),
    }
}

fn audit(dice: &mut Dice) -> Said {
    let who = dice.pick(&PEOPLE);
    let kind = dice.pick(&["login", "read", "changed", "login_failed"]);
    Said {
        subject: format!("audit.{kind}"),
        source: "/identity".into(),
        ty: format!("com.audit.{kind}"),
        about: who.into(),
        data: json!({"user": who, "address": format!("10.0.{}.{}", dice.below(8), dice.below(250)), "object": format!("/customers/{}", dice.below(900)), "ok": kind != "login_failed"}),
    }
}

fn metrics(dice: &mut Dice) -> Said {
    let host = dice.pick(&HOSTS);
    let kind = dice.pick(&["cpu", "memory", "disk"]);
    Said {
        subject: format!("metrics.{host}.{kind}"),
        source: format!("/hosts/{host}"),
        ty: format!("com.metrics.{kind}"),
        about: host.into(),
        data: json!({"host": host, "used": dice.below(1_000) as f64 / 10.0, "unit": "%"}),
    }
}

fn weather(dice: &mut Dice) -> Said {
    let station = dice.pick(&STATIONS);
    Said {
        subject: format!("eventsource.weather.{station}"),
        source: format!("urn:station:{station}"),
        ty: "com.weather.observed".into(),
        about: station.into(),
        data: json!({"station": station, "celsius": dice.below(350) as f64 / 10.0 - 5.0, "wind": {"from": dice.pick(&["W", "SW", "N", "E"]), "kmh": dice.below(90)}}),
    }
}
