//! Canonical JSON: one text per value, so that a signature over it can be checked anywhere.
//!
//! Keys are sorted by code point, there are no spaces, only `"`, `\` and controls below 0x20 are escaped, and
//! everything else is raw UTF-8.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Number, Value};
use thiserror::Error;

use super::number;

/// A number that JSON cannot hold.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("`{name}` is {value}, which JSON cannot hold: leave it out or write it as a text")]
pub struct NotFinite {
    /// The field or key it was meant for.
    pub name: String,
    /// NaN or an infinity.
    pub value: f64,
}

/// The JSON value of a float. Plain conversions turn NaN and infinities into `null` without a word.
///
/// # Errors
/// When it is NaN or infinite; `name` says whose value it is.
pub fn number(name: &str, value: f64) -> Result<Value, NotFinite> {
    Number::from_f64(value).map(Value::Number).ok_or_else(|| NotFinite { name: name.to_owned(), value })
}

/// The canonical text of any value.
///
/// A float has the shortest digits that read back the same; below 1e-4 and from 1e16 on it has an exponent with
/// a sign and at least two digits. A whole float keeps its `.0`.
///
/// # Panics
/// Never: every value has a JSON form.
#[must_use]
pub fn nested(value: &Value) -> String {
    let mut text = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut text, Canonical))
        .expect("every value has a JSON form and memory takes it");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Compact JSON with its own form of floats.
struct Canonical;

impl Formatter for Canonical {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let mut text = Vec::new();
        number::canonical(value, &mut text);
        writer.write_all(&text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn floats_have_one_form() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.0, "100.0"),
            (-2.25, "-2.25"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.0001, "0.0001"),
            (0.000_123, "0.000123"),
            (0.000_099_99, "9.999e-05"),
            (0.000_01, "1e-05"),
            (-1.5e-10, "-1.5e-10"),
            (1e15, "1000000000000000.0"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(nested(&number("x", value).unwrap()), expected);
        }
    }

    #[test]
    fn what_is_not_finite_is_refused_by_name() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = number("limit", value).unwrap_err();
            assert_eq!(error.name, "limit");
            assert!(error.to_string().starts_with(&format!("`limit` is {value}")));
        }
    }

    #[test]
    fn whole_numbers_stay_whole() {
        assert_eq!(
            nested(&json!([0, -7, i64::MIN, u64::MAX])),
            "[0,-7,-9223372036854775808,18446744073709551615]"
        );
    }

    #[test]
    fn only_what_must_be_escaped_is() {
        let controls: String = (0..0x20_u8).map(char::from).collect();
        assert_eq!(
            nested(&json!(controls)),
            concat!(
                r#""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#,
                r#"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f""#
            )
        );
        assert_eq!(nested(&json!("\"\\/\u{7f}\u{2028}ż🚀")), "\"\\\"\\\\/\u{7f}\u{2028}ż🚀\"");
    }

    #[test]
    fn keys_are_in_order_of_code_points_at_every_depth() {
        let value = json!({"😀": 1, "\u{fb00}": {"b": null, "a": [true, {}]}, "é": "", "Z": false, "a": 2, "10": 3, "9": 4});
        assert_eq!(
            nested(&value),
            "{\"10\":3,\"9\":4,\"Z\":false,\"a\":2,\"é\":\"\",\"\u{fb00}\":{\"a\":[true,{}],\"b\":null},\"😀\":1}",
            "in UTF-16 order the emoji would come before U+FB00"
        );
    }
}
