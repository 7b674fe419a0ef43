//! Users that a server knows by JWT alone: credentials files, and JWT and seed in the context.

use jetscope::config::Flags;
use jetscope::nats::{ConnectError, open};
use serde_json::json;

use super::{account, error_of, hides, says, server_flag};
use crate::common::home::{Home, text};
use crate::common::jwt::Realm;
use crate::common::server_with;

#[tokio::test]
async fn a_credentials_file_from_every_place() {
    let realm = Realm::new();
    let server = server_with(&realm.server_config());
    let user = realm.user();
    let home = Home::with(&json!({ "url": server.url(), "creds": "$HOME/user.creds" }));
    let path = text(&home.file("user.creds", &user.creds()));
    let settings = home.selected();
    account(&settings).await;
    let client = open(&settings.connection).await.unwrap();
    hides(&[format!("{settings:?}"), format!("{client:?}")], &[&user.jwt, &user.seed]);

    let none = Home::new();
    account(&none.load(&Flags { creds: Some(path.clone().into()), ..server_flag(&server) }, &[])).await;
    account(&none.load(&Flags::default(), &[("NATS_URL", &server.url()), ("NATS_CREDS", &path)])).await;
}

#[tokio::test]
async fn credentials_files_as_editors_leave_them() {
    let realm = Realm::new();
    let server = server_with(&realm.server_config());
    let home = Home::new();
    let creds = realm.user().creds();
    let end = creds.find("------END USER NKEY SEED------").unwrap() + "------END USER NKEY SEED------".len();
    for form in [creds.replace('\n', "\r\n"), creds[..end].to_owned()] {
        let path = text(&home.file("user.creds", &form));
        account(&home.load(&Flags { creds: Some(path.into()), ..server_flag(&server) }, &[])).await;
    }
}

#[tokio::test]
async fn jwt_and_seed_in_the_context() {
    let realm = Realm::new();
    let server = server_with(&realm.server_config());
    let user = realm.user();
    let home = Home::with(&json!({ "url": server.url(), "user_jwt": user.jwt, "user_seed": user.seed }));
    let settings = home.selected();
    account(&settings).await;
    hides(&[format!("{settings:?}")], &[&user.jwt, &user.seed]);

    // A flag replaces both.
    let other = text(&home.file("other.creds", &Realm::new().user().creds()));
    let error = error_of(&home.load(&Flags { creds: Some(other.into()), ..Flags::default() }, &[]), &[]).await;
    assert_eq!(error, ConnectError::Refused { servers: server.url(), how: "a credentials file".into() });
}

#[tokio::test]
async fn users_that_the_server_does_not_take() {
    let realm = Realm::new();
    let server = server_with(&realm.server_config());
    let own = realm.user();
    let strange = Realm::new().user();
    let over = realm.user_until(Some(1_700_000_001));
    let url = server.url();
    let expired = "a user JWT, which expired at 2023-11-14T22:13:21Z";
    for (jwt, seed, how) in [
        (&strange.jwt, &strange.seed, "a user JWT"),
        (&over.jwt, &over.seed, expired),
        (&own.jwt, &strange.seed, "a user JWT"),
    ] {
        let settings = Home::with(&json!({ "url": url, "user_jwt": jwt, "user_seed": seed })).selected();
        let error = error_of(&settings, &[jwt, seed]).await;
        assert_eq!(error, ConnectError::Refused { servers: url.clone(), how: how.into() });
    }

    for seed in ["", "SUNONSENSE", own.jwt.as_str()] {
        let settings = Home::with(&json!({ "url": url, "user_jwt": own.jwt, "user_seed": seed })).selected();
        let error = error_of(&settings, &[&own.jwt, "SUNONSENSE"]).await;
        says(&error.to_string(), &["user_seed", "SU"]);
    }
}
