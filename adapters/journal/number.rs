//! Floats as text: the canonical form, and the decimals of standard fields.

use std::io::Write as _;

/// Appends the canonical text of a float: the shortest digits that read back the same, with an exponent of a sign and
/// at least two digits below 1e-4 and from 1e16 on, and `.0` on a whole number. What JSON cannot hold is `null`.
pub(super) fn canonical(value: f64, text: &mut Vec<u8>) {
    let size = value.abs();
    if size == 0.0 || (1e-4..1e16).contains(&size) {
        plain(value, text);
    } else if value.is_finite() {
        exponential(value, text);
    } else {
        text.extend_from_slice(b"null");
    }
}

/// Without an exponent: `serde_json` has the same digits, except where two shortest texts are equally near.
fn plain(value: f64, text: &mut Vec<u8>) {
    /// Digits that leave one shortest text only, with the point.
    const CERTAIN: usize = 16;
    /// From 1e-4 on, a value halfway between two texts of 17 digits is a multiple of 2^-21.
    const HALFWAY: f64 = (1 << 21) as f64;
    let start = text.len();
    serde_json::to_writer(&mut *text, &value).expect("memory takes it");
    if text.len() - start > CERTAIN && (value * HALFWAY).fract() == 0.0 {
        text.truncate(start);
        if value.fract() == 0.0 { write!(text, "{value:.1}") } else { write!(text, "{value}") }
            .expect("memory takes it");
    }
}

fn exponential(value: f64, text: &mut Vec<u8>) {
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').expect("the format has an exponent");
    let exponent: i32 = exponent.parse().expect("exponents are whole numbers");
    write!(text, "{digits}e{exponent:+03}").expect("memory takes it");
}

/// Decimals of a standard field.
const DECIMALS: usize = 10;

/// 10 to the power of [`DECIMALS`].
const SCALE: u64 = 10_000_000_000;

/// Appends a float with at most 10 decimals, without trailing zeros and without a negative zero; one that is not
/// finite by its name.
pub(super) fn decimal(value: f64, text: &mut Vec<u8>) {
    let Some(scaled) = scaled(value) else {
        return long(value, text);
    };
    if value < 0.0 && scaled > 0 {
        text.push(b'-');
    }
    digits(scaled / SCALE, text);
    let mut fraction = scaled % SCALE;
    if fraction > 0 {
        let mut decimals = [b'0'; DECIMALS];
        for digit in decimals.iter_mut().rev() {
            *digit += (fraction % 10) as u8;
            fraction /= 10;
        }
        let zeros = decimals.iter().rev().take_while(|digit| **digit == b'0').count();
        text.push(b'.');
        text.extend_from_slice(&decimals[..DECIMALS - zeros]);
    }
}

/// The size of the value times [`SCALE`], rounded exactly, half to even; `None` from 2^30 on and for what is not finite.
fn scaled(value: f64) -> Option<u64> {
    const LARGE: f64 = (1 << 30) as f64;
    const FRACTION: u32 = 52;
    let size = value.abs();
    if size.is_nan() || size >= LARGE {
        return None;
    }
    let bits = size.to_bits();
    let (mantissa, exponent) = match ((bits >> FRACTION) as u32, bits & ((1 << FRACTION) - 1)) {
        (0, fraction) => (fraction, 1),
        (exponent, fraction) => (fraction | 1 << FRACTION, exponent),
    };
    // The mantissa is to be divided by 2^shift, and below 2^30 the shift is positive.
    let shift = 1_023 + FRACTION - exponent;
    let product = u128::from(mantissa) * u128::from(SCALE);
    if shift >= u128::BITS {
        return Some(0);
    }
    let whole = u64::try_from(product >> shift).ok()?;
    let (rest, half) = (product & ((1 << shift) - 1), 1 << (shift - 1));
    let up = rest > half || (rest == half && whole % 2 == 1);
    Some(whole + u64::from(up))
}

fn long(value: f64, text: &mut Vec<u8>) {
    if !value.is_finite() {
        return write!(text, "{value}").expect("memory takes it");
    }
    let fixed = format!("{value:.DECIMALS$}");
    text.extend_from_slice(fixed.trim_end_matches('0').trim_end_matches('.').as_bytes());
}

/// Appends a whole number.
pub(super) fn digits(number: u64, text: &mut Vec<u8>) {
    serde_json::to_writer(text, &number).expect("memory takes it");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(write: fn(f64, &mut Vec<u8>), value: f64) -> String {
        let mut text = Vec::new();
        write(value, &mut text);
        String::from_utf8(text).unwrap()
    }

    /// Floats of every size and of few bits, where halves lie.
    fn floats() -> impl Iterator<Item = f64> {
        let mut state = 1_u64;
        let mut draw = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ (state >> 29)
        };
        (0..50_000).flat_map(move |_| {
            let any = f64::from_bits(draw());
            let few = (draw() >> (11 + (draw() >> 9) % 53)) as f64 / (1_u64 << ((draw() >> 9) % 60)) as f64;
            let cents = (draw() >> 9) % 1_000_000_000;
            let tie = (draw() >> 9) % (1 << 20);
            [any, few, -few, cents as f64 / 1e4, (2 * tie + 1) as f64 / 2_048.0]
        })
    }

    #[test]
    fn canonical_digits_are_those_of_the_standard_library() {
        for value in floats().filter(|value| value.is_finite()) {
            let scientific = format!("{value:e}");
            let exponent: i32 = scientific.split_once('e').unwrap().1.parse().unwrap();
            let expected = match (-4..16).contains(&exponent) {
                true if value.fract() == 0.0 => format!("{value:.1}"),
                true => value.to_string(),
                false => format!("{}e{exponent:+03}", scientific.split_once('e').unwrap().0),
            };
            assert_eq!(of(canonical, value), expected);
        }
        assert_eq!(of(canonical, f64::NAN), "null");
    }

    #[test]
    fn of_two_texts_equally_near_the_larger_one_is_taken() {
        for (value, expected) in [
            ("1.11444854736328125", "1.1144485473632813"),
            ("259075092638.328125", "259075092638.32813"),
            ("0.00097370147705078125", "0.0009737014770507813"),
            ("1921989099.70703125", "1921989099.7070313"),
        ] {
            assert_eq!(of(canonical, value.parse().unwrap()), expected);
        }
    }

    #[test]
    fn decimals_are_rounded_as_the_standard_library_does() {
        for value in floats().filter(|value| value.is_finite()) {
            let fixed = format!("{value:.10}");
            let expected = match fixed.trim_end_matches('0').trim_end_matches('.') {
                "-0" => "0",
                text => text,
            };
            assert_eq!(of(decimal, value), expected, "{value}");
        }
    }

    #[test]
    fn decimals_are_ten_at_most() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1e-11, "0"),
            (-1e-11, "0"),
            (0.000_000_000_1, "0.0000000001"),
            (-0.000_000_000_1, "-0.0000000001"),
            (0.123_456_789_012, "0.123456789"),
            (0.999_999_999_99, "1"),
            (1.0 / 2_048.0, "0.0004882812"),
            (3.0 / 2_048.0, "0.0014648438"),
            (5e-324, "0"),
            (-0.25, "-0.25"),
            (10.0, "10"),
            (250_000.0, "250000"),
            (1_073_741_823.5, "1073741823.5"),
            (1_073_741_824.0, "1073741824"),
            (1e21, "1000000000000000000000"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(of(decimal, value), expected, "{value}");
        }
    }
}
