//! What a sweep varies: one place of the configuration and the values it takes.

use std::collections::BTreeSet;

use crate::config::Scalar;

/// A place and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The place, as it was asked for; see [`Config::places`](crate::config::Config::places).
    pub path: String,
    /// Its values.
    pub values: Values,
}

/// The values of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// These, in this order; at least one, each once.
    Listed(Vec<Scalar>),
    /// Any number from `low` to `high`, drawn at random.
    Between {
        /// The least.
        low: f64,
        /// The greatest.
        high: f64,
        /// Whether its logarithm is drawn evenly, and not the number.
        log: bool,
    },
}

/// The most values of one range.
const MOST: u32 = 1_000_000;

/// Values of ranges are rounded to so many significant digits, so that three steps of 0.1 are 0.3.
const DIGITS: usize = 12;

impl Axis {
    /// Reads `PATH=VALUES`: values parted by commas, each a number, a word or a range. `5..54` counts by ones,
    /// `60..155:5` by fives, both with their last value when a step meets it; `0.001..1:log7` are seven numbers at equal
    /// ratios. `uniform(0.1..0.9)` and `log_uniform(0.001..1)` stand alone and are drawn from.
    ///
    /// # Errors
    /// Says what cannot be read and what would do.
    pub fn read(text: &str) -> Result<Self, String> {
        let Some((path, values)) = text.split_once('=') else {
            return Err(format!("`{text}`: expected PATH=VALUES, such as sma_cross.fast=5..54"));
        };
        let (path, values) = (path.trim(), values.trim());
        if path.is_empty() {
            return Err(format!("`{text}`: nothing stands before `=`"));
        }
        let about = |error: String| format!("{path}: {error}");
        for (name, log) in [("uniform(", false), ("log_uniform(", true)] {
            if let Some(range) = values.strip_prefix(name).and_then(|rest| rest.strip_suffix(')')) {
                let (low, high) = ends(range).map_err(about)?;
                if log && low <= 0.0 {
                    return Err(about(format!("`{range}`: a logarithm needs numbers above 0")));
                }
                return Ok(Self { path: path.to_owned(), values: Values::Between { low, high, log } });
            }
        }
        let mut listed = Vec::new();
        for item in values.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            if item.contains("..") {
                listed.extend(range(item).map_err(about)?.into_iter().map(Scalar::Number));
            } else {
                listed.push(Scalar::read(item));
            }
        }
        if listed.is_empty() {
            return Err(about("there are no values: give a list or a range".to_owned()));
        }
        let mut seen = BTreeSet::new();
        if let Some(value) = listed.iter().find(|value| !seen.insert(value.to_string())) {
            return Err(about(format!("{value} is there twice")));
        }
        Ok(Self { path: path.to_owned(), values: Values::Listed(listed) })
    }

    /// How many values it has; `None` when they are drawn.
    #[must_use]
    pub const fn count(&self) -> Option<usize> {
        match &self.values {
            Values::Listed(values) => Some(values.len()),
            Values::Between { .. } => None,
        }
    }

    /// The last part of its path, which is what people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }
}

fn ends(text: &str) -> Result<(f64, f64), String> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let ends = text.split_once("..").and_then(|(low, high)| number(low).zip(number(high)));
    match ends {
        Some((low, high)) if low <= high => Ok((low, high)),
        Some((low, high)) => Err(format!("`{text}`: {low} is above {high}, so the range is empty")),
        None => Err(format!("`{text}`: expected two numbers, such as 5..54")),
    }
}

