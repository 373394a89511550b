//! One job several times, over candles that are read once.

use hemiola_components::market::Instrument;
use hemiola_systems::signals::catalog::Catalog;

use super::{Job, Prepared};
use crate::config::plan::Plan;
use crate::exit::Failure;
use crate::market_data::{self, MarketData};
use crate::memory::Memory;

impl Job {
    /// Prepares the same job under several capital policies, over candles that are read once.
    ///
    /// # Errors
    /// When any of it cannot be read or used; when there is no room for temporary files.
    pub fn prepare_each(
        jobs: &[Self],
        memory: &Memory,
        catalog: &Catalog,
        notice: &mut dyn FnMut(&str),
    ) -> Result<Vec<Prepared>, Failure> {
        let mut opened = Vec::with_capacity(jobs.len());
        for job in jobs {
            opened.push(if opened.is_empty() {
                job.open(catalog, notice)?
            } else {
                job.open(catalog, &mut |_| ())?
            });
        }
        let mut read: Option<(MarketData, Option<Vec<Instrument>>)> = None;
        let mut prepared = Vec::with_capacity(jobs.len());
        for (job, mut opened) in jobs.iter().zip(opened) {
            let (plan, data) = if let Some((data, instruments)) = &read {
                opened.selection.instruments.clone_from(instruments);
                (opened.config.plan(&opened.selection)?, data.clone())
            } else {
                let demand = |plan: &Plan| market_data::demand(plan, catalog, job.check(), opened.window);
                let selection = opened.selection.clone();
                let (plan, data, instruments) =
                    job.read(&opened.config, selection, &demand, memory, catalog, notice)?;
                read = Some((data.clone(), instruments));
                (plan, data)
            };
            prepared.push(job.complete(opened, plan, data)?);
        }
        Ok(prepared)
    }
}
