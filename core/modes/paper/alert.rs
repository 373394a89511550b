//! What a session says of its surroundings: counted, and told once in a while.

use std::collections::BTreeMap;

use hemiola_adapters::journal::Chain;
use hemiola_components::time::Nanos;

use crate::config::plan::Plan;
use crate::journal::own;

/// How long the same alert about the same thing is only counted after it was told.
const QUIET: Nanos = Nanos::new(60 * Nanos::SECOND.get());

/// Something that an operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeAlert {
    /// When.
    pub at: Nanos,
    /// What kind of thing, such as `CANDLE-RESTATED`.
    pub code: &'static str,
    /// `warning`, `critical`, or `info` when something is over.
    pub severity: &'static str,
    /// What it is about: a series, a file, the clock.
    pub about: String,
    /// What happened, and what is done about it.
    pub message: String,
    /// How often it happened since the session began.
    pub count: u64,
}

/// Counts of what happened, and when each was told.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    counts: BTreeMap<&'static str, u64>,
    told: BTreeMap<(&'static str, String), (Nanos, u64)>,
}

impl Alerts {
    /// Counts something. Gives an alert unless the same was told within the last minute.
    pub fn note(
        &mut self,
        at: Nanos,
        (code, severity): (&'static str, &'static str),
        about: &str,
        message: impl FnOnce() -> String,
    ) -> Option<RuntimeAlert> {
        *self.counts.entry(code).or_default() += 1;
        let (told, count) = self.told.entry((code, about.to_owned())).or_insert((Nanos::ZERO, 0));
        *count += 1;
        let is_quiet = *count > 1 && at.get().saturating_sub(told.get()) < QUIET.get();
        if is_quiet && severity != "info" {
            return None;
        }
        *told = at;
        let (about, message, count) = (about.to_owned(), message(), *count);
        Some(RuntimeAlert { at, code, severity, about, message, count })
    }

    /// How often each kind of thing happened.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }
}

impl RuntimeAlert {
    /// Appends its line to a journal.
    pub(super) fn write(&self, plan: &Plan, chain: &mut Chain, line: &mut Vec<u8>) {
        own(plan, "runtime_alert", self.at, chain, line, |draft| {
            draft.note("code", self.code);
            draft.note("severity", self.severity);
            draft.note("about", &self.about);
            draft.note("message", &self.message);
            draft.note("count", &self.count.to_string());
        });
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { code, severity, about, message, count, .. } = self;
        let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
        format!("{severity}: {code}: {about}: {message}{times}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once_a_minute_and_counted_always() {
        let mut alerts = Alerts::default();
        let mut told = Vec::new();
        for second in [0, 1, 30, 59, 60, 61, 119, 121] {
            let at = Nanos::new(second * 1_000_000_000);
            let alert = alerts.note(at, ("FEED-SILENT", "warning"), "x", || "nothing".to_owned());
            told.extend(alert.map(|alert| (second, alert.count)));
        }
        let other = alerts.note(Nanos::ZERO, ("FEED-SILENT", "warning"), "y", || "nothing".to_owned());
        assert_eq!(told, [(0, 1), (60, 5), (121, 8)]);
        assert_eq!(other.map(|alert| alert.count), Some(1));
        assert_eq!(alerts.counts().iter().collect::<Vec<_>>(), [(&"FEED-SILENT", &9)]);
    }
}
