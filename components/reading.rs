//! What an engine saw at a candle, for people who ask why it signalled or did not.

/// A number an engine looked at, with the threshold it was held against, if any.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// What was asked of it.
    pub test: Option<Test>,
}

/// A comparison and how it came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// Such as `>=`.
    pub comparison: &'static str,
    /// The threshold.
    pub limit: f64,
    /// Whether it holds.
    pub holds: bool,
}

impl Reading {
    /// A number that nothing is asked of.
    #[must_use]
    pub const fn plain(name: &'static str, value: f64) -> Self {
        Self { name, value, test: None }
    }

    /// A number that should be at least `limit`.
    #[must_use]
    pub fn at_least(name: &'static str, value: f64, limit: f64) -> Self {
        Self { name, value, test: Some(Test { comparison: ">=", limit, holds: value >= limit }) }
    }

    /// A number that should be at most `limit`.
    #[must_use]
    pub fn at_most(name: &'static str, value: f64, limit: f64) -> Self {
        Self { name, value, test: Some(Test { comparison: "<=", limit, holds: value <= limit }) }
    }

    /// A number that should be above `limit`.
    #[must_use]
    pub fn above(name: &'static str, value: f64, limit: f64) -> Self {
        Self { name, value, test: Some(Test { comparison: ">", limit, holds: value > limit }) }
    }

    /// A number that should be below `limit`.
    #[must_use]
    pub fn below(name: &'static str, value: f64, limit: f64) -> Self {
        Self { name, value, test: Some(Test { comparison: "<", limit, holds: value < limit }) }
    }
}
