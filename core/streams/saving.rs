//! The columns of a world as they are saved: without the candles that nobody looks at any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_ecs::prelude::{Entity, World};
use hemiola_components::market::{Bars, Snapshots};
use hemiola_components::position::Position;
use hemiola_components::time::Interval;
use serde::{Deserialize, Serialize};

use super::{Streams, hold};
use crate::assembly::Market;
use crate::config::plan::Pair;

/// All columns of a portfolio that cannot be computed from others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SavedStreams {
    series: Vec<SavedSeries>,
    /// Per instrument, its line if it is made of several series.
    lines: Vec<Option<Bars>>,
    pairs: Vec<SavedPair>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedSeries {
    instrument: usize,
    interval: Interval,
    bars: Bars,
    /// Whether sums of its closes are exact. What is left of them may be although all of them were not.
    is_exact: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedPair {
    /// The places of both series.
    legs: [usize; 2],
    snapshots: Snapshots,
}

/// The oldest candle of each column that is kept, and so how many are not.
#[derive(Clone, Debug)]
pub(crate) struct Firsts {
    series: Vec<usize>,
    lines: Vec<usize>,
    /// The series of each position, by slot.
    reads: BTreeMap<Entity, usize>,
}

impl Firsts {
    /// How many candles are gone from what a position reads.
    pub(crate) fn of_position(&self, entity: Entity) -> usize {
        self.reads.get(&entity).map_or(0, |series| self.series[*series])
    }

    /// How many are gone from an instrument's line.
    pub(crate) fn of_line(&self, instrument: usize) -> usize {
        self.lines[instrument]
    }
}

impl Streams {
    /// What has to be kept beside the newest `at_least` candles of each column: what is named, of the candles that a
    /// position reads and of an instrument's line. The newest of each always is.
    pub(crate) fn firsts(
        &self,
        at_least: usize,
        mut of_position: impl FnMut(Entity, &Bars) -> usize,
        of_line: impl Fn(usize) -> usize,
    ) -> Firsts {
        let newest = |bars: &Bars| bars.len().saturating_sub(at_least.max(1));
        let mut series: Vec<usize> = self.series.iter().map(|stream| newest(&stream.bars)).collect();
        let mut reads = BTreeMap::new();
        for (place, stream) in self.series.iter().enumerate() {
            for reader in &stream.readers {
                reads.insert(reader.entity, place);
                series[place] = series[place].min(of_position(reader.entity, &stream.bars));
            }
        }
        let mut lines = Vec::with_capacity(self.lines.len());
        for (instrument, line) in self.lines.iter().enumerate() {
            let mut first = newest(&line.bars).min(of_line(instrument));
            if let [(only, _)] = line.series[..] {
                first = first.min(series[only]);
                series[only] = first;
            }
            lines.push(first);
        }
        Firsts { series, lines, reads }
    }

    /// The columns from there on.
    pub(crate) fn save(&self, firsts: &Firsts) -> SavedStreams {
        let series = self.series.iter().zip(&firsts.series).map(|(stream, first)| SavedSeries {
            instrument: stream.instrument,
            interval: stream.interval,
            bars: stream.bars.since(*first),
            is_exact: stream.ticks.is_some(),
        });
        let lines = self.lines.iter().zip(&firsts.lines);
        let pairs = self.pairs.iter().map(|pair| SavedPair {
            legs: [pair.primary, pair.secondary],
            snapshots: pair.snapshots.since(firsts.series[pair.primary]),
        });
        SavedStreams {
            series: series.collect(),
            lines: lines
                .map(|(line, first)| (line.series.len() != 1).then(|| line.bars.since(*first)))
                .collect(),
            pairs: pairs.collect(),
        }
    }

    /// Puts in the place of what assembly made of the saved series what it cannot know.
    pub(crate) fn load(&mut self, world: &mut World, saved: &SavedStreams) {
        for (stream, saved) in self.series.iter_mut().zip(&saved.series) {
            if stream.ticks.is_some() && !saved.is_exact {
                stream.ticks = None;
                for reader in &stream.readers {
                    hold(world, reader.entity, |position: &mut Position| position.feed.ticks = None);
                }
            }
        }
        for (index, saved) in saved.lines.iter().enumerate() {
            if let Some(bars) = saved {
                self.lines[index].bars = Arc::new(bars.clone());
                self.show_line(world, index);
            }
        }
    }
}

impl SavedStreams {
    /// How many candles each instrument's line has; of one series, those of that.
    pub(crate) fn line(&self, instrument: usize) -> Option<&Bars> {
        let own = self.lines.get(instrument)?.as_ref();
        own.or_else(|| Some(&self.series.iter().find(|series| series.instrument == instrument)?.bars))
    }

    /// The candles of an instrument at an interval.
    pub(crate) fn series(&self, instrument: usize, interval: Interval) -> Option<&Bars> {
        let is_meant = |series: &&SavedSeries| (series.instrument, series.interval) == (instrument, interval);
        self.series.iter().find(is_meant).map(|series| &series.bars)
    }

    /// Whether they are of so many instruments, and all columns of a series are as long.
    pub(crate) fn fits(&self, instruments: usize) -> bool {
        let leg = |place: &usize| self.series.get(*place).map(|series| series.bars.len());
        let pairs = |pair: &SavedPair| {
            let Snapshots { primary_bid, primary_ask, secondary_bid, secondary_ask, secondary_time } =
                &pair.snapshots;
            let lengths = [primary_bid, primary_ask, secondary_bid, secondary_ask].map(Vec::len);
            leg(&pair.legs[1]).is_some()
                && lengths
                    .into_iter()
                    .chain([secondary_time.len()])
                    .all(|len| Some(len) == leg(&pair.legs[0]))
        };
        self.lines.len() == instruments
            && self.series.iter().all(|series| series.instrument < instruments && series.bars.is_whole())
            && self.lines.iter().flatten().all(Bars::is_whole)
            && (0..instruments).all(|instrument| self.line(instrument).is_some())
            && self.pairs.iter().all(pairs)
    }

    /// The candles as assembly takes them. The instruments are as many as they were.
    pub(crate) fn market(&self) -> Market {
        let mut market = Market { series: vec![BTreeMap::new(); self.lines.len()], ..Market::default() };
        for SavedSeries { instrument, interval, bars, .. } in &self.series {
            market.series[*instrument].insert(*interval, Arc::new(bars.clone()));
        }
        for SavedPair { legs, snapshots } in &self.pairs {
            let [primary, secondary] = legs.map(|place| self.series[place].instrument);
            let key = (Pair { primary, secondary }, self.series[legs[0]].interval);
            market.snapshots.insert(key, Arc::new(snapshots.clone()));
        }
        market
    }
}
