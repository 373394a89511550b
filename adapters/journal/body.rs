//! The body of a decision record: a flat object whose values are all texts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Timelike};
use hemiola_components::time::Nanos;
use serde_json::Value;

use super::canonical::{self, NotFinite};

/// Names that every record has.
const ALWAYS: [&str; 5] = ["event", "timestamp", "environment", "portfolio", "risk_profile"];

/// Names that the signed chain of records adds.
const CHAIN: [&str; 4] = ["signature", "seq", "prev", "key_id"];

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident = $name:literal,)*) => {
        /// A standard field that a record has when there is something to say.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field {
            $($(#[$doc])* $field,)*
        }

        impl Field {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$field,)*];

            /// The key in the record.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $name,)*
                }
            }
        }
    };
}

fields! {
    /// What is traded.
    Symbol = "symbol",
    /// Buy or sell.
    Side = "side",
    /// Base units.
    Quantity = "quantity",
    /// Quote currency per base unit.
    Price = "price",
    /// What became of it.
    Status = "status",
    /// The schedule that decided.
    Schedule = "schedule",
    /// The schedule's strategy.
    Strategy = "strategy",
    /// One run of a schedule.
    ScheduleRunId = "schedule_run_id",
    /// One running strategy.
    StrategyInstanceId = "strategy_instance_id",
    /// One signal.
    SignalId = "signal_id",
    /// Where it trades.
    PrimaryExchange = "primary_exchange",
    /// The other venue of a trade on two.
    SecondaryExchange = "secondary_exchange",
    /// The currency bought or sold.
    BaseAsset = "base_asset",
    /// The currency paid in.
    QuoteAsset = "quote_asset",
    /// Spot, future and so on.
    InstrumentType = "instrument_type",
    /// Where the prices came from.
    DataFeed = "data_feed",
    /// The budget the risk counts against.
    RiskBudgetBucket = "risk_budget_bucket",
    /// From 0 to 1.
    Confidence = "confidence",
    /// From the tick to the decision, in milliseconds.
    LatencyMs = "latency_ms",
    /// Prefix of the metrics that belong to the decision.
    TelemetryNamespace = "telemetry_namespace",
}

/// A decision record before it is numbered and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionBody {
    entries: BTreeMap<Cow<'static, str>, String>,
}

impl DecisionBody {
    /// A record with what every record has.
    #[must_use]
    pub fn new(
        event: &str,
        timestamp: Nanos,
        environment: &str,
        portfolio: &str,
        risk_profile: &str,
    ) -> Self {
        let timestamp = iso_8601(timestamp);
        let values = [event, &timestamp, environment, portfolio, risk_profile];
        Self { entries: ALWAYS.map(Cow::Borrowed).into_iter().zip(values.map(str::to_owned)).collect() }
    }

    /// Sets a standard field; an empty text leaves it out.
    pub fn text(&mut self, field: Field, text: &str) -> &mut Self {
        if text.is_empty() {
            self.entries.remove(field.name());
        } else {
            self.entries.insert(Cow::Borrowed(field.name()), text.to_owned());
        }
        self
    }

    /// Sets a standard field to a number, rounded to 10 decimals.
    ///
    /// # Errors
    /// When the number is NaN or infinite; the record is left as it was.
    pub fn number(&mut self, field: Field, value: f64) -> Result<&mut Self, NotFinite> {
        if !value.is_finite() {
            return Err(NotFinite { name: field.name().to_owned(), value });
        }
        Ok(self.text(field, &decimal(value)))
    }

    /// Adds a value under a key of the caller's.
    ///
    /// A key that is a standard name, reserved for the signature, or already taken gets the prefix `meta_`,
    /// repeated until it is free. Make floats with [`canonical::number`], which refuses what JSON cannot hold.
    pub fn metadata(&mut self, key: &str, value: &Value) -> &mut Self {
        let mut key = key.to_owned();
        while is_reserved(&key) || self.entries.contains_key(key.as_str()) {
            key.insert_str(0, "meta_");
        }
        let text = match value {
            Value::String(text) => text.clone(),
            other => canonical::nested(other),
        };
        self.entries.insert(Cow::Owned(key), text);
        self
    }

    /// The record's canonical text, without a line break.
    #[must_use]
    pub fn line(&self) -> String {
        canonical::flat(&self.entries)
    }
}

fn is_reserved(key: &str) -> bool {
    ALWAYS.contains(&key) || CHAIN.contains(&key) || Field::ALL.iter().any(|field| field.name() == key)
}

/// ISO 8601 in UTC, with microseconds when there are any; nanoseconds below are cut off.
fn iso_8601(instant: Nanos) -> String {
    let time = DateTime::from_timestamp_nanos(instant.get());
    let precision = if time.nanosecond() < 1_000 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    time.to_rfc3339_opts(precision, false)
}

