//! Who we say we are: from which place each part of it comes.

use super::addresses::UserInfo;
use super::contexts::field_of;
use super::credential::Given;
use super::{ConfigError, ContextFile, Credential, Env, Flags, NamedFile, Secret};

/// Who we say we are. What is read from a file is read anew at every attempt to connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// Nobody.
    #[default]
    None,
    /// A user and a password.
    User(Secret, Credential),
    /// A token.
    Token(Credential),
    /// The text of a credentials file: a JWT and its seed.
    Creds(Credential),
    /// An nkey seed, perhaps with other words.
    Nkey(Credential),
    /// A JWT and its seed; a bearer's JWT has none.
    Jwt(Credential, Option<Credential>),
}

/// The places that say how to connect, in their order.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub flags: &'a Flags,
    pub env: &'a Env,
    pub context: Option<(&'a str, &'a ContextFile)>,
}

/// The credentials of one place.
#[derive(Default)]
struct Offered {
    creds: Option<Given>,
    nkey: Option<Given>,
    jwt: Option<Given>,
    token: Option<Given>,
    user: Option<Given>,
    /// Of that place or of any before it.
    password: Option<Given>,
    /// The same.
    seed: Option<Given>,
    user_may_be_token: bool,
}

type Field = fn(&ContextFile) -> &Secret;

impl Places<'_> {
    /// The context's file, or an empty one.
    pub(super) fn file(&self) -> ContextFile {
        self.context.map(|(_, file)| file.clone()).unwrap_or_default()
    }

    /// The first that says something.
    pub(super) fn first(
        &self,
        flag: Option<&Secret>,
        flag_name: &str,
        variable: &str,
        field: Field,
        field_name: &str,
    ) -> Option<Given> {
        of_flag(flag, flag_name).or_else(|| self.of_variable(variable)).or_else(|| self.of_field(field, field_name))
    }

    /// A file of the encryption.
    pub(super) fn tls_file(
        &self,
        flag: Option<&Secret>,
        flag_name: &str,
        variable: &str,
        field: Field,
        field_name: &str,
    ) -> Result<Option<NamedFile>, ConfigError> {
        self.first(flag, flag_name, variable, field, field_name).map(|given| given.file(self.env)).transpose()
    }

    /// That no proxy is wanted: the client has none, and would go past it. `none` does away with the context's.
    pub(super) fn without_proxy(&self) -> Result<(), ConfigError> {
        let given = self.of_variable("NATS_SOCKS_PROXY").or_else(|| self.of_field(|f| &f.socks_proxy, "socks_proxy"));
        match given.filter(|given| !matches!(given.text.reveal(), "none" | "NONE" | "-")) {
            None => Ok(()),
            Some(given) => Err(ConfigError::BadField {
                field: given.field,
                reason: "jetscope has no SOCKS proxy and does not go past one; NATS_SOCKS_PROXY=none connects directly"
                    .into(),
            }),
        }
    }

    /// The first place that names any credentials decides alone: a `--creds` replaces the context's password. A
    /// password belongs to the user that is found, wherever that is: `--password` with the context's user is its
    /// password. So does a seed to the JWT.
    pub(super) fn auth(&self, in_url: Option<UserInfo>) -> Result<Auth, ConfigError> {
        let Flags { user, password, token, creds, nkey, jwt, seed, .. } = self.flags;
        let password = of_flag(password.as_ref(), "--password").or_else(|| self.of_variable("NATS_PASSWORD"));
        let seed = of_flag(seed.as_ref(), "--seed").or_else(|| self.of_variable("NATS_SEED"));
        let from_flags = Offered {
            creds: of_flag(creds.as_ref(), "--creds"),
            nkey: of_flag(nkey.as_ref(), "--nkey"),
            jwt: of_flag(jwt.as_ref(), "--jwt"),
            token: of_flag(token.as_ref(), "--token"),
            user: of_flag(user.as_ref(), "--user"),
            password: password.clone(),
            seed: seed.clone(),
            user_may_be_token: true,
        };
        let from_env = Offered {
            creds: self.of_variable("NATS_CREDS"),
            nkey: self.of_variable("NATS_NKEY"),
            jwt: self.of_variable("NATS_JWT"),
            token: self.of_variable("NATS_TOKEN"),
            user: self.of_variable("NATS_USER"),
            password: password.clone(),
            seed: seed.clone(),
            user_may_be_token: true,
        };
        let in_url = in_url.map(|(user, password)| {
            let held = |text: Secret| Credential::held("the server address", text);
            if password.is_empty() { Auth::Token(held(user)) } else { Auth::User(user, held(password)) }
        });
        let from_file = Offered {
            creds: self.of_field(|f| &f.creds, "creds"),
            nkey: self.of_field(|f| &f.nkey, "nkey"),
            jwt: self.of_field(|f| &f.user_jwt, "user_jwt"),
            token: self.of_field(|f| &f.token, "token"),
            user: self.of_field(|f| &f.user, "user"),
            password: password.or_else(|| self.of_field(|f| &f.password, "password")),
            seed: seed.clone().or_else(|| self.of_field(|f| &f.user_seed, "user_seed")),
            user_may_be_token: false,
        };
        for offered in [Some(from_flags), Some(from_env), None, Some(from_file)] {
            let auth = match offered {
                Some(offered) => offered.choose(self.env)?,
                None => in_url.clone(),
            };
            if let Some(auth) = auth {
                return Ok(auth);
            }
        }
        match seed {
            None => Ok(Auth::None),
            Some(given) => Err(ConfigError::BadField {
                field: given.field,
                reason: "there is no JWT that this seed belongs to; an nkey's own seed stands in --nkey or NATS_NKEY"
                    .into(),
            }),
        }
    }

    fn of_variable(&self, name: &str) -> Option<Given> {
        self.env.get(name).map(|text| Given { field: name.to_owned(), text: text.into() })
    }

    fn of_field(&self, field: Field, name: &str) -> Option<Given> {
        let (context, file) = self.context?;
        let text = Some(field(file)).filter(|text| !text.is_empty())?.clone();
        Some(Given { field: field_of(context, name), text })
    }
}

fn of_flag(flag: Option<&Secret>, name: &str) -> Option<Given> {
    let text = flag.filter(|text| !text.is_empty())?.clone();
    Some(Given { field: name.to_owned(), text })
}

impl Offered {
    /// One of them, in the order of the nats CLI.
    fn choose(self, env: &Env) -> Result<Option<Auth>, ConfigError> {
        // As with the nats CLI: a user without a password is a token, which comes last; not so in a context.
        let (user, token) = match (self.user, &self.password) {
            (Some(user), None) if self.user_may_be_token => (None, Some(self.token.unwrap_or(user))),
            (user, _) => (user, self.token),
        };
        Ok(Some(if let Some(user) = user {
            let none = || Ok(Credential::held("the password", ""));
            Auth::User(user.text, self.password.map_or_else(none, |given| given.literal(env))?)
        } else if let Some(creds) = self.creds {
            Auth::Creds(creds.creds(env)?)
        } else if let Some(nkey) = self.nkey {
            Auth::Nkey(nkey.nkey(env)?)
        } else if let Some(jwt) = self.jwt {
            Auth::Jwt(jwt.literal(env)?, self.seed.map(|given| given.literal(env)).transpose()?)
        } else if let Some(token) = token {
            Auth::Token(token.literal(env)?)
        } else {
            return Ok(None);
        }))
    }
}
