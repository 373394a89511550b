//! Which environment's state is meant.

use std::path::PathBuf;

use clap::Args;
use hemiola_adapters::risk_state::StateFolder;
use hemiola_systems::signals::catalog::Catalog;

use crate::cli::{DEFAULT_CONFIG, say, unknown};
use crate::config::{self, Config, listed};
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Place {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    /// The environment; has to be said where something is changed.
    #[arg(long, value_name = "NAME")]
    pub(super) environment: Option<String>,
}

impl Place {
    /// The configuration and the folder of the state; of the first environment when none is named.
    pub(super) fn find(&self, catalog: &Catalog) -> Result<(Config, StateFolder), Failure> {
        let config = config::load(&self.config, &catalog.specs())?;
        for warning in config.warnings() {
            say(warning);
        }
        let folder = config.state_folder(self.environment.as_deref()).ok_or_else(|| {
            let name = self.environment.as_deref().unwrap_or_default();
            unknown("--environment", "environment", name, &config.environment_names())
        })?;
        Ok((config, folder))
    }

    /// The same for what changes the state, which never means an environment that was not named.
    pub(super) fn find_named(&self, catalog: &Catalog) -> Result<(Config, StateFolder), Failure> {
        let (config, folder) = self.find(catalog)?;
        if self.environment.is_some() {
            return Ok((config, folder));
        }
        let known = listed(config.environment_names());
        Err(Failure::new(Exit::Usage, format!("--environment: say which one is meant; there are {known}")))
    }
}
