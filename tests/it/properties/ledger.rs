//! The ledger of a sequence's fills gives its account's balances.

use std::collections::BTreeMap;

use hemiola_adapters::ledger::{Balances, Market, Row, RowSide, amount, replay};
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Fill, Side};

use super::CASH;
use super::sequences::Played;

/// Rows have ten decimals: half a unit of the last in quantity, price and fee.
const ROUNDING: f64 = 1e-10;

/// Replayed from nothing but the first deposit the rows give cash and quantities, as far as ten decimals can tell; and
/// replayed from any row on they give what they give from the first.
pub(super) fn replays(played: &Played) {
    let Played { plan, records, account, holdings, .. } = played;
    let (mut rows, mut borrow, mut rounding) = (Vec::new(), 0.0, ROUNDING);
    for Record { event, .. } in records {
        match event {
            Event::Fill { fill, .. } => {
                rounding += ROUNDING * (1.0 + fill.price.get() + fill.quantity.get());
                rows.push(row(fill, &plan.instruments[fill.order.instrument.get()].symbol));
            }
            Event::Borrow { amount, .. } => borrow += amount.get(),
            _ => {}
        }
    }
    let markets: BTreeMap<String, Market> = plan
        .instruments
        .iter()
        .map(|instrument| {
            let market = Market { base: instrument.base.clone(), quote: instrument.quote.clone() };
            (instrument.symbol.clone(), market)
        })
        .collect();
    let quote = plan.valuation.clone();
    let deposit = Balances::from([(quote.clone(), amount(CASH).unwrap())]);
    let balances = replay(&deposit, &rows, &markets).unwrap();
    let of = |asset: &str| balances.get(asset).map_or(0.0, |balance| balance.to_string().parse().unwrap());
    let cash = of(&quote) - borrow;
    assert!((account.cash.get() - cash).abs() <= rounding, "{account:?}, and {cash} by the ledger");
    for (index, instrument) in plan.instruments.iter().enumerate() {
        let traded = plan.schedules.iter().flat_map(|schedule| &schedule.instruments);
        let mine = traded.zip(holdings).filter(|(traded, _)| **traded == index);
        let held: f64 = mine.map(|(_, holding)| holding.quantity.get()).sum();
        let by_rows: f64 = of(&instrument.base);
        assert!(
            (held - by_rows).abs() <= rounding,
            "{held} of {}, and {by_rows} by the ledger",
            instrument.base
        );
    }
    let (first, rest) = rows.split_at(rows.len() / 2);
    let halfway = replay(&deposit, first, &markets).unwrap();
    let resumed = replay(&halfway, rest, &markets).unwrap();
    assert!(resumed.keys().eq(balances.keys()));
    for (asset, balance) in &balances {
        let apart = (*balance - resumed[asset]).abs();
        assert!(apart <= amount(ROUNDING).unwrap(), "{asset}: {balance}, and {} resumed", resumed[asset]);
    }
}

fn row(fill: &Fill, symbol: &str) -> Row {
    let exact = |value| amount(value).unwrap();
    Row {
        timestamp: fill.time,
        order_id: format!("{}-{}", fill.order.at.get(), fill.order.ordinal),
        symbol: symbol.to_owned(),
        side: match fill.order.side {
            Side::Buy => RowSide::Buy,
            Side::Sell => RowSide::Sell,
        },
        quantity: exact(fill.quantity.get()),
        price: exact(fill.price.get()),
        fee: exact(fill.fee.get()),
        fee_asset: "USDT".to_owned(),
        status: fill.status.name().to_owned(),
        leverage: exact(1.0),
        position_value: exact(0.0),
    }
}
