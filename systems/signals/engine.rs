//! The engine contract, and the system that runs every engine of one kind.

use std::ops::Range;

use bevy_ecs::component::Mutable;
use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::{Component, Query, ResMut};
use hemiola_components::journal::Emitted;
use hemiola_components::market::{Bars, Span, Targets, TickSums};
use hemiola_components::position::{Cursor, Feed, Found, Holding, Position};
use hemiola_components::schedule::Cadence;
use hemiola_components::signal::Signal;
use hemiola_components::strategy::{ParameterError, ParameterSpec, Parameters};
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;

use crate::cadence::{Decision, next_decision};
use crate::queue::{Due, Queue, SignalNote};

/// A kind of strategy: what it is called, what it reads and how it decides.
///
/// The life of a position's state: [`Engine::update`] takes in one closed candle, in order and exactly once;
/// [`Engine::decide`] then says what is wanted, if this candle decides. Candles that only warm the state, or
/// close while an order is at the venue, are updated and never decided. What the position is worth believing
/// is in the [`View`]: it already holds the last fill or refusal.
pub trait Engine: Send + Sync + 'static {
    /// Name in the catalogue, lower case.
    const NAME: &'static str;
    /// One sentence on what it does.
    const SUMMARY: &'static str;
    /// Its parameters in the configuration.
    const PARAMETERS: &'static [ParameterSpec];
    /// Whether [`View::ticks`] should be built.
    const WANTS_TICK_SUMS: bool = false;

    /// Settings, a component of the strategy.
    type Settings: Component;
    /// State, a component of each position.
    type State: Component<Mutability = Mutable> + Default;

    /// Turns complete parameters, each within its own range, into settings.
    ///
    /// # Errors
    /// When they contradict each other.
    fn settings(parameters: &Parameters) -> Result<Self::Settings, ParameterError>;

    /// Takes in candle `bar`.
    fn update(settings: &Self::Settings, state: &mut Self::State, view: &View<'_>, bar: usize);

    /// What is wanted now that candle `bar` has been taken in; `at` is the due instant.
    fn decide(
        settings: &Self::Settings,
        state: &mut Self::State,
        view: &View<'_>,
        bar: usize,
        at: Nanos,
    ) -> Option<Signal>;

    /// Takes in candle `bar` and decides.
    fn on_bar(
        settings: &Self::Settings,
        state: &mut Self::State,
        view: &View<'_>,
        bar: usize,
        at: Nanos,
    ) -> Option<Signal> {
        Self::update(settings, state, view, bar);
        Self::decide(settings, state, view, bar, at)
    }

    /// Runs over candles that each decide at their own close, up to the first signal or the end of the range.
    /// The state afterwards has taken in the candle of the signal, or all of the range, and nothing beyond.
    ///
    /// An engine overrides this to look at many candles at once; the result must be that of `on_bar` in order.
    fn scan(
        settings: &Self::Settings,
        state: &mut Self::State,
        view: &View<'_>,
        range: Range<usize>,
    ) -> Option<(usize, Signal)> {
        range.into_iter().find_map(|bar| {
            Self::on_bar(settings, state, view, bar, view.bars.close_time(bar)).map(|signal| (bar, signal))
        })
    }
}

/// What an engine sees: columns shared with everybody, of which it may read up to the candle at hand, and its
/// own schedule's position.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Candles of the schedule's interval.
    pub bars: &'a Bars,
    /// Exact running sums of the closes, if [`Engine::WANTS_TICK_SUMS`] and the prices allow them.
    pub ticks: Option<&'a TickSums>,
    /// Targets from outside, if the strategy has any.
    pub targets: Option<&'a Targets>,
    /// The first candle the engine was given; windows do not reach before it.
    pub first: usize,
    /// The schedule's own position.
    pub position: Quantity,
}

/// How far a scan may run ahead. Results never depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScanLimit {
    /// To the end of the run.
    #[default]
    Unlimited,
    /// This many decisions at most; at least 1.
    Decisions(usize),
    /// A number of decisions from 1 to 64 that depends on the seed and the place.
    Random(u64),
}

impl ScanLimit {
    fn decisions_from(self, slot: usize, bar: usize) -> usize {
        match self {
            Self::Unlimited => usize::MAX,
            Self::Decisions(count) => count.max(1),
            Self::Random(seed) => {
                let mut x = seed ^ ((slot as u64) << 40) ^ bar as u64;
                for _ in 0..3 {
                    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                }
                1 + (x >> 58) as usize
            }
        }
    }
}

