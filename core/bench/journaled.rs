//! S3: S2 with every limit of the risk engine in force, and each decision signed.

use std::collections::BTreeMap;

use hemiola_adapters::journal::{Algorithm, Head, MacKey};
use hemiola_adapters::process;
use hemiola_components::port::EquityCurve;
use hemiola_components::risk::RiskProfile;
use hemiola_components::units::Ratio;
use hemiola_systems::signals::catalog::Catalog;
use zeroize::Zeroizing;

use super::report::{Figures, Row};
use super::workload::{self, Size, Workload};
use super::{Timing, check, measured};
use crate::assembly::{Market, Options, Window, assemble};
use crate::config::journal::JournalTerms;
use crate::config::ledger::LedgerTerms;
use crate::config::plan::Plan;
use crate::exit::Failure;
use crate::job::Prepared;
use crate::journal::{self, Signing};
use crate::market_data::MarketData;
use crate::modes::backtest::{Keep, Outcome, RunError, finish};

/// Runs it, checks what it comes to and gives its figures: the lines of the journal are made and signed, and not
/// written anywhere.
///
/// # Errors
/// When the world cannot be built, or comes to something else than the loop.
pub fn time(size: Size, timing: Timing) -> Result<Row, Failure> {
    let Workload { mut accounts, strategy_bars, plain, .. } = workload::s2(size);
    accounts[0].0.risk_profiles = vec![in_force()];
    let (plan, market) = accounts.remove(0);
    let prepared = prepared(plan, market);
    let key =
        MacKey::new(Algorithm::HmacSha256, Some("bench".to_owned()), &Zeroizing::new(b"a key".to_vec()));
    let signing = Signing::with(key);
    let plans = [(&prepared.plan, &prepared.data.market)];
    let (mut assembly, mut world, mut loops) = (Vec::new(), Vec::new(), Vec::new());
    let (mut fills, mut records) = (0, 0);
    process::forget_peak_memory();
    for repeat in 0..timing.repeats {
        let (runtime, figures) = measured(|| assemble(&plans, &Catalog::built_in(), Options::default()));
        assembly.push(figures);
        let (runtime, _) = runtime?;
        let (run, figures) = measured(|| {
            finish(&plans, runtime, Keep::Records, |_, _| ()).map(|(outcomes, _)| {
                records = journal(&prepared, &outcomes[0], &signing);
                outcomes
            })
        });
        world.push(figures);
        if timing.against_plain || repeat == 0 {
            let (endings, figures) = measured(&plain);
            loops.push(figures);
            fills = check("S3", &run.map_err(RunError::from)?, &endings)?;
        }
    }
    Ok(Row {
        name: "S3".into(),
        about: format!("S2 with all limits and a signed journal of {records} records"),
        strategy_bars,
        fills,
        accounts: 1,
        assembly: Figures::median(assembly),
        world: Figures::median(world),
        plain: timing.against_plain.then(|| Figures::median(loops)),
        peak_memory: process::peak_memory(),
    })
}

/// Makes the lines of a journal, one after the other in the same place; gives how many.
fn journal(prepared: &Prepared, outcome: &Outcome, signing: &Signing) -> u64 {
    let mut chain = signing.chain(Head::default());
    let mut next = journal::lines(prepared, outcome, None, &mut chain);
    let (mut line, mut count) = (Vec::new(), 0);
    while next(&mut line) {
        count += 1;
        line.clear();
    }
    count
}

/// Every limit, each so wide that nothing meets it. Only leverage stays off: under a limit of it the gate makes smaller
/// what the cash does not pay for, and the loop does not.
fn in_force() -> RiskProfile {
    let (wide, whole) = (Ratio::new(1e6), Ratio::new(0.999_999));
    RiskProfile {
        max_positions: 1_000_000,
        max_position: wide,
        max_drawdown: whole,
        max_daily_loss: whole,
        max_daily_fall: whole,
        portfolio_alert: wide,
        portfolio_limit: wide,
        instrument_alert: wide,
        instrument_limit: wide,
        kill_daily_r: 1e6,
        kill_daily_loss: whole,
        kill_weekly_loss: whole,
        max_cost_to_profit: 1e9,
        ..RiskProfile::unlimited("wide")
    }
}

fn prepared(plan: Plan, market: Market) -> Prepared {
    Prepared {
        data: MarketData { market, ..MarketData::default() },
        window: Window::default(),
        curve: EquityCurve::Off,
        config_sha256: String::new(),
        run_id: "0".repeat(64),
        limits: vec![BTreeMap::new()],
        ledger: LedgerTerms { pattern: String::new(), retention_days: None, syncs: false },
        journal: JournalTerms {
            signing: None,
            checkpoints: None,
            folder: None,
            pattern: String::new(),
            retention_days: None,
        },
        warnings: Vec::new(),
        plan,
    }
}
