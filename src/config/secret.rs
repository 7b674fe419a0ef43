//! Text that is never shown, and how it is known where it does not belong.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

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
    let mut shown = 0;
    for secret in Secrets::of(text) {
        out.push_str(&text[shown..secret.start]);
        out.push_str(HIDDEN);
        shown = secret.end;
    }
    if shown == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[shown..]);
    Cow::Owned(out)
}

/// The credentials in a text, in order. Whoever sends a text may make it long: what was looked at is not looked at again.
struct Secrets<'t> {
    text: &'t str,
    /// Up to here it was looked at.
    at: usize,
    /// The end of the word that this stands in, and where a JWT begins in it.
    word: (usize, Option<usize>),
    /// The end of the address that was looked at last, and where its host begins.
    address: (usize, Option<usize>),
}

impl<'t> Secrets<'t> {
    const fn of(text: &'t str) -> Self {
        Self { text, at: 0, word: (0, None), address: (0, None) }
    }

    /// Goes to the next word, or stays in this one; where it ends.
    fn word(&mut self) -> Option<usize> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if self.at >= self.word.0 {
            self.at += self.text[self.at..].find(is_word)?;
            let rest = &self.text[self.at..];
            let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            // A line's end may stand before it as it is written in quotes, `\n`.
            let jwt = rest[..len].find("eyJ").filter(|begins| len - begins >= SHORTEST);
            self.word = (self.at + len, jwt.map(|begins| self.at + begins));
        }
        Some(self.word.0)
    }

    /// The user of an address whose scheme ends here.
    fn user(&mut self, begins: usize) -> Option<Range<usize>> {
        if begins >= self.address.0 {
            // Several stand with commas between.
            let until = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ',');
            let rest = &self.text[begins..];
            let len = rest.find(until).unwrap_or(rest.len());
            self.address = (begins + len, rest[..len].rfind('@').map(|at| begins + at));
        }
        let user = begins..self.address.1.filter(|at| *at > begins)?;
        (&self.text[user.clone()] != HIDDEN).then_some(user)
    }
}

impl Iterator for Secrets<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        while let Some(end) = self.word() {
            let jwt = self.word.1;
            let word = &self.text[self.at..jwt.unwrap_or(end)];
            // A seed may stand in the middle of a file's name.
            let found = word.match_indices('S').find_map(|(i, _)| seed(&word[i..]).map(|len| (self.at + i, len)));
            let found = found.map(|(begins, len)| begins..begins + len).or_else(|| jwt.map(|begins| begins..end));
            if let Some(secret) = found {
                self.at = secret.end;
                return Some(secret);
            }
            let (ends, after) = (word.ends_with("base64"), &self.text[end..]);
            self.at = end;
            if ends && after.starts_with(',') {
                let payload = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-');
                let len = after[1..].find(|c| !payload(c)).unwrap_or(after.len() - 1);
                if len > 0 {
                    self.at = end + 1 + len;
                    return Some(end + 1..self.at);
                }
            }
            if after.starts_with("://")
                && let Some(user) = self.user(end + 3)
            {
                self.at = user.end;
                return Some(user);
            }
        }
        None
    }
}

/// The length of an nkey seed that this begins with.
fn seed(text: &str) -> Option<usize> {
    // What cannot be one is not measured.
    text.as_bytes().get(1).filter(|kind| b"UAONCX".contains(kind))?;
    let len = text.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
    (len >= SHORTEST).then_some(len)
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

    #[test]
    fn what_somebody_makes_long_takes_no_longer_than_its_length() {
        let seed = "SUANQDPB2RUOE4ETUA26CNX7FUKE5ZZKFCQIIW63OX225F2CO7UEXTM7ZY";
        // Each as often as makes three megabytes: looked at again and again they would take hours.
        for part in ["S", "SU.", "a://", "a://b,", "eyJ ", "base64,", &format!("{seed}."), "a://b@", "a@", "S-"] {
            let text = part.repeat((3 << 20) / part.len());
            let begun = std::time::Instant::now();
            let hidden = scrubbed(&text).contains(HIDDEN);
            assert!(begun.elapsed().as_secs() < 60, "{part}: {:?}", begun.elapsed());
            let wanted = part.contains(seed) || ["a://b@", "base64,"].contains(&part);
            assert_eq!(hidden, wanted, "{part}");
        }
    }

    #[test]
    fn one_behind_the_other_are_all_hidden() {
        let seed = "SUANQDPB2RUOE4ETUA26CNX7FUKE5ZZKFCQIIW63OX225F2CO7UEXTM7ZY";
        let jwt = "eyJ0eXAiOiJqd3QiLCJhbGciOiJlZDI1NTE5.eyJuYW1lIjoidSJ9.c2lnbmF0dXJl";
        assert_eq!(scrubbed(&format!("{seed}.{seed}_{jwt}")), format!("{HIDDEN}.{HIDDEN}_{HIDDEN}"));
        assert_eq!(scrubbed(&format!("{jwt}.{seed}")), HIDDEN);
        assert_eq!(scrubbed("a://b://u:p@h c://d@e"), format!("a://{HIDDEN}@h c://{HIDDEN}@e"));
        let again = scrubbed("http://u:p@h/x").into_owned();
        assert!(matches!(scrubbed(&again), Cow::Borrowed(_)), "{again}");
    }
}
