//! Replayed history as a feed: its clock is that of the candles.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hemiola_adapters::feed::news::{News, Wanted};
use hemiola_components::candle::Candle;
use hemiola_components::market::Bars;
use hemiola_components::time::Nanos;
use tokio::sync::mpsc;

use super::entry::{Begin, ClockKind, KeptState, Row};
use super::session::{Source, Stop};
use super::world::{latched, series};
use crate::clock::Stopwatch;
use crate::exit::{Exit, Failure};
use crate::job::{Job, Prepared};
use crate::streams::Arrival;

/// News on their way to the world.
const QUEUE: usize = 4_096;

/// How fast history goes by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many seconds of it in one.
    Times(f64),
    /// As fast as it is taken in.
    Max,
}

impl std::str::FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times = text.strip_suffix('x').unwrap_or(text).parse::<f64>().ok();
        let times = times.filter(|times| times.is_finite() && *times > 0.0);
        times.map(Self::Times).ok_or_else(|| format!("`{text}` is not a speed: write 60x or max"))
    }
}

/// The candles of a run, as they closed.
pub struct History<'p> {
    prepared: &'p Prepared,
    job: Job,
    speed: Speed,
}

impl<'p> History<'p> {
    /// Of what a job came to.
    #[must_use]
    pub const fn new(prepared: &'p Prepared, job: Job, speed: Speed) -> Self {
        Self { prepared, job, speed }
    }

    fn columns(&self) -> Vec<Arc<Bars>> {
        self.prepared.data.market.series.iter().flat_map(|series| series.values().cloned()).collect()
    }

    /// First and last instant, as a backtest has them.
    fn window(&self) -> Option<(Nanos, Nanos)> {
        let columns = self.columns();
        let there: Vec<_> = columns.iter().filter(|bars| !bars.is_empty()).collect();
        let first = there.iter().map(|bars| bars.open_time[0]).min()?;
        let last = there.iter().map(|bars| bars.close_time(bars.len() - 1)).max()?;
        let window = self.prepared.window;
        Some((window.from?.max(first), window.to.map_or(last, |to| to.min(last))))
    }
}

impl Source for History<'_> {
    fn begin(&mut self, _: &[Wanted], _: &Stop) -> Result<Begin, Failure> {
        let prepared = self.prepared;
        let window = self.window().filter(|(start, end)| start < end);
        let (start, end) = window.ok_or_else(|| {
            Failure::new(
                Exit::Data,
                "history is replayed from an instant on: choose a --from, and --to if it is to end before the candles \
                 do, so that a candle closes between them",
            )
        })?;
        let mut history: Vec<Row> = Vec::new();
        for (series, bars) in self.columns().iter().enumerate() {
            let known = 0..bars.closed_at(start, 0);
            history.extend(known.map(|bar| Row::from(Arrival { series, candle: bars.candle(bar) })));
        }
        Ok(Begin {
            run_id: prepared.run_id.clone(),
            job: self.job.clone(),
            config_sha256: prepared.config_sha256.clone(),
            binary: env!("CARGO_PKG_VERSION").to_owned(),
            clock: ClockKind::Feed,
            kept: KeptState::default(),
            latches: latched(&prepared.plan),
            start: start.get(),
            end: Some(end.get()),
            series: series(&prepared.plan),
            history,
        })
    }

    fn open(&mut self, wanted: Vec<Wanted>) -> Result<mpsc::Receiver<News>, Failure> {
        let (news, receiver) = mpsc::channel(QUEUE);
        let (_, end) = self.window().unwrap_or_default();
        let series = self.columns().into_iter().zip(&wanted);
        let heads = series.map(|(bars, wanted)| {
            let next = bars.open_time.partition_point(|open| *open < wanted.since);
            (bars, next)
        });
        let (heads, speed) = (heads.collect(), self.speed);
        let tell = move || tell(heads, speed, end, &news);
        let spawned = thread::Builder::new().name("history".to_owned()).spawn(tell);
        spawned
            .map_err(|error| Failure::new(Exit::Operational, format!("cannot start a thread: {error}")))?;
        Ok(receiver)
    }
}

/// Tells candles as they closed, until the end or until nobody listens.
fn tell(mut heads: Vec<(Arc<Bars>, usize)>, speed: Speed, end: Nanos, news: &mpsc::Sender<News>) {
    let next_close = |(bars, next): &(Arc<Bars>, usize)| (*next < bars.len()).then(|| bars.close_time(*next));
    let (stopwatch, mut first) = (Stopwatch::start(), None);
    while let Some(at) = heads.iter().filter_map(next_close).min().filter(|at| *at <= end) {
        let mut candles: Vec<(usize, Candle)> = Vec::new();
        for (series, head) in heads.iter_mut().enumerate() {
            while next_close(head) == Some(at) {
                candles.push((series, head.0.candle(head.1)));
                head.1 += 1;
            }
        }
        if let Speed::Times(times) = speed {
            let since = (at - *first.get_or_insert(at)).seconds() / times;
            stopwatch.wait_until(Duration::from_secs_f64(since));
        }
        if news.blocking_send(News::Closed { at, candles }).is_err() {
            return;
        }
    }
    // Whoever does not listen any more need not hear it.
    _ = news.blocking_send(News::End);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_factor_or_the_most() {
        assert_eq!("60x".parse(), Ok(Speed::Times(60.0)));
        assert_eq!("0.5".parse(), Ok(Speed::Times(0.5)));
        assert_eq!("max".parse(), Ok(Speed::Max));
        for text in ["", "0x", "-1x", "infx", "fast", "x"] {
            let error = text.parse::<Speed>().unwrap_err();
            assert!(error.contains("write 60x or max"), "{error}");
        }
    }
}
