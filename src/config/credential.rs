//! Where a credential is, as flags, variables and contexts of the `nats` CLI say it: the text itself, a file, or a
//! reference (`file://`, `env://`, `data:;base64,`). What is named is shown only where it is certainly a path: a seed, a
//! password or a JWT in the wrong place is not.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::secret::looks_secret;
use super::{ConfigError, Env, Secret, read};

/// Endings of files that hold credentials and certificates.
const ENDINGS: [&str; 14] =
    ["creds", "nk", "nkey", "seed", "jwt", "token", "pem", "crt", "cer", "cert", "key", "ca", "txt", "pub"];
/// A part of a path that is longer may be a secret.
const LONGEST_NAME: usize = 48;

/// A text of a flag, variable or context, with the name of its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// Such as `--creds`, `NATS_CREDS`, or `"creds" of context "prod"`.
    pub field: String,
    pub text: Secret,
}

/// A credential: what it is, or where it is read at every attempt to connect.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    field: Arc<str>,
    from: Found,
}

#[derive(Clone, PartialEq, Eq)]
enum Found {
    Here(Secret),
    File(PathBuf),
}

/// A file that a flag, variable or context names. It is read anew at every attempt to connect.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Where it is.
    pub path: PathBuf,
    field: Arc<str>,
}

impl Given {
    fn bad(&self, reason: impl Into<String>) -> ConfigError {
        ConfigError::BadField { field: self.field.clone(), reason: reason.into() }
    }

    /// A password, token, JWT or seed: the text itself, or a reference.
    pub(super) fn literal(&self, env: &Env) -> Result<Credential, ConfigError> {
        let from = self.reference(env)?.unwrap_or_else(|| Found::Here(self.text.clone()));
        Ok(Credential { field: self.field.as_str().into(), from })
    }

    /// Credentials of JWT and seed: a path or a reference, or the text of such a file itself.
    pub(super) fn creds(&self, env: &Env) -> Result<Credential, ConfigError> {
        self.of_file(env, |text| text.contains("-----BEGIN"), "it is no file, and the text of none; a JWT stands in --jwt, NATS_JWT or \"user_jwt\", its seed in --seed, NATS_SEED or \"user_seed\"")
    }

    /// A seed: a path or a reference, or the seed itself.
    pub(super) fn nkey(&self, env: &Env) -> Result<Credential, ConfigError> {
        self.of_file(
            env,
            |text| nkeys::KeyPair::from_seed(text.trim()).is_ok(),
            "it is no file and no whole seed; name the file that holds the seed",
        )
    }

    fn of_file(&self, env: &Env, is_itself: fn(&str) -> bool, otherwise: &str) -> Result<Credential, ConfigError> {
        let text = self.text.reveal();
        let from = match self.reference(env)? {
            Some(from) => from,
            None if is_itself(text) => Found::Here(self.text.clone()),
            None if looks_secret(text) => return Err(self.bad(otherwise)),
            None => Found::File(env.path(text)),
        };
        Ok(Credential { field: self.field.as_str().into(), from })
    }

    /// A certificate or its key: a path, as only files can be.
    pub(super) fn file(&self, env: &Env) -> Result<NamedFile, ConfigError> {
        match self.reference(env)? {
            Some(Found::File(path)) => Ok(NamedFile { path, field: self.field.as_str().into() }),
            Some(Found::Here(_)) => Err(self.bad("only files are taken here; name one by its path")),
            None if looks_secret(self.text.reveal()) => Err(self.bad("it is no path; name the file that holds it")),
            None => Ok(NamedFile { path: env.path(self.text.reveal()), field: self.field.as_str().into() }),
        }
    }

    /// What a reference means; `None` where the text is none. Schemes and what follows them as the `nats` CLI has them.
    fn reference(&self, env: &Env) -> Result<Option<Found>, ConfigError> {
        let text = self.text.reveal();
        let Some((scheme, rest)) = text.split_once(':') else { return Ok(None) };
        let scheme = scheme.to_ascii_lowercase();
        let path = rest.strip_prefix("//");
        Ok(Some(match (scheme.as_str(), path) {
            ("file", Some(path)) if !path.is_empty() => Found::File(env.path(path)),
            ("file", _) => return Err(self.bad("a file is named as file:///path")),
            ("env", Some(name)) if !name.is_empty() => match env.get(name) {
                Some(value) => Found::Here(Secret::new(value)),
                None => return Err(self.bad(format!("{} is not set or empty", variable(name)))),
            },
            ("env", _) => return Err(self.bad("a variable is named as env://NAME")),
            ("data", _) => Found::Here(self.data(rest)?),
            ("op" | "nsc", _) => {
                return Err(self.bad(format!(
                    "references to other programs ({scheme}:) are not resolved; give a file, env://NAME or the value"
                )));
            }
            _ => return Ok(None),
        }))
    }

    fn data(&self, rest: &str) -> Result<Secret, ConfigError> {
        let form = "it should be like data:;base64,… (standard base64 of a text)";
        let (kind, payload) = rest.split_once(',').ok_or_else(|| self.bad(form))?;
        if !kind.split(';').any(|part| part.trim() == "base64") {
            return Err(self.bad(form));
        }
        let bytes = STANDARD.decode(payload.trim()).map_err(|_| self.bad(form))?;
        String::from_utf8(bytes).map(Secret::new).map_err(|_| self.bad(form))
    }
}

