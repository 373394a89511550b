//! From what a signal wants to the order that gets there.

use bevy_ecs::prelude::Entity;
use hemiola_components::order::{
    Costs, Order, OrderKind, OrderSize, Origin, Side, TimeInForce, WorkingOrder,
};
use hemiola_components::position::Position;
use hemiola_components::schedule::Sizing;
use hemiola_components::signal::{Direction, Leg, Protection, SignalKind};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Price, Quantity, Ratio};

use super::stops::Stops;
use crate::queue::Due;

/// What a schedule may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// The schedule's share of the capital.
    pub(super) share: f64,
    /// Configured instruments of the schedule.
    pub(super) instruments: usize,
    /// How it sizes.
    pub(super) sizing: Sizing,
    /// The venue's costs.
    pub(super) costs: Costs,
    /// The risk profile's cap on the position, as a fraction of equity.
    pub(super) max_position: Ratio,
    /// How stops bound it, where the risk profile wants them.
    pub(super) stops: Option<Stops>,
}

/// Everything a size depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation<'a> {
    /// What the schedule may use.
    pub(super) budget: &'a Budget,
    /// How far the stop is from the mark, if there is one; quote currency per base unit.
    pub(super) distance: Option<f64>,
    /// The instrument's mark.
    pub(super) mark: Price,
    /// The schedule's position.
    pub(super) held: Quantity,
    /// The account's equity.
    pub(super) equity: Notional,
    /// Cash nobody has a claim on.
    pub(super) free_cash: Notional,
    /// The instrument's step.
    pub(super) step: Quantity,
}

/// The demands of a pair's two legs: what the engine asks for, as far as each leg's budget goes. Quantities that
/// were the same stay the same, whole multiples of both steps.
pub(super) fn pair(legs: [&Situation<'_>; 2], wanted: [Leg; 2]) -> [Demand; 2] {
    let affordable = [0, 1].map(|leg| {
        let (asked, full) = (wanted[leg].quantity.get(), legs[leg].full().get());
        Quantity::new(asked.min(full))
    });
    let steps = legs.map(|leg| leg.step);
    let quantities = if wanted[0].quantity == wanted[1].quantity {
        [common_multiple(if affordable[0] < affordable[1] { affordable[0] } else { affordable[1] }, steps); 2]
    } else {
        [0, 1].map(|leg| affordable[leg].cut_to(steps[leg]))
    };
    [0, 1].map(|leg| {
        if quantities[leg] == Quantity::ZERO || quantities[1 - leg] == Quantity::ZERO {
            return Demand::TooSmall { wanted: affordable[leg] };
        }
        let size = OrderSize::Base(quantities[leg]);
        Demand::Trade(Trade { side: wanted[leg].side, size, mark: legs[leg].mark, part: 1.0 })
    })
}

/// The largest quantity up to `quantity` that is a whole number of both steps; zero when a few cuts find none.
fn common_multiple(quantity: Quantity, [first, second]: [Quantity; 2]) -> Quantity {
    const CUTS: usize = 64;
    const SAME: f64 = 1e-9;
    let mut cut = quantity;
    for _ in 0..CUTS {
        let next = cut.cut_to(first).cut_to(second);
        if (next - next.cut_to(first)).get() <= SAME * next.get() {
            return next;
        }
        cut = next;
    }
    Quantity::ZERO
}

/// What a signal comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Demand {
    /// An order.
    Trade(Trade),
    /// The position is already as wanted.
    Nothing,
    /// Less than one step.
    TooSmall {
        /// Base units before they were cut.
        wanted: Quantity,
    },
    /// The mark is no price that a budget could be divided by.
    Unpriced,
}

/// An order without its origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trade {
    pub(super) side: Side,
    pub(super) size: OrderSize,
    mark: Price,
    /// How much of what the engine asked for this is, from above 0 to 1.
    part: f64,
}

