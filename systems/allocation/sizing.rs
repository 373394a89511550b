//! From what a signal wants to the order that gets there.

use hemiola_components::order::{Costs, Order, OrderSize, Side};
use hemiola_components::position::Position;
use hemiola_components::schedule::Sizing;
use hemiola_components::signal::{Direction, SignalKind};
use hemiola_components::units::{Notional, Price, Quantity, Ratio};

use crate::queue::Due;

/// Everything a size depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    /// The schedule's share of the capital.
    pub(super) share: f64,
    /// Configured instruments of the schedule.
    pub(super) instruments: usize,
    /// How it sizes.
    pub(super) sizing: Sizing,
    /// The instrument's mark.
    pub(super) mark: Price,
    /// The schedule's position.
    pub(super) held: Quantity,
    /// The account's equity.
    pub(super) equity: Notional,
    /// Cash nobody has a claim on.
    pub(super) free_cash: Notional,
    /// The venue's costs.
    pub(super) costs: Costs,
    /// The instrument's step.
    pub(super) step: Quantity,
    /// The risk profile's cap on the position, as a fraction of equity.
    pub(super) max_position: Ratio,
}

/// What a signal comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    /// An order.
    Trade(Trade),
    /// The position is already as wanted.
    Nothing,
    /// Less than one step.
    TooSmall {
        /// Base units before they were cut.
        wanted: Quantity,
    },
}

/// An order without its origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trade {
    side: Side,
    size: OrderSize,
    mark: Price,
}

impl Trade {
    /// The order of a position; what the gate has to say is not in it yet.
    pub(super) fn order(self, position: &Position, risk_profile: usize, due: Due) -> Order {
        Order {
            portfolio: position.portfolio,
            position: due.position,
            schedule: position.schedule_index,
            instrument: position.instrument_index,
            risk_profile,
            at: due.now,
            ordinal: 0,
            side: self.side,
            size: self.size,
            reference: self.mark,
            reserved: Notional::ZERO,
            exposure: Quantity::ZERO,
            opens: false,
        }
    }
}

impl Situation {
    /// What `kind` comes to here.
    pub(super) fn answer(&self, kind: SignalKind) -> Answer {
        match kind {
            SignalKind::Exit => self.change_by(-self.held),
            SignalKind::Enter(direction) if self.held.get() * direction.sign() > 0.0 => Answer::Nothing,
            SignalKind::Enter(direction) => match self.sized_by_the_fill(direction) {
                Some(size) => {
                    let side = if direction == Direction::Long { Side::Buy } else { Side::Sell };
                    Answer::Trade(Trade { side, size, mark: self.mark })
                }
                None => self.move_to(direction.sign()),
            },
            SignalKind::Target(fraction) => self.move_to(fraction.get()),
            SignalKind::Delta(change) => self.change_by(change.cut_to(self.step)),
        }
    }

    /// From flat, an amount of quote currency is turned into base units by the venue, at the fill's own price.
    fn sized_by_the_fill(&self, direction: Direction) -> Option<OrderSize> {
        match self.sizing {
            _ if self.held != Quantity::ZERO => None,
            Sizing::Quote(amount) => Some(OrderSize::Quote(amount)),
            Sizing::AllIn if direction == Direction::Long => Some(OrderSize::Spend(self.free_cash)),
            Sizing::AllIn | Sizing::Weight => None,
        }
    }

    /// Goes to a signed fraction of the full position.
    fn move_to(&self, fraction: f64) -> Answer {
        let wanted = Quantity::new(fraction * self.full().get());
        let target = wanted.cut_to(self.step);
        if target == Quantity::ZERO && fraction != 0.0 {
            return Answer::TooSmall { wanted };
        }
        self.change_by((target - self.held).cut_to(self.step))
    }

    fn change_by(&self, change: Quantity) -> Answer {
        if change == Quantity::ZERO {
            return Answer::Nothing;
        }
        let side = if change > Quantity::ZERO { Side::Buy } else { Side::Sell };
        Answer::Trade(Trade { side, size: OrderSize::Base(change.abs()), mark: self.mark })
    }

