//! Books a fill: the account's cash, the book's line and the schedule's own ledger.

use hemiola_components::order::{Fill, WorkingOrder};
use hemiola_components::portfolio::{Account, Book};
use hemiola_components::position::Holding;
use hemiola_components::risk::RiskState;
use hemiola_components::units::{Notional, Price, Quantity};

use super::trade::{Funds, Short};
use crate::risk::calendar;

/// An order left: cash and room are set aside for it.
pub(crate) fn sent(account: &mut Account, risk: &mut RiskState, book: &mut Book, working: &WorkingOrder) {
    account.reserved += working.reserved;
    risk.open_positions += u32::from(working.opens);
    let line = &mut book.lines[working.order.instrument.get()];
    line.in_flight += 1;
    line.pending += working.exposure.get();
}

/// An order was answered: what was set aside for it is free again, and what it opened is not yet there.
pub(crate) fn answered(account: &mut Account, risk: &mut RiskState, book: &mut Book, working: &WorkingOrder) {
    account.reserved -= working.reserved;
    risk.open_positions -= u32::from(working.opens);
    let line = &mut book.lines[working.order.instrument.get()];
    line.in_flight -= 1;
    line.pending -= working.exposure.get();
    if line.in_flight == 0 {
        line.pending = 0.0;
    }
}

/// A part of an order was answered: as much of what was set aside for it is free again, and what it opens is there.
pub(crate) fn part_answered(
    account: &mut Account,
    risk: &mut RiskState,
    book: &mut Book,
    working: &mut WorkingOrder,
    part: f64,
) {
    let cash = Notional::new(working.reserved.get() * part);
    let exposure = Quantity::new(working.exposure.get() * part);
    account.reserved -= cash;
    working.reserved -= cash;
    risk.open_positions -= u32::from(working.opens);
    working.opens = false;
    book.lines[working.order.instrument.get()].pending -= exposure.get();
    working.exposure -= exposure;
}

/// What a position is short.
pub(crate) fn short(holding: &Holding) -> Short {
    let Holding { quantity, average_price, margin, .. } = *holding;
    if quantity < Quantity::ZERO {
        Short { quantity: -quantity, entry: average_price, margin }
    } else {
        Short::default()
    }
}

/// What an account and a position have, as far as a trade of the position is concerned.
pub(crate) fn funds(account: &Account, holding: &Holding) -> Funds {
    let base = if holding.quantity > Quantity::ZERO { holding.quantity } else { Quantity::ZERO };
    Funds { cash: account.cash, locked: account.margin, base, short: short(holding) }
}

/// Applies a fill that leaves the account with `funds`. Returns the profit it realised, before fees.
pub(crate) fn apply(
    account: &mut Account,
    risk: &mut RiskState,
    book: &mut Book,
    holding: &mut Holding,
    fill: &Fill,
    funds: &Funds,
) -> Notional {
    account.cash = funds.cash;
    let before = holding.quantity;
    let realised = trade(holding, Quantity::new(fill.order.side.sign() * fill.quantity.get()), fill.price);
    holding.fees += fill.fee;
    holding.slippage += fill.slippage;
    holding.margin = if holding.quantity < Quantity::ZERO { funds.short.margin } else { Notional::ZERO };
    if holding.quantity < Quantity::ZERO && before >= Quantity::ZERO {
        holding.borrowed_until = fill.time;
    }
    protect(holding, before, fill);
    match (before == Quantity::ZERO, holding.quantity == Quantity::ZERO) {
        (true, false) => risk.open_positions += 1,
        (false, true) => risk.open_positions -= 1,
        _ => {}
    }
    calendar::book(risk, realised, fill.fee + fill.slippage);
    change_line(book, fill.order.instrument.get(), before, holding.quantity);
    account.margin = if book.shorted.is_empty() { Notional::ZERO } else { funds.locked };
    realised
}

/// Notes when a position was opened, and the stop of what was added last.
fn protect(holding: &mut Holding, before: Quantity, fill: &Fill) {
    let after = holding.quantity;
    if after == Quantity::ZERO {
        holding.stop = None;
        return;
    }
    let anew = before.get() * after.get() <= 0.0;
    if anew {
        holding.opened_at = fill.time;
    }
    if anew || after.abs() > before.abs() {
        holding.stop = fill.order.protection.map(|protection| protection.stop);
    }
}

/// Changes a position by `change` at `price`: the same direction averages in, the other realises profit on what
/// it closes, and what is left over opens anew at `price`.
fn trade(holding: &mut Holding, change: Quantity, price: Price) -> Notional {
    let (held, change) = (holding.quantity.get(), change.get());
    let after = held + change;
    let mut realised = 0.0;
    if held == 0.0 {
        holding.average_price = price;
    } else if held * change > 0.0 {
        let (old, new) = (held.abs(), change.abs());
        let average = (holding.average_price.get() * old + price.get() * new) / (old + new);
        holding.average_price = Price::new(average);
    } else {
        let closed = change.abs().min(held.abs());
        realised = closed * (price.get() - holding.average_price.get()) * held.signum();
        if held * after <= 0.0 {
            holding.average_price = if after == 0.0 { Price::ZERO } else { price };
        }
    }
    holding.quantity = Quantity::new(after);
    holding.realised += Notional::new(realised);
    Notional::new(realised)
}

/// Keeps a book line the sum of its positions; without holders it is exactly flat.
fn change_line(book: &mut Book, index: usize, before: Quantity, after: Quantity) {
    let line = &mut book.lines[index];
    line.net += after.get() - before.get();
    line.gross += after.abs().get() - before.abs().get();
    match (before == Quantity::ZERO, after == Quantity::ZERO) {
        (true, false) => line.holders += 1,
        (false, true) => line.holders -= 1,
        _ => {}
    }
    let flat = line.holders == 0;
    if flat {
        (line.net, line.gross) = (0.0, 0.0);
    }
    let is_shorted = line.gross != line.net;
    if !is_shorted {
        line.margin_call = f64::INFINITY;
    }
    if let Some(sheet) = &mut book.sheet {
        sheet.net[index] = line.net;
    }
    list(&mut book.held, index, !flat);
    list(&mut book.shorted, index, is_shorted);
}

/// Puts a line on an ascending list, or takes it off.
fn list(lines: &mut Vec<u32>, index: usize, belongs: bool) {
    let index = u32::try_from(index).expect("a book has fewer than 2^32 lines");
    match lines.binary_search(&index) {
        Err(place) if belongs => lines.insert(place, index),
        Ok(place) if !belongs => {
            lines.remove(place);
        }
        _ => {}
    }
}
