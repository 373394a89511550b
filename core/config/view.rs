//! Reads typed values out of a checked tree: canonical keys, defaults filled in.
//!
//! What could not be used is null there and has been reported, so readers go on with a stand-in.

use hemiola_components::time::{Interval, Nanos};

use super::located::Located;
use super::shape::root::strategy_sections;
use super::tree::Value;

/// A tree that has been checked.
pub(crate) enum Checked {}

/// A checked value with the path that the file has for it.
pub(crate) type View<'t> = Located<'t, Checked>;

impl<'t> View<'t> {
    /// The value of a key, if there is one that can be used.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        self.node.get(key).filter(|entry| entry.node.value != Value::Null).map(|entry| self.child(entry))
    }

    /// Whether the file says something under a key, be it of use or not.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.node.get(key).is_some()
    }

    /// The text of a key.
    pub(crate) fn text(&self, key: &str) -> Option<&'t str> {
        self.node.get(key).and_then(|entry| entry.node.text())
    }

    /// The number of a key.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        match self.node.get(key)?.node.value {
            Value::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The number of a key that has a default.
    pub(crate) fn number_or_zero(&self, key: &str) -> f64 {
        self.number(key).unwrap_or_default()
    }

    /// The whole number of a key that has a default.
    pub(crate) fn count(&self, key: &str) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be whole and to fit"
        )]
        let count = self.number_or_zero(key) as u32;
        count
    }

    /// The number that it is.
    pub(crate) fn own_number(&self) -> Option<f64> {
        match self.node.value {
            Value::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number that it is.
    pub(crate) fn own_count(&self) -> Option<u32> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be whole and to fit"
        )]
        self.own_number().map(|value| value as u32)
    }

    /// The strategies of a file, in all their sections.
    pub(crate) fn strategies(&self) -> impl Iterator<Item = Self> + use<'_, 't> {
        strategy_sections().flat_map(|key| self.map(key))
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.node.get(key).is_some_and(|entry| entry.node.value == Value::Bool(true))
    }

    /// The seconds of a key, to the nanosecond.
    pub(crate) fn seconds(&self, key: &str) -> Option<Nanos> {
        let seconds = self.number(key)?;
        #[expect(clippy::cast_possible_truncation, reason = "checked to be a hundred years at most")]
        Some(Nanos::new((seconds * Nanos::SECOND.get() as f64).round() as i64))
    }

    /// The whole number of either sign of a key that has a default.
    pub(crate) fn whole(&self, key: &str) -> i32 {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and to fit")]
        let whole = self.number_or_zero(key) as i32;
        whole
    }

    /// The hours and minutes of a key.
    pub(crate) fn time_of_day(&self, key: &str) -> Option<Nanos> {
        let (hours, minutes) = self.text(key)?.split_once(':')?;
        let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
        Some(Nanos::new(minutes * 60 * Nanos::SECOND.get()))
    }

    /// The candle length of a key that has a default.
    pub(crate) fn candle(&self, key: &str) -> Interval {
        let hour = "1h";
        let text = self.text(key).unwrap_or(hour);
        text.parse().or_else(|_| hour.parse()).expect("an hour is an interval")
    }

    /// The entries of the map under a key.
    pub(crate) fn map(&self, key: &str) -> Vec<Self> {
        self.get(key).map(|field| field.entries()).unwrap_or_default()
    }

    /// The items of the list under a key.
    pub(crate) fn items_of(&self, key: &str) -> Vec<Self> {
        self.get(key).map(|field| field.items()).unwrap_or_default()
    }

    /// The texts of the list under a key.
    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        self.items_of(key).iter().filter_map(|item| item.node.text()).map(ToOwned::to_owned).collect()
    }
}
