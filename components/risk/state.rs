//! What a profile's limits are held against.

use serde::{Deserialize, Serialize};

use super::Rule;
use crate::units::Notional;

/// What a profile's limits are held against, besides the account's equity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RiskState {
    /// Positions of the profile's schedules that are not flat, entries under way included.
    pub open_positions: u32,
    /// What has latched the profile. While anything has, only orders that reduce a position pass.
    pub latches: Latches,
    /// What the profile's schedules have realised since midnight UTC, before costs.
    pub daily_realised: Notional,
    /// What they have realised since Monday, midnight UTC.
    pub weekly_realised: Notional,
    /// What they have realised in the last 30 days, before costs.
    pub profit_30d: Notional,
    /// Their fees, slippage and borrow of the last 30 days.
    pub costs_30d: Notional,
    /// The days behind the last two, when somebody asks for them.
    pub month: Option<Box<Month>>,
}

/// The rules that have latched a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latches(u8);

impl Latches {
    /// Every rule that can latch, in the order they are looked at.
    pub const RULES: [Rule; 8] = [
        Rule::Drawdown,
        Rule::DailyLoss,
        Rule::KillDailyR,
        Rule::KillDailyLoss,
        Rule::KillWeekly,
        Rule::CostToProfit,
        Rule::DailyFall,
        Rule::KillSwitch,
    ];

    /// Whether none has.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `rule` has.
    #[must_use]
    pub fn has(self, rule: Rule) -> bool {
        self.0 & Self::bit(rule) != 0
    }

    /// Adds `rule`, which is one of [`Latches::RULES`].
    pub fn set(&mut self, rule: Rule) {
        self.0 |= Self::bit(rule);
    }

    /// Takes `rule` away.
    pub fn clear(&mut self, rule: Rule) {
        self.0 &= !Self::bit(rule);
    }

    /// Those that have, in the order they are looked at.
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        Self::RULES.into_iter().filter(move |rule| self.has(*rule))
    }

    fn bit(rule: Rule) -> u8 {
        Self::RULES.iter().position(|known| *known == rule).map_or(0, |place| 1 << place)
    }
}

/// What 30 days realised and cost, a day each, in a ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Month {
    /// Realised profit before costs, and costs.
    pub days: [[Notional; 2]; Self::DAYS],
    /// Days that have passed since it began.
    pub age: u32,
}

impl Month {
    /// Days in it.
    pub const DAYS: usize = 30;

    /// Whether 30 days have passed since it began.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.age as usize >= Self::DAYS
    }

    /// Books into the current day.
    pub fn add(&mut self, realised: Notional, costs: Notional) {
        let day = &mut self.days[self.age as usize % Self::DAYS];
        day[0] += realised;
        day[1] += costs;
    }

    /// So many days have passed.
    pub fn pass(&mut self, days: i64) {
        // After that many there is nothing left to forget.
        for _ in 0..days.min(100) {
            self.age += 1;
            self.days[self.age as usize % Self::DAYS] = [Notional::ZERO; 2];
        }
    }

    /// Realised profit before costs, and costs, of all its days.
    #[must_use]
    pub fn sums(&self) -> (Notional, Notional) {
        let of = |column: usize| self.days.iter().fold(Notional::ZERO, |sum, day| sum + day[column]);
        (of(0), of(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_forgets_what_is_older_than_thirty_days() {
        let mut month = Month::default();
        for day in 0..40_u32 {
            month.add(Notional::new(f64::from(day)), Notional::new(1.0));
            assert_eq!(month.is_full(), day >= 30);
            let first = day.saturating_sub(29);
            let sum: f64 = (first..=day).map(f64::from).sum();
            assert_eq!(month.sums(), (Notional::new(sum), Notional::new(f64::from(day - first + 1))));
            month.pass(1);
        }
        month.pass(1_000);
        assert_eq!(month.sums(), (Notional::ZERO, Notional::ZERO));
    }

    #[test]
    fn latches_are_set_and_cleared_one_by_one() {
        let mut latches = Latches::default();
        assert!(latches.is_empty());
        for rule in Latches::RULES {
            latches.set(rule);
            assert!(latches.has(rule));
        }
        assert!(latches.iter().eq(Latches::RULES));
        for (place, rule) in Latches::RULES.into_iter().enumerate() {
            latches.clear(rule);
            assert_eq!(latches.iter().count(), Latches::RULES.len() - place - 1);
        }
        latches.set(Rule::Cash);
        assert!(latches.is_empty(), "a rule that cannot latch");
    }
}
