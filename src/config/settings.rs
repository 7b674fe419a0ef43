//! Everything that a run needs to know, from all places.

use std::path::PathBuf;

use crate::model::{Access, KindPatterns, Thresholds};

use super::rules::{Rules, Used};
use super::theme::Theme;
use super::{Config, ConfigError, Connection, Env, Flags, Secret, contexts};

/// The settings of a run (or of a session, after a switch of context).
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to connect.
    pub connection: Connection,
    /// What may be done at the address that is connected to.
    pub access: Access,
    /// The context whose level that is, which need not be the connection's; its name is typed where it is protected.
    pub access_of: Option<String>,
    /// The addresses are those of the connection's context, which may also only lend its credentials to others.
    pub address_is_own: bool,
    /// The colour of the address's context.
    pub colour: Option<String>,
    /// Our own configuration.
    pub config: Config,
    /// Where that was (or would be) read from.
    pub config_path: PathBuf,
    /// What the console looks like.
    pub theme: Theme,
    /// The log's level.
    pub log_level: String,
    flags: Flags,
    env: Env,
}

impl Settings {
    /// From flags and environment, and the files that they name.
    pub fn load(flags: &Flags, env: &Env) -> Result<Self, ConfigError> {
        let named =
            flags.context.clone().filter(|n| !n.is_empty()).or_else(|| env.get("NATS_CONTEXT").map(str::to_owned));
        let is_named = named.is_some();
        let chosen = named.or_else(|| contexts::selected(env));
        Self::with_context(flags, env, chosen.as_deref(), is_named)
    }

    /// The same with another context: what the flags and variables said of the connection does not carry over,
    /// the lowered access level does.
    pub fn for_context(&self, name: &str) -> Result<Self, ConfigError> {
        let env = self.env.without_connection();
        let mut settings = Self::with_context(&self.flags.without_connection(), &env, Some(name), true)?;
        settings.env = self.env.clone();
        settings.connection.ledger = self.connection.ledger.with_context(Some(name));
        Ok(settings)
    }

    fn with_context(flags: &Flags, env: &Env, context: Option<&str>, named: bool) -> Result<Self, ConfigError> {
        let config_path = flags.config.clone().unwrap_or_else(|| default_path(env));
        let config = Config::read(&config_path, flags.config.is_some())?;
        let file = context.map(|name| contexts::read(env, name).map(|file| (name, file))).transpose()?;
        let connection = Connection::resolve(flags, env, file.as_ref().map(|(name, file)| (*name, file)))?;
        let own = file.as_ref().and_then(|(_, file)| file.servers().ok()).unwrap_or_default();
        let used = context.map(|name| Used { name, servers: &own, named });
        let rules = Rules::of(&connection.servers, used, &config, env);
        let access = if flags.read_only { Access::ReadOnly } else { rules.access };
        let plain = flags.no_color || env.get("NO_COLOR").is_some() || env.get("TERM") == Some("dumb");
        let name = if plain { "mono" } else { &config.screen.theme };
        let theme = Theme::named(name).map_err(|reason| ConfigError::BadFile { path: config_path.clone(), reason })?;
        Ok(Self {
            connection,
            access,
            access_of: rules.of,
            address_is_own: rules.is_own,
            colour: rules.colour.filter(|_| !plain),
            log_level: flags.log_level.clone().unwrap_or_else(|| config.log.level.clone()),
            config,
            config_path,
            theme,
            flags: flags.clone(),
            env: env.clone(),
        })
    }

    /// The context whose addresses are connected to, where it is also the one that the connection is made of. Only that
    /// one may be named as where something is or was done.
    pub fn own_context(&self) -> Option<&str> {
        self.connection.context.as_deref().filter(|_| self.address_is_own)
    }

    /// Whether the command line names a connection; what is saved, or stands in the environment, does not count.
    pub const fn names_connection(&self) -> bool {
        self.flags.context.is_some() || self.flags.server.is_some()
    }

    /// The saved connections, each with the access that it would have.
    pub fn contexts(&self) -> Vec<(contexts::ContextSummary, Access)> {
        contexts::list(&self.env)
            .into_iter()
            .map(|summary| {
                let access = self.config.contexts.get(&summary.name).and_then(|c| c.access).unwrap_or_default();
                let access = if self.flags.read_only { Access::ReadOnly } else { access };
                (summary, access)
            })
            .collect()
    }

    /// What an endpoint that receives replayed events is told of who we are: the value of the header `Authorization`,
    /// from `JETSCOPE_HTTP_AUTHORIZATION`. It is in the environment alone, so that no plan and no record has it.
    pub fn http_authorization(&self) -> Option<Secret> {
        self.env.get("JETSCOPE_HTTP_AUTHORIZATION").map(Secret::new)
    }

    /// Parameters that are added to the address of an endpoint that receives replayed events, from
    /// `JETSCOPE_HTTP_QUERY`: `name=value&name=value`, percent-encoded. As above.
    pub fn http_query(&self) -> Option<Secret> {
        self.env.get("JETSCOPE_HTTP_QUERY").map(Secret::new)
    }

    /// The patterns of names.
    pub fn kinds(&self) -> KindPatterns {
        KindPatterns {
            event_source: self.config.kinds.event_source.clone(),
            event_channel: self.config.kinds.event_channel.clone(),
        }
    }

