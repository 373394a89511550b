//! `grid_trading`: lines at equal distances around a base price; it sells a little at each line on the way up and
//! buys a little at each on the way down.

use std::ops::Range;

use hemiola_components::engine::{GridStep, GridTrading, GridTradingState, OutsideGrid, ProtectionRule};
use hemiola_components::reading::Reading;
use hemiola_components::signal::{Answer, Direction, Metadata, Protection, Reasons, Signal, SignalKind};
use hemiola_components::strategy::{Classification, LicenseTier, ParameterError, ParameterSpec, Parameters};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Price, Quantity, Ratio};

use super::engine::{Columns, Engine, View};
use super::kernel::{Loud, Quiet, chunk};
use crate::indicators::atr::protection;

/// Inventory traded per line.
const PER_LINE: f64 = 0.1;

/// Less inventory than this is none.
const NOTHING: f64 = 1e-12;

impl Engine for GridTrading {
    const NAME: &'static str = "grid_trading";
    const SUMMARY: &'static str =
        "Sells a little at each line of a grid on the way up, buys on the way down.";
    const CLASSIFICATION: Classification = Classification {
        capability: "grid_trading",
        license_tier: LicenseTier::Professional,
        risk_classes: &["market_making"],
        required_data: &["order_book", "ohlcv"],
        tags: &["grid", "market_making"],
    };
    const COLUMNS: Columns = Columns::RANGES;
    const PARAMETERS: &'static [ParameterSpec] = &[
        ParameterSpec::count("grid_size", 5, [1, 10_000], "lines on each side of the base price"),
        ParameterSpec::positive(
            "grid_spacing",
            0.004,
            1.0,
            "distance of the lines, as a fraction of the base",
        ),
        ParameterSpec::number("rebalance_threshold", 0.001, [0.0, 1.0], "accepted and not used"),
        ParameterSpec::positive("max_inventory", 1.0, 1e9, "largest inventory, long or short"),
        ParameterSpec::choice(
            "inventory_unit",
            &["budget", "base"],
            "what inventory counts: fractions of the instrument's budget, or base units",
        ),
        ParameterSpec::number(
            "dead_band",
            0.5,
            [0.0, 10.0],
            "how far past a line the price must be to cross it, as a fraction of the spacing",
        ),
        ParameterSpec::choice(
            "outside",
            &["recentre", "wait"],
            "a whole spacing beyond the outermost line: give up the inventory and start anew, or wait",
        ),
        ParameterSpec::count("atr_window", 14, [1, 100_000], "true ranges in the average"),
        ParameterSpec::positive(
            "stop_atr_multiple",
            3.0,
            1_000.0,
            "distance of an entry's stop in average true ranges, where the grid has no end on that side",
        ),
    ];

    type Settings = Self;
    type State = GridTradingState;

    fn prepare(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            grid_size: parameters.count("grid_size")? as f64,
            grid_spacing: parameters.number("grid_spacing")?,
            max_inventory: parameters.number("max_inventory")?,
            dead_band: parameters.number("dead_band")?,
            outside: if parameters.is("outside", "wait")? {
                OutsideGrid::Wait
            } else {
                OutsideGrid::Recentre
            },
            inventory_in_budget: parameters.is("inventory_unit", "budget")?,
            protection: ProtectionRule {
                atr_window: parameters.count("atr_window")?,
                multiple: parameters.number("stop_atr_multiple")?,
            },
        })
    }

    /// The first positive close is the base.
    fn handle_market_data(_: &Self, state: &mut GridTradingState, view: &View<'_>, bar: usize) {
        let close = view.bars.close[bar];
        if state.base.is_none() && close > 0.0 {
            state.base = Some(close);
        }
    }

    fn generate_signal(
        settings: &Self,
        state: &mut GridTradingState,
        view: &View<'_>,
        bar: usize,
        _: Nanos,
    ) -> Option<Signal> {
        let base = state.base?;
        let eye = Eye { settings, base, close: view.bars.close[bar] };
        if eye.stays(state.level) {
            return None;
        }
        if settings.outside == OutsideGrid::Recentre && eye.is_outside() {
            return eye.start_anew(state);
        }
        eye.step(state, view, bar)
    }

    fn looks_back_to(settings: &Self, _: &GridTradingState, _: &View<'_>, seen: usize) -> usize {
        seen.saturating_sub(settings.protection.reach())
    }

    fn on_answer(_: &Self, state: &mut GridTradingState, answer: Answer) {
        if answer == Answer::Closed {
            (state.step, state.inventory) = (None, 0.0);
        }
        let Some(step) = state.step.take() else { return };
        let filled = match answer {
            Answer::Filled(fraction) => fraction,
            Answer::Unchanged => 1.0,
            Answer::Refused | Answer::Closed => return,
        };
        state.level = step.level;
        state.inventory += step.change * filled;
        state.base = step.base.or(state.base);
    }

    fn explain(
        settings: &Self,
        state: &GridTradingState,
        view: &View<'_>,
        bar: usize,
        _: Nanos,
    ) -> Vec<Reading> {
        let Some(base) = state.base else { return Vec::new() };
        let eye = Eye { settings, base, close: view.bars.close[bar] };
        let (low, high) = eye.bounds(state.level);
        vec![
            Reading::plain("base_price", base),
            Reading::plain("level", state.level),
            Reading::plain("inventory", state.inventory),
            Reading::below("buy: spacings from base", eye.spacings(), low),
            Reading::at_least("sell: spacings from base", eye.spacings(), high),
        ]
    }

    fn scan(
        settings: &Self,
        state: &mut GridTradingState,
        view: &View<'_>,
        range: Range<usize>,
    ) -> Option<(usize, Signal)> {
        let mut bars = range;
        loop {
            let level = Level { closes: &view.bars.close, quiet: Stretch::around(settings, state) };
            let bar = Loud::<_, 16, 32>::new(level, bars.clone()).next()?;
            if let Some(signal) = Self::on_bar(settings, state, view, bar, view.bars.close_time(bar)) {
                return Some((bar, signal));
            }
            bars.start = bar + 1;
        }
    }
}

