//! Decimals as the ledger writes them.

use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
use serde_json::value::RawValue;

/// Decimals of every number in the ledger.
pub const PLACES: u32 = 10;

/// A number of the world as the ledger writes it: rounded to ten decimals, half to even, without trailing zeros.
/// `None` when it is not finite, or too large for a decimal of 28 digits.
#[must_use]
pub fn amount(value: f64) -> Option<Decimal> {
    // Formatting rounds the exact binary value, once.
    let text = value.is_finite().then(|| format!("{value:.10}"))?;
    Decimal::from_str_exact(&text).ok().map(|number| number.normalize())
}

/// A JSON number without an exponent, with at most ten decimals and no trailing zeros.
pub(super) fn serialize<S: Serializer>(number: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    let rounded = number.round_dp(PLACES).normalize();
    RawValue::from_string(rounded.to_string()).map_err(S::Error::custom)?.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let text = Box::<RawValue>::deserialize(deserializer)?;
    if text.get().contains(['e', 'E']) {
        return Err(D::Error::custom(format!("{text} has an exponent")));
    }
    let number = Decimal::from_str_exact(text.get()).map_err(D::Error::custom)?;
    if number.scale() > PLACES {
        return Err(D::Error::custom(format!("{number} has more than {PLACES} decimals")));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_and_short() {
        for (value, text) in [
            (0.1 + 0.2, "0.3"),
            (1e-10, "0.0000000001"),
            (4e-11, "0"),
            (-0.0, "0"),
            (1e17, "100000000000000000"),
            (65_464.836_06, "65464.83606"),
            (-2.50, "-2.5"),
        ] {
            assert_eq!(amount(value).unwrap().to_string(), text);
        }
        for value in [f64::NAN, f64::INFINITY, 1e19] {
            assert_eq!(amount(value), None);
        }
    }
}