    /// What is a warning.
    pub fn thresholds(&self) -> Thresholds {
        // It was read once already when the file was checked.
        self.config.thresholds().unwrap_or_default()
    }

    /// Without a connection of anybody's: a context that is broken does not matter.
    pub fn without_connection(flags: &Flags, env: &Env) -> Result<Self, ConfigError> {
        let mut settings = Self::with_context(&flags.without_connection(), &env.without_connection(), None, false)?;
        settings.env = env.clone();
        Ok(settings)
    }

    /// For a server of our own (the demo): no context, no variables, no connection flags.
    pub fn for_server(flags: &Flags, env: &Env, url: &str) -> Result<Self, ConfigError> {
        let flags = Flags { server: Some(url.to_owned()), ..flags.without_connection() };
        let mut settings = Self::with_context(&flags, &env.without_connection(), None, false)?;
        settings.env = env.clone();
        Ok(settings)
    }

    /// The folder of the saved connections.
    pub fn contexts_dir(&self) -> PathBuf {
        contexts::folder(&self.env)
    }

    /// Where the log and other state is kept.
    pub fn state_dir(&self) -> PathBuf {
        state_dir(&self.env)
    }

    /// The environment as it was at the start.
    pub const fn env(&self) -> &Env {
        &self.env
    }
}

/// The configuration file where none is named.
pub fn default_path(env: &Env) -> PathBuf {
    let dir = env
        .get("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .map(|d| d.join("jetscope"))
        .or_else(|| directories::ProjectDirs::from("", "", "jetscope").map(|dirs| dirs.config_dir().to_owned()));
    dir.unwrap_or_default().join("config.toml")
}

/// The state directory: `$XDG_STATE_HOME/jetscope`, else the platform's.
pub fn state_dir(env: &Env) -> PathBuf {
    let dir = env.get("XDG_STATE_HOME").map(PathBuf::from).map(|d| d.join("jetscope")).or_else(|| {
        directories::ProjectDirs::from("", "", "jetscope")
            .map(|dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned())
    });
    dir.unwrap_or_else(|| PathBuf::from(".jetscope"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn home(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn env(dir: &tempfile::TempDir) -> Env {
        Env::of([("XDG_CONFIG_HOME", dir.path().to_str().unwrap())])
    }

    #[test]
    fn the_selected_context_is_used_and_can_be_switched() {
        let dir = home(&[
            ("nats/context.txt", "prod\n"),
            ("nats/context/prod.json", r#"{"url":"nats://p","user":"u","password":"s3cret"}"#),
            ("nats/context/dev.json", r#"{"url":"nats://d","description":"here"}"#),
            ("jetscope/config.toml", "[contexts.prod]\naccess = \"protected\"\ncolour = \"red\""),
        ]);
        let env = env(&dir);
        let settings = Settings::load(&Flags::default(), &env).unwrap();
        assert_eq!(settings.connection.context.as_deref(), Some("prod"));
        assert_eq!((settings.access, settings.colour.as_deref()), (Access::Protected, Some("red")));
        assert!(!format!("{settings:?}").contains("s3cret"));
        assert_eq!(settings.own_context(), Some("prod"));
        // Elsewhere, with its credentials, it is another place.
        let flags = Flags { server: Some("other".into()), ..Default::default() };
        let elsewhere = Settings::load(&flags, &env).unwrap();
        assert_eq!((elsewhere.access, &elsewhere.colour, elsewhere.own_context()), (Access::Confirm, &None, None));
        assert_eq!(elsewhere.connection.context.as_deref(), Some("prod"));
        let flags = Flags { read_only: true, ..flags };
        let settings = Settings::load(&flags, &env).unwrap();
        assert_eq!((settings.connection.servers[0].as_str(), settings.access), ("nats://other:4222", Access::ReadOnly));
        let dev = settings.for_context("dev").unwrap();
        assert_eq!((dev.connection.servers[0].as_str(), dev.access), ("nats://d:4222", Access::ReadOnly));
        let list = dev.contexts();
        assert_eq!((list.len(), list[0].0.description.as_str(), list[1].0.selected), (2, "here", true));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let dir = home(&[
            ("nats/context/prod.json", r#"{"url":"nats://p","nsc":"nsc://a/b/c"}"#),
            ("nats/context/vault.json", r#"{"url":"nats://p","user":"u","password":"op://vault/s3cret"}"#),
            ("nats/context/bad.json", r#"{"password":"s3cret" nonsense"#),
        ]);
        let env = env(&dir);
        let load = |name: &str| {
            let flags = Flags { context: Some(name.into()), ..Default::default() };
            Settings::load(&flags, &env).unwrap_err().to_string()
        };
        assert!(load("prdo").contains("did you mean \"prod\""), "{}", load("prdo"));
        assert!(load("prod").contains("\"nsc\""), "{}", load("prod"));
        assert!(load("vault").contains("\"password\"") && !load("vault").contains("s3cret"), "{}", load("vault"));
        assert!(load("bad").contains("line 1") && !load("bad").contains("s3cret"), "{}", load("bad"));
        assert!(load("../../etc/passwd").contains("no context"), "{}", load("../../etc/passwd"));
        let flags = Flags { config: Some("/nonexistent.toml".into()), ..Default::default() };
        assert!(Settings::load(&flags, &Env::default()).unwrap_err().to_string().contains("/nonexistent.toml"));
    }
}
