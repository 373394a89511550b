//! `cross_exchange_arbitrage`: buys on one venue and sells on another while the second bids more than the first
//! asks; closes both when the spread is gone, or after a while.

use std::ops::Range;

use hemiola_components::engine::{CrossExchangeArbitrage, CrossExchangeArbitrageState, ProtectionRule};
use hemiola_components::market::Snapshots;
use hemiola_components::metric::Metric;
use hemiola_components::order::Side;
use hemiola_components::reading::Reading;
use hemiola_components::signal::{Direction, Leg, Metadata, Reasons, Signal, SignalKind};
use hemiola_components::strategy::{
    Classification, LicenseTier, ParameterError, ParameterSpec, Parameters, Preset,
};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Price, Quantity, Ratio};

use super::engine::{Columns, Engine, View};
use super::kernel::{Loud, Quiet, chunk};
use super::metrics::{SECONDARY_DELAY, SPREAD_CAPTURE};
use crate::indicators::atr::protection;

/// Opening and closing a pair takes this many fills.
const FILLS: f64 = 4.0;

/// Legs whose quantities differ by less than this fraction are even.
const EVEN: f64 = 1e-9;

/// What an entry says of itself: the spread in quote currency, then as a fraction of the price.
const ENTRY: [&str; 5] = ["spread", "spread_ratio", "max_notional", "taker_fee_rate", "lot_size"];

/// What an exit says: `exit_spread` is in quote currency, `entry_spread` a fraction of the price.
const EXIT: [&str; 7] = [
    "exit_spread",
    "entry_spread",
    "elapsed_seconds",
    "secondary_delay_ms",
    "taker_fee_rate",
    "lot_size",
    "exit_spread_ratio",
];

