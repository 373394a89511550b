//! What a venue answers.

use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;
use serde::Deserialize;
use serde_json::Value;

/// Why an answer says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The venue does not know the symbol.
    Unknown(String),
    /// It is something else.
    Shape(String),
}

/// A venue's error.
#[derive(Deserialize)]
struct Refusal {
    code: i64,
    msg: String,
}

/// Binance's code for a symbol that there is not.
const UNKNOWN_SYMBOL: i64 = -1121;

/// Reads the body of an answer: rows of open time in milliseconds, then open, high, low, close and volume as decimals in
/// texts; further members are not looked at.
pub(super) fn read(body: &[u8]) -> Result<Vec<Candle>, Fault> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| Fault::Shape(format!("no JSON: {error}")))?;
    match value {
        Value::Array(rows) => rows.iter().enumerate().map(|(row, value)| candle(row, value)).collect(),
        value => match serde_json::from_value::<Refusal>(value) {
            Ok(Refusal { code: UNKNOWN_SYMBOL, msg }) => Err(Fault::Unknown(msg)),
            Ok(Refusal { code, msg }) => Err(Fault::Shape(format!("the venue says {code}: {msg}"))),
            Err(_) => Err(Fault::Shape("neither candles nor an error".to_owned())),
        },
    }
}

fn candle(row: usize, value: &Value) -> Result<Candle, Fault> {
    let fault = || Fault::Shape(format!("row {row} is no candle"));
    let members = value.as_array().filter(|members| members.len() >= 6).ok_or_else(fault)?;
    let millis = |place: usize| members[place].as_i64().and_then(Nanos::from_millis).ok_or_else(fault);
    // What is no number is told as none, and checked by who takes it.
    let number = |place: usize| match &members[place] {
        Value::String(text) => text.parse().unwrap_or(f64::NAN),
        other => other.as_f64().unwrap_or(f64::NAN),
    };
    Ok(Candle {
        open_time: millis(0)?,
        open: number(1),
        high: number(2),
        low: number(3),
        close: number(4),
        volume: number(5),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_candles() {
        let body = br#"[[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499644799999,"2434.19055334",308,"1756.87402397","28.46694368","0"]]"#;
        let candle = read(body).unwrap()[0];
        assert_eq!(candle.open_time, Nanos::new(1_499_040_000_000_000_000));
        assert_eq!((candle.open, candle.high, candle.low), (0.016_347_9, 0.8, 0.015_758));
    }

    #[test]
    fn what_is_no_candle_is_said_and_what_is_no_number_is_none() {
        let shape = |body: &[u8]| match read(body) {
            Err(Fault::Shape(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(shape(b"<html>").starts_with("no JSON"));
        assert!(shape(br#"{"a":1}"#).starts_with("neither"));
        assert!(shape(br#"{"code":-1003,"msg":"Too many"}"#).contains("-1003: Too many"));
        assert!(shape(b"[[1,2]]").contains("row 0"));
        assert_eq!(
            read(br#"{"code":-1121,"msg":"Invalid symbol."}"#),
            Err(Fault::Unknown("Invalid symbol.".to_owned()))
        );
        let none = read(br#"[[0,"NaN","x",null,"1","1",59999]]"#).unwrap()[0];
        assert!(none.open.is_nan() && none.high.is_nan() && none.low.is_nan() && none.close == 1.0);
    }
}
