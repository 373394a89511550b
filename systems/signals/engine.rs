//! The engine contract, and the system that runs every engine of one kind.

use std::ops::Range;

use bevy_ecs::component::Mutable;
use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::{Component, Query};
use bevy_ecs::system::InMut;
use hemiola_components::journal::Emitted;
use hemiola_components::market::{Bars, LogReturns, Snapshots, Targets, TickSums};
use hemiola_components::metric::Metric;
use hemiola_components::order::Costs;
use hemiola_components::position::{Checkpoint, Cursor, Failure, Feed, Found, Holding, Position};
use hemiola_components::reading::Reading;
use hemiola_components::signal::{Answer, Reasons, Signal, SignalKind};
use hemiola_components::strategy::{Classification, ParameterError, ParameterSpec, Parameters, Preset};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Price, Quantity};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::explain::{Explain, Explanation};
use super::failure::guarded;
use crate::cadence::{Decision, every_close_decides, next_decision};
use crate::indicators::window;
use crate::prefetch::prefetch;
use crate::queue::{Due, Queue, SignalNote};

/// A kind of strategy: what it is called, what it reads and how it decides.
///
/// The life of an engine: [`Engine::prepare`] turns parameters into settings, once. Each closed candle is handed to
/// [`Engine::handle_market_data`], in order and exactly once; [`Engine::generate_signal`] then says what is wanted,
/// if this candle decides. Candles that only warm the state, or close while an order is at the venue, are handed
/// over and never decided. What became of a signal is told to [`Engine::on_answer`] before the next decision; the
/// position in the [`View`] already holds the fill.
pub trait Engine: Send + Sync + 'static {
    /// Name in the catalogue, lower case.
    const NAME: &'static str;
    /// One sentence on what it does.
    const SUMMARY: &'static str;
    /// Its place in the catalogue.
    const CLASSIFICATION: Classification = Classification::CUSTOM;
    /// Its parameters in the configuration.
    const PARAMETERS: &'static [ParameterSpec];
    /// Named sets of parameter values.
    const PRESETS: &'static [Preset] = &[];
    /// The only interval it reads, when its rules are made for one.
    const INTERVAL: Option<&'static str> = None;
    /// The columns it reads besides times, opening and closing prices.
    const COLUMNS: Columns = Columns::CANDLES;
    /// What telemetry knows of its signals, besides their confidence.
    const METRICS: &'static [Metric] = &[];

    /// Settings, a component of the strategy.
    type Settings: Component;
    /// State, a component of each position. It is saved by its fields in their order, without their names.
    type State: Component<Mutability = Mutable> + Clone + Default + Serialize + DeserializeOwned;

    /// Turns complete parameters, each within its own range, into settings.
    ///
    /// # Errors
    /// When they contradict each other.
    fn prepare(parameters: &Parameters) -> Result<Self::Settings, ParameterError>;

    /// What is allowed in its settings and probably not meant; the configuration warns.
    fn doubt(_settings: &Self::Settings) -> Option<ParameterError> {
        None
    }

    /// How many candles it must have been given before it can decide; at least 1.
    fn warm_up(_settings: &Self::Settings) -> usize {
        1
    }

    /// The age above which a quote of a pair's second leg stops entries, if there is one.
    fn max_quote_age(_settings: &Self::Settings) -> Option<Nanos> {
        None
    }

    /// Takes in candle `bar`.
    fn handle_market_data(settings: &Self::Settings, state: &mut Self::State, view: &View<'_>, bar: usize);

    /// What is wanted now that candle `bar` has been taken in; `at` is the due instant.
    fn generate_signal(
        settings: &Self::Settings,
        state: &mut Self::State,
        view: &View<'_>,
        bar: usize,
        at: Nanos,
    ) -> Option<Signal>;

    /// Hears what became of the last signal.
    fn on_answer(_settings: &Self::Settings, _state: &mut Self::State, _answer: Answer) {}

    /// Whether the legs of a pair stand as they should. When they do not, both are flattened at once.
    fn is_hedged(_settings: &Self::Settings, _view: &View<'_>) -> bool {
        true
    }

    /// The numbers that [`Engine::generate_signal`] looks at for candle `bar`, in its order.
    fn explain(
        _settings: &Self::Settings,
        _state: &Self::State,
        _view: &View<'_>,
        _bar: usize,
        _at: Nanos,
    ) -> Vec<Reading> {
        Vec::new()
    }

    /// The first candle that it may look at, whatever comes, once it has taken in those before `seen`. A world that
    /// goes on for months keeps no older ones. All of them by default.
    ///
    /// Older ones being gone, [`View::first`] is the oldest there is and [`View::given`] counts from it.
    fn looks_back_to(
        _settings: &Self::Settings,
        _state: &Self::State,
        _view: &View<'_>,
        _seen: usize,
    ) -> usize {
        0
    }

    /// So many of the oldest candles are gone: the places of those that its state remembers are that much lower.
    fn forget(_state: &mut Self::State, _candles: usize) {}

    /// Takes in candle `bar` and decides.
    fn on_bar(
        settings: &Self::Settings,
        state: &mut Self::State,
        view: &View<'_>,
        bar: usize,
        at: Nanos,
    ) -> Option<Signal> {
        Self::handle_market_data(settings, state, view, bar);
        Self::generate_signal(settings, state, view, bar, at)
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

/// Columns that an engine reads besides times, opening and closing prices: some are built when one asks for them, others
/// need not be read from trusted files when none does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of columns")]
pub struct Columns {
    /// Highs and lows of the candles. Where no engine of a run asks for them they may be empty.
    pub high_low: bool,
    /// Volumes of the candles, likewise.
    pub volume: bool,
    /// [`View::ticks`].
    pub tick_sums: bool,
    /// [`View::returns`].
    pub log_returns: bool,
    /// [`View::snapshots`]: the engine trades pairs.
    pub snapshots: bool,
}

impl Columns {
    /// All of the candles, and nothing else.
    pub const CANDLES: Self =
        Self { high_low: true, volume: true, tick_sums: false, log_returns: false, snapshots: false };
    /// Times, opening and closing prices only.
    pub const PRICES: Self = Self { high_low: false, volume: false, ..Self::CANDLES };
    /// The candles without their volumes.
    pub const RANGES: Self = Self { volume: false, ..Self::CANDLES };

    /// What one of two reads.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            high_low: self.high_low | other.high_low,
            volume: self.volume | other.volume,
            tick_sums: self.tick_sums | other.tick_sums,
            log_returns: self.log_returns | other.log_returns,
            snapshots: self.snapshots | other.snapshots,
        }
    }
}

