//! The Plan: a configuration that has been checked, with every name resolved to an index.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hemiola_components::capital::Policy;
use hemiola_components::control::OperatorAction;
use hemiola_components::governor::GovernorSettings;
use hemiola_components::market::Instrument;
use hemiola_components::order::{Costs, EntryOrder, FillModel, Liquidity, MarginTerms, Shortfall};
use hemiola_components::risk::{Latches, RiskPolicy, RiskProfile};
use hemiola_components::schedule::{Cadence, OnSuspend, Sizing, TradingWindow};
use hemiola_components::strategy::Parameters;
use hemiola_components::time::{Interval, Nanos};
use hemiola_components::units::Notional;

use super::definition::Definition;

/// Everything one portfolio of a run needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The environment's name.
    pub environment: String,
    /// The scheduler's name, which is also the portfolio's.
    pub scheduler: String,
    /// Prefix of telemetry and journal names.
    pub telemetry_namespace: String,
    /// The valuation currency; every instrument is quoted in it or in one declared equal.
    pub valuation: String,
    /// Quote currencies the configuration declares equal to the valuation currency.
    pub equal_quotes: Vec<String>,
    /// Starting cash.
    pub cash: Notional,
    /// What the simulated venue charges.
    pub costs: Costs,
    /// How the simulated venue fills.
    pub fill_model: FillModel,
    /// How much of the market its orders get, and how late.
    pub liquidity: Liquidity,
    /// What the simulated venue asks of shorts.
    pub margin: MarginTerms,
    /// What becomes of orders that the account cannot pay for.
    pub shortfall: Shortfall,
    /// Those a schedule uses, in the order of the universe, then of the venues.
    pub instruments: Vec<Instrument>,
    /// What its venue calls each of [`Plan::instruments`]; the name of its folder in the candle store.
    pub venue_symbols: Vec<String>,
    /// In the order of the file; only those a schedule uses.
    pub strategies: Vec<StrategyPlan>,
    /// In the order of the file.
    pub schedules: Vec<SchedulePlan>,
    /// In the order of the file; only those a schedule uses.
    pub risk_profiles: Vec<RiskProfile>,
    /// How their limits are applied.
    pub risk_policy: RiskPolicy,
    /// What has latched them before the run, in the order of [`Plan::risk_profiles`]; shorter when the rest is free.
    pub latches: Vec<Latches>,
    /// How capital is divided between the schedules.
    pub capital_policy: Policy,
    /// Distance of the re-allocation instants; `None` is every due instant.
    pub cool_down: Option<Nanos>,
    /// What grants signals to strategies by how well they do.
    pub governor: Option<GovernorSettings>,
    /// What holds from the start: limits, then suspensions. Their `at` has no meaning.
    pub initial: Vec<OperatorAction>,
    /// What operators do while it runs, ascending in time.
    pub operator: Vec<OperatorAction>,
    /// Root of the candle store, absolute or relative to the working directory.
    pub data_root: PathBuf,
    /// Whether the environment is a demo: an absent store is filled with made-up candles.
    pub is_demo: bool,
}

/// A strategy of the Plan.
#[derive(Clone, Debug, PartialEq)]
pub struct StrategyPlan {
    /// The configured name.
    pub name: String,
    /// The engine's name in the catalogue.
    pub engine: String,
    /// Complete and checked.
    pub parameters: Parameters,
    /// Its place in the catalogue.
    pub definition: Definition,
}

/// A schedule of the Plan.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulePlan {
    /// The configured name.
    pub name: String,
    /// Index into [`Plan::strategies`].
    pub strategy: usize,
    /// Indices into [`Plan::instruments`], ascending.
    pub instruments: Vec<usize>,
    /// Which of them are traded against each other; empty unless the engine trades pairs.
    pub pairs: Vec<Pair>,
    /// The candles it reads.
    pub interval: Interval,
    /// When it is due.
    pub cadence: Cadence,
    /// How many candles warm its state.
    pub warmup_bars: usize,
    /// Index into [`Plan::risk_profiles`].
    pub risk_profile: usize,
    /// How an entry is sized.
    pub sizing: Sizing,
    /// How an entry goes to the market.
    pub entry_order: EntryOrder,
    /// Signals at most, per instrument and decision; at least 1.
    pub max_signals: u32,
    /// Of several schedules that are due together, those of a higher priority go first.
    pub priority: i32,
    /// How late it may be served before that is reported; on the wall clock only.
    pub max_drift: Nanos,
    /// When it may enter; always when there are none.
    pub windows: Vec<TradingWindow>,
    /// Schedules that may enter only while this one is suspended, as indices into [`Plan::schedules`].
    pub fallbacks: Vec<usize>,
    /// What becomes of its positions while it is suspended.
    pub on_suspend: OnSuspend,
    /// Metrics from outside that capital policies and the governor read, by name.
    pub metrics: BTreeMap<String, f64>,
}

impl SchedulePlan {
    /// A schedule of the first strategy under the first risk profile, on nothing yet: once per candle, sized by its
    /// share, with market orders.
    #[must_use]
    pub fn new(name: impl Into<String>, interval: Interval) -> Self {
        Self {
            name: name.into(),
            strategy: 0,
            instruments: Vec::new(),
            pairs: Vec::new(),
            interval,
            cadence: Cadence { every: interval.length(), offset: Nanos::ZERO },
            warmup_bars: 0,
            risk_profile: 0,
            sizing: Sizing::Weight,
            entry_order: EntryOrder::default(),
            max_signals: 10,
            priority: 0,
            max_drift: Nanos::new(30 * Nanos::SECOND.get()),
            windows: Vec::new(),
            fallbacks: Vec::new(),
            on_suspend: OnSuspend::default(),
            metrics: BTreeMap::new(),
        }
    }
}

/// An instrument on one venue and the same on another, as indices into [`Plan::instruments`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The one whose candles decide.
    pub primary: usize,
    /// The other one.
    pub secondary: usize,
}
