//! Where the telemetry that policies and the governor read comes from. All of it is a function of what has happened and
//! the instant it is read for, never of how many ticks there were.

use std::collections::BTreeSet;

use bevy_ecs::error::BevyError;
use hemiola_components::time::Nanos;

use super::division::{Ledgers, Sight, Subject};
use crate::book::mark_of;

/// Candles that a schedule's volatility is made of: their simple returns are one fewer.
pub const VOLATILITY_CANDLES: usize = 21;

/// What a column of readings is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// Signals of the last decision.
    Signals,
    /// A metric of the last decision that had signals.
    Signal(&'static str),
    /// How late the schedule was served, milliseconds: nothing is late on replayed history.
    Latency,
    /// The standard deviation of the last simple returns of the schedule's candles, the mean over its instruments.
    Volatility,
    /// How far the schedule's ledger is below its highest, per cent. The ledger starts from an equal part of the
    /// starting cash, and is looked at when capital is divided.
    Drawdown,
    /// Given from outside, under this name.
    Given(String),
}

/// The columns of the telemetry of `subjects`, and where they come from.
pub(super) fn sources(subjects: &[Subject]) -> (Vec<String>, Vec<Source>) {
    let own = [
        ("signals", Source::Signals),
        ("latency_ms", Source::Latency),
        ("realized_volatility", Source::Volatility),
        ("drawdown_pct", Source::Drawdown),
    ];
    let mut columns: Vec<(String, Source)> =
        own.into_iter().map(|(name, source)| (name.to_owned(), source)).collect();
    let of_signals: BTreeSet<&str> =
        subjects.iter().flat_map(|subject| subject.signal_metrics.iter().copied()).collect();
    columns.extend(of_signals.into_iter().map(|name| (name.to_owned(), Source::Signal(name))));
    let given: BTreeSet<&String> = subjects.iter().flat_map(|subject| subject.metrics.keys()).collect();
    for name in given {
        if !columns.iter().any(|(known, _)| known == name) {
            columns.push((name.clone(), Source::Given(name.clone())));
        }
    }
    columns.into_iter().unzip()
}

impl Source {
    fn name(&self) -> &str {
        match self {
            Self::Signals => "signals",
            Self::Latency => "latency_ms",
            Self::Volatility => "realized_volatility",
            Self::Drawdown => "drawdown_pct",
            Self::Signal(name) => name,
            Self::Given(name) => name,
        }
    }

    /// What a schedule has at `now`; `None` when it has nothing.
    pub(super) fn read(
        &self,
        sight: &mut Sight<'_, '_, '_>,
        (schedule, subject): (usize, &Subject),
        ledgers: &mut Ledgers,
        now: Nanos,
    ) -> Result<Option<f64>, BevyError> {
        if let Some(given) = subject.metrics.get(self.name()) {
            return Ok(Some(*given));
        }
        let entity = sight.desk.agenda.schedules[schedule];
        Ok(match self {
            Self::Signals => Some(sight.metrics.get(entity)?.signals(now, subject.cadence) as f64),
            Self::Signal(name) => sight.metrics.get(entity)?.newest(name, now, subject.cadence),
            Self::Latency => Some(0.0),
            Self::Volatility => volatility(sight, subject, now)?,
            Self::Drawdown => Some(drawdown(sight, (schedule, subject), ledgers, now)?),
            Self::Given(_) => None,
        })
    }
}

fn volatility(sight: &Sight<'_, '_, '_>, subject: &Subject, now: Nanos) -> Result<Option<f64>, BevyError> {
    let (mut sum, mut count) = (0.0, 0.0);
    for slot in subject.slots.clone() {
        let (position, ..) = sight.positions.get(sight.desk.agenda.positions[slot])?;
        let bars = &position.feed.bars;
        let end = bars.closed_at(now, 0);
        let closes = &bars.close[end.saturating_sub(VOLATILITY_CANDLES)..end];
        let returns = closes.windows(2).map(|pair| pair[1] / pair[0] - 1.0);
        if let Some(deviation) = sample_deviation(returns) {
            sum += deviation;
            count += 1.0;
        }
    }
    Ok((count > 0.0).then(|| sum / count))
}

/// The sample standard deviation; `None` of fewer than two.
fn sample_deviation(values: impl ExactSizeIterator<Item = f64> + Clone) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
    (count > 1.0).then(|| (squares / (count - 1.0)).sqrt())
}

fn drawdown(
    sight: &mut Sight<'_, '_, '_>,
    (schedule, subject): (usize, &Subject),
    ledgers: &mut Ledgers,
    now: Nanos,
) -> Result<f64, BevyError> {
    let mut worth = ledgers.stake;
    for slot in subject.slots.clone() {
        let (position, holding, _) = sight.positions.get(sight.desk.agenda.positions[slot])?;
        worth += (holding.realised - holding.fees - holding.borrow).get();
        if let Some(mark) = mark_of(&mut sight.desk.book, position.instrument_index.get(), now) {
            worth += holding.quantity.get() * (mark - holding.average_price).get();
        }
    }
    let peak = &mut ledgers.peaks[schedule];
    *peak = peak.max(worth);
    Ok(if *peak > 0.0 { 100.0 * (*peak - worth) / *peak } else { 0.0 })
}
