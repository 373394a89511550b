//! The pre-trade check: what an order would do, held against a profile's limits.
//!
//! Its steps and their order are those of section 2.4 of the risk specification. Each limit is linear in the order's
//! quantity, so a refusal also knows what would have passed. An order that only reduces its position is held against
//! nothing but a price.

use hemiola_components::order::Side;
use hemiola_components::risk::{Flips, Refusal, RiskPolicy, RiskProfile, Rule, Suggestion};

use super::latch::Trip;

/// What a comparison forgives: an amount that was computed from its limit must pass it.
const TOLERANCE: f64 = 1e-9;

/// An order, as far as limits are concerned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// Buy or sell.
    pub side: Side,
    /// Base units.
    pub quantity: f64,
    /// Quote currency per base unit, at which everything is valued.
    pub price: f64,
    /// Average true range of the instrument, quote currency per base unit, if known.
    pub atr: Option<f64>,
    /// Where the position will be given up, if anybody said so.
    pub stop: Option<f64>,
}

impl Proposal {
    /// Whether the order only reduces a position of this value; negative is short.
    #[must_use]
    pub fn reduces(&self, own: f64) -> bool {
        own * self.side.sign() < 0.0
            && self.quantity * self.price <= own.abs() + TOLERANCE * own.abs().max(1.0)
    }
}

/// What there is before the order, at its price, in quote currency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// The position it changes; negative is short.
    pub own: f64,
    /// Everything else in the instrument, long and short added up, with what orders under way will add.
    pub others: f64,
    /// Everything in the account, likewise, this instrument included.
    pub gross: f64,
    /// Open positions of the profile's schedules, entries under way included.
    pub active: u32,
    /// The account's equity.
    pub equity: f64,
    /// What may be bound by new positions.
    pub available: f64,
    /// What present positions bind.
    pub maintenance: f64,
}

/// A limit on an amount that grows with the order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cap {
    /// Its rule.
    pub rule: Rule,
    /// The amount before the order, less what the order closes.
    pub base: f64,
    /// What each base unit of the order adds.
    pub unit: f64,
    /// The most that is allowed.
    pub limit: f64,
    /// By how much it may be passed.
    pub slack: f64,
}

/// What an order that passes does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// It only reduces its position.
    pub reduces: bool,
    /// It opens a position where there was none.
    pub opens: bool,
}

/// Holds an order against the limits of a profile, and then against `more`. `latched` is what lets only
/// reducing orders pass, if anything does.
///
/// # Errors
/// The first rule that refuses.
pub fn check(
    profile: &RiskProfile,
    policy: &RiskPolicy,
    latched: Option<Trip>,
    proposal: &Proposal,
    standing: &Standing,
    more: impl Iterator<Item = Cap>,
) -> Result<Change, Refusal> {
    let Proposal { side, quantity, price, .. } = *proposal;
    if !(price > 0.0 && price.is_finite()) {
        return Err(Refusal::new(Rule::MissingPrice, price, 0.0));
    }
    if !(quantity > 0.0 && quantity.is_finite()) {
        return Err(Refusal::new(Rule::NonPositiveQuantity, quantity, 0.0));
    }
    let (value, own) = (quantity * price, standing.own.abs());
    if proposal.reduces(standing.own) {
        return Ok(Change { reduces: true, opens: false });
    }
    let flips = standing.own * side.sign() < 0.0;
    if flips && policy.flips == Flips::Refuse {
        let rule = if standing.own > 0.0 { Rule::SellExceedsLong } else { Rule::BuyExceedsShort };
        return Err(Refusal::new(rule, value, own));
    }
    let closed = if flips { own } else { 0.0 };
    let limits = Limits { profile, proposal, standing, closed };
    let mut verdict = Verdict { quantity, policy, refusal: None };
    limits.hold(latched, &mut verdict);
    more.for_each(|cap| verdict.hold(cap));
    match verdict.refusal {
        None => Ok(Change { reduces: false, opens: own == 0.0 }),
        // What closes the position passes in any case.
        Some(refusal) => Err(Refusal { max_quantity: refusal.max_quantity.max(closed / price), ..refusal }),
    }
}

/// What the steps so far have come to.
struct Verdict<'a> {
    quantity: f64,
    policy: &'a RiskPolicy,
    refusal: Option<Refusal>,
}

impl Verdict<'_> {
    /// No quantity would pass.
    fn refuse(&mut self, refusal: Refusal) {
        match &mut self.refusal {
            None => self.refusal = Some(refusal),
            Some(first) if self.policy.suggestion == Suggestion::Tightest => first.max_quantity = 0.0,
            Some(_) => {}
        }
    }

    /// A limit that passed leaves room for the whole order, so only those from the first refusal on can be tighter.
    fn hold(&mut self, cap: Cap) {
        let Cap { rule, base, unit, limit, slack } = cap;
        match &mut self.refusal {
            None => {
                let value = base + unit * self.quantity;
                if value > limit + slack || value.is_nan() {
                    let (headroom, max_quantity) = ((limit - base).max(0.0), cap.room());
                    self.refusal = Some(Refusal { rule, value, limit, headroom, max_quantity });
                }
            }
            Some(first) if self.policy.suggestion == Suggestion::Tightest => {
                first.max_quantity = first.max_quantity.min(cap.room());
            }
            Some(_) => {}
        }
    }
}

