//! Which scheduler is meant, when, and by whom.

use clap::Args;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;

use crate::cli::Selected;
use crate::config::Selection;
use crate::exit::{Exit, Failure};
use crate::operator::session::Session;
use crate::{clock, instant};

#[derive(Debug, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) selected: Selected,
    /// The instant at which it is done; now by default.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) at: Option<String>,
}

impl Place {
    pub(crate) fn open(&self, catalog: &Catalog) -> Result<Session, Failure> {
        let selection = Selection {
            environment: self.selected.environment.clone(),
            scheduler: self.selected.scheduler.clone(),
            ..Selection::default()
        };
        Session::open(&self.selected.config, &selection, catalog)
    }

    /// The same for what changes the state, which never means one of several environments that was not named.
    pub(crate) fn open_named(&self, catalog: &Catalog) -> Result<Session, Failure> {
        let session = self.open(catalog)?;
        if self.selected.environment.is_none() && session.environments > 1 {
            let message = format!(
                "--environment: say which one is meant, of {} in the configuration",
                session.environments
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        Ok(session)
    }

    pub(crate) fn now(&self) -> Result<Nanos, Failure> {
        read_instant("--at", self.at.as_deref()).map(|at| at.unwrap_or_else(clock::now))
    }
}

pub(crate) fn read_instant(option: &str, text: Option<&str>) -> Result<Option<Nanos>, Failure> {
    let read = text.map(instant::parse).transpose();
    read.map_err(|error| Failure::new(Exit::Usage, format!("{option}: {error}")))
}

/// Who acts: as said, else the user of the process, else `operator`.
pub(crate) fn who(said: Option<&str>) -> String {
    let said = said.map(str::trim).filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    let user = || std::env::var("USER").ok().filter(|name| !name.trim().is_empty());
    said.or_else(user).unwrap_or_else(|| "operator".to_owned())
}