    /// The size of a full position at the mark. Costs are paid out of the budget, so that a schedule with all
    /// of the capital can use all of it. Allocation clips to the position cap; the gate would refuse.
    fn full(&self) -> Quantity {
        let unit = self.mark.get() * (1.0 + self.costs.slippage.get()) * (1.0 + self.costs.taker_fee.get());
        let quantity = match self.sizing {
            Sizing::Weight => self.share * self.equity.get() / self.instruments as f64 / unit,
            Sizing::Quote(amount) => amount.get() / self.mark.get(),
            Sizing::AllIn => self.free_cash.get() / unit,
        };
        let cap = self.max_position.get() * self.equity.get() / self.mark.get();
        let clipped = if self.sizing == Sizing::Weight && cap > 0.0 { quantity.min(cap) } else { quantity };
        Quantity::new(clipped.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation() -> Situation {
        Situation {
            share: 0.5,
            instruments: 2,
            sizing: Sizing::Weight,
            mark: Price::new(50.0),
            held: Quantity::ZERO,
            equity: Notional::new(1_000.0),
            free_cash: Notional::new(800.0),
            costs: Costs { taker_fee: Ratio::new(0.25), slippage: Ratio::ZERO },
            step: Quantity::ZERO,
            max_position: Ratio::ZERO,
        }
    }

    fn buy(size: OrderSize) -> Answer {
        Answer::Trade(Trade { side: Side::Buy, size, mark: Price::new(50.0) })
    }

    fn base(quantity: f64) -> OrderSize {
        OrderSize::Base(Quantity::new(quantity))
    }

    const LONG: SignalKind = SignalKind::Enter(Direction::Long);
    const SHORT: SignalKind = SignalKind::Enter(Direction::Short);

    #[test]
    fn weight_divides_the_share_by_the_instruments_and_pays_costs_out_of_it() {
        assert_eq!(situation().answer(LONG), buy(base(4.0)), "0.5 * 1000 / 2 / (50 * 1.25)");
        let capped = Situation { max_position: Ratio::new(0.1), ..situation() };
        assert_eq!(capped.answer(LONG), buy(base(2.0)), "0.1 * 1000 / 50");
    }

    #[test]
    fn quote_and_all_in_leave_the_quantity_to_the_fill() {
        let quote = Situation { sizing: Sizing::Quote(Notional::new(100.0)), ..situation() };
        assert_eq!(quote.answer(LONG), buy(OrderSize::Quote(Notional::new(100.0))));
        let all_in = Situation { sizing: Sizing::AllIn, ..situation() };
        assert_eq!(all_in.answer(LONG), buy(OrderSize::Spend(Notional::new(800.0))));
        let flip = Situation { held: Quantity::new(-1.0), ..quote };
        assert_eq!(flip.answer(LONG), buy(base(3.0)), "from -1 to 100 / 50");
    }

    #[test]
    fn what_is_already_there_changes_nothing_and_dust_is_too_small() {
        let held = Situation { held: Quantity::new(3.0), ..situation() };
        assert_eq!(held.answer(LONG), Answer::Nothing);
        assert_eq!(situation().answer(SignalKind::Exit), Answer::Nothing);
        let coarse = Situation { step: Quantity::new(10.0), ..situation() };
        assert_eq!(coarse.answer(LONG), Answer::TooSmall { wanted: Quantity::new(4.0) });
        assert_eq!(coarse.answer(SignalKind::Target(Ratio::ZERO)), Answer::Nothing);
    }

    #[test]
    fn exits_flips_and_targets_trade_the_difference() {
        let held = Situation { held: Quantity::new(3.0), ..situation() };
        let sell = |quantity| {
            Answer::Trade(Trade { side: Side::Sell, size: base(quantity), mark: Price::new(50.0) })
        };
        assert_eq!(held.answer(SignalKind::Exit), sell(3.0));
        assert_eq!(held.answer(SHORT), sell(7.0));
        assert_eq!(held.answer(SignalKind::Target(Ratio::new(0.25))), sell(2.0));
        assert_eq!(held.answer(SignalKind::Delta(Quantity::new(-1.0))), sell(1.0));
    }
}
