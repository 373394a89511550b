//! Names of files of which there is one per UTC day.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, NaiveDate};
use hemiola_components::time::Nanos;

/// 2024-12-31, on which day, month and year differ.
const SOME_DAY: Nanos = Nanos::new(1_735_603_200_000_000_000);

/// A strftime pattern that tells every day's file from all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DayPattern(String);

impl DayPattern {
    /// `None` when two days would have the same file, or a file another folder.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        let days = Self(pattern.to_owned());
        let is_readable = StrftimeItems::new(pattern).all(|item| item != Item::Error);
        let probe = date(SOME_DAY);
        let tells =
            is_readable && !pattern.contains(['/', '\\']) && days.day_of(&days.name(probe)) == Some(probe);
        tells.then_some(days)
    }

    /// Whether the names of later days stand behind those of earlier ones.
    pub(crate) fn is_ascending(&self) -> bool {
        let days = || date(SOME_DAY).iter_days().take(800).map(|day| self.name(day));
        days().zip(days().skip(1)).all(|(day, next)| day < next)
    }

    pub(crate) fn name(&self, day: NaiveDate) -> String {
        day.format(&self.0).to_string()
    }

    pub(crate) fn day_of(&self, name: &str) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(name, &self.0).ok()
    }
}

/// The UTC day of an instant.
pub(crate) fn date(at: Nanos) -> NaiveDate {
    DateTime::from_timestamp_nanos(at.get()).date_naive()
}
