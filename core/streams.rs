//! The columns of a world whose candles come while it runs.
//!
//! Every reader of a column shares it. To add to one, all of them let go of it for a moment, so that nothing is copied.

pub(crate) mod saving;

use std::sync::Arc;

use bevy_ecs::component::Mutable;
use bevy_ecs::prelude::{Component, Entity, World};
use hemiola_components::candle::Candle;
use hemiola_components::candles::Candles;
use hemiola_components::market::{Bars, LogReturns, PriceLine, Series, Snapshots, TickSums};
use hemiola_components::portfolio::Desk;
use hemiola_components::position::Position;
use hemiola_components::time::{Interval, Nanos};
use hemiola_systems::indicators::log_returns::RunningSums;
use hemiola_systems::indicators::snapshots;
use hemiola_systems::indicators::tick_sums::{self, tick_sums};

use crate::price_line;

/// A candle that has closed, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// The series, by its place in [`Streams::series`].
    pub series: usize,
    /// The candle.
    pub candle: Candle,
}

/// All columns that grow: those of one portfolio.
#[derive(Debug)]
pub struct Streams {
    portfolio: Entity,
    series: Vec<Stream>,
    lines: Vec<Line>,
    pairs: Vec<PairStream>,
    /// What readers hold while a column is added to.
    nothing: Arc<Bars>,
}

/// One series.
#[derive(Debug)]
struct Stream {
    instrument: usize,
    interval: Interval,
    entity: Entity,
    bars: Arc<Bars>,
    /// The configured tick; zero for the column's own.
    tick: f64,
    ticks: Option<Arc<TickSums>>,
    returns: Option<(Arc<LogReturns>, RunningSums)>,
    readers: Vec<StreamReader>,
}

/// A position that reads a series, and which of its columns.
#[derive(Clone, Copy, Debug)]
struct StreamReader {
    entity: Entity,
    ticks: bool,
    returns: bool,
}

/// What an instrument is marked and filled from.
#[derive(Debug)]
struct Line {
    entity: Entity,
    /// Its series, finest first, and how many candles of each are in the line or left out of it.
    series: Vec<(usize, usize)>,
    bars: Arc<Bars>,
}

/// The quotes of a pair.
#[derive(Debug)]
struct PairStream {
    primary: usize,
    secondary: usize,
    snapshots: Arc<Snapshots>,
    readers: Vec<Entity>,
}

/// What assembly tells of a position that reads a column.
pub(crate) struct Reader<'a> {
    pub(crate) entity: Entity,
    pub(crate) position: &'a Position,
    pub(crate) interval: Interval,
    /// The instrument of a pair's second leg, when it decides for a pair.
    pub(crate) secondary: Option<usize>,
}