/// Candles whose close stays in a stretch.
struct Level<'a> {
    closes: &'a [f64],
    quiet: Stretch,
}

impl Quiet for Level<'_> {
    #[inline]
    fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]> {
        let Stretch { low, high } = self.quiet;
        let closes = chunk::<N>(self.closes, bar)?;
        let mut loud = [0; N];
        for at in 0..N {
            let (is_above, is_below) = (low <= closes[at], closes[at] <= high);
            loud[at] = u8::from(!(is_above & is_below));
        }
        Some(loud)
    }
}

/// Closes that change nothing. How far a close is from the base, in spacings, never falls as the close rises, so
/// whatever lies between two that stay on their level stays there too.
struct Stretch {
    low: f64,
    high: f64,
}

impl Stretch {
    const NOWHERE: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };

    fn around(settings: &GridTrading, state: &GridTradingState) -> Self {
        /// Ends are drawn in by this fraction of the base, so that rounding leaves them on their level.
        const MARGIN: f64 = 1e-12;
        let Some(base) = state.base else { return Self::NOWHERE };
        let eye = |close| Eye { settings, base, close };
        let (low, high) = eye(base).bounds(state.level);
        let price = |spacings: f64| base * (1.0 + spacings * settings.grid_spacing);
        let (low, high) = (price(low) + MARGIN * base, price(high).min(f64::MAX) - MARGIN * base);
        let stay = eye(low).stays(state.level) && eye(high).stays(state.level);
        if stay { Self { low, high } } else { Self::NOWHERE }
    }
}

/// A look at one close.
struct Eye<'a> {
    settings: &'a GridTrading,
    base: f64,
    close: f64,
}

