//! What the server is told of who we are. It is made anew at every attempt to connect, so that credentials that were
//! renewed in their file, or mounted anew, are used without a restart.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde_json::Value;

use crate::config::{Auth, Credential, Secret};
use crate::event::clean_line;
use crate::model::Timestamp;

use super::{ConnectError, now};

/// What credentials are, in words.
const CREDS: &str = "the credentials file";
const NKEY: &str = "the nkey file";
const PASSWORD: &str = "the password";
const TOKEN: &str = "the token";
const JWT: &str = "the user JWT";
const SEED: &str = "the user's seed";

/// Answers a server that sent this nonce.
pub(super) fn answer(auth: &Auth, nonce: &[u8]) -> Result<async_nats::Auth, ConnectError> {
    let mut out = async_nats::Auth::new();
    match auth {
        Auth::None => {}
        Auth::User(user, password) => {
            out.username = Some(user.reveal().to_owned());
            out.password = Some(line(PASSWORD, password)?.reveal().to_owned());
        }
        Auth::Token(token) => out.token = Some(line(TOKEN, token)?.reveal().to_owned()),
        Auth::Creds(_) | Auth::Jwt(..) => {
            let (jwt, pair) = user(auth)?;
            out.signature = pair.map(|pair| pair.sign(nonce)).transpose().map_err(|_| unsigned())?;
            out.jwt = Some(jwt);
        }
        Auth::Nkey(file) => {
            let text = whole(NKEY, file)?;
            let pair = text.reveal().split_whitespace().find_map(seed);
            let pair = pair.ok_or_else(|| bad(NKEY, file, "it holds no user seed (a word that begins with SU)"))?;
            out.nkey = Some(pair.public_key());
            out.signature = Some(pair.sign(nonce).map_err(|_| unsigned())?);
        }
    }
    Ok(out)
}

/// With what we came, in words; also that it has expired, where that can be seen.
pub(super) fn tried(auth: &Auth, with_certificate: bool) -> String {
    let what = match auth {
        Auth::None if with_certificate => "only a client certificate, which stands for none of its users",
        Auth::None => "none were given",
        Auth::User(..) => "user and password",
        Auth::Token(_) => "a token",
        Auth::Creds(_) => "a credentials file",
        Auth::Nkey(_) => "an nkey",
        Auth::Jwt(_, Some(_)) => "a user JWT",
        Auth::Jwt(_, None) => "a bearer's user JWT",
    };
    let expired = user(auth).ok().and_then(|(jwt, _)| claims(&jwt)).and_then(|claims| claims.expires);
    match expired.filter(|at| *at <= now()) {
        Some(at) if matches!(auth, Auth::Creds(_)) => format!("{what}, whose JWT expired at {at}"),
        Some(at) => format!("{what}, which expired at {at}"),
        None => what.to_owned(),
    }
}

/// Whether a file says who we are: then it may say something else at the next attempt.
pub(super) fn is_read_again(auth: &Auth) -> bool {
    match auth {
        Auth::None => false,
        Auth::User(_, one) | Auth::Token(one) | Auth::Creds(one) | Auth::Nkey(one) => one.path().is_some(),
        Auth::Jwt(jwt, seed) => jwt.path().is_some() || seed.as_ref().is_some_and(|seed| seed.path().is_some()),
    }
}

