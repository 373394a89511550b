//! Candles from a venue's public interface, asked for after each close: `GET /api/v3/klines` as Binance has it.
//!
//! Each series is asked for by a task of its own, so that one that fails does not stop the others.

mod answer;
mod ask;
mod limit;
#[cfg(test)]
mod tests;
mod venue;

use std::sync::Arc;
use std::time::Duration;

use hemiola_components::time::Nanos;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

use self::ask::Asking;
use self::venue::Venue;
use super::FeedError;
use super::news::{News, Wanted};

/// How a venue is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KlineSettings {
    /// Scheme and host, without a path.
    pub base_url: String,
    /// How long after a close the first question is.
    pub delay: Duration,
    /// How long between questions while the closed candle is not there yet; after [`PATIENCE`] of them it doubles with
    /// each, up to the longest pause.
    pub retry: Duration,
    /// Candles of an answer at most; from 2 to 1,000.
    pub page: u16,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer may take, to its last byte.
    pub timeout: Duration,
    /// The pause after the first failure; it doubles with each further one.
    pub backoff: Duration,
    /// The longest pause.
    pub longest_backoff: Duration,
    /// What all questions of a minute may weigh; one for candles weighs 2.
    pub weight_per_minute: u32,
}

/// How often a candle that should be there is asked for before that becomes rarer.
pub const PATIENCE: u32 = 20;

impl KlineSettings {
    /// One candle is asked for that is known, so that there must be room for another.
    fn page(&self) -> u16 {
        self.page.clamp(2, 1_000)
    }
}

impl Default for KlineSettings {
    fn default() -> Self {
        Self {
            base_url: "https://api.binance.com".to_owned(),
            delay: Duration::from_millis(300),
            retry: Duration::from_millis(500),
            page: 1_000,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            backoff: Duration::from_secs(1),
            longest_backoff: Duration::from_mins(1),
            // Half of what Binance allows an address.
            weight_per_minute: 3_000,
        }
    }
}

/// A feed of candles from a venue.
#[derive(Debug)]
pub struct KlineFeed {
    venue: Arc<Venue>,
    wanted: Vec<Wanted>,
}

impl KlineFeed {
    /// A feed of these series; `clock` is the wall clock.
    ///
    /// # Errors
    /// When the address is none, or the system has no means for it.
    pub fn new(
        settings: KlineSettings,
        wanted: Vec<Wanted>,
        clock: fn() -> Nanos,
    ) -> Result<Self, FeedError> {
        Ok(Self { venue: Arc::new(Venue::new(settings, clock)?), wanted })
    }

    /// Tells candles until nobody listens any more.
    pub async fn run(self, news: Sender<News>) {
        let mut tasks = JoinSet::new();
        for (series, wanted) in self.wanted.into_iter().enumerate() {
            let asking = Asking::new(Arc::clone(&self.venue), series, wanted, news.clone());
            tasks.spawn(asking.run());
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                // Whoever listens hears that the feed has ended, and begins another.
                let message = format!("asking for a series failed, and the feed ends: {error}");
                _ = news.send(News::Trouble { series: None, message }).await;
                return;
            }
        }
    }
}
