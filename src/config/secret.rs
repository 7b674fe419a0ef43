//! Text that is never shown, and how it is known where it does not belong.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

/// Where something hidden was.
pub const HIDDEN: &str = "(hidden)";
/// A seed has 58 characters; one that was cut short is still worth hiding.
const SHORTEST: usize = 24;

/// A password, token or seed, or what may be one. It shows itself in no debug output, log or error.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the client alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to hide.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(none)" } else { HIDDEN })
    }
}

/// Whether a text has something in it that is only ever a credential: an nkey seed, a JWT, a `data:` address, a PEM
/// block, an address with a user.
pub fn looks_secret(text: &str) -> bool {
    text.contains("-----BEGIN") || matches!(scrubbed(text), Cow::Owned(_))
}

/// The text without what is only ever a credential. Passwords and tokens look like anything: they are kept out of
/// sentences where they are read.
pub fn scrubbed(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some((before, secret)) = next_secret(rest) {
        found = true;
        out.push_str(&rest[..before]);
        out.push_str(HIDDEN);
        rest = &rest[before + secret..];
    }
    if !found {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Where the next credential begins, and its length.
fn next_secret(text: &str) -> Option<(usize, usize)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut from = 0;
    while let Some(at) = text[from..].find(is_word).map(|at| from + at) {
        let end = text[at..].find(|c| !is_word(c)).map_or(text.len(), |len| at + len);
        let word = &text[at..end];
        let after = &text[end..];
        // A seed may stand in the middle of a file's name.
        if let Some((begins, len)) = word.match_indices('S').find_map(|(i, _)| seed(&word[i..]).map(|len| (i, len))) {
            return Some((at + begins, len));
        }
        // A line's end may stand before it as it is written in quotes, `\n`.
        if let Some(begins) = word.find("eyJ").filter(|begins| word.len() - begins >= SHORTEST) {
            return Some((at + begins, word.len() - begins));
        }
        if word.ends_with("base64") && after.starts_with(',') {
            let payload = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-');
            let len = after[1..].find(|c| !payload(c)).unwrap_or(after.len() - 1);
            if len > 0 {
                return Some((end + 1, len));
            }
        }
        if let Some(address) = after.strip_prefix("://") {
            let until = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>');
            let whole = &address[..address.find(until).unwrap_or(address.len())];
            // Several stand with commas between.
            let first = whole.split(',').next().unwrap_or(whole);
            if let Some(user) = first.rfind('@').filter(|user| *user > 0 && &first[..*user] != HIDDEN) {
                return Some((end + 3, user));
            }
        }
        from = end;
    }
    None
}

/// The length of an nkey seed that this begins with.
fn seed(text: &str) -> Option<usize> {
    let len = text.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
    let kind = text.as_bytes().get(1)?;
    (len >= SHORTEST && b"UAONCX".contains(kind)).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_ever_a_credential_is_found_anywhere() {
        let seed = "SUANQDPB2RUOE4ETUA26CNX7FUKE5ZZKFCQIIW63OX225F2CO7UEXTM7ZY";
        let jwt = "eyJ0eXAiOiJqd3QiLCJhbGciOiJlZDI1NTE5.eyJuYW1lIjoidSJ9.c2lnbmF0dXJl";
        for secret in [seed, &seed[..30], jwt] {
            for (before, after) in [("", ""), ("the file ", " cannot be read"), ("'/tmp/", "'"), ("nats://", ":4222")] {
                let text = format!("{before}{secret}{after}");
                assert!(looks_secret(&text), "{text}");
                assert_eq!(scrubbed(&text), format!("{before}{HIDDEN}{after}"));
            }
        }
        assert_eq!(scrubbed(&format!("/keys/my{seed}.nk")), format!("/keys/my{HIDDEN}.nk"));
        assert_eq!(scrubbed(&format!("{:?}", format!("-\n{jwt}\n-"))), format!("\"-\\n{HIDDEN}\\n-\""));
        assert_eq!(scrubbed("data:;base64,aHVudGVyMg== is"), format!("data:;base64,{HIDDEN} is"));
        assert_eq!(scrubbed("'http://me:pa@ss@host/x' or"), format!("'http://{HIDDEN}@host/x' or"));
        assert_eq!(scrubbed("nats://a:b@h1,nats://c@h2"), format!("nats://{HIDDEN}@h1,nats://{HIDDEN}@h2"));
        assert!(looks_secret("-----BEGIN NATS USER JWT-----"));
    }

    #[test]
    fn ordinary_words_are_left_alone() {
        for text in [
            "",
            "nats://h:4222, tls://b:9",
            "stream SALES.ORDERS_AND_MORE of ORDERS",
            "/home/me/prod.creds",
            "mail me@example.com",
            "data:;base64,",
            "SUBSCRIPTIONS",
            "ü SÜ eyJ",
        ] {
            assert!(matches!(scrubbed(text), Cow::Borrowed(_)), "{text}: {}", scrubbed(text));
        }
    }
}
