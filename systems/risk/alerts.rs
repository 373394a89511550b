//! What an operator should hear of an order that passes.

use hemiola_components::risk::{Alert, RiskProfile};

use super::check::{Proposal, Standing};

/// The alerts of an order that does not only reduce its position, each with what it is about and its threshold. An
/// exposure alerts when the order takes it past its threshold.
pub fn alerts(
    profile: &RiskProfile,
    proposal: &Proposal,
    standing: &Standing,
) -> impl Iterator<Item = (Alert, f64, f64)> + use<> {
    let Standing { own, others, gross, equity, .. } = *standing;
    let value = proposal.quantity * proposal.price;
    let closed = if own * proposal.side.sign() < 0.0 { own.abs() } else { 0.0 };
    let line = others + own.abs();
    let passes = |alert, before: f64, share: f64| {
        let (after, threshold) = (before - 2.0 * closed + value, share * equity);
        (share > 0.0 && before < threshold && after >= threshold).then_some((alert, after, threshold))
    };
    let distance = proposal.stop.map(|stop| proposal.side.sign() * (proposal.price - stop));
    let least = profile.trade_risk[0].get() * equity;
    let risked = distance.map(|distance| distance * (value - closed) / proposal.price);
    let small = risked.filter(|risked| profile.needs_stops() && *risked < least);
    [
        small.map(|risked| (Alert::SmallRisk, risked, least)),
        passes(Alert::Instrument, line, profile.instrument_alert.get()),
        passes(Alert::Portfolio, gross, profile.portfolio_alert.get()),
    ]
    .into_iter()
    .flatten()
}
