//! `environments.<name>`.

use std::path::{Path, PathBuf};

use hemiola_adapters::ledger::PATTERN;
use hemiola_components::order::{Costs, FillModel, Liquidity, Maintenance, MarginTerms, Shortfall};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Bps, Notional, Ratio};

use super::Universe;
use crate::config::feed::{FeedKind, FeedTerms};
use crate::config::journal::JournalTerms;
use crate::config::ledger::LedgerTerms;
use crate::config::problem::{Place, listed, quoted};
use crate::config::runtime_log::LogTerms;
use crate::config::view::View;
use crate::cycles::{self, Limits, normalised_limit};
use crate::results::resolved;

/// Where and with what money a scheduler trades.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    pub(crate) name: String,
    /// Other names for the command line.
    pub(crate) aliases: Vec<String>,
    pub(crate) place: Place,
    pub(crate) mode: Mode,
    /// The venue of instruments that are named without one.
    pub(crate) exchange: String,
    pub(crate) universe: String,
    /// For schedules and strategies that name none.
    pub(crate) risk_profile: String,
    pub(crate) data_root: PathBuf,
    pub(crate) state_path: PathBuf,
    pub(crate) account: Account,
    pub(crate) ledger: LedgerTerms,
    pub(crate) journal: JournalTerms,
    pub(crate) feed: FeedTerms,
    pub(crate) history: cycles::Terms,
    pub(crate) runtime_log: LogTerms,
    /// Whether it says what its account begins with.
    pub(crate) has_balances: bool,
}

/// What kind of money it trades with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Made-up candles are welcome.
    Demo,
    /// Real prices, simulated money.
    Paper,
    /// Real money.
    Live,
}

/// The simulated account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) valuation: String,
    pub(crate) equal_quotes: Vec<String>,
    pub(crate) cash: Notional,
    pub(crate) costs: Costs,
    pub(crate) fill_model: FillModel,
    pub(crate) liquidity: Liquidity,
    pub(crate) margin: MarginTerms,
    pub(crate) shortfall: Shortfall,
}

impl Environment {
    pub(super) fn decode(
        field: &View<'_>,
        folder: &Path,
        universes: &[Universe],
        decision_log: Option<&View<'_>>,
    ) -> Self {
        let text = |key: &str| field.text(key).unwrap_or_default().to_owned();
        let paper = field.get("adapter_settings").and_then(|adapters| adapters.get("paper_trading"));
        let mode = Mode::named(field.text("environment").unwrap_or_default());
        let mut environment = Self {
            name: field.name.to_owned(),
            aliases: field.texts("aliases"),
            place: field.key_place(),
            mode,
            exchange: text("exchange"),
            universe: text("instrument_universe"),
            risk_profile: text("risk_profile"),
            data_root: folder.join(text("data_cache_path")),
            state_path: match field.text("state_path") {
                Some(path) => folder.join(path),
                None => folder.join("../var/state").join(field.name),
            },
            account: Account::decode(paper.as_ref(), mode),
            ledger: decode_ledger(paper.as_ref()),
            journal: JournalTerms::decode(field.get("decision_journal").as_ref(), decision_log, folder),
            feed: decode_feed(field.get("feed").as_ref(), folder.join(text("data_cache_path")), folder),
            history: cycles::Terms {
                cycles: decode_limits(field.get("cycle_history").as_ref()),
                evaluations: decode_limits(field.get("risk_evaluations").as_ref()),
            },
            runtime_log: LogTerms::decode(field.get("runtime_log").as_ref(), folder),
            has_balances: paper.as_ref().is_some_and(|paper| paper.has("initial_balances")),
        };
        if !environment.check_exchange(field, universes) {
            environment.exchange.clear();
        }
        if environment.mode == Mode::Live {
            for key in ["keychain_key", "live_readiness"].into_iter().filter(|key| !field.has(key)) {
                field.missing(key);
            }
        }
        environment
    }

    /// Whether its universe has something on its exchange.
    fn check_exchange(&self, field: &View<'_>, universes: &[Universe]) -> bool {
        let Some(universe) = universes.iter().find(|universe| universe.name == self.universe) else {
            return true;
        };
        let mut venues: Vec<_> = universe.listings.iter().map(|l| l.instrument.venue.as_str()).collect();
        venues.sort_unstable();
        venues.dedup();
        let Some(exchange) = field.get("exchange") else { return true };
        let is_known = venues.is_empty() || venues.contains(&self.exchange.as_str());
        if !is_known {
            let message = format!(
                "there is no venue in the universe {} (known: {})",
                quoted(&self.exchange),
                listed(venues.iter().copied())
            );
            field.problems.unknown(&exchange.place(), "unknown_reference", message, &self.exchange, venues);
        }
        is_known
    }

    /// What the command line may call it.
    pub(crate) fn names(&self) -> Vec<&str> {
        std::iter::once(&self.name).chain(&self.aliases).map(String::as_str).collect()
    }
}

