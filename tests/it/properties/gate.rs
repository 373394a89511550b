//! The pre-trade check over random marks, fills, midnights, orders and an operator's hand, through the functions that
//! the world's phases call.

use std::collections::BTreeSet;

use hemiola_components::order::Side;
use hemiola_components::portfolio::Account;
use hemiola_components::risk::{LatchRelease, Latches, RiskPolicy, RiskProfile, RiskState, Rule, Triggers};
use hemiola_components::time::Nanos;
use hemiola_components::units::Notional;
use hemiola_systems::book::observe;
use hemiola_systems::risk::calendar::{book, day_of, roll};
use hemiola_systems::risk::check::{Cap, Proposal, Standing, check};
use hemiola_systems::risk::latch::{Scope, reason, scope, trips};

use super::dice::Dice;
use super::sequence::{profile, risk_policy};
use super::{CASH, Playing, seeds};

const SEQUENCES: u64 = 100_000;
const EVENTS: usize = 40;
const SYMBOLS: usize = 3;

/// By how much a loss has to be clear of its limit before anything must follow.
const CLEAR: f64 = 1e-9;

/// An account under a profile, and what must latch it, worked out apart.
struct Trading {
    profile: RiskProfile,
    policy: RiskPolicy,
    account: Account,
    state: RiskState,
    now: Nanos,
    price: f64,
    /// Base units by symbol.
    positions: [f64; SYMBOLS],
    must_be_latched_by: BTreeSet<Rule>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    passed: u64,
    refused: u64,
    refused_by_latch: u64,
    reduced_while_latched: u64,
}

impl Trading {
    fn new(dice: &mut Dice) -> Self {
        let profile = profile(dice, "profile", SYMBOLS, 1);
        let start = Nanos::new(20_000 * Nanos::DAY.get());
        let month = (profile.max_cost_to_profit > 0.0).then(Box::default);
        Self {
            policy: risk_policy(dice),
            account: Account { day: Some(day_of(start)), ..Account::new(Notional::new(CASH)) },
            state: RiskState { month, ..RiskState::default() },
            now: start,
            price: 100.0,
            positions: [0.0; SYMBOLS],
            must_be_latched_by: BTreeSet::new(),
            profile,
        }
    }

    fn step(&mut self, dice: &mut Dice, seen: &mut Seen) {
        let hours = if dice.happens(0.05) { 24 * 15 } else { dice.one_of(&[0, 1, 4]) };
        self.now = self.now + Nanos::new(hours * 3_600 * Nanos::SECOND.get());
        self.roll();
        match dice.below(10) {
            0..3 => {
                let equity = self.account.equity.get() * dice.between(0.98..1.02);
                observe(&mut self.account, equity);
                self.price *= dice.between(0.98..1.02);
                self.look(scope(&self.policy));
            }
            3..5 => {
                let realised = Notional::new(dice.between(-12.0..10.0));
                book(&mut self.state, realised, Notional::new(dice.maybe(0.5, 0.0..2.0)));
                self.look(scope(&self.policy));
            }
            5 => self.act_by_hand(dice),
            _ => self.order(dice, seen),
        }
    }

    fn roll(&mut self) {
        let day = self.account.day;
        let now = (self.now, self.account.equity);
        let states = std::slice::from_mut(&mut self.state);
        roll(&mut self.account, states, &self.policy, now, |_, _| ());
        if self.account.day != day {
            let by_hand = self.policy.latch_release == LatchRelease::Manual;
            self.must_be_latched_by.retain(|rule| match rule {
                Rule::KillSwitch => true,
                Rule::Drawdown | Rule::KillWeekly | Rule::CostToProfit => by_hand,
                _ => false,
            });
        }
    }

    fn act_by_hand(&mut self, dice: &mut Dice) {
        if dice.happens(0.5) {
            self.state.latches.set(Rule::KillSwitch);
            self.must_be_latched_by.insert(Rule::KillSwitch);
        } else {
            self.state.latches = Latches::default();
            self.must_be_latched_by.clear();
        }
    }

    /// Latches what is reached; and notes what is, by the words of the profile alone.
    fn look(&mut self, scope: Scope) {
        for trip in trips(&self.profile, &self.account, &self.state, scope) {
            self.state.latches.set(trip.rule);
        }
        let Self { profile, account, state, .. } = self;
        let [equity, peak, day_start, week_start] =
            [account.equity, account.peak, account.day_start, account.week_start].map(Notional::get);
        let marks = [
            (Rule::Drawdown, 1.0 - equity / peak, profile.max_drawdown.get()),
            (Rule::DailyFall, 1.0 - equity / day_start, profile.max_daily_fall.get()),
            (Rule::DailyLoss, -state.daily_realised.get() / day_start, profile.max_daily_loss.get()),
        ];
        let risk = profile.kill_daily_r * profile.trade_risk[1].get();
        let realised = [
            (Rule::KillDailyR, -state.daily_realised.get() / day_start, risk),
            (Rule::KillDailyLoss, -state.daily_realised.get() / day_start, profile.kill_daily_loss.get()),
            (Rule::KillWeekly, -state.weekly_realised.get() / week_start, profile.kill_weekly_loss.get()),
        ];
        let looked_at = marks.into_iter().chain(realised.into_iter().filter(|_| scope == Scope::All));
        let reached = looked_at.filter(|(_, loss, limit)| *limit > 0.0 && *loss > limit + CLEAR);
        self.must_be_latched_by.extend(reached.map(|(rule, ..)| rule));
    }

