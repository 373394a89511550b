//! While a profile is latched its schedules only get out, and nothing keeps anybody from getting out.

use std::collections::BTreeMap;

use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Order, OrderSize};
use hemiola_components::risk::{Latches, Rule};
use hemiola_components::signal::SignalKind;
use hemiola_components::units::Ratio;

use super::sequences::Played;

/// By what rounding may make an order larger than the position that it closes, in its value.
const ROUNDING: f64 = 1e-8;

/// No order leaves while its profile is latched, except to bring a position closer to flat.
pub(super) fn let_only_reducing_orders_pass(Played { plan, records, .. }: &Played) {
    let mut latches = plan.latches.clone();
    latches.resize(plan.risk_profiles.len(), Latches::default());
    let mut positions: BTreeMap<_, f64> = BTreeMap::new();
    for Record { event, .. } in records {
        match event {
            Event::Latch { risk_profile, rule, entered: true, .. } => latches[*risk_profile].set(*rule),
            Event::Latch { risk_profile, rule, .. } => latches[*risk_profile].clear(*rule),
            Event::Fill { fill, position, .. } => {
                positions.insert((fill.order.schedule, fill.order.instrument), position.get());
            }
            Event::Order(order) => {
                let position =
                    positions.get(&(order.schedule, order.instrument)).copied().unwrap_or_default();
                let latched = latches[plan.schedules[order.schedule.get()].risk_profile];
                assert!(latched.is_empty() || reduces(order, position), "{latched:?}, {position}: {order:?}");
            }
            _ => {}
        }
    }
}

fn reduces(order: &Order, position: f64) -> bool {
    let value = match order.size {
        OrderSize::Base(quantity) => quantity.at(order.reference),
        OrderSize::Quote(amount) | OrderSize::Spend(amount) => amount,
    };
    let opposite = position * order.side.sign() < 0.0;
    opposite && value.get() <= position.abs() * order.reference.get() + ROUNDING
}

/// A signal to be flat is refused by nothing but the market: by no limit, no latch, no guard and no lack of cash.
pub(super) fn never_refuse_an_exit(Played { records, .. }: &Played) {
    const BY_THE_MARKET: [Rule; 7] = [
        Rule::MissingPrice,
        Rule::NonPositiveQuantity,
        Rule::ImmediateOrCancel,
        Rule::FillOrKill,
        Rule::PostOnly,
        Rule::Expired,
        Rule::Canceled,
    ];
    let mut wants_out: BTreeMap<_, bool> = BTreeMap::new();
    for Record { event, .. } in records {
        match event {
            Event::Signal(emitted) => {
                let kind = &emitted.signal.kind;
                let is_exit = matches!(kind, SignalKind::Exit) || *kind == SignalKind::Target(Ratio::ZERO);
                wants_out.insert((emitted.schedule, emitted.instrument), is_exit);
            }
            Event::Refused { schedule, instrument, refusal } => {
                let is_exit = wants_out.get(&(*schedule, *instrument)).copied().unwrap_or_default();
                assert!(!is_exit || BY_THE_MARKET.contains(&refusal.rule), "an exit: {refusal:?}");
            }
            _ => {}
        }
    }
}
