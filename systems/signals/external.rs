//! `external_signals`: follows target positions computed elsewhere.
//!
//! A target applies at the first due instant at or after its own time; of several, the newest wins. A target is
//! acted upon once: prices that move afterwards do not trade, and a refused target is not tried again.

use std::ops::Range;

use hemiola_components::engine::{ExternalSignals, ExternalSignalsState};
use hemiola_components::market::Targets;
use hemiola_components::reading::Reading;
use hemiola_components::signal::{Signal, SignalKind};
use hemiola_components::strategy::{
    Classification, LicenseTier, ParameterDefault, ParameterError, ParameterKind, ParameterSpec, Parameters,
};
use hemiola_components::time::Nanos;
use hemiola_components::units::Ratio;

use super::engine::{Columns, Engine, View};

impl Engine for ExternalSignals {
    const NAME: &'static str = "external_signals";
    const SUMMARY: &'static str = "Follows target positions from a Parquet file: time, symbol, target.";
    const CLASSIFICATION: Classification = Classification {
        capability: "external_signals",
        license_tier: LicenseTier::Standard,
        risk_classes: &["external"],
        required_data: &["targets"],
        tags: &["external"],
    };
    const COLUMNS: Columns = Columns::PRICES;
    const PARAMETERS: &'static [ParameterSpec] = &[ParameterSpec {
        name: "targets",
        kind: ParameterKind::TargetsFile,
        default: ParameterDefault::Required,
        summary: "Parquet with time (UTC), symbol (venue:symbol) and target (signed fraction of the budget)",
    }];

    type Settings = Self;
    type State = ExternalSignalsState;

    fn prepare(parameters: &Parameters) -> Result<Self, ParameterError> {
        parameters.text("targets").map(|_| Self)
    }

    fn handle_market_data(_: &Self, _: &mut ExternalSignalsState, _: &View<'_>, _: usize) {}

    fn generate_signal(
        _: &Self,
        state: &mut ExternalSignalsState,
        view: &View<'_>,
        _: usize,
        at: Nanos,
    ) -> Option<Signal> {
        let targets = view.targets?;
        let known = known(targets, *state, at);
        if known == state.next {
            return None;
        }
        state.next = known;
        Some(signal(targets, known - 1))
    }

    fn looks_back_to(_: &Self, _: &ExternalSignalsState, _: &View<'_>, seen: usize) -> usize {
        seen
    }

    fn explain(_: &Self, state: &ExternalSignalsState, view: &View<'_>, _: usize, at: Nanos) -> Vec<Reading> {
        let known = view.targets.map_or(0, |targets| known(targets, *state, at));
        let mut readings = vec![Reading::at_least("new targets", (known - state.next) as f64, 1.0)];
        if let Some((targets, newest)) = view.targets.zip(known.checked_sub(1)) {
            let age = at - targets.time[newest];
            readings.push(Reading::plain("target", targets.fraction[newest]));
            readings.push(Reading::plain("target age, seconds", age.get() as f64 / 1e9));
        }
        readings
    }

    fn scan(
        _: &Self,
        state: &mut ExternalSignalsState,
        view: &View<'_>,
        range: Range<usize>,
    ) -> Option<(usize, Signal)> {
        let targets = view.targets?;
        let next = *targets.time.get(state.next)?;
        let bar = view.bars.closed_at(Nanos::new(next.get() - 1), range.start);
        if bar >= range.end {
            return None;
        }
        Some((bar, Self::generate_signal(&Self, state, view, bar, view.bars.close_time(bar))?))
    }
}

/// How many targets are known at an instant, acted upon or not.
fn known(targets: &Targets, state: ExternalSignalsState, at: Nanos) -> usize {
    state.next + targets.time[state.next..].partition_point(|time| *time <= at)
}

fn signal(targets: &Targets, index: usize) -> Signal {
    Signal::certain(SignalKind::Target(Ratio::new(targets.fraction[index])))
}
