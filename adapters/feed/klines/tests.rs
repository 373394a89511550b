//! A venue on this machine is asked, and misbehaves.

use std::sync::atomic::{AtomicI64, Ordering};
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

/// Looks at what a feed tells until it has told a candle of one minute before now.
async fn everything(news: &mut Receiver<News>) -> (Vec<i64>, Vec<String>) {
    let (mut opened, mut said) = (Vec::new(), Vec::new());
    while !opened.contains(&-1) {
        match next(news).await {
            News::Candles { candles, .. } => opened.extend(candles.iter().map(minute)),
            News::Trouble { message, .. } => said.push(message),
            News::Recovered { .. } => said.push("recovered".to_owned()),
            other => panic!("{other:?}"),
        }
    }
    (opened, said)
}

/// Minutes before the one that is open.
fn minute(candle: &Candle) -> i64 {
    (candle.open_time.get() - NOW).div_euclid(MINUTE) + 1
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
            opened.extend(candles.iter().map(minute));
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
    // Whichever asks first.
    venue.misbehave_for(Fault::Unknown, 1);
    with(&venue, vec![wanted("NOPE", 5), wanted("NONE", 5)], 8, async |news: &mut Receiver<News>| {
        let (mut unknown, mut told) = (None, None);
        while unknown.is_none() || told.is_none() {
            match next(news).await {
                News::Trouble { series, message } => {
                    assert!(message.contains("symbol=NO") && message.contains("Invalid symbol"), "{message}");
                    assert_eq!(unknown.replace(series.unwrap()), None, "it is told once");
                }
                News::Candles { series, candles } => {
                    told = Some(series);
                    assert_eq!(candles.iter().map(minute).collect::<Vec<_>>(), [-5, -4, -3, -2, -1]);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(unknown, told.map(|told| 1 - told));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(venue.requests(), 2);
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
    for url in ["", "binance", "ftp://x", "http://", "https://me:secret@x"] {
        let error =
            KlineFeed::new(KlineSettings { base_url: url.to_owned(), ..settings(&venue) }, vec![], now);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("write it as https") && !error.contains("secret"), "{url}: {error}");
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

#[test]
fn a_venue_that_is_well_again_is_told_once_however_often_it_failed() {
    let venue = FakeVenue::start(now, market).unwrap();
    venue.misbehave_for(Fault::Status(500), 3);
    let (opened, said) = with(&venue, vec![wanted("BTCUSDT", 5)], 8, everything);
    assert_eq!(opened, [-5, -4, -3, -2, -1]);
    assert!(said.len() == 2 && said[0].contains("500") && said[1] == "recovered", "{said:?}");
}

#[test]
fn a_pause_that_a_venue_wants_is_one_for_all_series() {
    let venue = FakeVenue::start(now, market).unwrap();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let (sender, mut news) = mpsc::channel(20_000);
        let small = KlineSettings { page: 2, weight_per_minute: u32::MAX, ..settings(&venue) };
        let two = vec![wanted("BTCUSDT", 5_000), wanted("ETHUSDT", 5_000)];
        let task = tokio::spawn(KlineFeed::new(small, two, now).unwrap().run(sender));
        while !matches!(next(&mut news).await, News::Candles { .. }) {}
        venue.misbehave_for(Fault::TooMany(1), 1);
        while !matches!(next(&mut news).await, News::Trouble { .. }) {}
        let before = venue.requests();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let asked = venue.requests() - before;
        assert!(asked <= 1, "one may have been on its way: {asked}");
        while !matches!(next(&mut news).await, News::Recovered { .. }) {}
        drop(news);
        task.await.unwrap();
    });
}

#[test]
fn the_venues_clock_says_what_has_closed_and_one_that_differs_is_told_once() {
    for (behind, said, newest) in [(70, "before", -3), (-70, "behind", 0)] {
        let time = Nanos::new(NOW - behind * 1_000_000_000);
        let venue = FakeVenue::start(move || time, market).unwrap();
        let two = vec![wanted("BTCUSDT", 5), wanted("ETHUSDT", 5)];
        with(&venue, two, 8, async |news: &mut Receiver<News>| {
            let (mut opened, mut told) = ([Vec::new(), Vec::new()], Vec::new());
            while opened.iter().any(Vec::is_empty) {
                match next(news).await {
                    News::Candles { series, candles } => opened[series].extend(candles.iter().map(minute)),
                    News::Trouble { series: None, message } => told.push(message),
                    other => panic!("{other:?}"),
                }
            }
            let all: Vec<i64> = (-5..=newest).collect();
            assert_eq!(opened, [all.clone(), all]);
            assert!(told.len() == 1 && told[0].contains(&format!(" s {said} that of")), "{told:?}");
        });
    }
    for near in [-1_000, -999, 0, 999, 1_000] {
        let time = Nanos::new(NOW + near * 1_000_000);
        let venue = FakeVenue::start(move || time, market).unwrap();
        let (opened, said) = with(&venue, vec![wanted("BTCUSDT", 1)], 8, everything);
        assert_eq!((opened, said), (vec![-1], vec![]), "{near} ms");
    }
}

#[test]
fn a_venue_that_does_not_date_its_answers_is_asked_for_the_time_first() {
    let venue = FakeVenue::start(now, market).unwrap();
    venue.misbehave(Fault::Undated);
    let (opened, said) = with(&venue, vec![wanted("BTCUSDT", 5)], 8, everything);
    assert_eq!((opened, said, venue.requests()), (vec![-5, -4, -3, -2, -1], vec![], 3));
}

#[test]
fn rows_that_make_no_sense_are_told_as_they_are_and_those_from_the_future_are_named() {
    let all = [-5, -4, -3, -2, -1];
    for (fault, told) in [
        (Fault::Reversed, [-1, -2, -3, -4, -5].to_vec()),
        (Fault::NotANumber, all.to_vec()),
        (Fault::Duplicated, all.to_vec()),
    ] {
        let venue = FakeVenue::start(now, market).unwrap();
        venue.misbehave(fault);
        assert_eq!(with(&venue, vec![wanted("BTCUSDT", 5)], 8, everything), (told, vec![]), "{fault:?}");
    }
    let venue = FakeVenue::start(now, market).unwrap();
    venue.misbehave_for(Fault::Future, 1);
    with(&venue, vec![wanted("BTCUSDT", 5)], 8, async |news: &mut Receiver<News>| {
        let News::Trouble { message, .. } = next(news).await else { panic!("it is told") };
        assert!(message.contains("from the future (one ends 653 s after its own clock"), "{message}");
        assert_eq!(candles(news, 0).await, all);
    });
}

#[test]
fn a_candle_that_is_late_is_asked_for_until_it_is_there_and_a_changed_one_is_told_again() {
    static TIME: AtomicI64 = AtomicI64::new(NOW);
    fn later() -> Nanos {
        Nanos::new(TIME.load(Ordering::SeqCst))
    }
    let venue = FakeVenue::start(later, market).unwrap();
    venue.misbehave(Fault::Late(Duration::from_secs(30)));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (sender, mut news) = mpsc::channel(4);
        let feed = KlineFeed::new(settings(&venue), vec![wanted("BTCUSDT", 3)], later).unwrap();
        let task = tokio::spawn(feed.run(sender));
        let mut told = async || match next(&mut news).await {
            News::Candles { candles, .. } => candles.iter().map(|c| (minute(c), c.close)).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let close = |minutes: i64| market("BTCUSDT", Nanos::new(NOW - NOW % MINUTE + minutes * MINUTE)).close;
        assert_eq!(told().await, [(-3, close(-3)), (-2, close(-2))], "the last closed seven seconds ago");
        while venue.requests() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Just before the next one closes.
        TIME.fetch_add(52_900_000_000, Ordering::SeqCst);
        assert_eq!(told().await, [(-1, close(-1))]);
        venue.misbehave(Fault::Restated);
        TIME.fetch_add(1_000_000_000, Ordering::SeqCst);
        let mut restated = Vec::new();
        while restated.last().is_none_or(|(minute, _)| *minute < 0) {
            restated.extend(told().await);
        }
        assert!(restated.len() == 2 && restated[0].0 == -1 && restated[0].1 != close(-1), "{restated:?}");
        drop(news);
        task.await.unwrap();
    });
}

#[test]
fn a_slow_listener_and_small_pages_lose_nothing() {
    let venue = FakeVenue::start(now, market).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let opened = runtime.block_on(async {
        let (sender, mut news) = mpsc::channel(1);
        let small = KlineSettings { page: 1, weight_per_minute: 1_000_000, ..settings(&venue) };
        let feed = KlineFeed::new(small, vec![wanted("BTCUSDT", 40), wanted("ETHUSDT", 40)], now).unwrap();
        tokio::spawn(feed.run(sender));
        let mut opened = [Vec::new(), Vec::new()];
        while opened.iter().any(|opened| opened.last() != Some(&-1)) {
            let News::Candles { series, candles } = next(&mut news).await else { panic!("candles") };
            assert_eq!(candles.len(), if opened[series].is_empty() { 2 } else { 1 });
            opened[series].extend(candles.iter().map(minute));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        opened
    });
    let all: Vec<i64> = (-40..0).collect();
    assert_eq!(opened, [all.clone(), all]);
}

#[test]
fn nobody_who_listens_ends_it_in_the_middle_of_a_question() {
    let venue = FakeVenue::start(now, market).unwrap();
    venue.misbehave(Fault::Trickle);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (sender, news) = mpsc::channel(1);
        let patient = KlineSettings { timeout: Duration::from_hours(1), ..settings(&venue) };
        let task =
            tokio::spawn(KlineFeed::new(patient, vec![wanted("BTCUSDT", 900)], now).unwrap().run(sender));
        while venue.requests() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(news);
        timeout(Duration::from_secs(20), task).await.unwrap().unwrap();
    });
}