    fn order(&mut self, dice: &mut Dice, seen: &mut Seen) {
        if self.policy.triggers == Triggers::AtCheck {
            self.look(Scope::All);
        }
        let symbol = dice.below(SYMBOLS);
        let held = self.positions[symbol];
        let proposal = self.proposal(dice, held);
        let Proposal { side, quantity, price, .. } = proposal;
        let others: f64 =
            (0..SYMBOLS).filter(|other| *other != symbol).map(|other| self.positions[other].abs()).sum();
        let standing = Standing {
            own: held * price,
            others: dice.maybe(0.3, 0.0..500.0),
            gross: (others + held.abs()) * self.price,
            active: u32::try_from(self.positions.iter().filter(|held| **held != 0.0).count()).unwrap(),
            equity: if dice.happens(0.05) { -1.0 } else { self.account.equity.get() },
            available: dice.between(0.0..2.0 * CASH),
            maintenance: dice.maybe(0.3, 0.0..CASH),
        };
        let bucket = Cap {
            rule: Rule::BucketExposure,
            base: 0.0,
            unit: price,
            limit: dice.between(0.0..CASH),
            slack: 0.0,
        };
        let more = Some(bucket).filter(|_| dice.happens(0.3)).into_iter();
        let latched = reason(&self.profile, &self.account, &self.state);
        let answer = check(&self.profile, &self.policy, latched, &proposal, &standing, more);

        let is_order = quantity > 0.0 && quantity.is_finite() && price > 0.0 && price.is_finite();
        let only_reduces = held * side.sign() < 0.0 && quantity <= held.abs();
        let is_latched = !self.must_be_latched_by.is_empty();
        let context = || format!("{:?}, holds {held}: {proposal:?}: {answer:?}", self.must_be_latched_by);
        if !is_order {
            let rule = answer.unwrap_err().rule;
            assert!(matches!(rule, Rule::MissingPrice | Rule::NonPositiveQuantity), "{}", context());
            return;
        }
        assert!(!only_reduces || answer.is_ok(), "what reduces is refused: {}", context());
        assert!(!is_latched || only_reduces || answer.is_err(), "passes while latched: {}", context());
        match answer {
            Ok(_) => {
                seen.passed += 1;
                seen.reduced_while_latched += u64::from(is_latched);
                self.positions[symbol] += side.sign() * quantity;
            }
            Err(refusal) => {
                assert!(refusal.max_quantity >= 0.0 && refusal.max_quantity.is_finite(), "{}", context());
                seen.refused += 1;
                seen.refused_by_latch += u64::from(latched.is_some_and(|trip| trip.rule == refusal.rule));
            }
        }
    }

    /// An order of any kind, what nobody would send included.
    fn proposal(&self, dice: &mut Dice, held: f64) -> Proposal {
        let side = dice.one_of(&[Side::Buy, Side::Sell]);
        let part = dice.one_of(&[0.5, 1.0, 1.5]);
        let quantity = match dice.below(12) {
            0 => dice.one_of(&[0.0, -1.0, f64::NAN, f64::INFINITY]),
            1..6 if held != 0.0 => held.abs() * part,
            _ => dice.between(0.01..8.0),
        };
        let price = if dice.happens(0.04) { dice.one_of(&[0.0, -1.0, f64::NAN]) } else { self.price };
        let distance = dice.between(-1.0..6.0);
        Proposal {
            side,
            quantity,
            price,
            atr: Some(dice.between(0.0..2.0)).filter(|_| dice.happens(0.8)),
            stop: Some(price - side.sign() * distance).filter(|_| dice.happens(0.8)),
        }
    }
}

#[test]
fn the_check_passes_only_reducing_orders_while_latched_and_all_of_them_always() {
    let (all, mut seen) = (seeds(SEQUENCES), Seen::default());
    for seed in all.clone() {
        let _playing = Playing(seed);
        let mut dice = Dice::new(seed);
        let mut trading = Trading::new(&mut dice);
        (0..EVENTS).for_each(|_| trading.step(&mut dice, &mut seen));
    }
    println!("{all:?}: {seen:?}");
    let Seen { passed, refused, refused_by_latch, reduced_while_latched } = seen;
    let least = passed.min(refused).min(refused_by_latch).min(reduced_while_latched);
    assert!(least > 1_000 || all.end - all.start < SEQUENCES, "{seen:?}");
}
