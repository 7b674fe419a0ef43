//! A made-up home with contexts of the `nats` CLI in it, and the settings that come of it.

use std::fs;
use std::path::{Path, PathBuf};

use jetscope::config::{ConfigError, Env, Flags, Settings};
use serde_json::Value;

/// A temporary directory that is both the home and the configuration directory.
#[derive(Debug)]
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    /// Without anything in it.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// With this context, which is also the selected one.
    pub(crate) fn with(context: &Value) -> Self {
        let home = Self::new();
        home.context("it", context);
        home.file("nats/context.txt", "it\n");
        home
    }

    /// Saves a context.
    pub(crate) fn context(&self, name: &str, fields: &Value) {
        self.file(&format!("nats/context/{name}.json"), &fields.to_string());
    }

    /// Writes a file and says where it is.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, text).expect("a file");
        path
    }

    /// Where a file is or would be.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The settings with these flags and variables, however they turn out.
    pub(crate) fn try_load(&self, flags: &Flags, vars: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let dir = text(self.0.path());
        let own = [("XDG_CONFIG_HOME", dir.as_str()), ("HOME", dir.as_str())];
        Settings::load(flags, &Env::of(own.into_iter().chain(vars.iter().copied())))
    }

    /// The settings with these flags and variables.
    pub(crate) fn load(&self, flags: &Flags, vars: &[(&str, &str)]) -> Settings {
        self.try_load(flags, vars).expect("settings")
    }

    /// The settings of the selected context alone.
    pub(crate) fn selected(&self) -> Settings {
        self.load(&Flags::default(), &[])
    }
}

/// A path as flags and files hold it.
pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}
