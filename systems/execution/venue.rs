//! The simulated venue: what it takes, and what happens to what it has taken.

use bevy_ecs::error::BevyError;
use hemiola_components::journal::Event;
use hemiola_components::market::TradingRules;
use hemiola_components::order::{
    FillModel, IllegalTransition, Order, OrderEvent, OrderKind, OrderSize, OrderStatus, Origin, Side,
    TimeInForce, WorkingOrder,
};
use hemiola_components::portfolio::{Account, Book, BookLine, Filling, NextStep, Portfolio, RestingOrder};
use hemiola_components::position::{Holding, Position};
use hemiola_components::risk::{Refusal, RiskState, Rule};
use hemiola_components::signal::Answer;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Quantity, Ratio};

use super::fill::{Filled, Open, Print, Terms, amount, fill, quantity_at};
use super::validate::{Rejection, Ticket, validate};
use super::{borrow, latency, ledger, margin, matching};

/// An account at its venue, with everything that a fill changes beside the position.
pub(crate) struct Venue<'a> {
    /// Whose, and what the venue is like.
    pub(crate) portfolio: &'a Portfolio,
    /// Its money.
    pub(crate) account: &'a mut Account,
    /// What its risk profiles' limits are held against.
    pub(crate) risk: &'a mut [RiskState],
    /// What it holds.
    pub(crate) book: &'a mut Book,
}

/// What has become of an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Standing {
    /// It is still at the venue.
    Waits,
    /// The run ends before it is done.
    Outlasted,
    /// It is done, and this is what the engine is told.
    Done(Answer),
}