impl Mode {
    pub(crate) const ALL: [Self; 3] = [Self::Demo, Self::Paper, Self::Live];

    pub(crate) fn named(name: &str) -> Self {
        match name {
            "paper" => Self::Paper,
            "live" => Self::Live,
            _ => Self::Demo,
        }
    }

    /// The name in configuration.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Paper => "paper",
            Self::Live => "live",
        }
    }
}

impl Account {
    fn decode(field: Option<&View<'_>>, mode: Mode) -> Self {
        let number = |key: &str| field.map(|field| field.number_or_zero(key)).unwrap_or_default();
        let text = |key: &str| field.and_then(|field| field.text(key)).unwrap_or_default();
        let valuation = text("valuation_asset").to_owned();
        let usual = if mode == Mode::Paper { FillModel::Realistic } else { FillModel::NextOpen };
        let named = |model: &FillModel| model.name() == text("fill_model");
        let fill_model = FillModel::ALL.into_iter().find(named).unwrap_or(usual);
        // What makes fills believable is off where all of an order is taken to fill.
        let is_realistic = fill_model == FillModel::Realistic;
        let realistic = |key: &str| if is_realistic { number(key) } else { 0.0 };
        let count = |key: &str| field.filter(|_| is_realistic).map_or(0, |field| field.count(key));
        let milliseconds = |key: &str| Nanos::new(i64::from(count(key)) * 1_000_000);
        let maintenance = match field.and_then(|field| field.number("maintenance_margin")) {
            Some(rate) => Maintenance::Rate(Ratio::new(rate)),
            None if fill_model == FillModel::NextOpen => Maintenance::None,
            None => Maintenance::ByProfile,
        };
        let balances = field.and_then(|field| field.get("initial_balances"));
        Self {
            cash: balances.map_or(Notional::new(10_000.0), |balances| decode_cash(&balances, &valuation)),
            valuation,
            equal_quotes: field.map(|field| field.texts("quote_assets")).unwrap_or_default(),
            costs: Costs {
                taker_fee: Ratio::new(number("taker_fee")),
                maker_fee: Ratio::new(number("maker_fee")),
                slippage: Bps::new(number("slippage_bps")).ratio(),
                impact: Bps::new(realistic("impact_bps")).ratio(),
            },
            liquidity: Liquidity {
                max_volume_share: Ratio::new(realistic("max_volume_share")),
                latency: milliseconds("latency_ms"),
                latency_jitter: milliseconds("latency_jitter_ms"),
                seed: resolved::SEED,
            },
            margin: MarginTerms {
                leverage: number("short_leverage").max(1.0),
                maintenance,
                liquidation_fee: Ratio::new(realistic("liquidation_fee")),
                borrow_rate: Ratio::new(number("borrow_rate")),
            },
            shortfall: if text("shortfall") == Shortfall::Refuse.name() {
                Shortfall::Refuse
            } else {
                Shortfall::Clip
            },
            fill_model,
        }
    }
}

fn decode_feed(field: Option<&View<'_>>, store: PathBuf, folder: &Path) -> FeedTerms {
    let text = |key: &str| field.and_then(|field| field.text(key)).unwrap_or_default().to_owned();
    let seconds = |key: &str| field.and_then(|field| field.seconds(key)).unwrap_or_default();
    FeedTerms {
        kind: FeedKind::named(&text("kind")),
        speed: text("speed"),
        path: field.and_then(|field| field.text("path")).map_or(store, |path| folder.join(path)),
        base_url: text("base_url"),
        poll: seconds("poll_seconds"),
        grace: seconds("grace_seconds"),
    }
}

fn decode_limits(field: Option<&View<'_>>) -> Limits {
    let limit = field.map_or(0, |field| field.whole("limit"));
    let ttl = field.and_then(|field| field.seconds("ttl_seconds")).unwrap_or_default();
    Limits { limit: normalised_limit(limit.into()), ttl: Some(ttl.seconds()).filter(|ttl| *ttl > 0.0) }
}

fn decode_ledger(field: Option<&View<'_>>) -> LedgerTerms {
    let pattern = field.and_then(|field| field.text("ledger_filename_pattern"));
    LedgerTerms {
        pattern: pattern.unwrap_or(PATTERN).to_owned(),
        retention_days: field.and_then(|field| field.get("ledger_retention_days")?.own_count()),
        syncs: field.is_some_and(|field| field.flag("ledger_fsync")),
    }
}

fn decode_cash(field: &View<'_>, valuation: &str) -> Notional {
    let mut cash = None;
    for balance in field.entries() {
        if balance.name == valuation {
            cash = field.number(valuation);
        } else {
            let message = format!("an account starts with cash in `{valuation}` only");
            field.problems.error(&balance.key_place(), "unsupported", message);
        }
    }
    if !field.entries().is_empty() && !field.has(valuation) {
        let message = format!("must hold the valuation asset `{valuation}`");
        field.problems.error(&field.key_place(), "missing_key", message);
    }
    Notional::new(cash.unwrap_or_default())
}
