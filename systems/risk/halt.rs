//! Halts: once an account has fallen as far from its peak as a profile allows, that profile's schedules may only
//! reduce what they hold.

use hemiola_components::id::PortfolioIndex;
use hemiola_components::journal::{Event, Record};
use hemiola_components::port::Records;
use hemiola_components::portfolio::Account;
use hemiola_components::risk::{RiskProfile, RiskState};
use hemiola_components::time::Nanos;

/// The limits that a mark can reach, and where it is written down when one is.
pub(crate) struct Halts<'a> {
    pub(crate) portfolio: PortfolioIndex,
    pub(crate) profiles: &'a [RiskProfile],
    pub(crate) states: &'a mut [RiskState],
    pub(crate) records: &'a mut Records,
}

impl Halts<'_> {
    /// The mark at `at` is the farthest from the peak so far, and as far as some profile allows.
    pub(crate) fn reach(&mut self, account: &mut Account, at: Nanos) {
        let drawdown = account.max_drawdown;
        for (risk_profile, (profile, state)) in self.profiles.iter().zip(&mut *self.states).enumerate() {
            let limit = profile.max_drawdown.get();
            if limit > 0.0 && drawdown >= limit && !state.halted {
                state.halted = true;
                let event = Event::Halt { risk_profile, drawdown, limit };
                self.records.push(Record { portfolio: self.portfolio, at, event });
            }
        }
        account.halts_at = nearest(self.profiles, self.states);
    }
}

/// The least fall from the peak that halts a profile which is not halted yet; infinite when none does.
#[must_use]
pub fn nearest(profiles: &[RiskProfile], states: &[RiskState]) -> f64 {
    let open = profiles.iter().zip(states).filter(|(_, state)| !state.halted);
    let limits = open.map(|(profile, _)| profile.max_drawdown.get()).filter(|limit| *limit > 0.0);
    limits.fold(f64::INFINITY, f64::min)
}