impl Engine for CrossExchangeArbitrage {
    const NAME: &'static str = "cross_exchange_arbitrage";
    const SUMMARY: &'static str =
        "Buys on one venue and sells on another while the spread between them pays for it.";
    const CLASSIFICATION: Classification = Classification {
        capability: "cross_exchange",
        license_tier: LicenseTier::Enterprise,
        risk_classes: &["arbitrage", "liquidity"],
        required_data: &["order_book", "latency_monitoring"],
        tags: &["arbitrage", "liquidity"],
    };
    const PARAMETERS: &'static [ParameterSpec] = &[
        ParameterSpec::venue("primary_exchange", "the venue whose candles decide"),
        ParameterSpec::venue("secondary_exchange", "the other venue"),
        ParameterSpec::positive(
            "spread_entry",
            0.0015,
            1.0,
            "spread that opens a pair, as a fraction of the price",
        ),
        ParameterSpec::number(
            "spread_exit",
            0.0005,
            [0.0, 1.0],
            "spread that closes it, as a fraction of the price; less than `spread_entry`",
        ),
        ParameterSpec::positive("max_notional", 50_000.0, 1e12, "largest value of a leg, in quote currency"),
        ParameterSpec::number("max_open_seconds", 120.0, [0.0, 3.2e9], "a pair is closed after this long"),
        ParameterSpec::number(
            "taker_fee_rate",
            0.0004,
            [0.0, 0.999],
            "fee the legs are sized with, as a fraction of their value",
        ),
        ParameterSpec::number(
            "lot_size",
            0.001,
            [0.0, 1e9],
            "legs are whole multiples of this, in base units; 0: any size",
        ),
        ParameterSpec::choice(
            "leg_quantity",
            &["matched", "per_leg"],
            "`matched`: both legs have the smaller quantity; `per_leg`: each is sized at its own price",
        ),
        ParameterSpec::choice(
            "edge",
            &["net", "gross"],
            "`net`: an entry must be worth more than fees and slippage of all four fills; `gross`: they are not counted",
        ),
        ParameterSpec::number(
            "max_quote_age_seconds",
            60.0,
            [0.0, 3.2e9],
            "oldest quote of the second venue that an entry accepts; 0: any",
        ),
        ParameterSpec::count("atr_window", 14, [1, 100_000], "true ranges in the average"),
        ParameterSpec::positive(
            "stop_atr_multiple",
            3.0,
            1_000.0,
            "distance of a leg's stop in average true ranges",
        ),
    ];
    const PRESETS: &'static [Preset] = &[
        Preset {
            name: "shipped",
            values: &[
                ("spread_entry", 0.0018),
                ("spread_exit", 0.0006),
                ("max_notional", 75_000.0),
                ("max_open_seconds", 180.0),
            ],
        },
        Preset { name: "futures", values: &[("taker_fee_rate", 0.0005), ("lot_size", 1e-6)] },
    ];
    const COLUMNS: Columns = Columns { snapshots: true, ..Columns::RANGES };
    const METRICS: &'static [Metric] = &[SECONDARY_DELAY, SPREAD_CAPTURE];

    type Settings = Self;
    type State = CrossExchangeArbitrageState;

    fn prepare(parameters: &Parameters) -> Result<Self, ParameterError> {
        let (primary, secondary) =
            (parameters.text("primary_exchange")?, parameters.text("secondary_exchange")?);
        if primary == secondary {
            let message = format!("must be another venue than primary_exchange (`{primary}`)");
            return Err(ParameterError::new("secondary_exchange", message));
        }
        let (entry, exit) = (parameters.number("spread_entry")?, parameters.number("spread_exit")?);
        if exit >= entry {
            let message = format!("must be less than spread_entry ({entry}), not {exit}");
            return Err(ParameterError::new("spread_exit", message));
        }
        let age = parameters.seconds("max_quote_age_seconds")?;
        Ok(Self {
            spread_entry: Ratio::new(entry),
            spread_exit: Ratio::new(exit),
            max_notional: Notional::new(parameters.number("max_notional")?),
            max_open: parameters.seconds("max_open_seconds")?,
            taker_fee_rate: Ratio::new(parameters.number("taker_fee_rate")?),
            lot_size: Quantity::new(parameters.number("lot_size")?),
            matched: parameters.is("leg_quantity", "matched")?,
            counts_costs: parameters.is("edge", "net")?,
            max_quote_age: (age > Nanos::ZERO).then_some(age),
            protection: ProtectionRule {
                atr_window: parameters.count("atr_window")?,
                multiple: parameters.number("stop_atr_multiple")?,
            },
        })
    }

    fn max_quote_age(settings: &Self) -> Option<Nanos> {
        settings.max_quote_age
    }

    fn handle_market_data(_: &Self, _: &mut CrossExchangeArbitrageState, _: &View<'_>, _: usize) {}

    fn generate_signal(
        settings: &Self,
        state: &mut CrossExchangeArbitrageState,
        view: &View<'_>,
        bar: usize,
        at: Nanos,
    ) -> Option<Signal> {
        let eye = Eye { settings, view, quote: Quote::at(view, bar)?, at };
        match Direction::of(view.position) {
            Some(direction) => eye.exit(state.entry_ratio, direction),
            None => eye.enter(state, bar),
        }
    }

    fn looks_back_to(settings: &Self, _: &CrossExchangeArbitrageState, _: &View<'_>, seen: usize) -> usize {
        seen.saturating_sub(settings.protection.reach())
    }

    fn is_hedged(settings: &Self, view: &View<'_>) -> bool {
        let (primary, secondary) = (view.position.get(), view.hedge.get());
        if settings.matched {
            (primary + secondary).abs() <= EVEN * primary.abs().max(secondary.abs())
        } else {
            (primary == 0.0) == (secondary == 0.0)
        }
    }

    fn scan(
        settings: &Self,
        state: &mut CrossExchangeArbitrageState,
        view: &View<'_>,
        range: Range<usize>,
    ) -> Option<(usize, Signal)> {
        let quotes = view.snapshots?;
        let mut decide = |bar| Self::generate_signal(settings, state, view, bar, view.bars.close_time(bar));
        let Some(direction) = Direction::of(view.position) else {
            let close = Close { quotes, fraction: least_spread(settings, view) };
            return Loud::<_, 16, 32>::new(close, range).find_map(|bar| Some((bar, decide(bar)?)));
        };
        let last = view.opened_at + settings.max_open - Nanos::new(1);
        let due = view.bars.closed_at(last, range.start).min(range.end);
        let apart = Apart { quotes, closes: &view.bars.close, direction, fraction: settings.spread_exit };
        let mut loud = Loud::<_, 4, 16>::new(apart, range.start..due).chain(due..range.end);
        loud.find_map(|bar| Some((bar, decide(bar)?)))
    }

    fn explain(
        settings: &Self,
        state: &CrossExchangeArbitrageState,
        view: &View<'_>,
        bar: usize,
        at: Nanos,
    ) -> Vec<Reading> {
        let Some(quote) = Quote::at(view, bar) else { return Vec::new() };
        let eye = Eye { settings, view, quote, at };
        let mut readings = vec![
            Reading::plain("primary_bid", quote.primary_bid),
            Reading::plain("primary_ask", quote.primary_ask),
            Reading::plain("secondary_bid", quote.secondary_bid),
            Reading::plain("secondary_ask", quote.secondary_ask),
        ];
        if let Some(direction) = Direction::of(view.position) {
            readings.push(Reading::plain("entry_spread", state.entry_ratio));
            readings.push(Reading::at_most(
                "exit: spread",
                quote.ratio(direction),
                settings.spread_exit.get(),
            ));
            let [open, most] = [at - view.opened_at, settings.max_open].map(seconds);
            readings.push(Reading::at_least("exit: seconds open", open, most));
        } else {
            for (name, direction) in
                [("long primary: spread", Direction::Long), ("short primary: spread", Direction::Short)]
            {
                readings.push(Reading::at_least(name, quote.ratio(direction), settings.spread_entry.get()));
            }
            if settings.counts_costs {
                let best = quote.ratio(Direction::Long).max(quote.ratio(Direction::Short));
                readings.push(Reading::above(
                    "spread, to be gained",
                    best - settings.spread_exit.get(),
                    round_trip(view),
                ));
            }
            if let Some(bound) = settings.max_quote_age {
                readings.push(Reading::at_most(
                    "quote age, seconds",
                    seconds(eye.quote_age()),
                    seconds(bound),
                ));
            }
        }
        readings
    }
}

