//! A backtest as it was asked for: what the command line says, and what a manifest repeats.

mod each;
mod sweep;

pub use sweep::Configured;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hemiola_adapters::risk_state;
use hemiola_adapters::store::{Check, Demand, SourceFile};
use hemiola_components::control::OperatorAction;
use hemiola_components::market::Instrument;
use hemiola_components::port::EquityCurve;
use hemiola_components::risk::{Latches, Rule};
use hemiola_components::strategy::EngineSpec;
use hemiola_components::time::{Interval, Nanos};
use hemiola_components::units::Notional;
use hemiola_systems::signals::catalog::Catalog;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::assembly::{Options, Window};
use crate::config::journal::JournalTerms;
use crate::config::ledger::LedgerTerms;
use crate::config::plan::Plan;
use crate::config::{self, Config, ConfigError, Names, Selection, Setting};
use crate::demo;
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::journal::Signing;
use crate::license;
use crate::market_data::{self, FlatFile, MarketData, blake3_of, sha256_of};
use crate::memory::Memory;
use crate::modes::backtest::{self, Run};
use crate::results::resolved;

/// Sections with limits that somebody may rely on; what has no effect there is said at every run.
const LIMITS: [&str; 4] = ["risk_profiles", "instrument_buckets", "risk", "multi_strategy_schedulers"];

/// The inputs of a backtest. Paths are absolute or relative to the working directory.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The configuration.
    pub config: PathBuf,
    /// The environment; the first of the file when there is none.
    pub environment: Option<String>,
    /// The scheduler; the first of the file when there is none.
    pub scheduler: Option<String>,
    /// A candle store, or a file of candles when `interval` is given; the environment's store when there is none.
    pub data: Option<PathBuf>,
    /// The interval of the candles in a file.
    pub interval: Option<String>,
    /// Whether prices are taken as they are.
    pub trust_data: bool,
    /// First instant of the window.
    pub from: Option<String>,
    /// Last instant of the window.
    pub to: Option<String>,
    /// Whether the equity curve has a point for every candle.
    pub every_bar: bool,
    /// Whether schedules that need a capability that was not granted are left out.
    #[serde(default)]
    pub skip_blocked: bool,
    /// Whether it begins with the latches and halts of the environment's risk state.
    #[serde(default)]
    pub risk_state: bool,
    /// What operators do while it runs: an operator log.
    #[serde(default)]
    pub operator_log: Option<PathBuf>,
    /// What takes the place of the scheduler's capital policy: a name or a file.
    #[serde(default)]
    pub capital_policy: Option<String>,
    /// Values that take the place of the configuration's, as `PATH=VALUE`.
    #[serde(default)]
    pub set: Vec<String>,
    /// Cash at the start, in the place of the configuration's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper_balance: Option<f64>,
}

/// A job with everything it needs read and checked.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// Its market data.
    pub data: MarketData,
    /// What part of it is traded.
    pub window: Window,
    /// Which equity points are kept.
    pub curve: EquityCurve,
    /// SHA-256 of the configuration file.
    pub config_sha256: String,
    /// SHA-256 of the resolved configuration, window and seed: the same for the same variant, wherever it runs.
    pub run_id: String,
    /// The configured limits of each risk profile of the plan, by name.
    pub limits: Vec<BTreeMap<String, f64>>,
    /// How the environment keeps a ledger.
    pub ledger: LedgerTerms,
    /// How the environment keeps its decision journal.
    pub journal: JournalTerms,
    /// What is probably not meant.
    pub warnings: Vec<String>,
}

/// A configuration that was read, and what is run out of it.
struct Opened {
    window: Window,
    config: Config,
    selection: Selection,
    /// Files that were read beside the configuration.
    files: Vec<SourceFile>,
    operator: Vec<OperatorAction>,
    warnings: Vec<String>,
}

impl Job {
    /// The first scheduler of a configuration in its first environment, over that environment's own candles.
    #[must_use]
    pub fn of(config: impl Into<PathBuf>) -> Self {
        Self {
            config: config.into(),
            environment: None,
            scheduler: None,
            data: None,
            interval: None,
            trust_data: false,
            from: None,
            to: None,
            every_bar: false,
            skip_blocked: false,
            risk_state: false,
            operator_log: None,
            capital_policy: None,
            set: Vec::new(),
            paper_balance: None,
        }
    }

