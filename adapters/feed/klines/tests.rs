use std::time::Duration;

use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::timeout;

use super::*;
use crate::feed::news::{News, Wanted};
use crate::feed::testing::{FakeVenue, Fault};
use crate::shared;

const MINUTE: i64 = 60_000_000_000;

/// When it is, everywhere: some seconds into a minute.
const NOW: i64 = 1_700_000_000_000_000_000 - 1_700_000_000_000_000_000 % MINUTE + 7_000_000_000;

fn now() -> Nanos {
    Nanos::new(NOW)
}

/// Prices say when a candle opened.
fn market(symbol: &str, open_time: Nanos) -> Candle {
    let price = 100.0 + (open_time.get() / MINUTE % 1_000) as f64 / 100.0 + symbol.len() as f64;
    Candle { open_time, open: price, high: price + 1.0, low: price - 1.0, close: price + 0.5, volume: 2.0 }
}

fn wanted(symbol: &str, minutes: i64) -> Wanted {
    Wanted {
        venue: "binance".to_owned(),
        symbol: symbol.to_owned(),
        venue_symbol: symbol.to_owned(),
        interval: "1m".parse().unwrap(),
        since: Nanos::new(NOW - NOW % MINUTE - minutes * MINUTE),
    }
}

fn settings(venue: &FakeVenue) -> KlineSettings {
    KlineSettings {
        base_url: venue.url(),
        retry: Duration::from_millis(20),
        timeout: Duration::from_millis(600),
        backoff: Duration::from_millis(50),
        longest_backoff: Duration::from_millis(400),
        ..KlineSettings::default()
    }
}

/// Lets a feed run while `look` looks at what it tells.
fn with<R>(
    venue: &FakeVenue,
    wanted: Vec<Wanted>,
    capacity: usize,
    look: impl AsyncFnOnce(&mut Receiver<News>) -> R,
) -> R {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (sender, mut news) = mpsc::channel(capacity);
    let feed = KlineFeed::new(settings(venue), wanted, now).unwrap();
    let task = runtime.spawn(feed.run(sender));
    let result = runtime.block_on(look(&mut news));
    drop(news);
    runtime.block_on(async { timeout(Duration::from_secs(20), task).await }).unwrap().unwrap();
    result
}

async fn next(news: &mut Receiver<News>) -> News {
    timeout(Duration::from_secs(20), news.recv()).await.unwrap().unwrap()
}

/// Open times of the next candles of a series, in minutes before now, until one of one minute before.
async fn candles(news: &mut Receiver<News>, of: usize) -> Vec<i64> {
    let mut opened = Vec::new();
    while opened.last() != Some(&-1) {
        if let News::Candles { series, candles } = next(news).await
            && series == of
        {
            opened.extend(candles.iter().map(|candle| (candle.open_time.get() - NOW).div_euclid(MINUTE) + 1));
        }
    }
    opened
}

#[test]
fn pages_follow_each_other_and_the_open_candle_is_not_told() {
    let venue = FakeVenue::start(now, market).unwrap();
    let told = with(&venue, vec![wanted("BTCUSDT", 2_500)], 1, candles_of_first);
    assert_eq!(told, (-2_500..0).collect::<Vec<_>>());
    assert!(venue.requests() >= 3, "{}", venue.requests());
}

async fn candles_of_first(news: &mut Receiver<News>) -> Vec<i64> {
    candles(news, 0).await
}

#[test]
fn whatever_is_wrong_is_told_once_with_what_is_done_and_then_that_it_is_over() {
    let cases = [
        (Fault::Status(503), "503"),
        (Fault::Cut, "cut off"),
        (Fault::Trickle, "no whole answer in time"),
        (Fault::Garbage, "no JSON"),
        (Fault::TooMany(1), "429"),
    ];
    for (fault, said) in cases {
        let venue = FakeVenue::start(now, market).unwrap();
        venue.misbehave(fault);
        let told = with(&venue, vec![wanted("BTCUSDT", 20)], 8, async |news: &mut Receiver<News>| {
            let News::Trouble { series: Some(0), message } = next(news).await else { panic!("{fault:?}") };
            assert!(message.contains(said) && message.contains("asked again in"), "{fault:?}: {message}");
            let before = venue.requests();
            tokio::time::sleep(Duration::from_millis(700)).await;
            let asked = venue.requests() - before;
            assert!(if fault == Fault::TooMany(1) { asked == 0 } else { asked < 8 }, "{fault:?}: {asked}");
            venue.misbehave(Fault::None);
            let recovered = next(news).await;
            assert_eq!(recovered, News::Recovered { series: Some(0) }, "{fault:?}");
            candles(news, 0).await
        });
        assert_eq!(told, (-20..0).collect::<Vec<_>>(), "{fault:?}");
    }
}

#[test]
fn a_symbol_that_is_unknown_is_told_and_asked_for_rarely_and_others_go_on() {
    let venue = FakeVenue::start(now, market).unwrap();
    venue.misbehave(Fault::Unknown);
    with(&venue, vec![wanted("NOPE", 5)], 8, async |news: &mut Receiver<News>| {
        let News::Trouble { message, .. } = next(news).await else { panic!("it is told") };
        assert!(message.contains("symbol=NOPE") && message.contains("Invalid symbol"), "{message}");
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(venue.requests(), 1);
    });
}

#[test]
fn a_venue_that_is_not_there_is_told_and_an_address_that_is_none_is_refused() {
    let venue = FakeVenue::start(now, market).unwrap();
    let nobody = KlineSettings { base_url: "http://127.0.0.1:9".to_owned(), ..settings(&venue) };
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (sender, mut news) = mpsc::channel(4);
    runtime.block_on(async {
        tokio::spawn(KlineFeed::new(nobody, vec![wanted("BTCUSDT", 5)], now).unwrap().run(sender));
        let News::Trouble { message, .. } = next(&mut news).await else { panic!("it is told") };
        assert!(message.contains("no connection"), "{message}");
    });
    for url in ["", "binance", "ftp://x", "http://"] {
        let error =
            KlineFeed::new(KlineSettings { base_url: url.to_owned(), ..settings(&venue) }, vec![], now);
        assert!(error.unwrap_err().to_string().contains("write it as https"), "{url}");
    }
}

#[test]
fn no_recorded_answer_to_another_question_is_taken_for_candles() {
    let Some(folder) = shared::find("EXCHANGE_SAMPLES", "data/exchange_samples/binance") else { return };
    let mut bodies = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let answer = answer::read(&std::fs::read(&path).unwrap());
            assert!(answer.as_ref().map_or(true, Vec::is_empty), "{}: {answer:?}", path.display());
            bodies += 1;
        }
    }
    assert!(bodies > 10, "{bodies}");
}
