//! The body of a decision record: a flat object whose values are all texts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hemiola_components::time::Nanos;
use serde_json::Value;

use super::canonical::{self, NotFinite};
use super::chain::Link;
use super::form::{Form, Hole, Part, Values};
use super::instant::{self, Fraction};
use super::number;

/// Names that every record has.
const ALWAYS: [&str; 5] = ["event", "timestamp", "environment", "portfolio", "risk_profile"];

/// Names that the signed chain of records adds.
const CHAIN: [&str; 4] = ["seq", "prev", "key_id", "signature"];

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
    entries: BTreeMap<Cow<'static, str>, Content>,
}

/// A text with holes for values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Content {
    text: String,
    holes: Vec<Hole>,
}

impl Content {
    fn of(parts: &[Part<'_>]) -> Self {
        let mut content = Self::default();
        for part in parts {
            match *part {
                Part::Text(text) => content.text += text,
                Part::Value(value) => content.holes.push(Hole { at: content.text.len(), value }),
            }
        }
        content
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.holes.is_empty()
    }
}

impl DecisionBody {
    /// A record with what every record has.
    ///
    /// # Panics
    /// Never: an instant is ASCII.
    #[must_use]
    pub fn new(
        event: &str,
        timestamp: Nanos,
        environment: &str,
        portfolio: &str,
        risk_profile: &str,
    ) -> Self {
        let mut text = Vec::new();
        instant::write(timestamp, Fraction::Micros, &mut text);
        let timestamp = Part::Text(str::from_utf8(&text).expect("an instant is ASCII"));
        Self::stamped(event, timestamp, environment, portfolio, risk_profile)
    }

    /// The same with a timestamp that is a value of each line, see [`Values::timestamp`](super::Values::timestamp).
    #[must_use]
    pub fn stamped(
        event: &str,
        timestamp: Part<'_>,
        environment: &str,
        portfolio: &str,
        risk_profile: &str,
    ) -> Self {
        let text = Part::Text;
        let values = [text(event), timestamp, text(environment), text(portfolio), text(risk_profile)];
        let contents = values.map(|part| Content::of(&[part]));
        Self { entries: ALWAYS.map(Cow::Borrowed).into_iter().zip(contents).collect() }
    }

    /// Sets a standard field; an empty text leaves it out.
    pub fn text(&mut self, field: Field, text: &str) -> &mut Self {
        self.parts(field, &[Part::Text(text)])
    }

    /// Sets a standard field to a number, rounded to 10 decimals.
    ///
    /// # Errors
    /// When the number is NaN or infinite; the record is left as it was.
    ///
    /// # Panics
    /// Never: a number is ASCII.
    pub fn number(&mut self, field: Field, value: f64) -> Result<&mut Self, NotFinite> {
        if !value.is_finite() {
            return Err(NotFinite { name: field.name().to_owned(), value });
        }
        let mut text = Vec::new();
        number::decimal(value, &mut text);
        Ok(self.text(field, str::from_utf8(&text).expect("a number is ASCII")))
    }

    /// Sets a standard field to a text with values; nothing at all leaves it out.
    pub fn parts(&mut self, field: Field, parts: &[Part<'_>]) -> &mut Self {
        let content = Content::of(parts);
        if content.is_empty() {
            self.entries.remove(field.name());
        } else {
            self.entries.insert(Cow::Borrowed(field.name()), content);
        }
        self
    }

    /// Adds a value under a key of the caller's.
    ///
    /// A key that is a standard name, reserved for the signature, or already taken gets the prefix `meta_`,
    /// repeated until it is free. Make floats with [`canonical::number`], which refuses what JSON cannot hold.
    pub fn metadata(&mut self, key: &str, value: &Value) -> &mut Self {
        match value {
            Value::String(text) => self.metadata_parts(key, &[Part::Text(text)]),
            other => self.metadata_parts(key, &[Part::Text(&canonical::nested(other))]),
        }
    }

    /// Adds a text with values under a key of the caller's, treated as in [`Self::metadata`].
    pub fn metadata_parts(&mut self, key: &str, parts: &[Part<'_>]) -> &mut Self {
        let mut key = key.to_owned();
        while is_reserved(&key) || self.entries.contains_key(key.as_str()) {
            key.insert_str(0, "meta_");
        }
        self.entries.insert(Cow::Owned(key), Content::of(parts));
        self
    }

    /// Makes it a link of a chain: the values that [`Chain::begin`](super::Chain::begin) puts before all others.
    pub fn linked(&mut self, link: &Link) -> &mut Self {
        for (name, part) in CHAIN.into_iter().zip([Some(link.seq), Some(link.prev), link.key_id]) {
            let content = part.map(|part| Content::of(&[part]));
            self.entries.extend(content.map(|content| (Cow::Borrowed(name), content)));
        }
        self
    }

    /// What all lines like this one have in common: the record's canonical text around its values.
    #[must_use]
    pub fn form(&self) -> Form {
        let mut form = Form { text: vec![b'{'], holes: Vec::new() };
        for (key, Content { text, holes }) in &self.entries {
            if form.text.len() > 1 {
                form.text.push(b',');
            }
            form.text.push(b'"');
            escape(key, &mut form.text);
            form.text.extend_from_slice(b"\":\"");
            let mut start = 0;
            for Hole { at, value } in holes {
                escape(&text[start..*at], &mut form.text);
                form.holes.push(Hole { at: form.text.len(), value: *value });
                start = *at;
            }
            escape(&text[start..], &mut form.text);
            form.text.push(b'"');
        }
        form.text.push(b'}');
        form
    }

    /// The canonical text of a record without values, without a line break.
    ///
    /// # Panics
    /// When a part of the record is a value of each line.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = Vec::new();
        self.form().write(&Values::default(), &mut line);
        String::from_utf8(line).expect("JSON is UTF-8")
    }
}

/// Appends a text as it stands between the quotes of canonical JSON.
fn escape(text: &str, to: &mut Vec<u8>) {
    let quoted = canonical::nested(&Value::from(text));
    to.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
}

fn is_reserved(key: &str) -> bool {
    ALWAYS.contains(&key) || CHAIN.contains(&key) || Field::ALL.iter().any(|field| field.name() == key)
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
    fn a_number_that_is_none_is_refused_and_changes_nothing() {
        let mut record = body();
        record.number(Field::Price, 2.5).unwrap();
        for value in [f64::NAN, f64::INFINITY] {
            assert_eq!(record.number(Field::Price, value).unwrap_err().name, "price");
        }
        assert_eq!(record, *body().text(Field::Price, "2.5"));
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
            assert_eq!(record.entries[format!("meta_{key}").as_str()].text, "first");
            assert_eq!(record.entries[format!("meta_meta_{key}").as_str()].text, "second");
            assert_eq!(record.entries.len(), 8);
            assert_eq!(record.entries["event"].text, "order_submitted");
        }
        let mut record = body();
        record.metadata("note", &json!("first")).metadata("note", &json!("second"));
        let text = |key: &str| record.entries[key].text.as_str();
        assert_eq!((text("note"), text("meta_note")), ("first", "second"));
    }

    #[test]
    fn keys_and_texts_are_escaped() {
        let mut record = body();
        record.metadata("ż\n", &json!("a\nb")).metadata("A", &json!("\"1\""));
        let line = record.line();
        assert!(line.starts_with(r#"{"A":"\"1\"","environment""#), "{line}");
        assert!(line.ends_with(r#","ż\n":"a\nb"}"#), "{line}");
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
            assert_eq!(body().metadata("note", &value).entries["note"].text, expected);
        }
    }
}