    /// Reads configuration and data into memory. `notice` hears what is done on the way.
    ///
    /// # Errors
    /// When any of it cannot be read or used.
    pub fn prepare(&self, catalog: &Catalog, notice: &mut dyn FnMut(&str)) -> Result<Prepared, Failure> {
        self.prepare_within(&Memory::default(), catalog, notice)
    }

    /// The same with a limit of memory, beyond which the candles are in temporary files.
    ///
    /// # Errors
    /// When any of it cannot be read or used; when there is no room for temporary files.
    pub fn prepare_within(
        &self,
        memory: &Memory,
        catalog: &Catalog,
        notice: &mut dyn FnMut(&str),
    ) -> Result<Prepared, Failure> {
        self.prepare_with(memory, catalog, notice, market_data::demand)
    }

    /// The same with every candle and all of each, whether a run needs them or not.
    ///
    /// # Errors
    /// When any of it cannot be read or used; when there is no room for temporary files.
    pub fn prepare_all(
        &self,
        memory: &Memory,
        catalog: &Catalog,
        notice: &mut dyn FnMut(&str),
    ) -> Result<Prepared, Failure> {
        self.prepare_with(memory, catalog, notice, |_, _, check, _| Demand::from(check))
    }

    fn prepare_with(
        &self,
        memory: &Memory,
        catalog: &Catalog,
        notice: &mut dyn FnMut(&str),
        demand: impl Fn(&Plan, &Catalog, Check, Window) -> Demand,
    ) -> Result<Prepared, Failure> {
        let opened = self.open(catalog, notice)?;
        let (plan, data, _) = self.read(
            &opened.config,
            opened.selection.clone(),
            &|plan| demand(plan, catalog, self.check(), opened.window),
            memory,
            catalog,
            notice,
        )?;
        self.complete(opened, plan, data)
    }

    /// The same without a candle: they come while it runs.
    ///
    /// # Errors
    /// When the configuration or what is read beside candles cannot be used.
    pub fn prepare_without_candles(
        &self,
        catalog: &Catalog,
        notice: &mut dyn FnMut(&str),
    ) -> Result<Prepared, Failure> {
        let opened = self.open(catalog, notice)?;
        let plan = opened.config.plan(&opened.selection)?;
        let data = market_data::without_candles(&plan, catalog)?;
        self.complete(opened, plan, data)
    }

    fn check(&self) -> Check {
        if self.trust_data { Check::Trusted } else { Check::Full }
    }

    /// Reads and checks the configuration.
    fn open(&self, catalog: &Catalog, notice: &mut dyn FnMut(&str)) -> Result<Opened, Failure> {
        let window = self.window()?;
        let config = self.load(catalog)?;
        for note in config.notes().iter().filter(|note| LIMITS.contains(&note.path.as_str())) {
            notice(&note.to_string());
        }
        let mut warnings: Vec<String> = config.warnings().iter().map(ToString::to_string).collect();
        let mut selection = self.selection();
        let capabilities = config.capabilities(&catalog.specs())?;
        if let Some(capabilities) = &capabilities {
            warnings.extend(capabilities.warnings.iter().map(ToString::to_string));
            let blocked = license::check(&config.plan(&selection)?, capabilities, self.skip_blocked)?;
            warnings.extend(blocked.iter().map(|one| format!("{one}: left out")));
            selection.without = blocked.into_iter().map(|one| one.schedule).collect();
        }
        let mut files = Vec::new();
        files.extend(capabilities.map(|file| SourceFile {
            rows: file.granted.len(),
            path: file.path,
            blake3: file.blake3,
        }));
        let mut operator = Vec::new();
        if let Some(path) = &self.operator_log {
            operator = config::load_operator_log(path, &Names::of(&config.plan(&selection)?))?;
            files.push(SourceFile { blake3: blake3_of(path)?, path: path.clone(), rows: operator.len() });
        }
        if let Some(path) = self.capital_policy.as_deref().filter(|policy| config::is_policy_file(policy)) {
            let path = PathBuf::from(path);
            files.push(SourceFile { blake3: blake3_of(&path)?, path, rows: 1 });
        }
        Ok(Opened { window, config, selection, files, operator, warnings })
    }

