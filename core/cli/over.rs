//! What candles a run is over, and which part of them: the same options for every command that runs one.

use std::path::PathBuf;

use clap::Args;

use super::Selected;
use crate::job::Job;

#[derive(Debug, Args)]
pub(super) struct Over {
    /// A candle store, or with --interval one file of candles; the environment's store by default.
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// The interval of the candles in a file, such as 1m.
    #[arg(long, requires = "data")]
    interval: Option<String>,
    /// Take prices as they are; only the order of the candles is checked.
    #[arg(long)]
    trust_data: bool,
    /// First instant of the window; candles before it warm up. A date or RFC 3339.
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Last instant of the window.
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
    /// Leave out the schedules whose strategy needs a capability that was not granted.
    #[arg(long)]
    skip_blocked: bool,
}

impl Over {
    /// A job of what is selected over these candles.
    pub(super) fn job(&self, selected: &Selected) -> Job {
        Job {
            environment: selected.environment.clone(),
            scheduler: selected.scheduler.clone(),
            data: self.data.clone(),
            interval: self.interval.clone(),
            trust_data: self.trust_data,
            from: self.from.clone(),
            to: self.to.clone(),
            skip_blocked: self.skip_blocked,
            ..Job::of(&selected.config)
        }
    }
}
