//! Asks a venue for one series, again and again.

use std::sync::{Arc, Once};
use std::time::Duration;

use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;
use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::sync::mpsc::Sender;
use tokio::time::sleep;

use super::KlineSettings;
use super::answer::{Fault, Kline, read};
use crate::feed::FeedError;
use crate::feed::news::{News, Wanted};

/// Bytes of an answer at most: a thousand candles take a seventh of it.
const MOST_BYTES: usize = 1 << 20;

/// How long until a symbol is asked for again that the venue does not know.
const UNKNOWN_PAUSE: Duration = Duration::from_mins(10);

/// A clock that is off by more is told of.
const CLOCK_TOLERANCE: Nanos = Nanos::new(1_500_000_000);

/// A venue, and how it is asked.
#[derive(Debug)]
pub(super) struct Venue {
    client: Client,
    url: Url,
    settings: KlineSettings,
    /// The wall clock here.
    clock: fn() -> Nanos,
}

impl Venue {
    pub(super) fn new(settings: KlineSettings, clock: fn() -> Nanos) -> Result<Self, FeedError> {
        static PROVIDER: Once = Once::new();
        // It may be installed already, which is as good.
        PROVIDER.call_once(|| _ = rustls::crypto::ring::default_provider().install_default());
        let address = || FeedError::Address { url: settings.base_url.clone() };
        let base = Url::parse(&settings.base_url).map_err(|_| address())?;
        let url = base.join("/api/v3/klines").map_err(|_| address())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(address());
        }
        let client = Client::builder().connect_timeout(settings.timeout).timeout(settings.timeout).build()?;
        Ok(Self { client, url, settings, clock })
    }
}

/// Why a question had no answer.
enum Failure {
    /// The venue wants a pause.
    Wait(Duration, String),
    /// The venue does not know the symbol.
    Unknown(String),
    /// Anything else.
    Passing(String),
}

/// What a venue answered.
struct Answer {
    klines: Vec<Kline>,
    /// The venue's clock, to the second.
    date: Option<Nanos>,
}

/// One series on its way.
pub(super) struct Asking {
    venue: Arc<Venue>,
    series: usize,
    wanted: Wanted,
    news: Sender<News>,
    /// The open time of the first candle that has not been told.
    next: Nanos,
    failures: u32,
    /// What was told last of what is wrong.
    trouble: Option<String>,
    clock_told: bool,
}

/// Nobody listens any more.
struct Over;

impl Asking {
    pub(super) fn new(venue: Arc<Venue>, series: usize, wanted: Wanted, news: Sender<News>) -> Self {
        let next = wanted.since;
        Self { venue, series, wanted, news, next, failures: 0, trouble: None, clock_told: false }
    }