impl Venue<'_> {
    /// What was set aside for an order is free again.
    pub(super) fn answered(&mut self, working: &WorkingOrder) {
        ledger::answered(self.account, &mut self.risk[working.risk_profile], self.book, working);
    }

    /// An order as it comes in.
    pub(super) fn take(&self, working: WorkingOrder, end: Nanos) -> RestingOrder {
        let order = &working.order;
        let line = &self.book.lines[order.instrument.get()];
        RestingOrder {
            working,
            status: OrderStatus::Open,
            left: order.size,
            arrival: latency::arrival(order, &self.portfolio.liquidity),
            expires_at: expiry(&working, line),
            arrived: false,
            after_gap: false,
            bar: line.closed,
            next: NextStep::Outlast,
            known_at: end,
        }
    }

    /// Whether the venue takes an order, which `reduces` a position or does not. One that is sized by its fill is valued at
    /// the mark, and the venue cuts it to the step itself.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub(super) fn validate(&self, working: &WorkingOrder, reduces: bool) -> Result<(), Rule> {
        let order = &working.order;
        let rules = self.book.lines[order.instrument.get()].rules;
        let quantity = quantity_at(order.size, order.reference, Quantity::ZERO);
        let ticket = Ticket {
            side: Some(order.side),
            quantity,
            kind: order.kind,
            reference: Some(order.reference),
            reduces,
        };
        let rules = match order.size {
            OrderSize::Base(_) => rules,
            OrderSize::Quote(_) | OrderSize::Spend(_) => TradingRules { step: Quantity::ZERO, ..rules },
        };
        validate(Some(&rules), &ticket).map(|_| ()).map_err(Rejection::rule)
    }

    /// Notes what happens to an order next.
    pub(super) fn look_ahead(&self, resting: &mut RestingOrder, end: Nanos) {
        let line = &self.book.lines[resting.working.order.instrument.get()];
        matching::look_ahead(resting, line, &self.portfolio.liquidity, end);
    }

    /// Carries out and records what happens to an order until `now`; `end` is the last instant of the run.
    ///
    /// # Errors
    /// When that cannot happen to an order in its state.
    pub(crate) fn advance(
        &mut self,
        resting: &mut RestingOrder,
        (position, holding): (&Position, &mut Holding),
        (now, end): (Nanos, Nanos),
        record: &mut impl FnMut(Event),
    ) -> Result<Standing, BevyError> {
        while resting.known_at <= now {
            let answer = match resting.next {
                NextStep::Fill(filling) => {
                    let print = self.print(resting, filling);
                    self.fill(resting, &print, (position, &mut *holding), record)?
                }
                NextStep::Cancel(rule) => Some(self.cancel(resting, rule, record)?),
                NextStep::Expire => Some(self.expire(resting, record)?),
                NextStep::Look => None,
                NextStep::Outlast => {
                    record(Event::Unfilled(resting.working.order));
                    return Ok(Standing::Outlasted);
                }
            };
            if let Some(answer) = answer {
                return Ok(Standing::Done(answer));
            }
            self.look_ahead(resting, end);
        }
        Ok(Standing::Waits)
    }

    /// The trade of the market that fills an order.
    fn print(&self, resting: &RestingOrder, filling: Filling) -> Print {
        let line = &self.book.lines[resting.working.order.instrument.get()];
        Print {
            time: filling.time,
            price: filling.price,
            maker: filling.maker,
            available: matching::available(line, filling.bar, &self.portfolio.liquidity),
            volume: Quantity::new(line.bars.volume.get(filling.bar).copied().unwrap_or_default()),
            after_gap: resting.after_gap,
        }
    }

    /// Fills an order as far as a trade of the market and the cash go: the fill enters account, book and ledger, and what
    /// was set aside for it is free. Gives what the engine is told once the order is done.
    ///
    /// # Errors
    /// When the order is done already.
    pub(super) fn fill(
        &mut self,
        resting: &mut RestingOrder,
        print: &Print,
        (position, holding): (&Position, &mut Holding),
        record: &mut impl FnMut(Event),
    ) -> Result<Option<Answer>, IllegalTransition> {
        let portfolio = self.portfolio;
        let index = resting.working.order.instrument.get();
        let terms = Terms {
            costs: portfolio.costs,
            leverage: portfolio.margin.leverage,
            shortfall: portfolio.shortfall,
            step: self.book.lines[index].rules.step,
        };
        let owed = (print.price, portfolio.margin.borrow_rate);
        if let Some(event) = borrow::accrue(position, self.account, holding, owed, print.time) {
            record(event);
        }
        let funds = ledger::funds(self.account, holding);
        let WorkingOrder { order, time_in_force, risk_profile, .. } = resting.working;
        let open = Open { order, time_in_force, left: resting.left };
        let Filled { fill, funds, left, part } = match fill(&open, print, &terms, funds) {
            Ok(filled) => filled,
            Err(short) => {
                let refusal = Refusal::new(Rule::Cash, short.needed.get(), short.available.get());
                return self.close(resting, OrderEvent::Canceled, refusal, record).map(Some);
            }
        };
        let before = filled_part(resting);
        (resting.left, resting.arrived) = (left, true);
        let risk = &mut self.risk[risk_profile];
        let is_done = fill.status == OrderStatus::Filled;
        if is_done {
            ledger::answered(self.account, risk, self.book, &resting.working);
        } else {
            ledger::part_answered(self.account, risk, self.book, &mut resting.working, part);
        }
        resting.status =
            resting.status.on(if is_done { OrderEvent::Filled } else { OrderEvent::PartFilled })?;
        let realised = ledger::apply(self.account, risk, self.book, holding, &fill, &funds);
        record(Event::Fill { fill, position: holding.quantity, realised });
        let rate = margin::maintenance_rate(
            portfolio.margin.maintenance,
            &portfolio.risk_profiles[risk_profile].name,
        );
        if portfolio.fill_model != FillModel::Instant {
            margin::watch(self.book, index, holding, rate);
        } else if margin::is_called(holding, fill.price, rate) {
            // Where fills are instantaneous a margin is looked at after a fill only; elsewhere at every mark.
            let quantity = holding.quantity.abs();
            let order = Order {
                at: print.time,
                origin: Origin::Venue,
                side: Side::Buy,
                size: OrderSize::Base(quantity),
                kind: OrderKind::Market,
                reference: fill.price,
                protection: None,
                ..order
            };
            record(Event::Order(order));
            record(margin::liquidate(self, order, risk_profile, holding, Ratio::ZERO));
        }
        if is_done {
            let whole = before + (1.0 - before) * part;
            return Ok(Some(resting.working.order.origin.filled(whole * resting.working.part)));
        }
        if time_in_force == TimeInForce::ImmediateOrCancel {
            return self.cancel(resting, Rule::ImmediateOrCancel, record).map(Some);
        }
        Ok(None)
    }

    /// Refuses an order that has just come in. Gives what the engine is told.
    ///
    /// # Errors
    /// When the venue has taken it already.
    pub(super) fn reject(
        &mut self,
        resting: &mut RestingOrder,
        rule: Rule,
        record: &mut impl FnMut(Event),
    ) -> Result<Answer, IllegalTransition> {
        let refusal = Refusal::new(rule, amount(resting.left), 0.0);
        self.close(resting, OrderEvent::Rejected, refusal, record)
    }

    /// Takes back what is left of an order, by its own terms or because somebody wants it: `rule` says why. The refusal
    /// holds the part that was filled, of 1. Gives what the engine is told.
    ///
    /// # Errors
    /// When the order is done already.
    pub(crate) fn cancel(
        &mut self,
        resting: &mut RestingOrder,
        rule: Rule,
        record: &mut impl FnMut(Event),
    ) -> Result<Answer, IllegalTransition> {
        let refusal = Refusal::new(rule, filled_part(resting), 1.0);
        self.close(resting, OrderEvent::Canceled, refusal, record)
    }

    /// An order that its market did not fill in time; value and limit are seconds.
    fn expire(
        &mut self,
        resting: &mut RestingOrder,
        record: &mut impl FnMut(Event),
    ) -> Result<Answer, IllegalTransition> {
        let waited = (resting.known_at - resting.working.order.at).seconds();
        let refusal = Refusal::new(Rule::Expired, waited, waited);
        self.close(resting, OrderEvent::Expired, refusal, record)
    }

    /// Ends an order that is not filled whole: what is set aside for it is free again.
    fn close(
        &mut self,
        resting: &mut RestingOrder,
        event: OrderEvent,
        refusal: Refusal,
        record: &mut impl FnMut(Event),
    ) -> Result<Answer, IllegalTransition> {
        resting.status = resting.status.on(event)?;
        let working = &resting.working;
        ledger::answered(self.account, &mut self.risk[working.risk_profile], self.book, working);
        let (schedule, instrument) = (working.order.schedule, working.order.instrument);
        record(Event::Refused { schedule, instrument, refusal });
        let part = filled_part(resting);
        Ok(if part > 0.0 { working.order.origin.filled(part * working.part) } else { Answer::Refused })
    }
}

