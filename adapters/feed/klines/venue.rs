//! Asks a venue one question.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::DateTime;
use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use serde::Deserialize;

use super::KlineSettings;
use super::answer::{self, Fault};
use super::limit::Limit;
use crate::feed::FeedError;
use crate::feed::news::Wanted;

/// Bytes of an answer at most: a thousand candles take a seventh of it.
const MOST_BYTES: usize = 1 << 20;

/// What a question for candles weighs at Binance.
const WEIGHT: u32 = 2;

/// How far a clock may be off before that is told.
const CLOCK_TOLERANCE: i64 = 1_000_000_000;

/// A venue, and how it is asked.
#[derive(Debug)]
pub(super) struct Venue {
    pub(super) settings: KlineSettings,
    /// The wall clock here.
    pub(super) clock: fn() -> Nanos,
    client: Client,
    candles: Url,
    time: Url,
    limit: Limit,
    /// Whether its answers have no date, so that its time is asked for.
    is_timeless: AtomicBool,
    /// Whether the clock here is off, as far as it was told.
    pub(super) is_off: AtomicBool,
}

/// Why a question had no answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    /// The same as long as it is the same trouble.
    pub(super) what: String,
    /// What else is known.
    pub(super) detail: String,
}

#[derive(Debug)]
pub(super) enum FailureKind {
    /// The venue wants a pause.
    Wait(Duration),
    /// The venue does not know the symbol.
    Unknown,
    /// Anything else.
    Passing,
}

impl Failure {
    fn passing(what: impl Into<String>, detail: impl ToString) -> Self {
        Self { kind: FailureKind::Passing, what: what.into(), detail: detail.to_string() }
    }
}

/// What a venue answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) candles: Vec<Candle>,
    /// The venue's clock, at most a second behind: when the answer was given or shortly before.
    pub(super) date: Nanos,
    /// How far the clock here is before that of the venue, as far as that is certain; 0 when it may be right.
    pub(super) off: Nanos,
}

/// A venue's time by the clock here.
struct Reading {
    asked: Nanos,
    answered: Nanos,
    date: Nanos,
}

impl Reading {
    fn off(&self) -> Nanos {
        // It was asked before the venue's clock came to the next second, and answered after it had come to this one.
        let ahead = self.asked.get().saturating_sub(self.date.get().saturating_add(Nanos::SECOND.get()));
        let behind = self.date.get().saturating_sub(self.answered.get());
        let off = if ahead > 0 { ahead } else { -behind.max(0) };
        Nanos::new(if off.abs() > CLOCK_TOLERANCE { off } else { 0 })
    }
}

impl Venue {
    pub(super) fn new(settings: KlineSettings, clock: fn() -> Nanos) -> Result<Self, FeedError> {
        static PROVIDER: Once = Once::new();
        // It may be installed already, which is as good.
        PROVIDER.call_once(|| _ = rustls::crypto::ring::default_provider().install_default());
        let address = || FeedError::Address { url: settings.base_url.clone() };
        let base = Url::parse(&settings.base_url).map_err(|_| address())?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(address());
        }
        // A password would stand in every message.
        if !base.username().is_empty() || base.password().is_some() {
            return Err(FeedError::Address { url: base.host_str().unwrap_or_default().to_owned() });
        }
        let candles = base.join("/api/v3/klines").map_err(|_| address())?;
        let time = base.join("/api/v3/time").map_err(|_| address())?;
        let client = Client::builder()
            .user_agent(concat!("hemiola/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout);
        let is_here = base.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127."));
        let client = if is_here { client.no_proxy() } else { client }.build()?;
        let limit = Limit::new(WEIGHT, settings.weight_per_minute);
        let (is_timeless, is_off) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { settings, clock, client, candles, time, limit, is_timeless, is_off })
    }

