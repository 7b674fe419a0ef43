//! Every form in which the `nats` CLI takes a credential, from every place, to servers that demand it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jetscope::config::{Flags, Secret};
use nkeys::KeyPair;
use serde_json::json;

use super::{account, hides, says, sentence_of};
use crate::common::home::Home;
use crate::common::jwt::Realm;
use crate::common::server_with;

/// The forms of a text that is written into this home: each is put where a credential stands.
fn forms(home: &Home, text: &str) -> Vec<String> {
    let path = home.file("secrets/it", &format!("{text}\n"));
    vec![
        text.to_owned(),
        format!("file://{}", path.display()),
        "file://~/secrets/it".into(),
        "file://$HOME/secrets/it".into(),
        "env://IT_IS".into(),
        format!("data:;base64,{}", STANDARD.encode(text)),
        format!("data:text/plain;base64,{}", STANDARD.encode(format!("{text}\n"))),
    ]
}

#[tokio::test]
async fn tokens_and_passwords() {
    let text = "t0ken-s3cret";
    let token = server_with(&format!("authorization {{ token: \"{text}\" }}"));
    let password = server_with(&format!("authorization {{ user: me, password: \"{text}\" }}"));
    let home = Home::new();
    let vars = [("IT_IS", text)];
    let load = |fields: serde_json::Value| {
        home.context("x", &fields);
        home.load(&Flags { context: Some("x".into()), ..Flags::default() }, &vars)
    };
    for form in forms(&home, text) {
        account(&load(json!({ "url": token.url(), "token": form }))).await;
        account(&load(json!({ "url": password.url(), "user": "me", "password": form }))).await;
    }
    let form = forms(&home, text).remove(2);
    account(&home.load(&Flags::default(), &[("NATS_URL", &token.url()), ("NATS_TOKEN", &form)])).await;
    let vars = [("NATS_URL", password.url()), ("NATS_USER", "me".into()), ("NATS_PASSWORD", form.clone())];
    account(&home.load(&Flags::default(), &vars.each_ref().map(|(name, value)| (*name, value.as_str())))).await;
    let flags = Flags { server: Some(token.url()), token: Some(Secret::new(form)), ..Flags::default() };
    account(&home.load(&flags, &[])).await;
}

#[tokio::test]
async fn jwts_and_their_seeds() {
    let realm = Realm::new();
    let server = server_with(&realm.server_config());
    let user = realm.user();
    let home = Home::new();
    let load = |fields: serde_json::Value, it: &str| {
        home.context("x", &fields);
        home.load(&Flags { context: Some("x".into()), ..Flags::default() }, &[("IT_IS", it)])
    };
    for form in forms(&home, &user.jwt) {
        account(&load(json!({ "url": server.url(), "user_jwt": form, "user_seed": user.seed }), &user.jwt)).await;
    }
    for form in forms(&home, &user.seed) {
        account(&load(json!({ "url": server.url(), "user_jwt": user.jwt, "user_seed": form }), &user.seed)).await;
    }
    // The whole text of a credentials file, in each form; in the file itself it needs no scheme.
    let creds = user.creds();
    let paths = ["~/secrets/it", "$HOME/secrets/it"].map(str::to_owned);
    for form in forms(&home, &creds).into_iter().chain(paths) {
        account(&load(json!({ "url": server.url(), "creds": form }), &creds)).await;
    }
    let vars = [("NATS_URL", server.url()), ("NATS_JWT", user.jwt.clone()), ("NATS_SEED", user.seed.clone())];
    let vars = vars.each_ref().map(|(name, value)| (*name, value.as_str()));
    account(&home.load(&Flags::default(), &vars)).await;
    let flags = Flags {
        server: Some(server.url()),
        jwt: Some(user.jwt.as_str().into()),
        seed: Some(user.seed.as_str().into()),
        ..Flags::default()
    };
    account(&home.load(&flags, &[])).await;

    // A bearer's JWT needs no seed, in a context or in a file; any other does, and that is said.
    let bearer = realm.bearer();
    account(&load(json!({ "url": server.url(), "user_jwt": bearer.jwt, "user_seed": null }), "")).await;
    let alone = bearer.creds().split("***").next().unwrap().to_owned();
    account(&load(json!({ "url": server.url(), "creds": "env://IT_IS" }), &alone)).await;
    let sentence = sentence_of(&load(json!({ "url": server.url(), "user_jwt": user.jwt }), ""), &[&user.jwt]).await;
    says(&sentence, &["\"user_jwt\" of context \"x\"", "NATS_SEED"]);
}

#[tokio::test]
async fn nkeys() {
    let pair = KeyPair::new_user();
    let seed = pair.seed().unwrap();
    let server = server_with(&format!("authorization {{ users: [ {{ nkey: {} }} ] }}", pair.public_key()));
    let home = Home::new();
    let paths = ["~/secrets/it", "$HOME/secrets/it"].map(str::to_owned);
    for form in forms(&home, &seed).into_iter().chain(paths) {
        home.context("x", &json!({ "url": server.url(), "nkey": form }));
        let settings = home.load(&Flags { context: Some("x".into()), ..Flags::default() }, &[("IT_IS", &seed)]);
        account(&settings).await;
        hides(&[format!("{settings:?}")], &[&seed]);
    }
}

/// `nats context save` writes all fields; other tools write null for those that are unset.
#[tokio::test]
async fn null_is_as_absent() {
    let server = server_with("");
    let mut fields = json!({ "url": server.url() });
    for field in [
        "description",
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
        "windows_ca_certs_match",
    ] {
        fields[field] = serde_json::Value::Null;
    }
    account(&Home::with(&fields).selected()).await;
    for (field, value) in [("token", json!(5)), ("tls_first", json!("yes")), ("windows_ca_certs_match", json!(["x"]))] {
        fields[field] = value;
        let error = Home::with(&fields).try_load(&Flags::default(), &[]).unwrap_err().to_string();
        says(&error, &[&format!("{field:?}")]);
        fields[field] = serde_json::Value::Null;
    }
}