impl Eye<'_> {
    fn normalized_move(&self) -> f64 {
        (self.close - self.base) / self.base
    }

    fn spacings(&self) -> f64 {
        self.normalized_move() / self.settings.grid_spacing
    }

    /// Between these, in spacings from the base, the price stays on its level.
    fn bounds(&self, level: f64) -> (f64, f64) {
        let GridTrading { grid_size, dead_band, outside, .. } = *self.settings;
        let end = match outside {
            OutsideGrid::Recentre => grid_size + 1.0,
            OutsideGrid::Wait => f64::INFINITY,
        };
        let low = if level == -grid_size { -end } else { level - dead_band };
        let high = if level == grid_size { end } else { level + 1.0 + dead_band };
        (low, high)
    }

    fn stays(&self, level: f64) -> bool {
        let (low, high) = self.bounds(level);
        let spacings = self.spacings();
        low <= spacings && spacings < high
    }

    /// A whole spacing beyond the outermost line.
    fn is_outside(&self) -> bool {
        let end = self.settings.grid_size + 1.0;
        self.spacings() >= end || self.spacings() < -end
    }

    /// The grid goes where the price is; what it holds is given up first.
    fn start_anew(&self, state: &mut GridTradingState) -> Option<Signal> {
        if state.inventory.abs() <= NOTHING {
            *state = GridTradingState { base: Some(self.close), ..GridTradingState::default() };
            return None;
        }
        let change = -state.inventory;
        state.step = Some(GridStep { level: 0.0, change, base: Some(self.close) });
        Some(Signal::certain(SignalKind::Exit).because(Reasons {
            regime: "recentre",
            metadata: self.metadata(0.0, state.level, change.abs()),
            ..Reasons::named(if change > 0.0 { "buy" } else { "sell" })
        }))
    }

    fn step(&self, state: &mut GridTradingState, view: &View<'_>, bar: usize) -> Option<Signal> {
        let settings = self.settings;
        let level = self.spacings().floor().clamp(-settings.grid_size, settings.grid_size);
        let direction = if level < state.level { Direction::Long } else { Direction::Short };
        let wanted = (PER_LINE * (level - state.level).abs()).min(settings.max_inventory);
        let room = settings.max_inventory - direction.sign() * state.inventory;
        let size = wanted.min(room);
        if size <= NOTHING {
            state.level = level;
            return None;
        }
        let change = direction.sign() * size;
        let after = state.inventory + change;
        let kind = if settings.inventory_in_budget {
            SignalKind::Target(Ratio::new(if after.abs() <= NOTHING { 0.0 } else { after }))
        } else {
            SignalKind::Delta(Quantity::new(change))
        };
        let metadata = self.metadata(level, state.level, size);
        state.step = Some(GridStep { level, change, base: None });
        let confidence = self.normalized_move().abs() / (settings.grid_spacing * settings.grid_size);
        Some(Signal::new(kind, Ratio::new(confidence.min(1.0))).because(Reasons {
            protection: (after.abs() > state.inventory.abs()).then(|| self.protection(view, bar, direction)),
            metadata,
            ..Reasons::named(if direction == Direction::Long { "buy" } else { "sell" })
        }))
    }

    /// The stop is the end of the grid, where the inventory is given up.
    fn protection(&self, view: &View<'_>, bar: usize, direction: Direction) -> Protection {
        let settings = self.settings;
        let by_range = protection(view.bars, view.first, bar, direction, settings.protection);
        let end = self.base * (1.0 - direction.sign() * settings.grid_spacing * (settings.grid_size + 1.0));
        let is_ahead = (self.close - end) * direction.sign() > 0.0;
        if is_ahead { Protection { stop: Price::new(end), ..by_range } } else { by_range }
    }

    fn metadata(&self, level: f64, previous: f64, size: f64) -> Metadata {
        const NAMES: [&str; 4] = ["normalized_move", "grid_level", "previous_level", "trade_size"];
        Metadata::new(&NAMES, [self.normalized_move(), level, previous, size])
    }
}