impl Credential {
    /// One that is known.
    pub fn held(field: &str, text: impl Into<Secret>) -> Self {
        Self { field: field.into(), from: Found::Here(text.into()) }
    }

    /// Reads it. The error says what is wrong with the file, in words without its content.
    pub fn read(&self) -> Result<Secret, std::io::Error> {
        match &self.from {
            Found::Here(secret) => Ok(secret.clone()),
            Found::File(path) => read::text(path).map(Secret::new),
        }
    }

    /// The same without the line's end that editors leave.
    pub fn read_line(&self) -> Result<Secret, std::io::Error> {
        Ok(Secret::new(self.read()?.reveal().trim_end_matches(['\r', '\n'])))
    }

    /// The file, where it is read from one.
    pub fn path(&self) -> Option<&Path> {
        match &self.from {
            Found::Here(_) => None,
            Found::File(path) => Some(path),
        }
    }
}

/// Its place, for sentences.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            Found::Here(_) => write!(f, "of {}", self.field),
            Found::File(path) => write_place(f, path, &self.field),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({self})")
    }
}

impl fmt::Display for NamedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_place(f, &self.path, &self.field)
    }
}

impl fmt::Debug for NamedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedFile({self})")
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, path: &Path, field: &str) -> fmt::Result {
    match shown(path) {
        Some(path) => write!(f, "{path} ({field})"),
        None => write!(f, "of {field}, whose value is not shown since it may be a secret,"),
    }
}

/// A path where it certainly is one: it exists, or is written as paths are.
pub(super) fn shown(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    if looks_secret(text) {
        return None;
    }
    let by_form = || {
        let written = ["/", "./", "../"].iter().any(|start| text.starts_with(start));
        let ends = path.extension().is_some_and(|end| ENDINGS.iter().any(|known| end.eq_ignore_ascii_case(known)));
        let short = path.components().all(|part| part.as_os_str().len() <= LONGEST_NAME);
        short && !text.contains(char::is_whitespace) && (written || ends)
    };
    (by_form() || path.exists()).then(|| text.to_owned())
}

/// The name of a variable, where it is one.
fn variable(name: &str) -> String {
    let is_name = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if is_name && !looks_secret(name) { format!("the variable {name}") } else { "the variable".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = "SUANQDPB2RUOE4ETUA26CNX7FUKE5ZZKFCQIIW63OX225F2CO7UEXTM7ZY";

    fn given(text: &str) -> Given {
        Given { field: "--x".into(), text: text.into() }
    }

    #[test]
    fn every_form_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        std::fs::write(dir.path().join("t"), "s3cret\r\n").unwrap();
        let env = Env::of([("HOME", home), ("T", "s3cret"), ("DIR", home)]);
        let file = format!("file://{home}/t");
        for text in [
            "s3cret",
            &file,
            "file://~/t",
            "file://$DIR/t",
            "FILE://~/t",
            "env://T",
            "data:;base64,czNjcmV0",
            "data:text/plain;base64,czNjcmV0",
        ] {
            let read = given(text).literal(&env).unwrap();
            assert_eq!(read.read_line().unwrap().reveal(), "s3cret", "{text}");
            assert!(!format!("{read} {read:?}").contains("s3cret"));
        }
        // A scheme that is none is a part of the password.
        for text in ["a:b", "http://x", "C:x"] {
            assert_eq!(given(text).literal(&env).unwrap().read().unwrap().reveal(), text);
        }
        for text in [SEED.to_owned(), format!("data:;base64,{}", STANDARD.encode(SEED))] {
            assert_eq!(given(&text).nkey(&env).unwrap().read().unwrap().reveal(), SEED);
        }
        assert_eq!(given("~/t").nkey(&env).unwrap().path(), Some(dir.path().join("t").as_path()));
        assert_eq!(given("~/t").file(&env).unwrap().path, dir.path().join("t"));
    }

    #[test]
    fn what_cannot_be_is_named_by_its_field_alone() {
        let env = Env::default();
        for text in [
            "env://N0NE_s3cret",
            "env:s3cret",
            "file:s3cret",
            "data:s3cret",
            "data:;base64,s3cret!",
            "op://v/s3cret",
            "nsc://o/s3cret",
        ] {
            let words = given(text).literal(&env).unwrap_err().to_string();
            assert!(words.contains("--x") && !words.contains("s3cret"), "{words}");
        }
        assert!(given("env://NONE").literal(&env).unwrap_err().to_string().contains("NONE is not set"));
        let broken = &SEED[..40];
        for error in [
            given(broken).nkey(&env).unwrap_err(),
            given(SEED).creds(&env).unwrap_err(),
            given(SEED).file(&env).unwrap_err(),
            given("eyJ0eXAiOiJqd3QiLCJhbGciOiJlZDI1NTE5").creds(&env).unwrap_err(),
            given("data:;base64,czNjcmV0").file(&env).unwrap_err(),
        ] {
            let words = format!("{error} {error:?}");
            assert!(words.contains("--x") && !words.contains(broken) && !words.contains("eyJ"), "{words}");
        }
    }

    #[test]
    fn only_what_is_a_path_is_shown() {
        for text in ["/run/secrets/nats.creds", "./x", "me.creds", "/"] {
            assert_eq!(shown(Path::new(text)).as_deref(), Some(text));
        }
        for text in ["hunter2", "pass word", "/tmp/pass word", SEED, "a/b+c==", &format!("/keys/{SEED}.nk")] {
            assert_eq!(shown(Path::new(text)), None, "{text}");
        }
    }
}