fn range(text: &str) -> Result<Vec<f64>, String> {
    let (both, step) = text.split_once(':').map_or((text, None), |(both, step)| (both, Some(step.trim())));
    let (low, high) = ends(both)?;
    if let Some(count) = step.and_then(|step| step.strip_prefix("log")) {
        let count = count.parse::<u32>().ok().filter(|count| (2..=MOST).contains(count));
        let count = count
            .ok_or_else(|| format!("`{text}`: expected how many values after `log`, from 2, such as log7"))?;
        if low <= 0.0 {
            return Err(format!("`{text}`: equal ratios need numbers above 0"));
        }
        let ratio = libm::log(high / low) / f64::from(count - 1);
        return Ok((0..count).map(|index| rounded(low * libm::exp(ratio * f64::from(index)))).collect());
    }
    let step = match step {
        None => 1.0,
        Some(step) => {
            let number = step.parse::<f64>().ok().filter(|step| step.is_finite() && *step > 0.0);
            number.ok_or_else(|| format!("`{text}`: the step `{step}` is no number above 0"))?
        }
    };
    // A last step that rounding keeps just below the end is meant to meet it.
    let steps = ((high - low) / step + 1e-9).floor();
    if steps >= f64::from(MOST) {
        return Err(format!("`{text}`: more than a million values"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to a million")]
    let steps = steps as u32;
    Ok((0..=steps).map(|index| rounded(low + step * f64::from(index))).collect())
}

fn rounded(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<f64> {
        match Axis::read(&format!("a.b={text}")).unwrap().values {
            Values::Listed(values) => values
                .into_iter()
                .map(|value| if let Scalar::Number(number) = value { number } else { panic!("{value}") })
                .collect(),
            Values::Between { .. } => panic!("drawn"),
        }
    }

    #[test]
    fn ranges_hold_both_ends_and_steps_are_what_they_say() {
        assert_eq!(numbers("5..9"), [5.0, 6.0, 7.0, 8.0, 9.0]);
        assert_eq!(numbers("60..155:5").len(), 20);
        assert_eq!(numbers("0.1..0.5:0.1"), [0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!(numbers("0.1..0.7:0.1").len(), 7, "0.6 / 0.1 is a little less than 6");
        assert_eq!(numbers("0..1:0.3"), [0.0, 0.3, 0.6, 0.9]);
        assert_eq!(numbers("-1..1"), [-1.0, 0.0, 1.0]);
        assert_eq!(numbers("0.001..1:log4"), [0.001, 0.01, 0.1, 1.0]);
        assert_eq!(numbers("7..7"), [7.0]);
        assert_eq!(numbers("1,2, 10..12,4"), [1.0, 2.0, 10.0, 11.0, 12.0, 4.0]);
    }

    #[test]
    fn words_and_flags_are_values_too() {
        let axis = Axis::read("scheduler.capital_policy=equal_weight,risk_parity,true,1h").unwrap();
        let text = |text: &str| Scalar::Text(text.to_owned());
        let expected = vec![text("equal_weight"), text("risk_parity"), Scalar::Flag(true), text("1h")];
        assert_eq!(axis.values, Values::Listed(expected));
        assert_eq!((axis.name(), axis.count()), ("capital_policy", Some(4)));
    }

    #[test]
    fn drawn_values_name_their_ends() {
        let drawn = |text: &str| Axis::read(text).unwrap().values;
        assert_eq!(drawn("a=uniform(0.1..0.9)"), Values::Between { low: 0.1, high: 0.9, log: false });
        assert_eq!(drawn("a=log_uniform(0.1..10)"), Values::Between { low: 0.1, high: 10.0, log: true });
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, says) in [
            ("a", "expected PATH=VALUES"),
            ("=1", "nothing stands before"),
            ("a=", "there are no values"),
            ("a=,", "there are no values"),
            ("a=1..", "expected two numbers"),
            ("a=9..5", "the range is empty"),
            ("a=1..9:0", "no number above 0"),
            ("a=1..9:-1", "no number above 0"),
            ("a=1..9:log1", "how many values"),
            ("a=0..9:log3", "above 0"),
            ("a=0..1e9", "more than a million"),
            ("a=1..inf", "expected two numbers"),
            ("a=1,2,1..3", "1 is there twice"),
            ("a=log_uniform(0..1)", "above 0"),
            ("a=uniform(2..1)", "the range is empty"),
        ] {
            let error = Axis::read(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
