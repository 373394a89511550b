//! The random walk behind the demo candles.
//!
//! Log prices are the sum of a market level that all symbols share, a level of the symbol's own, and a small basis of
//! the venue. Each is an Ornstein-Uhlenbeck process, so that prices wander but never leave a plausible band. Every step
//! takes the same number of words from each stream.

use hemiola_components::time::{Interval, Nanos};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

use super::{ANCHOR, SeedSpec, first_open};

/// Changes whenever the same spec would give other candles.
pub(super) const SCHEMA: &str = "hemiola-seed/2";

/// Base currency, price at the anchor in quote currency, share in the market's moves.
const ASSETS: [(&str, f64, f64); 8] = [
    ("BTC", 42_000.0, 1.0),
    ("ETH", 2_300.0, 1.1),
    ("SOL", 100.0, 1.3),
    ("BNB", 310.0, 0.9),
    ("XRP", 0.62, 1.0),
    ("ADA", 0.58, 1.1),
    ("LTC", 72.0, 0.9),
    ("DOGE", 0.09, 1.2),
];

/// Quote currency traded per day at the anchor price.
const DAILY_TURNOVER: f64 = 50_000_000.0;

/// A symbol's own volatility, as a share of the market's.
const OWN_SHARE: f64 = 0.6;
/// How fast a symbol's own level returns, per day.
const OWN_PULL: f64 = 1.0 / 200.0;
/// How fast a venue returns to the fair price, per day.
const BASIS_PULL: f64 = 12.0;

/// The mood of the market, per day.
#[derive(Clone, Copy)]
struct Regime {
    drift: f64,
    volatility: f64,
    pull: f64,
    /// Whether the pull is towards the level at which the regime began, rather than the anchor.
    ranging: bool,
    /// How far a venue usually is from the fair price.
    basis: f64,
}

const REGIMES: [Regime; 4] = [
    Regime { drift: 0.005, volatility: 0.022, pull: 1.0 / 300.0, ranging: false, basis: 1.5e-4 },
    Regime { drift: -0.005, volatility: 0.026, pull: 1.0 / 300.0, ranging: false, basis: 2.5e-4 },
    Regime { drift: 0.0, volatility: 0.014, pull: 0.5, ranging: true, basis: 1.0e-4 },
    Regime { drift: 0.0, volatility: 0.045, pull: 1.0 / 300.0, ranging: false, basis: 2.5e-3 },
];

/// A stream of random numbers with a name.
struct Stream(ChaCha8Rng);

impl Stream {
    fn new(venue: &str, symbol: &str, interval: &str, seed: u64) -> Self {
        let key = format!("{SCHEMA}|{venue}|{symbol}|{interval}|{seed}");
        Self(ChaCha8Rng::from_seed(Sha256::digest(key).into()))
    }

    /// Above 0, at most 1.
    fn uniform(&mut self) -> f64 {
        unit(self.0.next_u64())
    }

    /// Nearly normal, mean 0, variance 1: the sum of twelve uniform numbers, in exact arithmetic.
    fn normal(&mut self) -> f64 {
        let twelve: u64 = (0..3)
            .map(|_| self.0.next_u64())
            .flat_map(|w| [w, w >> 16, w >> 32, w >> 48])
            .map(|w| w & 0xffff)
            .sum();
        (twelve as f64 - 12.0 * 32_767.5) / 65_536.0
    }

    fn below(&mut self, count: u64) -> u64 {
        self.0.next_u64() % count
    }
}

fn unit(word: u64) -> f64 {
    ((word >> 11) + 1) as f64 / 9_007_199_254_740_992.0
}

/// One step's share of a process that returns to a level: exact for steps of any length.
#[derive(Clone, Copy)]
struct Returning {
    decay: f64,
    spread: f64,
}

impl Returning {
    fn new(pull: f64, days: f64) -> Self {
        let decay = libm::exp(-pull * days);
        Self { decay, spread: ((1.0 - decay * decay) / (2.0 * pull)).sqrt() }
    }

    fn step(self, value: f64, level: f64, volatility: f64, shock: f64) -> f64 {
        level + (value - level) * self.decay + volatility * self.spread * shock
    }
}

/// What a symbol is like.
struct Asset {
    price: f64,
    market_share: f64,
    /// Ticks in one unit of quote currency.
    ticks: f64,
}

impl Asset {
    fn new(symbol: &str) -> Self {
        let base = symbol.split(['_', '-', '/', ':']).next().unwrap_or(symbol);
        let listed = ASSETS.iter().find(|(name, _, _)| *name == base);
        let (price, market_share) =
            listed.map_or_else(|| Self::unlisted(base), |(_, price, share)| (*price, *share));
        let mut ticks = 100.0;
        while price * ticks < 5_000.0 {
            ticks *= 10.0;
        }
        Self { price, market_share, ticks }
    }

    /// 10 to 110, and a share of 0.8 to 1.3.
    fn unlisted(base: &str) -> (f64, f64) {
        let mut random = Stream::new("", base, "", 0);
        (10.0 + 100.0 * random.uniform(), 0.8 + 0.5 * random.uniform())
    }

