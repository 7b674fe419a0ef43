//! Users, tokens and nkeys, each from every place that can name them; and what is said when they are wrong.

use jetscope::config::{Flags, Secret};
use jetscope::nats::{ConnectError, open};
use nkeys::KeyPair;
use serde_json::json;

use super::{account, error_of, hides, says, sentence_of, server_flag};
use crate::common::home::{Home, text};
use crate::common::server_with;

const USER: &str = "authorization { user: me, password: \"p@ss: w0rd\" }";
const TOKEN: &str = "authorization { token: \"t0ken-s3cret\" }";

#[tokio::test]
async fn user_and_password_from_every_place() {
    let server = server_with(USER);
    let url = server.url();
    let context = Home::with(&json!({ "url": url, "user": "me", "password": "p@ss: w0rd" }));
    account(&context.selected()).await;

    let none = Home::new();
    let flags =
        Flags { user: Some(Secret::new("me")), password: Some(Secret::new("p@ss: w0rd")), ..server_flag(&server) };
    account(&none.load(&flags, &[])).await;

    let vars = [("NATS_URL", url.as_str()), ("NATS_USER", "me"), ("NATS_PASSWORD", "p@ss: w0rd")];
    account(&none.load(&Flags::default(), &vars)).await;

    let with_userinfo = url.replace("nats://", "nats://me:p%40ss%3A%20w0rd@");
    let settings = Home::with(&json!({ "url": with_userinfo })).selected();
    account(&settings).await;
    hides(&[format!("{settings:?}"), settings.connection.shown()], &["p@ss", "p%40ss"]);
}

#[tokio::test]
async fn a_token_from_every_place() {
    let server = server_with(TOKEN);
    let url = server.url();
    account(&Home::with(&json!({ "url": url, "token": "t0ken-s3cret" })).selected()).await;

    let none = Home::new();
    account(&none.load(&Flags { token: Some(Secret::new("t0ken-s3cret")), ..server_flag(&server) }, &[])).await;
    // As with the nats CLI: a user without a password is a token.
    account(&none.load(&Flags { user: Some(Secret::new("t0ken-s3cret")), ..server_flag(&server) }, &[])).await;
    account(&none.load(&Flags::default(), &[("NATS_URL", &url), ("NATS_TOKEN", "t0ken-s3cret")])).await;
    let in_url = url.replace("nats://", "nats://t0ken-s3cret@");
    account(&none.load(&Flags::default(), &[("NATS_URL", &in_url)])).await;
}

#[tokio::test]
async fn an_nkey_from_every_place() {
    let pair = KeyPair::new_user();
    let seed = pair.seed().unwrap();
    let server = server_with(&format!("authorization {{ users: [ {{ nkey: {} }} ] }}", pair.public_key()));
    let home = Home::with(&json!({ "url": server.url(), "nkey": "~/keys/user.nk" }));
    let path = text(&home.file("keys/user.nk", &format!("# my key\n{seed}\n")));
    let settings = home.selected();
    account(&settings).await;
    let client = open(&settings.connection).await.unwrap();
    hides(&[format!("{settings:?}"), format!("{client:?}")], &[&seed]);

    let none = Home::new();
    account(&none.load(&Flags { nkey: Some(path.clone().into()), ..server_flag(&server) }, &[])).await;
    account(&none.load(&Flags::default(), &[("NATS_URL", &server.url()), ("NATS_NKEY", &path)])).await;
}

