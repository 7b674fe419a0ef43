//! `jetscope config`: where the configuration is, what it says, and how it may look.

use crate::config::{Config, Settings};

use super::args::ConfigPart;
use super::headless::Failure;
use super::output;

/// The defaults with comments; equal to `Config::default()`, by a test.
const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Runs the command.
pub(super) fn run(settings: &Settings, what: Option<ConfigPart>) -> Result<(), Failure> {
    let path = settings.config_path.display();
    let text = match what {
        Some(ConfigPart::Path) => format!("{path}\n"),
        Some(ConfigPart::Example) => EXAMPLE.to_owned(),
        Some(ConfigPart::Schema) => Config::schema(),
        None => {
            let from = if settings.config_path.is_file() {
                format!("# {path}, with the defaults for what it does not say\n")
            } else {
                format!("# {path} does not exist; these are the defaults\n")
            };
            let log = format!("# log files: {}\n\n", settings.state_dir().display());
            let body = toml::to_string(&settings.config).map_err(|e| Failure::Unknown(e.to_string()))?;
            format!("{from}{log}{body}")
        }
    };
    Ok(output::print(&text)?)
}