    fn to_tick(&self, price: f64) -> f64 {
        (price * self.ticks).round().max(1.0) / self.ticks
    }
}

/// Where the log prices are between two candles.
#[derive(Clone, Copy, Default)]
struct Levels {
    market: f64,
    own: f64,
    basis: f64,
}

/// One candle's prices and volume.
pub(super) struct Candle {
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
    pub(super) volume: f64,
}

/// What one step draws, before it is known whether anyone wants the candle.
struct Step {
    from: Levels,
    volatility: f64,
    high: f64,
    low: f64,
    activity: f64,
}

/// A venue's price of one symbol, from the anchor on.
pub(super) struct Walk {
    asset: Asset,
    levels: Levels,
    market: Stream,
    own: Stream,
    basis: Stream,
    moods: Stream,
    /// One step in each of [`REGIMES`], and of the other two processes.
    market_steps: [Returning; 4],
    own_step: Returning,
    basis_step: Returning,
    mood: usize,
    mood_level: f64,
    mood_end: Nanos,
    now: Nanos,
    length: Nanos,
    days: f64,
}

impl Walk {
    pub(super) fn new(spec: &SeedSpec, interval: Interval) -> Self {
        let length = interval.length();
        let days = length.get() as f64 / Nanos::DAY.get() as f64;
        let finest = interval.to_string();
        Self {
            asset: Asset::new(&spec.symbol),
            levels: Levels::default(),
            market: Stream::new("", "", &finest, spec.seed),
            own: Stream::new("", &spec.symbol, &finest, spec.seed),
            basis: Stream::new(&spec.venue, &spec.symbol, &finest, spec.seed),
            moods: Stream::new("", "", "", spec.seed),
            market_steps: REGIMES.map(|regime| Returning::new(regime.pull, days)),
            own_step: Returning::new(OWN_PULL, days),
            basis_step: Returning::new(BASIS_PULL, days),
            mood: 0,
            mood_level: 0.0,
            mood_end: ANCHOR,
            now: first_open(ANCHOR, length),
            length,
            days,
        }
    }

    /// Goes one candle ahead.
    pub(super) fn step(&mut self) {
        self.draw();
    }

    /// Goes one candle ahead and returns it.
    pub(super) fn candle(&mut self) -> Candle {
        let Step { from, volatility, high, low, activity } = self.draw();
        let to = self.levels;
        let share = self.asset.market_share;
        let (a, b) = (share * from.market + from.own, share * to.market + to.own);
        // The highest and the lowest point of a Brownian bridge between the two, from its exact distribution.
        let variance = volatility * volatility * self.days * (share * share + OWN_SHARE * OWN_SHARE);
        let reach = |uniform: f64| ((b - a) * (b - a) - 2.0 * variance * libm::log(uniform)).sqrt();
        let top = (a + b + reach(high)) / 2.0 + from.basis.max(to.basis);
        let bottom = (a + b - reach(low)) / 2.0 + from.basis.min(to.basis);

        let price = |log: f64| self.asset.to_tick(self.asset.price * libm::exp(log));
        let (open, close) = (price(a + from.basis), price(b + to.basis));
        let moved = (b - a).abs() / variance.sqrt();
        let volume = DAILY_TURNOVER / self.asset.price * self.days * (0.5 + activity) * (0.5 + moved);
        Candle {
            open,
            high: price(top).max(open).max(close),
            low: price(bottom).min(open).min(close),
            close,
            volume: (volume * 1e6).round() / 1e6,
        }
    }

    fn draw(&mut self) -> Step {
        while self.now >= self.mood_end {
            self.change_mood();
        }
        let regime = REGIMES[self.mood];
        let from = self.levels;
        let level = if regime.ranging { self.mood_level } else { 0.0 };
        let market =
            self.market_steps[self.mood].step(from.market, level, regime.volatility, self.market.normal());
        let basis_volatility = regime.basis * (2.0 * BASIS_PULL).sqrt();
        self.levels = Levels {
            market: market + regime.drift * self.days,
            own: self.own_step.step(from.own, 0.0, OWN_SHARE * regime.volatility, self.own.normal()),
            basis: self.basis_step.step(from.basis, 0.0, basis_volatility, self.basis.normal()),
        };
        self.now = self.now + self.length;
        Step {
            from,
            volatility: regime.volatility,
            high: self.own.uniform(),
            low: self.own.uniform(),
            activity: self.basis.uniform(),
        }
    }

    /// A new regime for 20 to 60 days, never the same twice in a row.
    fn change_mood(&mut self) {
        let others = REGIMES.len() as u64 - 1;
        let shift = 1 + usize::try_from(self.moods.below(others)).expect("below 3");
        self.mood = (self.mood + shift) % REGIMES.len();
        let days = 20 + self.moods.below(41);
        self.mood_end =
            self.mood_end + Nanos::new(Nanos::DAY.get() * i64::try_from(days).expect("at most 60"));
        self.mood_level = self.levels.market;
    }
}