    fn complete(&self, opened: Opened, mut plan: Plan, mut data: MarketData) -> Result<Prepared, Failure> {
        const OWN: &str = "the plan's environment is one of the configuration's";
        let Opened { window, config, files, operator, mut warnings, .. } = opened;
        data.files.extend(files);
        plan.operator = operator;
        if let Some(cash) = self.paper_balance {
            if !(cash.is_finite() && cash > 0.0) {
                return Err(Failure::new(
                    Exit::Usage,
                    "--paper-balance: an account begins with more than nothing",
                ));
            }
            plan.cash = Notional::new(cash);
        }
        if self.risk_state {
            let (latches, file) = latched(&config, &plan)?;
            plan.latches = latches;
            data.files.extend(file);
        }
        let curve = if self.every_bar { EquityCurve::EveryBar } else { EquityCurve::Events };
        let config_sha256 = sha256_of(&self.config)?;
        let identity = resolved::identity(&plan, window).to_string();
        let run_id = data_encoding::HEXLOWER.encode(&Sha256::digest(identity));
        warnings.extend(data.warnings.iter().cloned());
        let profiles = plan.risk_profiles.iter();
        let limits = profiles.map(|profile| config.risk_limits(&profile.name).unwrap_or_default()).collect();
        let ledger = config.ledger_terms(Some(&plan.environment)).cloned();
        let ledger = ledger.expect(OWN);
        let journal = config.journal_terms(Some(&plan.environment)).cloned().expect(OWN);
        Ok(Prepared { plan, data, window, curve, config_sha256, run_id, limits, ledger, journal, warnings })
    }

    /// The plan before any data is read or made up. The instruments of a file of candles are not in it.
    ///
    /// # Errors
    /// When the configuration cannot be read or used.
    pub fn plan(&self, catalog: &Catalog) -> Result<Plan, Failure> {
        Ok(self.load(catalog)?.plan(&self.selection())?)
    }

    fn load(&self, catalog: &Catalog) -> Result<Config, Failure> {
        let engines = catalog.specs();
        let config = self.load_with_policy(&engines)?;
        if self.set.is_empty() {
            return Ok(config);
        }
        let read = |text: &String| {
            Setting::read(text).map_err(|error| Failure::new(Exit::Usage, format!("--set {error}")))
        };
        let settings = self.set.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(config.with(&settings, &self.selection(), &engines)?)
    }

    fn load_with_policy(&self, engines: &[EngineSpec]) -> Result<Config, Failure> {
        let config = config::load(&self.config, engines)?;
        let Some(policy) = &self.capital_policy else { return Ok(config) };
        config.with_policy(self.scheduler.as_deref(), policy, engines).map_err(|error| match error {
            // A name stands in no file.
            ConfigError::Invalid(problems) if !config::is_policy_file(policy) => {
                let told = problems.iter().map(|problem| {
                    let near = problem.suggestion.as_ref().map(|near| format!("; did you mean `{near}`?"));
                    format!("{}{}", problem.message, near.unwrap_or_default())
                });
                Failure::new(Exit::Usage, told.collect::<Vec<_>>().join("\n"))
            }
            error => error.into(),
        })
    }

    fn selection(&self) -> Selection {
        Selection {
            environment: self.environment.clone(),
            scheduler: self.scheduler.clone(),
            ..Selection::default()
        }
    }