    /// The address that is asked for candles of a series.
    pub(super) fn address(&self, wanted: &Wanted) -> String {
        format!("{}?symbol={}&interval={}", self.candles, wanted.venue_symbol, wanted.interval)
    }

    /// Candles that opened at an instant or later, and the venue's time.
    pub(super) async fn candles(&self, wanted: &Wanted, since: Nanos) -> Result<Answer, Failure> {
        let query = [
            ("symbol", wanted.venue_symbol.clone()),
            ("interval", wanted.interval.to_string()),
            ("startTime", since.millis().to_string()),
            ("limit", self.settings.page().to_string()),
        ];
        loop {
            // At a time that was told before the candles were read, they were not newer.
            let is_timeless = self.is_timeless.load(Ordering::Relaxed);
            let before = if is_timeless { Some(self.time().await?) } else { None };
            let (body, dated) = self.ask(self.client.get(self.candles.clone()).query(&query)).await?;
            let candles = answer::read(&body).map_err(Failure::from)?;
            if let Some(reading) = dated.or(before) {
                return Ok(Answer { candles, date: reading.date, off: reading.off() });
            }
            self.is_timeless.store(true, Ordering::Relaxed);
        }
    }

    /// Asks for the venue's time.
    async fn time(&self) -> Result<Reading, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Time {
            server_time: i64,
        }
        let asked = (self.clock)();
        let (body, _) = self.ask(self.client.get(self.time.clone())).await?;
        let time: Option<Time> = serde_json::from_slice(&body).ok();
        let date = time.and_then(|time| Nanos::from_millis(time.server_time));
        let date = date.ok_or_else(|| Failure::passing(format!("{} tells no time", self.time), ""))?;
        Ok(Reading { asked, answered: (self.clock)(), date })
    }

    /// Asks when it is its turn: the body of the answer, and the venue's time.
    async fn ask(&self, question: RequestBuilder) -> Result<(Vec<u8>, Option<Reading>), Failure> {
        self.limit.turn().await;
        let asked = (self.clock)();
        let response = question.send().await.map_err(|error| lost(&error))?;
        let answered = (self.clock)();
        let (status, date) = (response.status(), date(response.headers(), DATE));
        let says = format!("the venue answers {status}");
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::IM_A_TEAPOT) {
            let wanted = retry_after(response.headers()).unwrap_or(self.settings.longest_backoff);
            let kind = FailureKind::Wait(self.limit.pause(wanted.max(self.settings.backoff)));
            return Err(Failure { kind, what: says, detail: String::new() });
        }
        let body = body(response).await?;
        if !status.is_success() {
            return Err(match answer::read(&body) {
                Err(Fault::Shape(why)) => Failure::passing(says, why),
                Err(unknown) => unknown.into(),
                Ok(_) => Failure::passing(says, ""),
            });
        }
        Ok((body, date.map(|date| Reading { asked, answered, date })))
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unknown(msg) => {
                let what = "the venue does not know the symbol".to_owned();
                Self { kind: FailureKind::Unknown, what, detail: msg }
            }
            Fault::Shape(why) => Self::passing("the answer holds no candles", why),
        }
    }
}

/// The body of an answer, up to so many bytes.
async fn body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MOST_BYTES => body.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                return Err(Failure::passing(format!("the answer has more than {MOST_BYTES} bytes"), ""));
            }
            Ok(None) => return Ok(body),
            Err(error) => return Err(lost(&error)),
        }
    }
}

/// Why there was no whole answer; the address stands before it.
fn lost(error: &reqwest::Error) -> Failure {
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
    Failure::passing(what, reason)
}

/// How long a venue wants to be left alone: seconds, or until a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    if let Some(until) = date(headers, RETRY_AFTER) {
        let left = until.get().saturating_sub(date(headers, DATE)?.get());
        return Some(Duration::from_nanos(left.max(0).unsigned_abs()));
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<Nanos> {
    let text = headers.get(name)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(text).ok()?.timestamp_nanos_opt().map(Nanos::new)
}