/// What an engine sees: columns shared with everybody, of which it may read up to the candle at hand, and its
/// own schedule's position.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Candles of the schedule's interval.
    pub bars: &'a Bars,
    /// Exact running sums of the closes, if asked for and the prices allow them.
    pub ticks: Option<&'a TickSums>,
    /// Logarithmic returns of the closes, if asked for.
    pub returns: Option<&'a LogReturns>,
    /// Quotes of both legs, if the engine trades pairs.
    pub snapshots: Option<&'a Snapshots>,
    /// Targets from outside, if the strategy has any.
    pub targets: Option<&'a Targets>,
    /// The first candle the engine was given; windows do not reach before it.
    pub first: usize,
    /// The schedule's own position.
    pub position: Quantity,
    /// When that position was opened; of no meaning while it is flat.
    pub opened_at: Nanos,
    /// The position's stop, if its entry had one.
    pub stop: Option<Price>,
    /// The position of a pair's second leg.
    pub hedge: Quantity,
    /// What a fill costs.
    pub costs: Costs,
}

impl<'a> View<'a> {
    /// What the engine of a position sees; `hedge` is what the other leg of a pair holds.
    #[inline]
    pub(super) fn of(position: &'a Position, holding: &Holding, cursor: &Cursor, hedge: Quantity) -> Self {
        let feed = &position.feed;
        Self {
            bars: &feed.bars,
            ticks: feed.ticks.as_deref(),
            returns: feed.returns.as_deref(),
            snapshots: feed.snapshots.as_deref(),
            targets: feed.targets.as_deref(),
            first: cursor.first,
            position: holding.quantity,
            opened_at: holding.opened_at,
            stop: holding.stop,
            hedge,
            costs: feed.costs,
        }
    }