/// At most 10 decimals, without trailing zeros and without a negative zero.
fn decimal(value: f64) -> String {
    let fixed = format!("{value:.10}");
    match fixed.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body() -> DecisionBody {
        DecisionBody::new("order_submitted", Nanos::ZERO, "demo", "main", "balanced")
    }

    #[test]
    fn every_record_has_five_fields() {
        let expected = r#"{"environment":"demo","event":"order_submitted","portfolio":"main","risk_profile":"balanced","timestamp":"1970-01-01T00:00:00+00:00"}"#;
        assert_eq!(body().line(), expected);
        let empty = DecisionBody::new("", Nanos::ZERO, "", "", "").line();
        assert!(empty.starts_with(r#"{"environment":"","event":"","portfolio":"","risk_profile":"","#));
    }

    #[test]
    fn numbers_have_ten_decimals_at_most() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1e-11, "0"),
            (-1e-11, "0"),
            (0.000_000_000_1, "0.0000000001"),
            (-0.000_000_000_1, "-0.0000000001"),
            (0.123_456_789_012, "0.123456789"),
            (0.999_999_999_99, "1"),
            (-0.25, "-0.25"),
            (10.0, "10"),
            (250_000.0, "250000"),
            (1e21, "1000000000000000000000"),
        ] {
            assert_eq!(decimal(value), expected, "{value}");
        }
    }

    #[test]
    fn a_number_that_is_none_is_refused_and_changes_nothing() {
        let mut record = body();
        record.number(Field::Price, 2.5).unwrap();
        for value in [f64::NAN, f64::INFINITY] {
            assert_eq!(record.number(Field::Price, value).unwrap_err().name, "price");
        }
        assert_eq!(record, *body().text(Field::Price, "2.5"));
    }

    #[test]
    fn timestamps_have_microseconds_only_when_there_are_any() {
        for (nanos, expected) in [
            (0, "1970-01-01T00:00:00+00:00"),
            (1_704_067_200_000_000_000, "2024-01-01T00:00:00+00:00"),
            (1_704_067_200_120_000_000, "2024-01-01T00:00:00.120000+00:00"),
            (1_704_067_200_000_005_000, "2024-01-01T00:00:00.000005+00:00"),
            (1_704_067_200_000_000_999, "2024-01-01T00:00:00+00:00"),
            (1_704_067_200_999_999_999, "2024-01-01T00:00:00.999999+00:00"),
            (-1_000, "1969-12-31T23:59:59.999999+00:00"),
            (i64::MAX, "2262-04-11T23:47:16.854775+00:00"),
        ] {
            assert_eq!(iso_8601(Nanos::new(nanos)), expected);
        }
    }

    #[test]
    fn an_empty_text_is_absent() {
        let mut record = body();
        record.text(Field::Symbol, "BTC_USDT").text(Field::Side, "");
        assert!(record.line().contains(r#""symbol":"BTC_USDT""#) && !record.line().contains("side"));
        assert_eq!(*record.text(Field::Symbol, ""), body());
    }

    #[test]
    fn metadata_never_hides_or_replaces_anything() {
        let reserved = Field::ALL.iter().map(|field| field.name()).chain([
            "event",
            "timestamp",
            "environment",
            "portfolio",
            "risk_profile",
            "signature",
            "seq",
            "prev",
            "key_id",
        ]);
        for key in reserved {
            let mut record = body();
            record
                .metadata(key, &json!("first"))
                .metadata(key, &json!("second"))
                .metadata("meta_meta_meta_x", &json!(1));
            assert_eq!(record.entries[format!("meta_{key}").as_str()], "first");
            assert_eq!(record.entries[format!("meta_meta_{key}").as_str()], "second");
            assert_eq!(record.entries.len(), 8);
            assert_eq!(record.entries["event"], "order_submitted");
        }
        let mut record = body();
        record.metadata("note", &json!("first")).metadata("note", &json!("second"));
        assert_eq!((&*record.entries["note"], &*record.entries["meta_note"]), ("first", "second"));
    }

    #[test]
    fn metadata_values_are_texts() {
        for (value, expected) in [
            (json!("a \"b\""), "a \"b\""),
            (json!(""), ""),
            (json!(true), "true"),
            (json!(null), "null"),
            (json!(100), "100"),
            (json!(100.0), "100.0"),
            (json!(1e-5), "1e-05"),
            (json!({"b": [1, 2.0], "a": "ż"}), r#"{"a":"ż","b":[1,2.0]}"#),
        ] {
            assert_eq!(body().metadata("note", &value).entries["note"], expected);
        }
    }
}
