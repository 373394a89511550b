//! The engines on their own: however they are taken through their candles, and whatever comes after.

use std::fmt::Debug;

use hemiola_components::engine::{
    CrossExchangeArbitrage, DailyTrendMomentum, ExternalSignals, GridTrading, MeanReversion, SmaCross,
    VolatilityTarget,
};
use hemiola_components::signal::Answer;
use hemiola_components::strategy::Parameters;
use hemiola_systems::signals::engine::Engine;
use proptest::prelude::*;

use crate::support::columns::{Columns, Way, answers, columns, decisions};
use crate::support::parameters::{ENGINES, parameters};
use crate::support::{external, sma};

/// A property of one engine over some columns.
trait Check {
    fn holds<E: Engine>(&self, settings: &E::Settings) -> Result<(), TestCaseError>
    where
        E::State: Debug;
}

/// Checks every engine, the first ones with the given parameters.
fn every(check: &impl Check, parameters: &[Parameters; 5]) -> Result<(), TestCaseError> {
    fn one<E: Engine>(check: &impl Check, parameters: &Parameters) -> Result<(), TestCaseError>
    where
        E::State: Debug,
    {
        let settings = E::prepare(parameters).map_err(|error| TestCaseError::fail(error.to_string()))?;
        check.holds::<E>(&settings)
    }
    let [arbitrage, trend, grid, reversion, volatility] = parameters;
    one::<CrossExchangeArbitrage>(check, arbitrage)?;
    one::<DailyTrendMomentum>(check, trend)?;
    one::<GridTrading>(check, grid)?;
    one::<MeanReversion>(check, reversion)?;
    one::<VolatilityTarget>(check, volatility)?;
    one::<ExternalSignals>(check, &external("").parameters)?;
    one::<SmaCross>(check, &sma("", 2.0, 5.0).parameters)
}

/// Signals and state as text, in which a NaN is the same as another.
fn told<E: Engine>(
    settings: &E::Settings,
    columns: &Columns,
    until: usize,
    answers: &[Answer],
    way: Way<'_>,
) -> String
where
    E::State: Debug,
{
    format!("{} {:#?}", E::NAME, decisions::<E>(settings, columns, columns.first..until, answers, way))
}

struct ScanIsOnBar<'a> {
    columns: &'a Columns,
    answers: &'a [Answer],
    pieces: &'a [usize],
}

impl Check for ScanIsOnBar<'_> {
    fn holds<E: Engine>(&self, settings: &E::Settings) -> Result<(), TestCaseError>
    where
        E::State: Debug,
    {
        let through = |way| told::<E>(settings, self.columns, self.columns.bars.len(), self.answers, way);
        let by_bar = through(Way::ByBar);
        prop_assert_eq!(&by_bar, &through(Way::Scan(&[usize::MAX])));
        prop_assert_eq!(&by_bar, &through(Way::Scan(self.pieces)));
        Ok(())
    }
}

struct LaterIsNothing<'a> {
    columns: &'a Columns,
    answers: &'a [Answer],
    bar: usize,
}

impl Check for LaterIsNothing<'_> {
    fn holds<E: Engine>(&self, settings: &E::Settings) -> Result<(), TestCaseError>
    where
        E::State: Debug,
    {
        let (known, spoiled) = (self.columns.known_at(self.bar), self.columns.nonsense_after(self.bar));
        for way in [Way::ByBar, Way::Scan(&[usize::MAX])] {
            let told = |columns| told::<E>(settings, columns, self.bar + 1, self.answers, way);
            prop_assert_eq!(told(self.columns), told(&spoiled));
            if known.ticks.is_some() == self.columns.ticks.is_some() {
                prop_assert_eq!(told(self.columns), told(&known));
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_scan_is_what_candle_after_candle_gives(
        columns in columns(),
        parameters in ENGINES.map(parameters),
        answers in answers(),
        pieces in prop::collection::vec(1_usize..60, 1..8),
    ) {
        every(&ScanIsOnBar { columns: &columns, answers: &answers, pieces: &pieces }, &parameters)?;
    }

    #[test]
    fn a_decision_knows_nothing_of_what_comes_after(
        columns in columns(),
        parameters in ENGINES.map(parameters),
        answers in answers(),
        place in any::<prop::sample::Index>(),
    ) {
        let bar = columns.first + place.index(columns.bars.len() - columns.first);
        every(&LaterIsNothing { columns: &columns, answers: &answers, bar }, &parameters)?;
    }
}