    /// How many candles the engine has been given, `bar` included.
    #[must_use]
    pub const fn given(&self, bar: usize) -> usize {
        bar + 1 - self.first
    }

    /// The mean of the last `window` closes, `bar` included.
    #[must_use]
    pub fn mean_close(&self, bar: usize, window: usize) -> f64 {
        let sum = match self.ticks {
            Some(ticks) => ticks.sum(bar, window),
            None => window::sum(&self.bars.close[bar + 1 - window..=bar]),
        };
        sum / window as f64
    }
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
    /// To the instant of the tick: candles come while the world runs, and those there are say nothing of a later one.
    Now,
}

impl ScanLimit {
    fn decisions_from(self, slot: usize, bar: usize) -> usize {
        match self {
            Self::Unlimited | Self::Now => usize::MAX,
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

type Deciders<'w, 's, E> = Query<
    'w,
    's,
    (
        &'static Position,
        &'static Holding,
        &'static mut Cursor,
        &'static mut <E as Engine>::State,
        &'static mut Checkpoint<<E as Engine>::State>,
    ),
>;

/// Runs the due positions of one engine kind: emits the signals they reach now and looks ahead for the next.
pub(crate) fn run<E: Engine>(
    InMut(queue): InMut<Queue>,
    settings: Query<&E::Settings>,
    holdings: Query<&Holding>,
    mut positions: Deciders<'_, '_, E>,
) -> Result<(), BevyError> {
    let Queue { scan, due, signals, failures, explain, .. } = queue;
    for &due in due.iter() {
        let Ok((position, holding, mut cursor, mut state, mut checkpoint)) = positions.get_mut(due.position)
        else {
            continue;
        };
        debug_assert!(cursor.in_flight == 0, "a position with an order at the venue is never due");
        if *scan == ScanLimit::Now {
            cursor.until = due.now;
        }
        match cursor.failure.take() {
            Some(mut failure) if failure.at == due.now && !cursor.recalled => {
                failure.at = Nanos::NEVER;
                failures.push((due, failure.message.clone()));
                cursor.failure = Some(failure);
                continue;
            }
            Some(told) if told.at == Nanos::NEVER => {
                cursor.failure = Some(told);
                continue;
            }
            // What was seen ahead may not be so any more.
            _ => {}
        }
        // What was found ahead of time needs no second look, unless a pair has come apart since.
        if position.hedge.is_none()
            && !cursor.recalled
            && let Some(found) = cursor.found.take_if(|found| found.at == due.now)
        {
            signals.push(note(due, position, found));
            continue;
        }
        let feed = &position.feed;
        let settings = settings.get(position.strategy)?;
        let answer = cursor.answer.take();
        let hedge = match position.hedge {
            Some(hedge) => holdings.get(hedge)?.quantity,
            None => Quantity::ZERO,
        };
        let view = View::of(position, holding, &cursor, hedge);
        let explain =
            explain.as_deref_mut().filter(|explain| explain.question.schedule == position.schedule_index);
        let mut reader = Reader { settings, feed, view, explain, position, holding };
        let decisions = scan.decisions_from(position.slot, cursor.seen);
        let progress = Progress { state: &mut *state, cursor: &mut cursor, checkpoint: &mut *checkpoint };
        match reader.look::<E>(progress, (due.now, answer), decisions) {
            Ok(Some(found)) if found.at == due.now => signals.push(note(due, position, found)),
            Ok(later) => cursor.found = later,
            Err(failure) if failure.at == due.now => {
                failures.push((due, failure.message.clone()));
                cursor.failure = Some(Box::new(Failure { at: Nanos::NEVER, ..failure }));
            }
            Err(failure) => cursor.failure = Some(Box::new(failure)),
        }
    }
    Ok(())
}

/// How far an engine has come, and where it began to look ahead.
struct Progress<'a, S: Send + Sync + 'static> {
    state: &'a mut S,
    cursor: &'a mut Cursor,
    checkpoint: &'a mut Checkpoint<S>,
}

/// Flattens both legs of a pair that is not one any more.
fn unwind() -> Signal {
    Signal::certain(SignalKind::Exit).because(Reasons::named("unwind"))
}

fn note(due: Due, position: &Position, found: Found) -> SignalNote {
    SignalNote {
        due,
        rank: position.rank,
        emitted: Emitted {
            schedule: position.schedule_index,
            instrument: position.instrument_index,
            bar_time: position.feed.bars.open_time(found.bar),
            signal: found.signal,
            kept: true,
        },
    }
}

struct Reader<'a, S> {
    settings: &'a S,
    feed: &'a Feed,
    view: View<'a>,
    explain: Option<&'a mut Explain>,
    position: &'a Position,
    holding: &'a Holding,
}

impl<S> Reader<'_, S> {
    /// The next signal, or where the engine fails before it gives one.
    ///
    /// An engine may fail far ahead of now. It is then put back and led there decision by decision.
    fn look<E: Engine<Settings = S>>(
        &mut self,
        progress: Progress<'_, E::State>,
        (now, answer): (Nanos, Option<Answer>),
        decisions: usize,
    ) -> Result<Option<Found>, Failure> {
        let Progress { state, cursor, checkpoint } = progress;
        let mut looks_ahead = false;
        let looked = guarded(|| {
            if self.settle::<E>(state, cursor, checkpoint, (now, answer)) {
                return None;
            }
            if self.position.hedge.is_some() && !E::is_hedged(self.settings, &self.view) {
                // What decides now is used up: when a leg cannot be closed, the next decision tries again.
                self.catch_up::<E>(state, cursor, now + Nanos::new(1));
                let bar = cursor.seen.saturating_sub(1);
                return Some(Found { at: now, bar, signal: unwind() });
            }
            if let Some(found) = cursor.found.take() {
                return Some(found);
            }
            self.catch_up::<E>(state, cursor, now);
            let Cursor { seen, last_due, not_finite, .. } = *cursor;
            checkpoint.state.clone_from(state);
            (checkpoint.seen, checkpoint.last_due, checkpoint.not_finite) = (seen, last_due, not_finite);
            looks_ahead = true;
            self.look_ahead::<E>(state, cursor, decisions)
        });
        let message = match looked {
            Ok(found) => return Ok(found),
            Err(message) => message,
        };
        if !looks_ahead {
            return Err(Failure { at: now, message });
        }
        state.clone_from(&checkpoint.state);
        (cursor.seen, cursor.last_due, cursor.not_finite) =
            (checkpoint.seen, checkpoint.last_due, checkpoint.not_finite);
        self.explain = None;
        while let Some(Decision { due, .. }) = next_decision(self.feed.cadence, cursor, &self.feed.bars) {
            match guarded(|| self.look_ahead::<E>(state, cursor, 1)) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(message) => return Err(Failure { at: due.max(now), message }),
            }
        }
        Err(Failure { at: now, message })
    }

