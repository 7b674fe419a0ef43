//! An operator with one account, for servers that know their users by JWT alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

/// An operator and an account with `JetStream`, and the system account without which the server starts none.
#[derive(Debug)]
pub(crate) struct Realm {
    operator: KeyPair,
    account: KeyPair,
    system: KeyPair,
    /// Limits of the account by tier, where it has tiers.
    tiers: Option<Value>,
}

/// A user: its JWT and its seed.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) jwt: String,
    pub(crate) seed: String,
}

impl Realm {
    pub(crate) fn new() -> Self {
        Self {
            operator: KeyPair::new_operator(),
            account: KeyPair::new_account(),
            system: KeyPair::new_account(),
            tiers: None,
        }
    }

    /// One whose account has limits by tier, such as `{"R1": {"disk_storage": 1000, …}}`.
    pub(crate) fn tiered(tiers: Value) -> Self {
        Self { tiers: Some(tiers), ..Self::new() }
    }

    /// What makes a server trust this operator.
    pub(crate) fn server_config(&self) -> String {
        let operator = signed(
            &self.operator,
            &self.operator.public_key(),
            "operator",
            &json!({ "type": "operator", "version": 2 }),
            None,
        );
        let account = self.account_jwt(&self.account, -1, self.tiers.as_ref());
        let system = self.account_jwt(&self.system, 0, None);
        let (public, of_system) = (self.account.public_key(), self.system.public_key());
        format!(
            "operator: {operator}\nsystem_account: {of_system}\nresolver: MEMORY\n\
             resolver_preload: {{ {public}: {account}, {of_system}: {system} }}\n"
        )
    }

    fn account_jwt(&self, account: &KeyPair, jetstream: i64, tiers: Option<&Value>) -> String {
        // Limits are those of the account or of its tiers, never both.
        let jetstream = if tiers.is_some() { 0 } else { jetstream };
        let mut nats = json!({
            "limits": {
                "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true,
                "conn": -1, "leaf": -1, "mem_storage": jetstream, "disk_storage": jetstream,
                "streams": jetstream, "consumer": jetstream,
            },
            "type": "account",
            "version": 2,
        });
        if let Some(tiers) = tiers {
            nats["limits"]["tiered_limits"] = tiers.clone();
        }
        signed(&self.operator, &account.public_key(), "account", &nats, None)
    }

    /// A user of the account.
    pub(crate) fn user(&self) -> User {
        self.user_until(None)
    }

    /// A user of the account until this time, in seconds of the epoch.
    pub(crate) fn user_until(&self, expires: Option<i64>) -> User {
        self.user_with(expires, false)
    }

    /// A user whose JWT is enough.
    pub(crate) fn bearer(&self) -> User {
        self.user_with(None, true)
    }

    fn user_with(&self, expires: Option<i64>, bearer: bool) -> User {
        let pair = KeyPair::new_user();
        let mut nats = json!({
            "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2,
        });
        if bearer {
            nats["bearer_token"] = true.into();
        }
        let jwt = signed(&self.account, &pair.public_key(), "user", &nats, expires);
        User { jwt, seed: pair.seed().expect("a seed") }
    }
}

impl User {
    /// The text of a credentials file, as nsc writes it.
    pub(crate) fn creds(&self) -> String {
        format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
             ************************* IMPORTANT *************************\n\
             NKEY Seed printed below can be used to sign and prove identity.\n\
             NKEYs are sensitive and should be treated as secrets.\n\n\
             -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n\n\
             *************************************************************\n",
            self.jwt, self.seed
        )
    }
}

fn signed(by: &KeyPair, subject: &str, name: &str, nats: &Value, expires: Option<i64>) -> String {
    let mut claims = json!({
        "jti": name, "iat": 1_700_000_000, "iss": by.public_key(), "name": name, "sub": subject, "nats": nats,
    });
    if let Some(expires) = expires {
        claims["exp"] = expires.into();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": "ed25519-nkey" })), part(&claims));
    let signature = by.sign(text.as_bytes()).expect("a signature");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}
