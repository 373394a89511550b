//! `environments.<name>`.

use std::path::PathBuf;

use hemiola_components::order::{Costs, FillModel};
use hemiola_components::units::{Bps, Notional, Ratio};

use super::{Context, Universe};
use crate::config::decode::{Field, POSITIVE};
use crate::config::problem::{listed, quoted};

/// Where and with what money a scheduler trades.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    pub(crate) name: String,
    /// Made-up candles are welcome.
    pub(crate) is_demo: bool,
    /// The venue of instruments that are named without one.
    pub(crate) exchange: String,
    pub(crate) universe: String,
    /// For schedules and strategies that name none.
    pub(crate) risk_profile: String,
    pub(crate) data_root: PathBuf,
    pub(crate) account: Account,
}

/// The simulated account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) valuation: String,
    pub(crate) equal_quotes: Vec<String>,
    pub(crate) cash: Notional,
    pub(crate) costs: Costs,
    pub(crate) fill_model: FillModel,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            valuation: "USDT".to_owned(),
            equal_quotes: Vec::new(),
            cash: Notional::new(10_000.0),
            costs: Costs { taker_fee: Ratio::new(0.0006), slippage: Bps::new(5.0).ratio() },
            fill_model: FillModel::NextOpen,
        }
    }
}

impl Environment {
    pub(super) fn decode(field: &Field<'_>, context: &Context<'_>, universes: &[Universe]) -> Self {
        let mut environment = Self {
            name: field.name.to_owned(),
            is_demo: false,
            exchange: String::new(),
            universe: String::new(),
            risk_profile: String::new(),
            data_root: PathBuf::new(),
            account: Account::default(),
        };
        let Some(mut section) = field.section() else { return environment };
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        if let Some(kind) = section.required("environment") {
            environment.is_demo = is_demo(&kind);
        }
        let names: Vec<_> = universes.iter().map(|universe| universe.name.as_str()).collect();
        let universe = section.required("instrument_universe");
        environment.universe = text(universe.and_then(|f| f.reference("instrument universe", &names)));
        let venues = universes
            .iter()
            .find(|universe| universe.name == environment.universe)
            .map(|universe| venues(universe))
            .unwrap_or_default();
        environment.exchange = text(section.required("exchange").and_then(|f| {
            if venues.is_empty() { f.text() } else { f.reference("venue in the universe", &venues) }
        }));
        let profile = section.required("risk_profile");
        environment.risk_profile =
            text(profile.and_then(|f| f.reference("risk profile", &context.risk_profiles)));
        let path = section.required("data_cache_path").and_then(|f| f.text());
        environment.data_root = context.folder.join(path.unwrap_or_default());
        if let Some(mut adapters) = section.optional("adapter_settings").and_then(|f| f.section()) {
            if let Some(paper) = adapters.optional("paper_trading") {
                environment.account = Account::decode(&paper);
            }
            adapters.close();
        }
        section.close();
        environment
    }
}

/// The venues of a universe, each once.
fn venues(universe: &Universe) -> Vec<&str> {
    let mut venues: Vec<_> = universe.listings.iter().map(|l| l.instrument.venue.as_str()).collect();
    venues.sort_unstable();
    venues.dedup();
    venues
}

fn is_demo(field: &Field<'_>) -> bool {
    const KINDS: [&str; 3] = ["demo", "testnet", "paper"];
    let Some(kind) = field.text() else { return false };
    if kind == "live" {
        field.error("unsupported", "this version trades on no real venue: use demo, testnet or paper");
    } else if !KINDS.contains(&kind) {
        let message = format!("{} is no kind of environment (known: {})", quoted(kind), listed(KINDS));
        field.problems.unknown(&field.place(), "unknown_value", message, kind, KINDS);
    }
    kind == "demo" || kind == "testnet"
}

impl Account {
    fn decode(field: &Field<'_>) -> Self {
        let mut account = Self::default();
        let Some(mut section) = field.section() else { return account };
        if let Some(asset) = section.optional("valuation_asset").and_then(|f| f.text()) {
            asset.clone_into(&mut account.valuation);
        }
        for asset in section.optional("quote_assets").iter().flat_map(Field::items) {
            account.equal_quotes.extend(asset.text().map(ToOwned::to_owned));
        }
        if let Some(balances) = section.optional("initial_balances") {
            account.decode_cash(&balances);
        }
        if let Some(fee) = section.optional("taker_fee").and_then(|f| f.number(0.0..1.0)) {
            account.costs.taker_fee = Ratio::new(fee);
        }
        if let Some(slippage) = section.optional("slippage_bps").and_then(|f| f.number(0.0..10_000.0)) {
            account.costs.slippage = Bps::new(slippage).ratio();
        }
        let models = [FillModel::NextOpen, FillModel::Instant];
        if let Some(name) = section.optional("fill_model").and_then(|f| f.word(&models.map(FillModel::name)))
        {
            let known = models.into_iter().find(|model| model.name() == name);
            account.fill_model = known.unwrap_or_default();
        }
        section.close();
        account
    }

    fn decode_cash(&mut self, field: &Field<'_>) {
        let balances = field.named("balances");
        for balance in &balances {
            if balance.name == self.valuation {
                self.cash = Notional::new(balance.number(POSITIVE).unwrap_or_default());
            } else {
                let message = format!("an account starts with cash in `{}` only", self.valuation);
                field.problems.error(&balance.key_place(), "unsupported", message);
            }
        }
        if !balances.is_empty() && balances.iter().all(|balance| balance.name != self.valuation) {
            let message = format!("must hold the valuation asset `{}`", self.valuation);
            field.problems.error(&field.key_place(), "missing_key", message);
        }
    }
}
