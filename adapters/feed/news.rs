//! What a feed tells the world's thread.

use hemiola_components::candle::Candle;
use hemiola_components::time::{Interval, Nanos};

/// A series that somebody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Venue's name in lower case, such as `binance`.
    pub venue: String,
    /// The instrument's configured symbol, such as `BTC_USDT`.
    pub symbol: String,
    /// The venue's own name of it, such as `BTCUSDT`.
    pub venue_symbol: String,
    /// Length of the candles.
    pub interval: Interval,
    /// The first open time that is wanted; candles before it are known.
    pub since: Nanos,
}

/// One thing that a feed tells. A series is named by its place in the list that the feed was given.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// Candles of one series that have closed, oldest first. They may be known already or make no sense: who takes
    /// them checks them.
    Candles {
        /// The series.
        series: usize,
        /// The candles.
        candles: Vec<Candle>,
    },
    /// Everything that closed at one instant of a feed with a clock of its own, with the series of each; nothing that
    /// closed earlier follows.
    Closed {
        /// The instant.
        at: Nanos,
        /// Series and candle.
        candles: Vec<(usize, Candle)>,
    },
    /// Something went wrong; the feed tries again by itself.
    Trouble {
        /// The series, when it is about one.
        series: Option<usize>,
        /// What is wrong, where, and what the feed does about it.
        message: String,
    },
    /// What was wrong is over.
    Recovered {
        /// The series, when it is about one.
        series: Option<usize>,
    },
    /// There is nothing more to come.
    End,
}
