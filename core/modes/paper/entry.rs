//! What an input log says: everything that a session was told, in the order in which it took it in.

use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::job::Job;
use crate::streams::Arrival;

/// A line of an input log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// The first line: what the session is over.
    Begin(Box<Begin>),
    /// What happened up to an instant.
    Tick(Tick),
    /// What it had come to.
    Mark(Mark),
}

/// What a session is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// The run: a hash of the resolved configuration.
    pub run_id: String,
    /// What was asked for.
    pub job: Job,
    /// SHA-256 of the configuration file.
    pub config_sha256: String,
    /// The program's version.
    pub binary: String,
    /// Where instants come from.
    pub clock: ClockKind,
    /// What operators had done before.
    #[serde(default)]
    pub kept: KeptState,
    /// The rules that had latched each risk profile, by name.
    #[serde(default)]
    pub latches: Vec<Vec<String>>,
    /// The first instant, nanoseconds since the epoch.
    pub start: i64,
    /// The last instant, when it has one.
    pub end: Option<i64>,
    /// The series, as `venue:symbol@interval`; rows name them by their place.
    pub series: Vec<String>,
    /// Candles that had closed before.
    pub history: Vec<Row>,
}

/// What operators had done before a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptState {
    /// Whether that takes the place of what the configuration begins with; it is given in the first tick.
    pub replaces: bool,
    /// Events of the operator state.
    pub events: usize,
}

/// Where a session's instants come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// From the candles.
    Feed,
    /// From the wall.
    Wall,
}

/// What happened up to an instant. First comes what was due before it, then the commands, then the candles, then what is
/// due at it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// The instant, nanoseconds since the epoch.
    pub at: i64,
    /// What operators wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Given>,
    /// The candles that came into existence at the instant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candles: Vec<Row>,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// How many events of the operator state are taken in with it.
    pub events: usize,
    /// What was wanted, as a line of an operator log.
    pub action: Value,
}

/// What a session had come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The instant that had been reached, nanoseconds since the epoch.
    pub at: i64,
    /// The digest of what had happened, as of a run that ends there.
    pub digest: String,
}

/// A candle: its series, open time in nanoseconds since the epoch, open, high, low, close and volume.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row(usize, i64, f64, f64, f64, f64, f64);

impl From<Arrival> for Row {
    fn from(Arrival { series, candle }: Arrival) -> Self {
        let Candle { open_time, open, high, low, close, volume } = candle;
        Self(series, open_time.get(), open, high, low, close, volume)
    }
}

impl From<Row> for Arrival {
    fn from(Row(series, open_time, open, high, low, close, volume): Row) -> Self {
        Self { series, candle: Candle { open_time: Nanos::new(open_time), open, high, low, close, volume } }
    }
}

impl Tick {
    /// The instant.
    #[must_use]
    pub const fn instant(&self) -> Nanos {
        Nanos::new(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_back_to_the_last_bit() {
        let candle = Candle {
            open_time: Nanos::new(1_700_000_000_000_000_001),
            open: 0.1 + 0.2,
            high: 1.0 / 3.0,
            low: f64::MIN_POSITIVE,
            close: 12_345.678_900_1,
            volume: 0.0,
        };
        let tick = Tick { at: 5, candles: vec![Arrival { series: 3, candle }.into()], ..Tick::default() };
        let text = serde_json::to_string(&Entry::Tick(tick.clone())).unwrap();
        assert!(text.starts_with(r#"{"kind":"tick","at":5,"candles":[[3,1700000000000000001,"#), "{text}");
        let Entry::Tick(read) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
        assert_eq!(read, tick);
        assert_eq!(Arrival::from(read.candles[0]).candle, candle);
    }
}