    /// Tells the engine what became of its last signal. When its position is being closed by somebody else, it also
    /// forgets what it saw ahead, and has nothing to decide now: returns whether that is so.
    fn settle<E: Engine<Settings = S>>(
        &mut self,
        state: &mut E::State,
        cursor: &mut Cursor,
        checkpoint: &Checkpoint<E::State>,
        (now, answer): (Nanos, Option<Answer>),
    ) -> bool {
        if let Some(answer) = answer {
            E::on_answer(self.settings, state, answer);
        }
        let is_recalled = std::mem::take(&mut cursor.recalled);
        if is_recalled {
            // Who has just been answered has not looked ahead yet.
            if answer.is_none() {
                self.go_back::<E>(state, cursor, checkpoint, now);
            }
            // What decides now is used up: the position may be closed before this tick ends.
            self.catch_up::<E>(state, cursor, now + Nanos::new(1));
        }
        is_recalled
    }

    /// Takes in what was to decide before `now` without deciding: warm-up, and candles that closed while an order
    /// was at the venue.
    fn catch_up<E: Engine<Settings = S>>(&self, state: &mut E::State, cursor: &mut Cursor, now: Nanos) {
        self.take_in::<E>(state, cursor, cursor.decide_from);
        // No decision comes before the close of what has not been seen.
        while cursor.seen < cursor.end
            && self.feed.bars.close_time(cursor.seen) < now
            && let Some(Decision { due, bar }) = next_decision(self.feed.cadence, cursor, &self.feed.bars)
            && due < now
        {
            self.take_in::<E>(state, cursor, bar + 1);
            cursor.last_due = due;
        }
    }

