//! The workloads: what is run, over which candles, and the loop that must come to the same.

use std::path::Path;
use std::sync::Arc;

use hemiola_adapters::store::{Check, load_file};
use hemiola_components::market::Bars;
use hemiola_components::schedule::Sizing;
use hemiola_components::units::Notional;

use super::account::{Crossing, account};
use super::plain::{self, Ending, TimeMajor};
use super::walk::{minute, square_wave, walk};
use crate::assembly::Market;
use crate::config::plan::Plan;
use crate::exit::Failure;
use crate::modes::backtest::Keep;

/// The windows of W1 and W3.
const WINDOWS: (u32, u32) = (20, 50);

/// Quote currency per entry of W3.
const AMOUNT: f64 = 10_000.0;

/// A world, and the same as a hand-written loop.
pub struct Workload {
    /// Its name, such as `W1`.
    pub name: String,
    /// What it is, in a few words.
    pub about: String,
    /// One account each.
    pub accounts: Vec<(Plan, Market)>,
    /// What is kept of what the accounts put out.
    pub keep: Keep,
    /// Candles times the strategies that look at each.
    pub strategy_bars: u64,
    /// How the loop ends, one ending per account.
    pub plain: Box<dyn Fn() -> Vec<Ending>>,
}

/// How much of each workload is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// All of it.
    Full,
    /// A hundredth of what is made up here, to see that it runs. The files of W1 to W3 are what they are.
    Quick,
}

impl Size {
    /// How many of `full`.
    #[must_use]
    pub const fn of(self, full: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Quick => full / 100,
        }
    }
}

/// W1: one series, all cash in and out.
///
/// # Errors
/// When the file of candles cannot be read.
pub fn w1(folder: &Path) -> Result<Workload, Failure> {
    let bars = read(folder, "w1.parquet")?.remove(0);
    Ok(one_series("W1", "1 strategy, 1 series", bars, one(WINDOWS)))
}

/// W2: a thousand pairs of windows over one series, an account each, in one world.
///
/// # Errors
/// When the file of candles cannot be read.
pub fn w2(folder: &Path) -> Result<Workload, Failure> {
    let bars = read(folder, "w2.parquet")?.remove(0);
    let crossings = (5..55).flat_map(|fast| (60..160).step_by(5).map(move |slow| one((fast, slow))));
    Ok(variants("W2", bars, crossings.collect()))
}

/// W3: a hundred series, a fixed amount in each, one account.
///
/// # Errors
/// When the file of candles cannot be read.
pub fn w3(folder: &Path) -> Result<Workload, Failure> {
    let series = read(folder, "w3.parquet")?;
    let crossing = Crossing { series: (0..series.len()).collect(), ..one(WINDOWS) };
    let strategy_bars = series.iter().map(|bars| bars.len() as u64).sum();
    let columns = TimeMajor::of(&series);
    let sizing = Sizing::Quote(Notional::new(AMOUNT));
    Ok(Workload {
        name: "W3".into(),
        about: format!("1 strategy, {} series, 1 account", series.len()),
        accounts: vec![account(&series, std::slice::from_ref(&crossing), sizing)],
        keep: Keep::Records,
        strategy_bars,
        plain: Box::new(move || vec![plain::fixed_amount(&columns, &crossing, AMOUNT)]),
    })
}

/// S1: one strategy over a million made-up candles.
#[must_use]
pub fn s1(size: Size) -> Workload {
    one_series("S1", "1 strategy, 1 series", walk(1, size.of(1_000_000)), one(WINDOWS))
}

/// S2: a hundred strategies over ten series of half a million candles, one account divided between them. Of the world as
/// of the loop only what the account comes to is kept.
#[must_use]
pub fn s2(size: Size) -> Workload {
    let series: Vec<Arc<Bars>> = (0..10).map(|seed| walk(100 + seed, size.of(500_000))).collect();
    let strategy = |index: u32| Crossing {
        fast: 10 + 2 * (index / 10),
        slow: 60 + 10 * (index / 10),
        series: vec![index as usize % 10],
    };
    let crossings: Vec<Crossing> = (0..100).map(strategy).collect();
    let columns = TimeMajor::of(&series);
    Workload {
        name: "S2".into(),
        about: "100 strategies, 10 series, 1 account divided equally".into(),
        accounts: vec![account(&series, &crossings, Sizing::Weight)],
        keep: Keep::Accounts,
        strategy_bars: crossings.len() as u64 * series[0].len() as u64,
        plain: Box::new(move || vec![plain::divided(&columns, &crossings)]),
    }
}

/// S4: `fills` fills, one in 64 candles.
#[must_use]
pub fn s4(fills: usize) -> Workload {
    const HALF: usize = 64;
    // The first half wave fills the slow window; the last candle of the last half fills nothing.
    let bars = square_wave(HALF, HALF * (fills + 1));
    Workload {
        about: format!("{fills} fills, one in {HALF} candles"),
        ..one_series("S4", "", bars, Crossing { fast: 2, slow: 32, series: vec![0] })
    }
}

/// The rule of W2 with other numbers of accounts, whose windows are spread alike whatever their number.
#[must_use]
pub fn many(accounts: u32, candles: usize) -> Workload {
    /// All pairs of windows, and a step that leads through them evenly.
    const PAIRS: u32 = 5_000;
    const STEP: u32 = 1_913;
    let pair = |index: u32| index.wrapping_mul(STEP) % PAIRS;
    let crossings = (0..accounts).map(|index| one((5 + pair(index) % 50, 60 + pair(index) / 50)));
    variants("accounts", walk(2, candles), crossings.collect())
}

/// The rule of W1 with other numbers of candles.
#[must_use]
pub fn long(candles: usize) -> Workload {
    one_series("candles", &format!("1 strategy, {candles} candles"), walk(1, candles), one(WINDOWS))
}

fn one((fast, slow): (u32, u32)) -> Crossing {
    Crossing { fast, slow, series: vec![0] }
}

fn one_series(name: &str, about: &str, bars: Arc<Bars>, crossing: Crossing) -> Workload {
    Workload {
        name: name.into(),
        about: about.into(),
        accounts: vec![account(&[Arc::clone(&bars)], std::slice::from_ref(&crossing), Sizing::AllIn)],
        keep: Keep::Records,
        strategy_bars: bars.len() as u64,
        plain: Box::new(move || vec![plain::all_in(&bars, &crossing)]),
    }
}

fn variants(name: &str, bars: Arc<Bars>, crossings: Vec<Crossing>) -> Workload {
    let of = |crossing| account(&[Arc::clone(&bars)], std::slice::from_ref(crossing), Sizing::AllIn);
    Workload {
        name: name.into(),
        about: format!("{} accounts, 1 series", crossings.len()),
        accounts: crossings.iter().map(of).collect(),
        keep: Keep::Accounts,
        strategy_bars: crossings.len() as u64 * bars.len() as u64,
        plain: Box::new(move || plain::all_in_each(&bars, &crossings)),
    }
}

fn read(folder: &Path, file: &str) -> Result<Vec<Arc<Bars>>, Failure> {
    let series = load_file(&folder.join(file), minute(), Check::Trusted)?;
    Ok(series.into_iter().map(|(_, series)| Arc::new(series.bars)).collect())
}
