//! Candles made from quotes, for an instrument that has no others.

use hemiola_components::market::Bars;
use hemiola_components::time::{Interval, Nanos};

use super::LoadedSeries;
use super::check::Progress;
use super::quotes::LoadedQuotes;

impl LoadedQuotes {
    /// Candles of the mid prices on the interval's grid: first, highest, lowest and last mid of the quotes that became
    /// known after the open and up to the close. The volume is the smaller size displayed with the last quote, 1 when
    /// there are no sizes. An interval in which no quote became known has no candle.
    ///
    /// # Panics
    /// When the quotes are not in order of time, which those of a store are.
    #[must_use]
    pub fn candles(&self, interval: Interval) -> LoadedSeries {
        let quotes = &self.quotes;
        let length = interval.length();
        let mut bars = Bars::empty(length);
        let mut progress = Progress::new(interval);
        for (row, time) in quotes.time.iter().enumerate() {
            let close_time = (*time - Nanos::new(1)).next_on_grid(Nanos::ZERO, length);
            let mid = f64::midpoint(quotes.bid[row], quotes.ask[row]);
            let size = self.sizes.as_ref().map_or(1.0, |sizes| sizes[row]);
            let open_time = close_time - length;
            if bars.open_time.last() != Some(&open_time) {
                bars.open_time.push(open_time);
                for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
                    column.push(mid);
                }
                bars.volume.push(size);
                continue;
            }
            let bar = bars.len() - 1;
            bars.high[bar] = bars.high[bar].max(mid);
            bars.low[bar] = bars.low[bar].min(mid);
            bars.close[bar] = mid;
            bars.volume[bar] = size;
        }
        for (open_time, volume) in bars.open_time.iter().zip(&bars.volume) {
            progress.take(*open_time, *volume).expect("quotes of a store are in order of time");
        }
        let report = progress.report(self.report.synthetic);
        LoadedSeries { bars, report, files: vec![self.file.clone()] }
    }
}