/// Whether the venue can take an order back at `now`. What a candle that is still open has done to it, nobody knows before
/// that has closed: so it is not there yet, or a candle of its line closes at `now`, or would if there were one.
#[must_use]
pub fn is_cancellable(resting: &RestingOrder, line: &BookLine, now: Nanos) -> bool {
    let known = line.bars.closed_at(now, line.closed);
    resting.arrival >= now
        || known.checked_sub(1).is_none_or(|last| {
            let (opened, ended) = (line.bars.open_time(last), line.bars.end_time(last));
            (now - ended).get() % (ended - opened).get() == 0 || line.bars.close_time(last) == now
        })
}

/// How much of an order is filled, from 0 to 1.
fn filled_part(resting: &RestingOrder) -> f64 {
    let (size, left) = (amount(resting.working.order.size), amount(resting.left));
    if size == left { 0.0 } else { 1.0 - left / size }
}

/// When an order's time is up. For the next candle only, that is the close of the one that should open next, whether there
/// will be one or not.
fn expiry(working: &WorkingOrder, line: &BookLine) -> Nanos {
    let at = working.order.at;
    let given_up = Nanos::new(at.get().saturating_add(working.good_for.get()));
    let last = line.closed.checked_sub(1).filter(|_| working.time_in_force == TimeInForce::NextCandle);
    let Some(last) = last else { return given_up };
    let ended = line.bars.end_time(last);
    let length = ended - line.bars.open_time(last);
    given_up.min((at - Nanos::new(1)).next_on_grid(ended, length) + length)
}