impl Trade {
    /// The order of a position; what the gate has to say is not in it yet.
    pub(super) fn order(
        self,
        (entity, position): (Entity, &Position),
        risk_profile: usize,
        due: Due,
        protection: Option<Protection>,
    ) -> WorkingOrder {
        WorkingOrder {
            order: Order {
                schedule: position.schedule_index,
                instrument: position.instrument_index,
                at: due.now,
                ordinal: 0,
                origin: Origin::Engine,
                side: self.side,
                size: self.size,
                kind: OrderKind::Market,
                reference: self.mark,
                protection,
            },
            portfolio: position.portfolio,
            position: entity,
            decider: due.position,
            risk_profile,
            part: self.part,
            reserved: Notional::ZERO,
            exposure: Quantity::ZERO,
            opens: false,
            time_in_force: TimeInForce::UntilFilled,
            good_for: Nanos::NEVER,
        }
    }
}

impl Situation<'_> {
    /// What `kind` comes to here.
    pub(super) fn demand(&self, kind: SignalKind) -> Demand {
        match kind {
            SignalKind::Exit => self.flatten(),
            SignalKind::Enter(direction) if self.held.get() * direction.sign() > 0.0 => Demand::Nothing,
            SignalKind::Enter(direction) => match self.sized_by_the_fill(direction) {
                Some(size) => {
                    let side = if direction == Direction::Long { Side::Buy } else { Side::Sell };
                    Demand::Trade(Trade { side, size, mark: self.mark, part: 1.0 })
                }
                None => self.move_to(direction.sign()),
            },
            SignalKind::Target(fraction) => self.move_to(fraction.get()),
            SignalKind::Delta(change) => self.step_by(change),
        }
    }

    /// What flattening the position takes.
    pub(super) fn flatten(&self) -> Demand {
        self.change_by(-self.held, 1.0)
    }

    /// From flat, an amount of quote currency is turned into base units by the venue, at the fill's own price.
    fn sized_by_the_fill(&self, direction: Direction) -> Option<OrderSize> {
        match self.budget.sizing {
            _ if self.held != Quantity::ZERO => None,
            Sizing::Quote(amount) => Some(OrderSize::Quote(amount)),
            Sizing::AllIn if direction == Direction::Long => Some(OrderSize::Spend(self.free_cash)),
            Sizing::AllIn | Sizing::Weight | Sizing::Base(_) => None,
        }
    }

    /// Goes to a signed fraction of the full position.
    fn move_to(&self, fraction: f64) -> Demand {
        if fraction == 0.0 {
            return self.change_by((-self.held).cut_to(self.step), 1.0);
        }
        let wanted = Quantity::new(fraction * self.full().get());
        if !wanted.get().is_finite() {
            return Demand::Unpriced;
        }
        let target = wanted.cut_to(self.step);
        if target == Quantity::ZERO {
            return Demand::TooSmall { wanted };
        }
        self.change_by((target - self.held).cut_to(self.step), 1.0)
    }

    /// Buys or sells a quantity, as far as that does not take the position beyond a full one.
    fn step_by(&self, wanted: Quantity) -> Demand {
        let (held, full) = (self.held.get(), self.full().get());
        let after = held + wanted.get();
        let most = full.max(held.abs());
        let clipped =
            if after.abs() > most { Quantity::new(after.clamp(-most, most) - held) } else { wanted };
        let change = clipped.cut_to(self.step);
        if change == Quantity::ZERO && wanted != Quantity::ZERO {
            return Demand::TooSmall { wanted: clipped };
        }
        self.change_by(change, change.get() / wanted.get())
    }

    fn change_by(&self, change: Quantity, part: f64) -> Demand {
        let change = self.within_the_risk_of_an_order(change);
        if change == Quantity::ZERO {
            return Demand::Nothing;
        }
        let side = if change > Quantity::ZERO { Side::Buy } else { Side::Sell };
        Demand::Trade(Trade { side, size: OrderSize::Base(change.abs()), mark: self.mark, part })
    }

    /// A change that adds to the position is as small as the risk down to the stop has to be.
    fn within_the_risk_of_an_order(&self, change: Quantity) -> Quantity {
        let (Some(stops), Some(distance)) = (self.budget.stops, self.distance) else { return change };
        let (held, after) = (self.held.get(), (self.held + change).get());
        let closed = if held * after < 0.0 { held.abs() } else { 0.0 };
        let added = if closed > 0.0 { after.abs() } else { after.abs() - held.abs() };
        let most = stops.order * self.equity.get() / distance;
        if stops.order <= 0.0 || added <= most || self.budget.sizing != Sizing::Weight {
            return change;
        }
        let size = Quantity::new(closed + most.max(0.0)).cut_to(self.step);
        if change < Quantity::ZERO { -size } else { size }
    }

    /// Range and stop of an order whose engine names none.
    pub(super) fn protection(&self, side: Side) -> Option<Protection> {
        let (stops, distance) = (self.budget.stops?, self.distance?);
        let stop = Price::new(self.mark.get() - side.sign() * distance);
        Some(Protection { atr: stops.atr, stop })
    }

    /// Whether a trade does more than reduce the position.
    pub(super) fn adds(&self, trade: &Trade) -> bool {
        match trade.size {
            OrderSize::Base(quantity) => {
                self.held.get() * trade.side.sign() >= 0.0 || quantity > self.held.abs()
            }
            OrderSize::Quote(_) | OrderSize::Spend(_) => true,
        }
    }

    /// The size of a full position at the mark. Costs are paid out of the budget, so that a schedule with all
    /// of the capital can use all of it. Allocation clips to the position cap; the gate would refuse.
    pub(super) fn full(&self) -> Quantity {
        let mark = self.mark.get();
        if mark <= 0.0 {
            return if let Sizing::Base(quantity) = self.budget.sizing {
                quantity
            } else {
                Quantity::new(f64::INFINITY)
            };
        }
        let unit =
            mark * (1.0 + self.budget.costs.slippage.get()) * (1.0 + self.budget.costs.taker_fee.get());
        let quantity = match self.budget.sizing {
            Sizing::Weight => self.budget.share * self.equity.get() / self.budget.instruments as f64 / unit,
            Sizing::Quote(amount) => amount.get() / mark,
            Sizing::Base(quantity) => quantity.get(),
            Sizing::AllIn => self.free_cash.get() / unit,
        };
        if self.budget.sizing != Sizing::Weight {
            return Quantity::new(quantity.max(0.0));
        }
        let equity = self.equity.get();
        let cap = self.budget.max_position.get() * equity / mark;
        let capped = if cap > 0.0 { quantity.min(cap) } else { quantity };
        let stopped = match (self.budget.stops, self.distance) {
            (Some(stops), Some(distance)) => capped.min(stops.position * equity / distance),
            _ => capped,
        };
        Quantity::new(stopped.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Budget {
        Budget {
            share: 0.5,
            instruments: 2,
            sizing: Sizing::Weight,
            costs: Costs { taker_fee: Ratio::new(0.25), ..Costs::default() },
            max_position: Ratio::ZERO,
            stops: None,
        }
    }

    fn held_on(budget: Budget) -> &'static Budget {
        Box::leak(Box::new(budget))
    }

    fn situation() -> Situation<'static> {
        Situation {
            budget: held_on(budget()),
            distance: None,
            mark: Price::new(50.0),
            held: Quantity::ZERO,
            equity: Notional::new(1_000.0),
            free_cash: Notional::new(800.0),
            step: Quantity::ZERO,
        }
    }

    fn sized(sizing: Sizing) -> Situation<'static> {
        Situation { budget: held_on(Budget { sizing, ..budget() }), ..situation() }
    }

    fn buy(size: OrderSize) -> Demand {
        Demand::Trade(Trade { side: Side::Buy, size, mark: Price::new(50.0), part: 1.0 })
    }

    fn base(quantity: f64) -> OrderSize {
        OrderSize::Base(Quantity::new(quantity))
    }

    const LONG: SignalKind = SignalKind::Enter(Direction::Long);
    const SHORT: SignalKind = SignalKind::Enter(Direction::Short);

    #[test]
    fn weight_divides_the_share_by_the_instruments_and_pays_costs_out_of_it() {
        assert_eq!(situation().demand(LONG), buy(base(4.0)), "0.5 * 1000 / 2 / (50 * 1.25)");
        let capped = Situation {
            budget: held_on(Budget { max_position: Ratio::new(0.1), ..budget() }),
            ..situation()
        };
        assert_eq!(capped.demand(LONG), buy(base(2.0)), "0.1 * 1000 / 50");
    }

    #[test]
    fn quote_and_all_in_leave_the_quantity_to_the_fill() {
        let quote = sized(Sizing::Quote(Notional::new(100.0)));
        assert_eq!(quote.demand(LONG), buy(OrderSize::Quote(Notional::new(100.0))));
        let all_in = sized(Sizing::AllIn);
        assert_eq!(all_in.demand(LONG), buy(OrderSize::Spend(Notional::new(800.0))));
        let flip = Situation { held: Quantity::new(-1.0), ..quote };
        assert_eq!(flip.demand(LONG), buy(base(3.0)), "from -1 to 100 / 50");
    }

    #[test]
    fn what_is_already_there_changes_nothing_and_dust_is_too_small() {
        let held = Situation { held: Quantity::new(3.0), ..situation() };
        assert_eq!(held.demand(LONG), Demand::Nothing);
        assert_eq!(situation().demand(SignalKind::Exit), Demand::Nothing);
        let coarse = Situation { step: Quantity::new(10.0), ..situation() };
        assert_eq!(coarse.demand(LONG), Demand::TooSmall { wanted: Quantity::new(4.0) });
        assert_eq!(coarse.demand(SignalKind::Target(Ratio::ZERO)), Demand::Nothing);
    }

    #[test]
    fn exits_flips_and_targets_trade_the_difference() {
        let held = Situation { held: Quantity::new(3.0), ..situation() };
        let sell = |quantity| {
            Demand::Trade(Trade { side: Side::Sell, size: base(quantity), mark: Price::new(50.0), part: 1.0 })
        };
        assert_eq!(held.demand(SignalKind::Exit), sell(3.0));
        assert_eq!(held.demand(SHORT), sell(7.0));
        assert_eq!(held.demand(SignalKind::Target(Ratio::new(0.25))), sell(2.0));
        assert_eq!(held.demand(SignalKind::Delta(Quantity::new(-1.0))), sell(1.0));
    }

    #[test]
    fn a_delta_stops_at_a_full_position_and_says_how_much_of_it_is_left() {
        let held = Situation { held: Quantity::new(3.0), ..situation() };
        let Demand::Trade(trade) = held.demand(SignalKind::Delta(Quantity::new(4.0))) else {
            panic!("a trade")
        };
        assert_eq!((trade.size, trade.part), (base(1.0), 0.25), "from 3 to a full 4, of 4 asked for");
        let over = Situation { held: Quantity::new(9.0), ..situation() };
        let out = SignalKind::Delta(Quantity::new(-2.0));
        let Demand::Trade(trade) = over.demand(out) else { panic!("a trade") };
        assert_eq!((trade.size, trade.part), (base(2.0), 1.0), "less of too much is welcome");
    }

    #[test]
    fn base_units_are_taken_as_they_are_even_without_a_price() {
        let fixed = sized(Sizing::Base(Quantity::new(1.5)));
        assert_eq!(fixed.demand(LONG), buy(base(1.5)));
        let free = Situation { mark: Price::ZERO, ..situation() };
        assert_eq!(free.demand(LONG), Demand::Unpriced);
        assert_ne!(Situation { mark: Price::ZERO, ..fixed }.demand(LONG), Demand::Unpriced);
    }

    #[test]
    fn the_legs_of_a_pair_are_the_same_multiple_of_both_steps() {
        let [coarse, fine] = [0.3, 0.2].map(|step| Situation { step: Quantity::new(step), ..situation() });
        let leg = |side, quantity| Leg { side, quantity: Quantity::new(quantity), price: Price::new(50.0) };
        let quantities = |asked: [f64; 2]| {
            let legs = [leg(Side::Buy, asked[0]), leg(Side::Sell, asked[1])];
            pair([&coarse, &fine], legs).map(|demand| match demand {
                Demand::Trade(Trade { size: OrderSize::Base(quantity), .. }) => quantity.get(),
                _ => 0.0,
            })
        };
        let [first, second] = quantities([1.7, 1.7]);
        assert!(first == second && (first - 1.2).abs() < 1e-12, "{first} {second}");
        assert_eq!(quantities([0.5, 0.5]), [0.0, 0.0], "less than 0.6, the first common multiple");
        let [first, second] = quantities([9.0, 9.0]);
        assert!(first == second && (first - 3.6).abs() < 1e-12, "the budget buys 4");
        let [first, second] = quantities([1.0, 1.1]);
        assert!((first - 0.9).abs() < 1e-12 && (second - 1.0).abs() < 1e-12, "each by its own step");
    }
}