impl Streams {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            portfolio: Entity::PLACEHOLDER,
            series: Vec::new(),
            lines: Vec::new(),
            pairs: Vec::new(),
            nothing: Arc::new(Bars::empty(Nanos::SECOND)),
        }
    }

    /// Says whose book holds the lines.
    pub(crate) const fn belong_to(&mut self, portfolio: Entity) {
        self.portfolio = portfolio;
    }

    /// Adds an instrument with its series, finest first; `tick` is the configured one.
    pub(crate) fn instrument(
        &mut self,
        entity: Entity,
        line: &Arc<Bars>,
        tick: f64,
        series: impl IntoIterator<Item = (Interval, Entity, Arc<Bars>)>,
    ) {
        let instrument = self.lines.len();
        let mut places = Vec::new();
        for (interval, entity, bars) in series {
            places.push((self.series.len(), bars.len()));
            self.series.push(Stream {
                instrument,
                interval,
                entity,
                bars,
                tick,
                ticks: None,
                returns: None,
                readers: Vec::new(),
            });
        }
        self.lines.push(Line { entity, series: places, bars: Arc::clone(line) });
    }

    /// Adds a position that reads a series which has been added.
    pub(crate) fn reader(&mut self, reader: &Reader<'_>) {
        let Reader { entity, position, interval, secondary } = *reader;
        let place = |instrument: usize, streams: &[Stream]| {
            let is_meant = |stream: &Stream| (stream.instrument, stream.interval) == (instrument, interval);
            streams.iter().position(is_meant)
        };
        let Some(primary) = place(position.instrument_index.get(), &self.series) else { return };
        let stream = &mut self.series[primary];
        let feed = &position.feed;
        let (ticks, returns) = (feed.ticks.is_some(), feed.returns.is_some());
        stream.readers.push(StreamReader { entity, ticks, returns });
        if let Some(ticks) = &feed.ticks {
            stream.ticks.get_or_insert_with(|| Arc::clone(ticks));
        }
        if let Some(returns) = &feed.returns {
            stream.returns.get_or_insert_with(|| (Arc::clone(returns), RunningSums::of(returns)));
        }
        let secondary = secondary.and_then(|instrument| place(instrument, &self.series));
        if let Some((snapshots, secondary)) = feed.snapshots.as_ref().zip(secondary) {
            let is_meant = |pair: &&mut PairStream| (pair.primary, pair.secondary) == (primary, secondary);
            match self.pairs.iter_mut().find(is_meant) {
                Some(pair) => pair.readers.push(entity),
                None => self.pairs.push(PairStream {
                    primary,
                    secondary,
                    snapshots: Arc::clone(snapshots),
                    readers: vec![entity],
                }),
            }
        }
    }

    /// The series in their order: the instrument's place in the Plan, and the interval.
    pub fn series(&self) -> impl Iterator<Item = (usize, Interval)> + '_ {
        self.series.iter().map(|stream| (stream.instrument, stream.interval))
    }

    /// The instruments, by their place in the Plan.
    pub(crate) fn instruments(&self) -> impl Iterator<Item = Entity> + '_ {
        self.lines.iter().map(|line| line.entity)
    }

    /// The candles of a series.
    #[must_use]
    pub fn bars(&self, series: usize) -> &Arc<Bars> {
        &self.series[series].bars
    }

    /// Adds candles that are known from `known_at` on. Those of one series are in order, and none of them has ended later.
    pub(crate) fn grow(&mut self, world: &mut World, arrivals: &[Arrival], known_at: Nanos) {
        for index in 0..self.series.len() {
            let candles = || arrivals.iter().filter(|arrival| arrival.series == index);
            if candles().next().is_some() {
                self.grow_series(world, index, candles().map(|arrival| &arrival.candle), known_at);
            }
        }
        for index in 0..self.lines.len() {
            self.grow_line(world, index);
        }
        for pair in &mut self.pairs {
            let [primary, secondary] = [pair.primary, pair.secondary].map(|leg| &self.series[leg].bars);
            if pair.snapshots.primary_bid.len() == primary.len() {
                continue;
            }
            for entity in &pair.readers {
                hold(world, *entity, |position: &mut Position| position.feed.snapshots = None);
            }
            snapshots::extend(Arc::make_mut(&mut pair.snapshots), primary, secondary);
            for entity in &pair.readers {
                hold(world, *entity, |position: &mut Position| {
                    position.feed.snapshots = Some(Arc::clone(&pair.snapshots));
                });
            }
        }
    }

    fn grow_series<'a>(
        &mut self,
        world: &mut World,
        index: usize,
        candles: impl Iterator<Item = &'a Candle>,
        known_at: Nanos,
    ) {
        let nothing = &self.nothing;
        let stream = &mut self.series[index];
        for reader in &stream.readers {
            hold(world, reader.entity, |position: &mut Position| {
                position.feed.bars = Candles::new(Arc::clone(nothing));
                (position.feed.ticks, position.feed.returns) = (None, None);
            });
        }
        hold(world, stream.entity, |series: &mut Series| series.bars = Arc::clone(nothing));
        let line = &mut self.lines[stream.instrument];
        let shares = line.series.len() == 1;
        if shares {
            line.bars = Arc::clone(nothing);
            self.show_line(world, self.series[index].instrument);
        }
        let stream = &mut self.series[index];
        let bars = Arc::make_mut(&mut stream.bars);
        let seen = bars.len();
        candles.for_each(|candle| bars.push(candle, known_at));
        stream.take_in(seen);
        for reader in &stream.readers {
            hold(world, reader.entity, |Position { feed, .. }: &mut Position| {
                feed.bars = Candles::new(Arc::clone(&stream.bars));
                feed.ticks = stream.ticks.clone().filter(|_| reader.ticks);
                let returns = stream.returns.as_ref().filter(|_| reader.returns);
                feed.returns = returns.map(|(returns, _)| Arc::clone(returns));
            });
        }
        hold(world, stream.entity, |series: &mut Series| series.bars = Arc::clone(&stream.bars));
        if shares {
            let line = &mut self.lines[stream.instrument];
            line.bars = Arc::clone(&stream.bars);
            line.series[0].1 = stream.bars.len();
            self.show_line(world, self.series[index].instrument);
        }
    }

    /// Adds to a line of several series what they have and it has not.
    fn grow_line(&mut self, world: &mut World, index: usize) {
        let line = &self.lines[index];
        let is_behind = |(series, seen): &(usize, usize)| self.series[*series].bars.len() > *seen;
        if line.series.len() == 1 || !line.series.iter().any(is_behind) {
            return;
        }
        let mut bars = std::mem::replace(&mut self.lines[index].bars, Arc::clone(&self.nothing));
        self.show_line(world, index);
        let line = &mut self.lines[index];
        let series: Vec<&Arc<Bars>> =
            line.series.iter().map(|(series, _)| &self.series[*series].bars).collect();
        let seen: Vec<usize> = line.series.iter().map(|(_, seen)| *seen).collect();
        price_line::extend(Arc::make_mut(&mut bars), &series, &seen);
        for (series, seen) in &mut line.series {
            *seen = self.series[*series].bars.len();
        }
        line.bars = bars;
        self.show_line(world, index);
    }

    /// Lets the book and the instrument's entity hold a line as it is.
    fn show_line(&self, world: &mut World, index: usize) {
        let Line { entity, bars, .. } = &self.lines[index];
        hold(world, *entity, |line: &mut PriceLine| line.bars = Arc::clone(bars));
        hold(world, self.portfolio, |desk: &mut Desk| {
            desk.book.lines[index].bars = Candles::new(Arc::clone(bars));
        });
    }
}

impl Stream {
    /// Brings what is computed from the closes up to them; the first `seen` were known.
    fn take_in(&mut self, seen: usize) {
        let closes = &self.bars.close;
        if let Some(ticks) = &mut self.ticks
            && !tick_sums::extend(Arc::make_mut(ticks), closes)
        {
            self.ticks = tick_sums(closes, self.tick).map(Arc::new);
        }
        if let Some((returns, sums)) = &mut self.returns {
            sums.extend(Arc::make_mut(returns), seen, closes);
        }
    }
}

/// Changes a component of an entity that has it.
fn hold<C: Component<Mutability = Mutable>>(world: &mut World, entity: Entity, change: impl FnOnce(&mut C)) {
    if let Some(mut component) = world.get_mut::<C>(entity) {
        change(&mut component);
    }
}
