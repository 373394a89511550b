//! What a variant must fulfil to be one.

use std::cmp::Ordering;

use crate::config::Scalar;

use super::axis::Axis;

/// A comparison of two axes, or of an axis and a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    left: Operand,
    comparison: Comparison,
    right: Operand,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Axis(usize),
    Value(Scalar),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
}

/// Longer signs first: `<=` begins like `<`.
const SIGNS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("!=", Comparison::Unequal),
    ("==", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::More),
];

impl Constraint {
    /// Reads `fast<slow`: an axis by its path or the last part of it, a sign, and an axis, a number or a word.
    ///
    /// # Errors
    /// Says what cannot be read.
    pub fn read(text: &str, axes: &[Axis]) -> Result<Self, String> {
        let found = SIGNS
            .iter()
            .filter_map(|(sign, comparison)| Some((text.find(sign)?, *sign, *comparison)))
            .min_by_key(|(at, sign, _)| (*at, usize::MAX - sign.len()));
        let Some((at, sign, comparison)) = found else {
            return Err(format!(
                "`{text}`: expected a comparison by one of <, <=, >, >=, ==, !=, such as fast<slow"
            ));
        };
        let left = operand(text[..at].trim(), axes)?;
        let right = operand(text[at + sign.len()..].trim(), axes)?;
        let is_axis = |operand: &Operand| matches!(operand, Operand::Axis(_));
        if !is_axis(&left) && !is_axis(&right) {
            let known: Vec<&str> = axes.iter().map(|axis| axis.path.as_str()).collect();
            return Err(format!("`{text}` compares nothing that varies: there are {}", known.join(", ")));
        }
        Ok(Self { left, comparison, right })
    }

    /// Whether these values, one per axis, fulfil it. Words have no order: only `==` and `!=` hold between them.
    #[must_use]
    pub fn holds(&self, values: &[Scalar]) -> bool {
        let value = |operand: &'_ Operand| match operand {
            Operand::Axis(axis) => values[*axis].clone(),
            Operand::Value(value) => value.clone(),
        };
        let (left, right) = (value(&self.left), value(&self.right));
        let order = match (&left, &right) {
            (Scalar::Number(left), Scalar::Number(right)) => left.partial_cmp(right),
            _ => None,
        };
        match self.comparison {
            Comparison::Less => order.is_some_and(Ordering::is_lt),
            Comparison::AtMost => order.is_some_and(Ordering::is_le),
            Comparison::More => order.is_some_and(Ordering::is_gt),
            Comparison::AtLeast => order.is_some_and(Ordering::is_ge),
            Comparison::Equal => left == right,
            Comparison::Unequal => left != right,
        }
    }
}

fn operand(text: &str, axes: &[Axis]) -> Result<Operand, String> {
    if text.is_empty() {
        return Err("a comparison has two sides, such as fast<slow".to_owned());
    }
    if let Some(axis) = axes.iter().position(|axis| axis.path == text) {
        return Ok(Operand::Axis(axis));
    }
    let mut named = (0..axes.len()).filter(|axis| axes[*axis].name() == text);
    match (named.next(), named.next()) {
        (Some(first), Some(second)) => Err(format!(
            "`{text}` may be {} or {}: write the whole path",
            axes[first].path, axes[second].path
        )),
        (Some(axis), None) => Ok(Operand::Axis(axis)),
        (None, _) => Ok(Operand::Value(Scalar::read(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Vec<Axis> {
        ["a.fast=1..9", "a.slow=1..9", "b.slow=1..9", "policy=x,y"]
            .map(|text| Axis::read(text).unwrap())
            .into()
    }

    #[test]
    fn comparisons_hold_or_do_not() {
        let number = Scalar::Number;
        let values = [number(3.0), number(5.0), number(3.0), Scalar::Text("x".to_owned())];
        for (text, holds) in [
            ("fast<a.slow", true),
            ("a.slow < fast", false),
            ("fast<=b.slow", true),
            ("fast<b.slow", false),
            ("fast>=b.slow", true),
            ("fast>2.5", true),
            ("4 > fast", true),
            ("fast==3", true),
            ("fast!=3", false),
            ("policy==x", true),
            ("policy!=x", false),
            ("policy<y", false),
        ] {
            assert_eq!(Constraint::read(text, &axes()).unwrap().holds(&values), holds, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_named() {
        for (text, says) in [
            ("fast", "expected a comparison"),
            ("fast<slow", "may be a.slow or b.slow"),
            ("fast<", "two sides"),
            ("1<2", "compares nothing that varies"),
        ] {
            let error = Constraint::read(text, &axes()).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
