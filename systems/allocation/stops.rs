//! What an entry risks down to its stop, and the stop of one whose engine names none.

use hemiola_components::candles::Candles;
use hemiola_components::position::Cursor;
use hemiola_components::risk::RiskProfile;

use crate::indicators::atr::average_true_range;

/// True ranges in the average of a default stop.
const WINDOW: usize = 14;

/// Candles before the next one that a default stop is made of, the close before its first range included.
pub const STOP_CANDLES: usize = WINDOW + 1;

/// How a risk profile bounds a position by the distance of its stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stops {
    /// Average true range at the candle that decided; zero before there is one.
    pub(super) atr: f64,
    /// Distance of a default stop in average true ranges, at least 1.
    multiple: f64,
    /// The most that a position may lose down to its stop, as a fraction of equity.
    pub(super) position: f64,
    /// The most that one order may risk, as a fraction of equity; zero is no limit.
    pub(super) order: f64,
}

impl Stops {
    /// At the candle that an engine took in last.
    pub(super) fn of(profile: &RiskProfile, bars: &Candles, cursor: &Cursor) -> Self {
        let given = cursor.seen - cursor.first;
        let atr = if given < WINDOW {
            0.0
        } else {
            average_true_range(bars, cursor.first, cursor.seen - 1, WINDOW)
        };
        Self {
            atr,
            multiple: profile.stop_atr_multiple.max(1.0),
            position: profile.target_volatility.get(),
            order: profile.trade_risk[1].get(),
        }
    }

    /// How far a default stop is from the price; `None` when the candles do not say.
    pub(super) fn distance(self) -> Option<f64> {
        (self.atr > 0.0).then_some(self.atr * self.multiple)
    }
}