/// Runs the due positions of one engine kind: emits the signals they reach now and looks ahead for the next.
pub(crate) fn run<E: Engine>(
    mut queue: ResMut<Queue>,
    settings: Query<&E::Settings>,
    mut positions: Query<(&Position, &Feed, &Holding, &mut Cursor, &mut E::State)>,
) -> Result<(), BevyError> {
    let Queue { scan, due, signals, .. } = &mut *queue;
    for &due in due.iter() {
        let Ok((position, feed, holding, mut cursor, mut state)) = positions.get_mut(due.position) else {
            continue;
        };
        debug_assert!(!cursor.in_flight, "a position with an order at the venue is never due");
        let found = if let Some(found) = cursor.found.take() {
            Some(found)
        } else {
            let view = View {
                bars: &feed.bars,
                ticks: feed.ticks.as_deref(),
                targets: feed.targets.as_deref(),
                first: cursor.first,
                position: holding.quantity,
            };
            let reader = Reader { settings: settings.get(position.strategy)?, cadence: feed.cadence, view };
            reader.catch_up::<E>(&mut state, &mut cursor, due.now);
            let decisions = scan.decisions_from(position.slot, cursor.seen);
            reader.look_ahead::<E>(&mut state, &mut cursor, decisions)
        };
        match found {
            Some(found) if found.at == due.now => signals.push(note(due, position, feed, found)),
            later => cursor.found = later,
        }
    }
    Ok(())
}

fn note(due: Due, position: &Position, feed: &Feed, found: Found) -> SignalNote {
    SignalNote {
        due,
        emitted: Emitted {
            schedule: position.schedule_index,
            instrument: position.instrument_index,
            bar_time: feed.bars.open_time[found.bar],
            signal: found.signal,
        },
    }
}

struct Reader<'a, S> {
    settings: &'a S,
    cadence: Cadence,
    view: View<'a>,
}

impl<S> Reader<'_, S> {
    /// Takes in what closed before `now` without deciding: warm-up, and candles that closed while an order was
    /// at the venue.
    fn catch_up<E: Engine<Settings = S>>(&self, state: &mut E::State, cursor: &mut Cursor, now: Nanos) {
        self.take_in::<E>(state, cursor, cursor.decide_from);
        while let Some(Decision { due, bar }) = next_decision(self.cadence, cursor, self.view.bars)
            && due < now
        {
            self.take_in::<E>(state, cursor, bar + 1);
            cursor.last_due = due;
        }
    }

    fn take_in<E: Engine<Settings = S>>(&self, state: &mut E::State, cursor: &mut Cursor, until: usize) {
        for bar in cursor.seen..until {
            E::update(self.settings, state, &self.view, bar);
        }
        cursor.seen = cursor.seen.max(until);
    }

    /// Decides candle after candle, up to the first signal.
    fn look_ahead<E: Engine<Settings = S>>(
        &self,
        state: &mut E::State,
        cursor: &mut Cursor,
        decisions: usize,
    ) -> Option<Found> {
        if self.every_close_decides() {
            return self.scan::<E>(state, cursor, decisions);
        }
        for _ in 0..decisions {
            let Decision { due, bar } = next_decision(self.cadence, cursor, self.view.bars)?;
            self.take_in::<E>(state, cursor, bar);
            cursor.seen = bar + 1;
            cursor.last_due = due;
            if let Some(signal) = E::on_bar(self.settings, state, &self.view, bar, due) {
                return Some(Found { at: due, bar, signal });
            }
        }
        None
    }

    fn scan<E: Engine<Settings = S>>(
        &self,
        state: &mut E::State,
        cursor: &mut Cursor,
        decisions: usize,
    ) -> Option<Found> {
        let end = cursor.end.min(cursor.seen.saturating_add(decisions));
        if cursor.seen == end {
            return None;
        }
        let hit = E::scan(self.settings, state, &self.view, cursor.seen..end);
        cursor.seen = hit.map_or(end, |(bar, _)| bar + 1);
        cursor.last_due = self.view.bars.close_time(cursor.seen - 1);
        hit.map(|(bar, signal)| Found { at: cursor.last_due, bar, signal })
    }

    /// With a cadence no longer than the interval, each candle is due at its close and decides there.
    fn every_close_decides(&self) -> bool {
        matches!(self.view.bars.span, Span::Uniform(interval) if self.cadence.every <= interval)
    }
}