/// Each user has an account with another limit, which tells as whom we came.
#[tokio::test]
async fn the_first_place_with_credentials_decides_alone() {
    let account_of = |name: &str, streams: u8| {
        format!(
            "{name}: {{ users: [{{ user: {name}, password: {name}-pw }}], jetstream: {{ max_streams: {streams} }} }}\n"
        )
    };
    let accounts = [("flag", 1), ("env", 2), ("url", 3), ("file", 4)].map(|(name, n)| account_of(name, n)).concat();
    let server = server_with(&format!("accounts {{\n{accounts}}}"));
    let plain = server.url();
    let url = plain.replace("nats://", "nats://url:url-pw@");
    let flags = Flags { user: Some(Secret::new("flag")), password: Some(Secret::new("flag-pw")), ..Flags::default() };
    let vars = [("NATS_USER", "env"), ("NATS_PASSWORD", "env-pw")];
    let no_flags = Flags::default();

    let home = Home::with(&json!({ "url": url, "user": "file", "password": "file-pw" }));
    assert_eq!(account(&home.load(&flags, &vars)).await.whole.max_streams, Some(1));
    assert_eq!(account(&home.load(&no_flags, &vars)).await.whole.max_streams, Some(2));
    assert_eq!(account(&home.selected()).await.whole.max_streams, Some(3));
    home.context("it", &json!({ "url": plain, "user": "file", "password": "file-pw" }));
    assert_eq!(account(&home.selected()).await.whole.max_streams, Some(4));
    // What flags and variables said of the first context is not sent to the next one.
    let switched = home.load(&flags, &vars).for_context("it").unwrap();
    assert_eq!(account(&switched).await.whole.max_streams, Some(4));

    // Half of a pair from one place is not made whole by another place's other half.
    let half = Flags { user: Some(Secret::new("file")), ..Flags::default() };
    assert!(matches!(error_of(&home.load(&half, &[]), &["file-pw"]).await, ConnectError::Refused { .. }));
}

#[tokio::test]
async fn what_is_refused_names_the_server_and_what_was_tried() {
    let server = server_with(USER);
    let url = server.url();
    let none = Home::new();

    let wrong = Home::with(&json!({ "url": url, "user": "me", "password": "wr0ng-hunter2" })).selected();
    let error = error_of(&wrong, &["wr0ng-hunter2"]).await;
    assert_eq!(error, ConnectError::Refused { servers: url.clone(), how: "user and password".into() });
    says(&error.to_string(), &[&url, "--context"]);

    let in_url = url.replace("nats://", "nats://me:wr0ng-hunter2@");
    let settings = none.load(&Flags { server: Some(in_url), ..Flags::default() }, &[]);
    says(&sentence_of(&settings, &["wr0ng-hunter2"]).await, &[&url, "user and password"]);

    let settings = none.load(&Flags { token: Some(Secret::new("wr0ng-hunter2")), ..server_flag(&server) }, &[]);
    says(&sentence_of(&settings, &["wr0ng-hunter2"]).await, &[&url, "a token"]);

    says(&sentence_of(&none.load(&server_flag(&server), &[]), &[]).await, &[&url, "none were given"]);

    let seed = KeyPair::new_user().seed().unwrap();
    let path = text(&none.file("other.nk", &seed));
    let settings = none.load(&Flags { nkey: Some(path.into()), ..server_flag(&server) }, &[]);
    says(&sentence_of(&settings, &[&seed]).await, &[&url, "an nkey"]);
}

/// These fail before any server is asked, so there is none.
#[tokio::test]
async fn wrong_files_are_named() {
    let home = Home::with(&json!({ "url": "nats://127.0.0.1:1" }));
    let gone = text(&home.path("gone"));
    let seed = KeyPair::new_account().seed().unwrap();
    let account_seed = text(&home.file("account.nk", &seed));
    let broken_seed = KeyPair::new_user().seed().unwrap().replacen("SU", "SUX", 1);
    let broken = text(&home.file("broken.nk", &broken_seed));
    let not_creds = text(&home.file("not.creds", "user: me\npassword: hunter2\n"));
    let folder = text(&home.path("nats"));
    let cases: [(Flags, &[&str]); 6] = [
        (Flags { creds: Some(gone.clone().into()), ..Flags::default() }, &["credentials", &gone, "check"]),
        (Flags { nkey: Some(gone.clone().into()), ..Flags::default() }, &["nkey", &gone, "check"]),
        (Flags { creds: Some(folder.clone().into()), ..Flags::default() }, &["credentials", &folder, "check"]),
        (Flags { creds: Some(not_creds.clone().into()), ..Flags::default() }, &["credentials", &not_creds, "nsc"]),
        (Flags { nkey: Some(account_seed.clone().into()), ..Flags::default() }, &["nkey", &account_seed, "SU"]),
        (Flags { nkey: Some(broken.clone().into()), ..Flags::default() }, &["nkey", &broken, "SU"]),
    ];
    for (flags, parts) in cases {
        let error = error_of(&home.load(&flags, &[]), &["hunter2", &seed, &broken_seed]).await;
        assert!(matches!(error, ConnectError::BadFile { .. }), "{error:?}");
        says(&error.to_string(), parts);
    }
}