/// No entry has a smaller spread, as a fraction of the price.
fn least_spread(settings: &CrossExchangeArbitrage, view: &View<'_>) -> f64 {
    let gain = settings.spread_exit.get() + round_trip(view);
    if settings.counts_costs { settings.spread_entry.get().max(gain) } else { settings.spread_entry.get() }
}

/// Fees and slippage of opening and closing both legs, as a fraction of the price.
fn round_trip(view: &View<'_>) -> f64 {
    FILLS * (view.costs.taker_fee.get() + view.costs.slippage.get())
}

/// Candles at which both spreads are surely less than a fraction of the price: the price they are measured by is the
/// largest of all, and these fractions of smaller ones.
struct Close<'a> {
    quotes: &'a Snapshots,
    fraction: f64,
}

impl Quiet for Close<'_> {
    #[inline]
    fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]> {
        /// Far more than the rounding of two sums, a product and a quotient.
        const MARGIN: f64 = 1e-9;
        let fraction = self.fraction * (1.0 - MARGIN);
        let (bids, asks) =
            (chunk::<N>(&self.quotes.primary_bid, bar)?, chunk::<N>(&self.quotes.primary_ask, bar)?);
        let other_bids = chunk::<N>(&self.quotes.secondary_bid, bar)?;
        let other_asks = chunk::<N>(&self.quotes.secondary_ask, bar)?;
        let mut loud = [0; N];
        for at in 0..N {
            let long = other_bids[at] - asks[at] < fraction * asks[at];
            let short = bids[at] - other_asks[at] < fraction * bids[at];
            loud[at] = u8::from(!(long & short));
        }
        Some(loud)
    }
}

