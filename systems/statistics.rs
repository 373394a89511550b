//! The statistics of a run, in the field's standard definitions.
//!
//! A day is an entry of the day-close curve, and days of all weeks count: the markets never close, so a year has
//! 365 of them. A gap in the data closes one day, however long it is. Years are of 365.25 days of 24 hours.

use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Ratio};

const DAYS_PER_YEAR: f64 = 365.0;
const YEAR: f64 = 365.25 * Nanos::DAY.get() as f64;

/// Deviations of daily returns below this are rounding of equal returns.
const ROUNDING: f64 = 1e-14;

/// What happened in a run.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// When the run began.
    pub start: Nanos,
    /// Equity at that instant.
    pub starting_equity: Notional,
    /// Equity in quote currency at each day's close, in order of time; the last entry is the end of the run.
    pub day_closes: &'a [(Nanos, f64)],
    /// How many of those days had an open position.
    pub days_held: usize,
    /// Profit in quote currency that each closing fill realised, before fees, in order of time.
    pub realised: &'a [f64],
    /// The value of all fills, bought and sold added up.
    pub traded: Notional,
    /// The deepest fall below an earlier peak as a positive fraction of that peak, seen at every bar.
    pub max_drawdown: Ratio,
}

impl History<'_> {
    /// Simple returns per day, `rᵢ`; `None` once equity is used up.
    #[must_use]
    pub fn daily_returns(&self) -> Option<Vec<f64>> {
        let mut before = self.starting_equity.get();
        let mut returns = Vec::with_capacity(self.day_closes.len());
        for (_, equity) in self.day_closes {
            returns.push(over(*equity, before)? - 1.0);
            before = *equity;
        }
        Some(returns)
    }
}

/// What a run is judged by. What its formula does not define for the run is `None`, and nothing is ever NaN.
///
/// `E₀` is the starting equity, `Eᵢ` the equity at the close of day `i` of `n`, `rᵢ = Eᵢ / Eᵢ₋₁ − 1` its simple
/// return, `mean` their arithmetic mean, `years` the time from the start to the last close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// Number of days, `n`.
    pub days: usize,
    /// `Eₙ / E₀ − 1`: the holding-period return (Bacon, Practical Portfolio Performance Measurement and
    /// Attribution).
    pub total_return: Option<f64>,
    /// Compound annual growth rate, `(Eₙ / E₀)^(1 / years) − 1` (Bacon).
    pub cagr: Option<f64>,
    /// `s · √365`, where `s = √(Σ(rᵢ − mean)² / (n − 1))` is the sample standard deviation (Bacon).
    pub annualised_volatility: Option<f64>,
    /// `mean / s · √365`, with a risk-free rate of 0 (Sharpe, The Sharpe Ratio, Journal of Portfolio Management,
    /// 1994).
    pub sharpe: Option<f64>,
    /// `mean / d · √365`, where `d = √(Σ min(rᵢ, 0)² / n)` is the downside deviation against 0 over all days
    /// (Sortino and Price, Performance Measurement in a Downside Risk Framework, Journal of Investing, 1994).
    pub sortino: Option<f64>,
    /// As given: the largest fall from a peak, as a positive fraction of the peak.
    pub max_drawdown: f64,
    /// Days of 24 hours from a peak of the day-close curve, the start included, to the first close at or above
    /// it, or to the end; the longest of them, 0 without a fall.
    pub max_drawdown_days: Option<f64>,
    /// `CAGR / max drawdown`, over the whole run (Young, Calmar Ratio: A Smoother Tool, Futures, 1991).
    pub calmar: Option<f64>,
    /// `traded / average day-close equity / years`; a round trip counts twice.
    pub turnover: Option<f64>,
    /// Share of days with an open position.
    pub exposure: Option<f64>,
    /// Share of closing fills with a profit.
    pub hit_rate: Option<f64>,
    /// Profits of the closing fills divided by their losses.
    pub profit_factor: Option<f64>,
}

