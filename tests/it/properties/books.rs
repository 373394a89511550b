//! The books of an account between two ticks: what is set aside is for orders at the venue and for nothing else.

use hemiola_components::portfolio::{Desk, RestingOrder};
use hemiola_components::position::Holding;
use hemiola_components::units::{Notional, Quantity};

use super::is_near;

/// Reserved cash, exposure under way and open positions belong to the orders at the venue; margins and lines to the
/// positions.
pub(super) fn are_right(desk: &Desk, holdings: &[Holding]) {
    let Desk { timeline, account, book, resting, agenda, risk, .. } = desk;
    let margins: f64 = holdings.iter().map(|holding| holding.margin.get()).sum();
    assert!(is_near(account.margin.get(), margins), "{account:?} for margins of {margins}");
    let net: f64 = book.lines.iter().map(|line| line.net).sum();
    let held: f64 = holdings.iter().map(|holding| holding.quantity.get()).sum();
    assert!(is_near(net, held), "lines of {net} for positions of {held}");
    // What the run outlasts is never answered.
    if timeline.now >= timeline.end {
        return;
    }
    let reserved: f64 = resting.iter().map(|resting| resting.working.reserved.get()).sum();
    assert!(is_near(account.reserved.get(), reserved), "{account:?} for orders of {reserved}");
    for (index, line) in book.lines.iter().enumerate() {
        let orders = || resting.iter().filter(|resting| resting.working.order.instrument.get() == index);
        let exposure: f64 = orders().map(|resting| resting.working.exposure.get()).sum();
        assert_eq!(line.in_flight as usize, orders().count());
        assert!(is_near(line.pending, exposure), "{} pending for orders of {exposure}", line.pending);
        assert!(line.in_flight > 0 || line.pending == 0.0);
    }
    for (profile, state) in risk.iter().enumerate() {
        let open = holdings.iter().zip(&agenda.risk_profiles);
        let open = open.filter(|(holding, of)| **of == profile && holding.quantity != Quantity::ZERO).count();
        let opens =
            |resting: &&RestingOrder| resting.working.risk_profile == profile && resting.working.opens;
        let coming = resting.iter().filter(opens).count();
        assert_eq!(state.open_positions as usize, open + coming, "{open} open and {coming} coming");
    }
    assert!(resting.iter().all(|resting| resting.working.reserved >= Notional::ZERO));
}