/// Candles at which the spread of an open pair is more than a fraction of the price, element by element by the rule
/// of [`Quote::ratio`].
struct Apart<'a> {
    quotes: &'a Snapshots,
    closes: &'a [f64],
    direction: Direction,
    fraction: Ratio,
}

impl Quiet for Apart<'_> {
    #[inline]
    fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]> {
        let Snapshots { primary_bid, primary_ask, secondary_bid, secondary_ask, .. } = self.quotes;
        let columns = [primary_bid, primary_ask, secondary_bid, secondary_ask];
        let mut references = *chunk::<N>(self.closes, bar)?;
        for column in columns {
            let prices = chunk::<N>(column, bar)?;
            for at in 0..N {
                references[at] = if prices[at] > references[at] { prices[at] } else { references[at] };
            }
        }
        let (dear, cheap) = match self.direction {
            Direction::Long => (secondary_bid, primary_ask),
            Direction::Short => (primary_bid, secondary_ask),
        };
        let (dear, cheap) = (chunk::<N>(dear, bar)?, chunk::<N>(cheap, bar)?);
        let mut loud = [0; N];
        for at in 0..N {
            let is_apart = (dear[at] - cheap[at]) / references[at] > self.fraction.get();
            let is_price = references[at] > 0.0;
            loud[at] = u8::from(!(is_apart & is_price));
        }
        Some(loud)
    }
}

/// Both markets at a candle's close.
#[derive(Clone, Copy)]
struct Quote {
    primary_bid: f64,
    primary_ask: f64,
    secondary_bid: f64,
    secondary_ask: f64,
    secondary_time: Nanos,
    /// The largest of all prices; spreads are fractions of it.
    reference: f64,
}

impl Quote {
    fn at(view: &View<'_>, bar: usize) -> Option<Self> {
        let all = view.snapshots?;
        let mut quote = Self {
            primary_bid: all.primary_bid[bar],
            primary_ask: all.primary_ask[bar],
            secondary_bid: all.secondary_bid[bar],
            secondary_ask: all.secondary_ask[bar],
            secondary_time: all.secondary_time[bar],
            reference: view.bars.close[bar],
        };
        let prices = [quote.primary_bid, quote.primary_ask, quote.secondary_bid, quote.secondary_ask];
        quote.reference =
            prices.into_iter().fold(quote.reference, |best, price| if price > best { price } else { best });
        Some(quote)
    }

    /// What a base unit gains when the first leg is taken in this direction, in quote currency.
    const fn spread(&self, direction: Direction) -> f64 {
        match direction {
            Direction::Long => self.secondary_bid - self.primary_ask,
            Direction::Short => self.primary_bid - self.secondary_ask,
        }
    }

    fn ratio(&self, direction: Direction) -> f64 {
        if self.reference == 0.0 { 0.0 } else { self.spread(direction) / self.reference }
    }

    /// The prices at which the legs open in this direction, or close in the other.
    const fn prices(&self, direction: Direction) -> [f64; 2] {
        match direction {
            Direction::Long => [self.primary_ask, self.secondary_bid],
            Direction::Short => [self.primary_bid, self.secondary_ask],
        }
    }
}

/// A look at one instant.
struct Eye<'a> {
    settings: &'a CrossExchangeArbitrage,
    view: &'a View<'a>,
    quote: Quote,
    at: Nanos,
}