impl Statistics {
    /// Judges a run.
    #[must_use]
    pub fn of(history: &History) -> Self {
        let growth =
            history.day_closes.last().and_then(|(_, last)| over(*last, history.starting_equity.get()));
        let years = history.day_closes.last().map(|(end, _)| (*end - history.start).get() as f64 / YEAR);
        let cagr = growth.zip(years).and_then(|(growth, years)| cagr(growth, years));
        let daily = history.daily_returns().and_then(|returns| Daily::of(&returns));
        let gains = history.realised.iter().filter(|profit| **profit > 0.0);
        let losses = history.realised.iter().filter(|profit| **profit < 0.0);
        Self {
            days: history.day_closes.len(),
            total_return: growth.map(|growth| growth - 1.0),
            cagr,
            annualised_volatility: daily.and_then(|daily| finite(daily.deviation? * DAYS_PER_YEAR.sqrt())),
            sharpe: daily.and_then(|daily| daily.per(daily.deviation?)),
            sortino: daily.and_then(|daily| daily.per(daily.downside)),
            max_drawdown: history.max_drawdown.get(),
            max_drawdown_days: longest_drawdown(history),
            calmar: cagr.and_then(|cagr| over(cagr, history.max_drawdown.get())),
            turnover: years.and_then(|years| turnover(history, years)),
            exposure: over(history.days_held as f64, history.day_closes.len() as f64),
            hit_rate: over(gains.clone().count() as f64, history.realised.len() as f64),
            profit_factor: over(gains.sum(), -losses.sum::<f64>()),
        }
    }
}

/// Moments of the daily returns.
#[derive(Clone, Copy)]
struct Daily {
    mean: f64,
    /// Sample standard deviation; none for a single day.
    deviation: Option<f64>,
    downside: f64,
}

impl Daily {
    fn of(returns: &[f64]) -> Option<Self> {
        let count = returns.len() as f64;
        let mean = over(returns.iter().sum(), count)?;
        let squares: f64 = returns.iter().map(|r| (r - mean) * (r - mean)).sum();
        let below: f64 = returns.iter().map(|r| r.min(0.0) * r.min(0.0)).sum();
        let deviation = over(squares, count - 1.0).map(f64::sqrt);
        Some(Self { mean, deviation, downside: (below / count).sqrt() })
    }

    /// The annualised mean per unit of risk.
    fn per(self, risk: f64) -> Option<f64> {
        if risk < ROUNDING { None } else { finite(self.mean / risk * DAYS_PER_YEAR.sqrt()) }
    }
}

fn cagr(growth: f64, years: f64) -> Option<f64> {
    if growth < 0.0 || years <= 0.0 { None } else { finite(libm::pow(growth, 1.0 / years) - 1.0) }
}

fn longest_drawdown(history: &History) -> Option<f64> {
    let (mut peak, mut since) = (history.starting_equity.get(), history.start);
    let (mut longest, mut below) = (Nanos::ZERO, false);
    for (time, equity) in history.day_closes {
        if below || *equity < peak {
            longest = longest.max(*time - since);
        }
        below = *equity < peak;
        if !below {
            (peak, since) = (*equity, *time);
        }
    }
    (!history.day_closes.is_empty()).then(|| longest.get() as f64 / Nanos::DAY.get() as f64)
}

fn turnover(history: &History, years: f64) -> Option<f64> {
    let total: f64 = history.day_closes.iter().map(|(_, equity)| equity).sum();
    let average = over(total, history.day_closes.len() as f64)?;
    over(over(history.traded.get(), average)?, years)
}