    /// Until nobody listens.
    pub(super) async fn run(mut self) {
        loop {
            let pause = match self.round().await {
                Ok(pause) => pause,
                Err(Over) => return,
            };
            tokio::select! {
                () = self.news.closed() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// Asks once, tells what is new, and says how long to wait.
    async fn round(&mut self) -> Result<Duration, Over> {
        let answer = match self.ask().await {
            Ok(answer) => answer,
            Err(failure) => return self.failed(failure).await,
        };
        self.failures = 0;
        if self.trouble.take().is_some() {
            self.tell(News::Recovered { series: Some(self.series) }).await?;
        }
        let now = self.now(answer.date).await?;
        let is_full = answer.klines.len() >= usize::from(self.venue.settings.page);
        let closed = answer.klines.iter().filter(|kline| kline.end <= now);
        let new: Vec<Candle> =
            closed.map(|kline| kline.candle).filter(|candle| candle.open_time >= self.next).collect();
        let newest = new.iter().map(|candle| candle.open_time).max();
        if let Some(newest) = newest {
            self.next = newest + self.wanted.interval.length();
            self.tell(News::Candles { series: self.series, candles: new }).await?;
        }
        let more = is_full && newest.is_some();
        Ok(if more { Duration::ZERO } else { self.until_next(now) })
    }

    /// The venue's time as far as it says; a local clock that differs is told of once.
    async fn now(&mut self, date: Option<Nanos>) -> Result<Nanos, Over> {
        let local = (self.venue.clock)();
        let Some(date) = date else { return Ok(local) };
        let off = local - date;
        // A date is cut to the second, so that the venue's time may be up to one later.
        let is_off =
            off.get() < -CLOCK_TOLERANCE.get() || off.get() > CLOCK_TOLERANCE.get() + Nanos::SECOND.get();
        if is_off && !self.clock_told {
            self.clock_told = true;
            let message = format!(
                "the clock here is {:.1} s {} that of {}: set it",
                off.seconds().abs(),
                if off < Nanos::ZERO { "behind" } else { "before" },
                self.venue.url.host_str().unwrap_or_default()
            );
            self.tell(News::Trouble { series: Some(self.series), message }).await?;
        }
        Ok(if is_off { date } else { local })
    }

    /// How long until the next candle should be there.
    fn until_next(&self, now: Nanos) -> Duration {
        let KlineSettings { delay, retry, .. } = self.venue.settings;
        let close = self.next + self.wanted.interval.length();
        let left = Duration::from_nanos((close - now).get().max(0).unsigned_abs());
        if left.is_zero() { retry } else { left + delay }
    }

    async fn ask(&self) -> Result<Answer, Failure> {
        let Venue { client, url, settings, .. } = &*self.venue;
        let query = [
            ("symbol", self.wanted.venue_symbol.clone()),
            ("interval", self.wanted.interval.to_string()),
            ("startTime", self.next.millis().to_string()),
            ("limit", settings.page.to_string()),
        ];
        let passing = |error: reqwest::Error| Failure::Passing(reason(&error));
        let response = client.get(url.clone()).query(&query).send().await.map_err(passing)?;
        let (status, date) = (response.status(), date(&response));
        if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::IM_A_TEAPOT {
            let pause = retry_after(&response).unwrap_or(settings.longest_backoff);
            return Err(Failure::Wait(pause, format!("the venue answers {status}")));
        }
        let body = body(response).await?;
        match read(&body) {
            Err(Fault::Unknown(msg)) => Err(Failure::Unknown(msg)),
            Err(Fault::Shape(why)) if status.is_success() => Err(Failure::Passing(why)),
            Err(Fault::Shape(why)) => Err(Failure::Passing(format!("the venue answers {status}: {why}"))),
            Ok(_) if !status.is_success() => Err(Failure::Passing(format!("the venue answers {status}"))),
            Ok(klines) => Ok(Answer { klines, date }),
        }
    }

    async fn failed(&mut self, failure: Failure) -> Result<Duration, Over> {
        let KlineSettings { backoff, longest_backoff, .. } = self.venue.settings;
        let (pause, why) = match failure {
            Failure::Wait(pause, why) => (pause, why),
            Failure::Unknown(why) => (UNKNOWN_PAUSE, format!("the venue does not know the symbol ({why})")),
            Failure::Passing(why) => {
                let doubled = backoff.saturating_mul(1 << self.failures.min(16)).min(longest_backoff);
                // A part of the pause differs from series to series, so that they do not ask all at once.
                let share = u32::try_from(self.series % 8).unwrap_or_default();
                (doubled + doubled / 32 * share, why)
            }
        };
        self.failures += 1;
        if self.trouble.as_ref() != Some(&why) {
            let message = format!(
                "{}?symbol={}&interval={}: {why}; it is asked again in {:.1} s",
                self.venue.url,
                self.wanted.venue_symbol,
                self.wanted.interval,
                pause.as_secs_f64()
            );
            self.trouble = Some(why);
            self.tell(News::Trouble { series: Some(self.series), message }).await?;
        }
        Ok(pause)
    }

    async fn tell(&self, news: News) -> Result<(), Over> {
        self.news.send(news).await.map_err(|_| Over)
    }
}

/// The body of an answer, up to so many bytes.
async fn body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MOST_BYTES => body.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                return Err(Failure::Passing(format!("the answer has more than {MOST_BYTES} bytes")));
            }
            Ok(None) => return Ok(body),
            Err(error) => return Err(Failure::Passing(reason(&error))),
        }
    }
}

/// What an error comes from, without the address, which stands before it.
fn reason(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    let what = match () {
        () if error.is_timeout() => "no whole answer in time",
        () if error.is_connect() => "no connection",
        () if error.is_body() || error.is_decode() => "the answer is cut off",
        () => "no answer",
    };
    format!("{what} ({reason})")
}

fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn date(response: &Response) -> Option<Nanos> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    date.timestamp_nanos_opt().map(Nanos::new)
}