/// The JWT of a user and what signs for it, which a bearer's needs not.
fn user(auth: &Auth) -> Result<(String, Option<KeyPair>), ConnectError> {
    match auth {
        Auth::Creds(file) => {
            let text = whole(CREDS, file)?;
            let blocks = blocks(text.reveal());
            let jwt = blocks.iter().find(|block| claims(block).is_some());
            let pair = blocks.iter().find_map(|block| seed(block));
            let is_bearer = jwt.and_then(|jwt| claims(jwt)).is_some_and(|claims| claims.bearer);
            match jwt {
                Some(jwt) if pair.is_some() || is_bearer => Ok(((*jwt).to_owned(), pair)),
                _ => Err(bad(CREDS, file, "it does not hold a user JWT and its seed; `nsc generate creds` makes one")),
            }
        }
        Auth::Jwt(jwt, signer) => {
            let text = line(JWT, jwt)?;
            let text = text.reveal().trim();
            let claims = claims(text).ok_or_else(|| bad(JWT, jwt, "it is no JWT"))?;
            let pair = match signer {
                Some(signer) => {
                    let pair = seed(line(SEED, signer)?.reveal().trim());
                    Some(pair.ok_or_else(|| bad(SEED, signer, "it is no seed; it should begin with SU"))?)
                }
                None if claims.bearer => None,
                None => {
                    return Err(bad(
                        JWT,
                        jwt,
                        "it needs its seed (--seed, NATS_SEED or \"user_seed\", beginning with SU); only a bearer's needs none",
                    ));
                }
            };
            Ok((text.to_owned(), pair))
        }
        _ => Err(ConnectError::BadSetting("there is no user JWT".into())),
    }
}

/// What a JWT says of itself. Whether that is true is for the server to find out.
struct Claims {
    expires: Option<Timestamp>,
    /// Whoever has it may use it.
    bearer: bool,
}

fn claims(jwt: &str) -> Option<Claims> {
    let body = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?).ok()?;
    let body: Value = serde_json::from_slice(&body).ok()?;
    let expires = body.get("exp").and_then(Value::as_i64).filter(|at| *at > 0);
    let bearer = body.pointer("/nats/bearer_token").and_then(Value::as_bool).unwrap_or(false);
    Some(Claims { expires: expires.map(|at| Timestamp(at.saturating_mul(1_000_000_000))), bearer })
}

/// The blocks of a credentials file: what stands between two lines of dashes.
fn blocks(text: &str) -> Vec<&str> {
    let is_line = |line: &str| line.starts_with("---") && line.ends_with("---");
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let mut out = Vec::new();
    while let Some(line) = lines.next() {
        if is_line(line)
            && let Some(block) = lines.next_if(|next| !is_line(next))
            && lines.peek().is_some_and(|end| is_line(end))
        {
            out.push(block);
        }
    }
    out
}

/// What signs for a user, of its seed.
fn seed(text: &str) -> Option<KeyPair> {
    text.starts_with("SU").then(|| KeyPair::from_seed(text).ok()).flatten()
}

fn whole(what: &'static str, from: &Credential) -> Result<Secret, ConnectError> {
    from.read().map_err(|error| unreadable(what, from, &error))
}

fn line(what: &'static str, from: &Credential) -> Result<Secret, ConnectError> {
    from.read_line().map_err(|error| unreadable(what, from, &error))
}

fn unreadable(what: &'static str, from: &Credential, error: &std::io::Error) -> ConnectError {
    let reason = format!("it cannot be read ({}); check its path and permissions", clean_line(&error.to_string()));
    bad(what, from, reason)
}

fn bad(what: &'static str, from: &Credential, reason: impl Into<String>) -> ConnectError {
    ConnectError::BadFile { what, path: from.to_string(), reason: reason.into() }
}

fn unsigned() -> ConnectError {
    ConnectError::BadSetting("the seed cannot sign".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_credentials_stand_between_dashes() {
        let text = "-----BEGIN A-----\r\nj.w-t_=\r\n------END A------\n\n*** x ***\nwords\n-----BEGIN B-----\nSU\n------END B------";
        assert_eq!(blocks(text), ["j.w-t_=", "SU"]);
        assert!(blocks("-----BEGIN A-----\nj").is_empty(), "it was cut");
    }

    #[test]
    fn a_jwt_says_when_it_ends() {
        let jwt = |body: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(body));
        let of = claims(&jwt(r#"{"exp":1700000000,"nats":{"bearer_token":true}}"#)).unwrap();
        assert_eq!((of.expires, of.bearer), (Some(Timestamp(1_700_000_000_000_000_000)), true));
        let of = claims(&jwt(r#"{"sub":"U"}"#)).unwrap();
        assert_eq!((of.expires, of.bearer), (None, false));
        assert!(claims("hunter2").is_none() && claims("a.b.c").is_none());
    }
}