/// The quotient, where the divisor is positive and the result is a number.
fn over(dividend: f64, divisor: f64) -> Option<f64> {
    if divisor > 0.0 { finite(dividend / divisor) } else { None }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(equity: &[f64]) -> Vec<(Nanos, f64)> {
        let day = Nanos::DAY.get();
        (1..).map(|number| Nanos::new(number * day)).zip(equity.iter().copied()).collect()
    }

    fn history(day_closes: &[(Nanos, f64)]) -> History<'_> {
        History {
            start: Nanos::ZERO,
            starting_equity: Notional::new(100.0),
            day_closes,
            days_held: 0,
            realised: &[],
            traded: Notional::ZERO,
            max_drawdown: Ratio::ZERO,
        }
    }

    #[track_caller]
    fn close(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    #[test]
    fn four_days_by_hand() {
        // Returns +10 %, -10 %, 0, +20 %: mean 0.05, squares about it 0.0025 + 0.0225 + 0.0025 + 0.0225 = 0.05,
        // squares below zero 0.01.
        let curve = days(&[110.0, 99.0, 99.0, 118.8]);
        let found = Statistics::of(&History {
            days_held: 3,
            realised: &[-11.0, 0.0, 19.8, 2.2],
            traded: Notional::new(427.2),
            max_drawdown: Ratio::new(0.125),
            ..history(&curve)
        });
        assert_eq!(found.days, 4);
        close(found.total_return, 0.188);
        // 1.188 to the power of 365.25 / 4 = 91.3125, minus 1.
        close(found.cagr.map(|cagr| cagr / 6_786_973.796_109_864_5), 1.0);
        close(found.annualised_volatility, (0.05_f64 / 3.0 * 365.0).sqrt());
        close(found.sharpe, 0.05 / (0.05_f64 / 3.0).sqrt() * 365_f64.sqrt());
        // Downside deviation: the root of 0.01 / 4 is 0.05, as large as the mean.
        close(found.sortino, 365_f64.sqrt());
        assert_eq!(found.max_drawdown, 0.125);
        close(found.max_drawdown_days, 3.0);
        close(found.calmar, found.cagr.unwrap() * 8.0);
        // The average equity is 106.7.
        close(found.turnover, 427.2 / 106.7 / (4.0 / 365.25));
        close(found.exposure, 0.75);
        close(found.hit_rate, 0.5);
        close(found.profit_factor, 2.0);
    }

    #[test]
    fn growth_is_per_year() {
        let day = Nanos::DAY.get();
        let two_years = [(Nanos::new(730 * day + day / 2), 144.0)];
        let found = Statistics::of(&history(&two_years));
        close(found.cagr, 0.2);
        close(found.total_return, 0.44);
        let later = History { start: Nanos::new(365 * day + day / 4), ..history(&two_years) };
        close(Statistics::of(&later).cagr, 0.44);
    }

    #[test]
    fn a_drawdown_lasts_from_peak_to_recovery_or_to_the_end() {
        let lasts = |equity: &[f64]| Statistics::of(&history(&days(equity))).max_drawdown_days.unwrap();
        assert_eq!(lasts(&[101.0, 102.0, 103.0]), 0.0);
        assert_eq!(lasts(&[100.0, 100.0]), 0.0);
        assert_eq!(lasts(&[90.0, 100.0, 101.0]), 2.0, "from the start to day 2");
        assert_eq!(lasts(&[120.0, 110.0, 115.0, 120.0, 119.0]), 3.0, "from day 1 to day 4");
        assert_eq!(lasts(&[120.0, 110.0, 121.0, 100.0, 110.0, 90.0]), 3.0, "from day 3 to the end");
        assert_eq!(lasts(&[120.0, 119.0]), 1.0, "the last day is the first below the peak");
        assert_eq!(lasts(&[120.0, 120.0, 110.0, 130.0]), 2.0, "from the later of two equal peaks");
    }

    #[test]
    fn equal_returns_have_no_ratio_to_their_risk() {
        let found = Statistics::of(&history(&days(&[110.0, 121.0, 133.1])));
        assert!(found.annualised_volatility.unwrap() < 1e-12);
        assert_eq!((found.sharpe, found.sortino, found.calmar), (None, None, None));
    }

    #[test]
    fn one_day_has_no_deviation() {
        let found = Statistics::of(&history(&days(&[90.0])));
        assert_eq!((found.annualised_volatility, found.sharpe), (None, None));
        close(found.sortino, -(365_f64.sqrt()));
    }

    #[test]
    fn nothing_is_defined_without_days_or_fills() {
        let found = Statistics::of(&history(&[]));
        let undefined = Statistics {
            days: 0,
            total_return: None,
            cagr: None,
            annualised_volatility: None,
            sharpe: None,
            sortino: None,
            max_drawdown: 0.0,
            max_drawdown_days: None,
            calmar: None,
            turnover: None,
            exposure: None,
            hit_rate: None,
            profit_factor: None,
        };
        assert_eq!(found, undefined);
    }

    #[test]
    fn profits_without_losses_have_no_factor() {
        let curve = days(&[110.0]);
        let found = Statistics::of(&History { realised: &[10.0], ..history(&curve) });
        assert_eq!((found.hit_rate, found.profit_factor), (Some(1.0), None));
        let found = Statistics::of(&History { realised: &[-10.0], ..history(&curve) });
        assert_eq!((found.hit_rate, found.profit_factor), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn ruin_ends_what_builds_on_equity() {
        let found = Statistics::of(&history(&days(&[50.0, 0.0, 0.0])));
        assert_eq!((found.total_return, found.cagr), (Some(-1.0), Some(-1.0)));
        assert_eq!((found.annualised_volatility, found.sharpe, found.sortino), (None, None, None));
        let found = Statistics::of(&history(&days(&[-50.0])));
        assert_eq!((found.total_return, found.cagr, found.turnover), (Some(-1.5), None, None));
        let debt_after_a_year = [(Nanos::new(365 * Nanos::DAY.get() + Nanos::DAY.get() / 4), -50.0)];
        assert_eq!(Statistics::of(&history(&debt_after_a_year)).cagr, None);
    }

    #[test]
    fn nothing_overflows_into_infinity() {
        let soon = [(Nanos::new(1), 200.0)];
        assert_eq!(Statistics::of(&history(&soon)).cagr, None);
        let at_once = [(Nanos::ZERO, 50.0)];
        let found = Statistics::of(&History { traded: Notional::new(1.0), ..history(&at_once) });
        assert_eq!((found.cagr, found.turnover), (None, None));
    }
}