impl Eye<'_> {
    fn enter(&self, state: &mut CrossExchangeArbitrageState, bar: usize) -> Option<Signal> {
        let settings = self.settings;
        let direction = [Direction::Long, Direction::Short]
            .into_iter()
            .find(|direction| self.quote.ratio(*direction) >= settings.spread_entry.get())?;
        let ratio = self.quote.ratio(direction);
        if settings.counts_costs && ratio - settings.spread_exit.get() <= round_trip(self.view) {
            return None;
        }
        if settings.max_quote_age.is_some_and(|bound| self.quote_age() > bound) {
            return None;
        }
        state.entry_ratio = ratio;
        let protection = protection(self.view.bars, self.view.first, bar, direction, settings.protection);
        let metadata = [
            self.quote.spread(direction),
            ratio,
            settings.max_notional.get(),
            settings.taker_fee_rate.get(),
            settings.lot_size.get(),
        ];
        Some(
            Signal::new(
                SignalKind::Enter(direction),
                Ratio::new((ratio / settings.spread_entry.get()).min(1.0)),
            )
            .because(Reasons {
                protection: Some(protection),
                legs: Some(self.legs(direction)),
                metadata: Metadata::new(&ENTRY, metadata),
                ..Reasons::named(match direction {
                    Direction::Long => "long_primary_short_secondary",
                    Direction::Short => "short_primary_long_secondary",
                })
            }),
        )
    }

    fn exit(&self, entry_ratio: f64, direction: Direction) -> Option<Signal> {
        let settings = self.settings;
        let ratio = self.quote.ratio(direction);
        let elapsed = self.at - self.view.opened_at;
        if ratio > settings.spread_exit.get() && elapsed < settings.max_open {
            return None;
        }
        let metadata = [
            self.quote.spread(direction),
            entry_ratio,
            seconds(elapsed),
            self.delay_millis(),
            settings.taker_fee_rate.get(),
            settings.lot_size.get(),
            ratio,
        ];
        let (side, back) = match direction {
            Direction::Long => ("close_long_primary_short_secondary", Direction::Short),
            Direction::Short => ("close_short_primary_long_secondary", Direction::Long),
        };
        Some(Signal::certain(SignalKind::Exit).because(Reasons {
            legs: Some(self.legs(back)),
            metadata: Metadata::new(&EXIT, metadata),
            ..Reasons::named(side)
        }))
    }

    fn quote_age(&self) -> Nanos {
        self.at - self.quote.secondary_time
    }

    fn delay_millis(&self) -> f64 {
        if self.quote.secondary_time == Snapshots::UNKNOWN {
            return 0.0;
        }
        seconds(self.quote_age().max(Nanos::ZERO)) * 1e3
    }

    fn legs(&self, direction: Direction) -> [Leg; 2] {
        let prices = self.quote.prices(direction);
        let mut quantities = prices.map(|price| self.quantity(price));
        if self.settings.matched {
            quantities = match Direction::of(self.view.position) {
                Some(_) => [self.view.position.abs().get(), self.view.hedge.abs().get()],
                None => [quantities[0].min(quantities[1]); 2],
            };
        }
        let sides = match direction {
            Direction::Long => [Side::Buy, Side::Sell],
            Direction::Short => [Side::Sell, Side::Buy],
        };
        [0, 1].map(|leg| Leg {
            side: sides[leg],
            quantity: Quantity::new(quantities[leg]),
            price: Price::new(prices[leg]),
        })
    }

    /// What the largest notional buys at `price` once the fee is set aside, in whole lots, at least one.
    fn quantity(&self, price: f64) -> f64 {
        let settings = self.settings;
        let (lot, fee) = (settings.lot_size.get(), settings.taker_fee_rate.get());
        if price <= 0.0 {
            return lot;
        }
        let quantity = settings.max_notional.get() * (1.0 - fee) / price;
        if lot <= 0.0 { quantity } else { (quantity / lot).floor().max(1.0) * lot }
    }
}

fn seconds(duration: Nanos) -> f64 {
    duration.get() as f64 / 1e9
}