impl Cap {
    /// Base units of the order that the limit has room for.
    fn room(&self) -> f64 {
        ((self.limit - self.base) / self.unit).max(0.0)
    }
}

/// The profile's limits on an order that does not only reduce.
struct Limits<'a> {
    profile: &'a RiskProfile,
    proposal: &'a Proposal,
    standing: &'a Standing,
    /// The value of the position that the order closes on its way to the other direction.
    closed: f64,
}

impl Limits<'_> {
    fn hold(&self, latched: Option<Trip>, verdict: &mut Verdict<'_>) {
        let Proposal { price, .. } = *self.proposal;
        let Standing { own, others, gross, active, equity, available, maintenance } = *self.standing;
        let profile = self.profile;
        if let Some(Trip { rule, value, limit }) = latched {
            return verdict.refuse(Refusal::new(rule, value, limit));
        }
        // What the order leaves of the position, of the instrument and of everything, before it adds its own value.
        let own = if self.closed > 0.0 { -own.abs() } else { own.abs() };
        let (line, gross) = (others + own, gross - 2.0 * self.closed);
        if profile.needs_stops() && equity > 0.0 {
            let distance = match self.distance() {
                Ok(distance) => distance,
                Err(refusal) => return verdict.refuse(refusal),
            };
            let most = profile.trade_risk[1].get();
            if most > 0.0 {
                let base = -self.closed / price * distance;
                let cap = Cap {
                    rule: Rule::TradeRisk,
                    base,
                    unit: distance,
                    limit: most * equity,
                    slack: TOLERANCE,
                };
                verdict.hold(cap);
            }
            let limit = profile.target_volatility.get() * equity / distance;
            verdict.hold(Cap {
                rule: Rule::TargetVolatility,
                base: own / price,
                unit: 1.0,
                limit,
                slack: TOLERANCE * limit,
            });
        }
        if own == 0.0 && active >= profile.max_positions {
            let (value, limit) = (f64::from(active) + 1.0, f64::from(profile.max_positions));
            verdict.refuse(Refusal::new(Rule::MaxPositions, value, limit));
        }
        let (leverage, usable) = (profile.max_leverage.max(1.0), (available - maintenance).max(0.0));
        verdict.hold(Cap {
            rule: Rule::Margin,
            base: -2.0 * self.closed / leverage,
            unit: price / leverage,
            limit: usable,
            slack: TOLERANCE * usable,
        });
        let exposure =
            |rule, base, share: f64, slack| Cap { rule, base, unit: price, limit: share * equity, slack };
        let (instrument, position) = (profile.instrument_limit.get(), profile.max_position.get());
        let widest = instrument.max(position);
        if equity > 0.0 && widest > 0.0 {
            verdict.hold(exposure(Rule::InstrumentExposure, line, widest, TOLERANCE * equity));
        }
        let portfolio = profile.portfolio_limit.get().max(position);
        if equity > 0.0 && profile.portfolio_limit.get() > 0.0 {
            verdict.hold(exposure(Rule::PortfolioExposure, gross, portfolio, TOLERANCE * equity));
        }
        if profile.max_leverage > 0.0 {
            if profile.max_leverage * equity <= 0.0 {
                verdict.refuse(Refusal::new(Rule::NoCapital, equity, 0.0));
            }
            verdict.hold(exposure(Rule::Leverage, gross, profile.max_leverage, TOLERANCE * equity.max(0.0)));
        }
        if profile.needs_stops()
            && profile.stop_atr_multiple > 0.0
            && self.proposal.stop.is_none_or(|stop| stop <= 0.0)
        {
            verdict.refuse(Refusal::plain(Rule::MissingStop));
        }
        let tightest = if instrument > 0.0 && (position <= 0.0 || instrument <= position) {
            Some((Rule::InstrumentExposure, instrument))
        } else {
            (position > 0.0).then_some((Rule::PositionExposure, position))
        };
        if let Some((rule, share)) = tightest.filter(|_| equity > 0.0) {
            verdict.hold(exposure(rule, line, share, TOLERANCE * equity.max(1.0)));
        }
    }

    /// How far the stop is from the price; quote currency per base unit.
    fn distance(&self) -> Result<f64, Refusal> {
        let Proposal { side, price, atr, stop, .. } = *self.proposal;
        let atr = atr.filter(|atr| *atr > 0.0).ok_or(Refusal::plain(Rule::MissingAtr))?;
        let stop = stop.ok_or(Refusal::plain(Rule::MissingStop))?;
        let distance = side.sign() * (price - stop);
        let least = atr * self.profile.stop_atr_multiple.max(1.0);
        if distance <= 0.0 || distance.is_nan() {
            return Err(Refusal::new(Rule::StopWrongSide, distance, 0.0));
        }
        if distance + TOLERANCE < least {
            return Err(Refusal::new(Rule::StopTooTight, distance, least));
        }
        Ok(distance)
    }
}