    fn take_in<E: Engine<Settings = S>>(&self, state: &mut E::State, cursor: &mut Cursor, until: usize) {
        for bar in cursor.seen..until {
            E::handle_market_data(self.settings, state, &self.view, bar);
        }
        cursor.seen = cursor.seen.max(until);
    }

    /// Goes back to where the engine began to look ahead, and decides again what comes before `now`, at which it does
    /// not: the position is being closed. There are no signals on the way, or the first would have been emitted.
    fn go_back<E: Engine<Settings = S>>(
        &mut self,
        state: &mut E::State,
        cursor: &mut Cursor,
        checkpoint: &Checkpoint<E::State>,
        now: Nanos,
    ) {
        state.clone_from(&checkpoint.state);
        let Cursor { until, end, .. } = *cursor;
        let before = now - Nanos::new(1);
        (cursor.seen, cursor.last_due, cursor.not_finite) =
            (checkpoint.seen, checkpoint.last_due, checkpoint.not_finite);
        cursor.found = None;
        cursor.until = before.min(until);
        cursor.end = self.feed.bars.closed_at(before, checkpoint.seen).min(end);
        let explain = self.explain.take();
        let found = self.look_ahead::<E>(state, cursor, usize::MAX);
        debug_assert!(found.is_none(), "a signal before now would have been emitted");
        self.explain = explain;
        (cursor.until, cursor.end) = (until, end);
    }

    /// Decides candle after candle, up to the first signal.
    fn look_ahead<E: Engine<Settings = S>>(
        &mut self,
        state: &mut E::State,
        cursor: &mut Cursor,
        decisions: usize,
    ) -> Option<Found> {
        if every_close_decides(self.feed.cadence, self.view.bars) && self.explain.is_none() {
            return self.scan::<E>(state, cursor, decisions);
        }
        for _ in 0..decisions {
            let Decision { due, bar } = next_decision(self.feed.cadence, cursor, &self.feed.bars)?;
            self.take_in::<E>(state, cursor, bar);
            cursor.seen = bar + 1;
            cursor.last_due = due;
            E::handle_market_data(self.settings, state, &self.view, bar);
            self.note_readings::<E>(state, bar, due);
            if let Some(signal) = E::generate_signal(self.settings, state, &self.view, bar, due)
                && self.keeps::<E>(state, cursor, &signal)
            {
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
        while cursor.seen < end {
            let hit = E::scan(self.settings, state, &self.view, cursor.seen..end);
            cursor.seen = hit.as_ref().map_or(end, |(bar, _)| bar + 1);
            cursor.last_due = self.feed.bars.close_time(cursor.seen - 1);
            let (bar, signal) = hit?;
            // The next candle is the first that can fill what is decided here.
            prefetch(&self.view.bars.open, bar + 1);
            prefetch(&self.view.bars.volume, bar + 1);
            if self.keeps::<E>(state, cursor, &signal) {
                return Some(Found { at: cursor.last_due, bar, signal });
            }
        }
        None
    }

    /// Holds back a signal with a number in it that is not finite: prices at the edge of what f64 holds.
    fn keeps<E: Engine<Settings = S>>(
        &self,
        state: &mut E::State,
        cursor: &mut Cursor,
        signal: &Signal,
    ) -> bool {
        let keeps = signal.is_finite();
        if !keeps {
            cursor.not_finite += 1;
            E::on_answer(self.settings, state, Answer::Refused);
        }
        keeps
    }

    fn note_readings<E: Engine<Settings = S>>(&mut self, state: &E::State, bar: usize, due: Nanos) {
        let Some(explain) = self.explain.as_deref_mut().filter(|explain| explain.question.covers(due)) else {
            return;
        };
        explain.decisions.push(Explanation {
            instrument: self.position.instrument_index,
            due,
            bar_time: self.view.bars.open_time[bar],
            holding: *self.holding,
            hedge: self.view.hedge,
            readings: E::explain(self.settings, state, &self.view, bar, due),
        });
    }
}