    /// The Plan with its data, and what took the place of the universe.
    fn read(
        &self,
        config: &Config,
        mut selection: Selection,
        demand: &dyn Fn(&Plan) -> Demand,
        memory: &Memory,
        catalog: &Catalog,
        notice: &mut dyn FnMut(&str),
    ) -> Result<(Plan, MarketData, Option<Vec<Instrument>>), Failure> {
        match (&self.data, &self.interval) {
            (Some(path), Some(interval)) => {
                let interval = parse_interval(interval)?;
                let plan = config.plan(&selection)?;
                let file = FlatFile::load(path, interval, demand(&plan), memory, notice)?;
                selection.instruments = Some(file.instruments(&plan.valuation));
                let plan = config.plan(&selection)?;
                let data = file.market_data(&plan, catalog)?;
                Ok((plan, data, selection.instruments))
            }
            (Some(path), None) if path.is_file() => {
                let message =
                    format!("{}: say how long its candles are with --interval, such as 1m", path.display());
                Err(Failure::new(Exit::Usage, message))
            }
            (None, Some(_)) => Err(Failure::new(Exit::Usage, "--interval goes with --data FILE")),
            (folder, None) => {
                let plan = config.plan(&selection)?;
                let root = folder.as_deref().unwrap_or(&plan.data_root);
                if folder.is_none() && plan.is_demo && !root.exists() {
                    demo::seed_first_time(&plan, root, notice)?;
                }
                let data = market_data::load(&plan, root, demand(&plan), catalog, memory, notice)?;
                Ok((plan, data, None))
            }
        }
    }

    fn window(&self) -> Result<Window, Failure> {
        let instant = |option: &str, text: &Option<String>| -> Result<Option<Nanos>, Failure> {
            let instant = text.as_deref().map(instant::parse).transpose();
            instant.map_err(|error| Failure::new(Exit::Usage, format!("{option}: {error}")))
        };
        let window = Window { from: instant("--from", &self.from)?, to: instant("--to", &self.to)? };
        match (window.from, window.to) {
            (Some(from), Some(to)) if from >= to => {
                let message =
                    format!("--from {} must be before --to {}", instant::text(from), instant::text(to));
                Err(Failure::new(Exit::Usage, message))
            }
            _ => Ok(window),
        }
    }
}

/// What has latched a plan's risk profiles according to its environment's risk state, and the file that says so, if
/// there is one.
pub(crate) fn latched(config: &Config, plan: &Plan) -> Result<(Vec<Latches>, Option<SourceFile>), Failure> {
    let Some(folder) = config.state_folder(Some(&plan.environment)) else { return Ok((Vec::new(), None)) };
    let Some(states) = risk_state::read(&folder)? else { return Ok((Vec::new(), None)) };
    let latches = plan.risk_profiles.iter().map(|profile| {
        let mut latches = Latches::default();
        let known = states.records.get(&profile.name).into_iter().flat_map(|record| &record.latches);
        for latch in known {
            let rule = Latches::RULES.into_iter().find(|rule| rule.name() == latch.rule);
            // Better too much is held back than too little: a rule of another version counts as an operator's.
            latches.set(rule.unwrap_or(Rule::KillSwitch));
        }
        latches
    });
    let path = folder.database();
    let blake3 = blake3_of(&path)?;
    Ok((latches.collect(), Some(SourceFile { path, blake3, rows: states.records.len() })))
}

fn parse_interval(text: &str) -> Result<Interval, Failure> {
    text.parse().map_err(|error| Failure::new(Exit::Usage, format!("--interval: {error}")))
}

impl Prepared {
    /// The keys that sign its decisions.
    ///
    /// # Errors
    /// When one that is named cannot be loaded.
    pub fn signing(&self) -> Result<Signing, Failure> {
        Signing::load(&self.journal)
    }

    /// Runs it. `progress` is shown the instant reached and the last one.
    ///
    /// # Errors
    /// When the world cannot be built.
    pub fn run(&self, catalog: &Catalog, progress: impl FnMut(Nanos, Nanos)) -> Result<Run, Failure> {
        Self::run_each(std::slice::from_ref(self), catalog, progress)
    }

    /// Runs several in one world, an account each; window and curve are those of the first.
    ///
    /// # Errors
    /// When the world cannot be built.
    pub fn run_each(
        all: &[Self],
        catalog: &Catalog,
        progress: impl FnMut(Nanos, Nanos),
    ) -> Result<Run, Failure> {
        let of_first = all.first().map(|first| (first.window, first.curve));
        let (window, curve) = of_first.unwrap_or_default();
        let options = Options { window, curve, ..Options::default() };
        let plans: Vec<_> = all.iter().map(|one| (&one.plan, &one.data.market)).collect();
        Ok(backtest::run(&plans, catalog, options, progress)?)
    }
}

/// Where a run's results go when nothing else is said.
#[must_use]
pub fn default_output(run_id: &str) -> PathBuf {
    Path::new("data").join("reports").join(&run_id[..16])
}
