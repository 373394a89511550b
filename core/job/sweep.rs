//! One job as the ground of many variants.

use hemiola_adapters::store::Demand;
use hemiola_systems::signals::catalog::Catalog;

use super::{Job, Prepared};
use crate::config::plan::Plan;
use crate::config::{Config, Selection};
use crate::exit::Failure;
use crate::license;
use crate::memory::Memory;

/// A configuration and what is selected from it, before any data are read.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The configuration.
    pub config: Config,
    /// What is selected.
    pub selection: Selection,
    /// Its Plan. The instruments of a file of candles are not in it.
    pub plan: Plan,
}

impl Job {
    /// Reads and checks the configuration alone.
    ///
    /// # Errors
    /// When it cannot be read or used.
    pub fn configure(&self, catalog: &Catalog) -> Result<Configured, Failure> {
        self.window()?;
        let config = self.load(catalog)?;
        let mut selection = self.selection();
        if let Some(capabilities) = config.capabilities(&catalog.specs())? {
            let blocked = license::check(&config.plan(&selection)?, &capabilities, self.skip_blocked)?;
            selection.without = blocked.into_iter().map(|one| one.schedule).collect();
        }
        let plan = config.plan(&selection)?;
        Ok(Configured { config, selection, plan })
    }

    /// The same with every candle and all of each, whatever a variant of it may need.
    ///
    /// # Errors
    /// When any of it cannot be read or used; when there is no room for temporary files.
    pub fn prepare_for_variants(
        &self,
        memory: &Memory,
        catalog: &Catalog,
        notice: &mut dyn FnMut(&str),
    ) -> Result<(Configured, Prepared), Failure> {
        let opened = self.open(catalog, notice)?;
        let demand = |_: &Plan| Demand::from(self.check());
        let (plan, data, instruments) =
            self.read(&opened.config, opened.selection.clone(), &demand, memory, catalog, notice)?;
        let selection = Selection { instruments, ..opened.selection.clone() };
        let configured = Configured { config: opened.config.clone(), selection, plan: plan.clone() };
        Ok((configured, self.complete(opened, plan, data)?))
    }
}
