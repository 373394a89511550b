//! Tests of the demo data.

use std::fs;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::store::{CandleStore, Check};

fn interval(text: &str) -> Interval {
    text.parse().unwrap()
}

fn day(days: i64) -> Nanos {
    ANCHOR + Nanos::new(days * Nanos::DAY.get())
}

fn spec(venue: &str, symbol: &str, intervals: &[&str], days: std::ops::Range<i64>) -> SeedSpec {
    SeedSpec {
        venue: venue.to_owned(),
        symbol: symbol.to_owned(),
        folder: symbol.replace('_', ""),
        intervals: intervals.iter().map(|text| interval(text)).collect(),
        from: day(days.start),
        to: day(days.end),
        seed: 7,
    }
}

fn only(spec: &SeedSpec) -> Bars {
    let mut all = candles(spec).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0).1
}

fn returns(bars: &Bars) -> Vec<f64> {
    bars.close.windows(2).map(|pair| libm::log(pair[1] / pair[0])).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], y: &[f64], mx: f64, my: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    product(a, b, mean_a, mean_b) / (product(a, a, mean_a, mean_a) * product(b, b, mean_b, mean_b)).sqrt()
}

#[test]
fn the_candles_are_those_of_this_schema() {
    let bars = only(&spec("binance", "BTC_USDT", &["1h"], 10..12));
    assert_eq!(bars.len(), 48);
    let mut hasher = Sha256::new();
    for row in 0..bars.len() {
        hasher.update(bars.open_time[row].get().to_le_bytes());
        for column in [&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume] {
            hasher.update(column[row].to_le_bytes());
        }
    }
    // Other candles for the same spec need another `walk::SCHEMA`.
    assert_eq!(
        data_encoding::HEXLOWER.encode(&hasher.finalize()),
        "a24b08d14ce90022cb622b870c6f855efbdeeb95e210b1ac8cb6078a81b242a6"
    );
}

#[test]
fn a_longer_or_shifted_range_keeps_its_rows() {
    let whole = candles(&spec("binance", "ETH_USDT", &["1h", "1d"], 0..90)).unwrap();
    let part = candles(&spec("binance", "ETH_USDT", &["1h", "1d"], 30..60)).unwrap();
    for ((interval, whole), (_, part)) in whole.iter().zip(&part) {
        let skipped = whole.open_time.iter().position(|open| *open == part.open_time[0]).unwrap();
        let kept = skipped..skipped + part.len();
        assert_eq!(whole.open_time[kept.clone()], part.open_time, "{interval}");
        assert_eq!(whole.open[kept.clone()], part.open);
        assert_eq!(whole.high[kept.clone()], part.high);
        assert_eq!(whole.low[kept.clone()], part.low);
        assert_eq!(whole.close[kept.clone()], part.close);
        assert_eq!(whole.volume[kept], part.volume);
    }
}

#[test]
fn another_seed_venue_symbol_or_interval_is_another_history() {
    let first = spec("binance", "BTC_USDT", &["1h"], 0..3);
    let closes = |spec: &SeedSpec| only(spec).close;
    assert_eq!(closes(&first), closes(&first.clone()));
    assert_ne!(closes(&first), closes(&SeedSpec { seed: 8, ..first.clone() }));
    assert_ne!(closes(&first), closes(&SeedSpec { venue: "kraken".to_owned(), ..first.clone() }));
    assert_ne!(closes(&first), closes(&SeedSpec { symbol: "BTC_EUR".to_owned(), ..first.clone() }));
    let quarters =
        candles(&SeedSpec { intervals: vec![interval("15m"), interval("1h")], ..first.clone() }).unwrap();
    assert_ne!(closes(&first), quarters[1].1.close);
}

#[test]
fn a_coarser_candle_is_its_finer_ones_together() {
    let all = candles(&spec("binance", "SOL_USDT", &["1w", "1h", "1d", "1h"], 3..40)).unwrap();
    let names: Vec<String> = all.iter().map(|(interval, _)| interval.to_string()).collect();
    assert_eq!(names, ["1h", "1d", "1w"]);
    let (hours, days, weeks) = (&all[0].1, &all[1].1, &all[2].1);
    assert_eq!((hours.len(), days.len(), weeks.len()), (37 * 24, 37, 5));
    // 2020-01-06 is the first Monday in the range.
    assert_eq!(weeks.open_time[0], day(5));
    for row in 0..days.len() {
        let within = row * 24..(row + 1) * 24;
        assert_eq!(days.open_time[row], hours.open_time[within.start]);
        assert_eq!(days.open[row], hours.open[within.start]);
        assert_eq!(days.close[row], hours.close[within.end - 1]);
        assert_eq!(days.high[row], hours.high[within.clone()].iter().copied().reduce(f64::max).unwrap());
        assert_eq!(days.low[row], hours.low[within.clone()].iter().copied().reduce(f64::min).unwrap());
        assert_eq!(days.volume[row], hours.volume[within].iter().sum::<f64>());
    }
    assert_eq!(weeks.open[1], days.open[9]);
    assert_eq!(weeks.close[1], days.close[15]);
}

#[test]
fn prices_stay_whole_ticks_in_a_plausible_band_for_years() {
    for (symbol, anchor, ticks) in [
        ("BTC_USDT", 42_000.0, 100.0),
        ("XRP_USDT", 0.62, 1e4),
        ("DOGE_USDT", 0.09, 1e5),
        ("NEW_USDT", 20.0, 1e3),
    ] {
        for seed in 0..3 {
            let bars = only(&SeedSpec { seed, ..spec("binance", symbol, &["4h"], 0..3_300) });
            for row in 0..bars.len() {
                let (open, high, low, close) =
                    (bars.open[row], bars.high[row], bars.low[row], bars.close[row]);
                assert!(
                    low <= open && open <= high && low <= close && close <= high,
                    "{symbol} {seed} {row}"
                );
                assert!(
                    low > anchor / 30.0 && high < anchor * 30.0,
                    "{symbol} {seed} {row}: {low} to {high}"
                );
                assert_eq!((close * ticks).round() / ticks, close);
                assert!(bars.volume[row] > 0.0);
            }
            assert!(bars.close.windows(2).any(|pair| pair[0] != pair[1]));
            let wicks =
                (0..bars.len()).filter(|row| bars.high[*row] > bars.open[*row].max(bars.close[*row])).count();
            assert!(wicks > bars.len() / 2, "{symbol}: {wicks}");
        }
    }
}

#[test]
fn symbols_move_together_and_venues_agree() {
    let bars = |venue: &str, symbol: &str| only(&spec(venue, symbol, &["1h"], 0..200));
    let (btc, eth) = (bars("binance", "BTC_USDT"), bars("binance", "ETH_USDT"));
    let together = correlation(&returns(&btc), &returns(&eth));
    assert!(together > 0.3 && together < 0.95, "{together}");
    let kraken = bars("kraken", "BTC_USDT");
    let basis: Vec<f64> = btc.close.iter().zip(&kraken.close).map(|(a, b)| libm::log(a / b) * 1e4).collect();
    let mut apart: Vec<f64> = basis.iter().map(|bp| bp.abs()).collect();
    apart.sort_by(f64::total_cmp);
    let (usual, most) = (apart[apart.len() / 2], apart[apart.len() - 1]);
    assert!(usual > 0.2 && usual < 6.0, "{usual}");
    assert!(most > 30.0 && most < 200.0, "venues drift apart in a wild market: {most}");
    let crossings = basis.windows(2).filter(|pair| pair[0] * pair[1] < 0.0).count();
    assert!(crossings > basis.len() / 20, "the basis returns: {crossings}");
}

#[test]
fn the_market_changes_its_mood() {
    let bars = only(&spec("binance", "BTC_USDT", &["1h"], 0..800));
    let daily: Vec<f64> =
        returns(&bars).chunks(24 * 10).map(|days| days.iter().map(|r| r * r).sum()).collect();
    let (calm, wild) =
        daily.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(*x), high.max(*x)));
    assert!(wild > 5.0 * calm, "{calm} {wild}");
}

#[test]
fn impossible_wishes_are_refused() {
    let good = spec("binance", "BTC_USDT", &["1h"], 0..2);
    let reason = |spec: SeedSpec| {
        let error = candles(&spec).unwrap_err();
        assert!(!error.is_bad_data());
        error.to_string()
    };
    let with = |intervals: &[&str]| spec("binance", "BTC_USDT", intervals, 0..2);
    assert!(reason(with(&[])).ends_with("binance:BTC_USDT: no interval is asked for"));
    assert!(reason(with(&["1h", "90m"])).ends_with("90m is not a whole number of 1h candles"));
    assert!(
        reason(with(&["1d", "1w"]))
            .contains("no whole 1w candle fits between 2020-01-01T00:00:00Z and 2020-01-03")
    );
    assert!(
        reason(SeedSpec { from: day(-1), ..good.clone() })
            .ends_with("they begin at 2020-01-01T00:00:00Z, not earlier")
    );
    assert!(reason(SeedSpec { to: day(0), ..good }).contains("no whole 1h candle"));
}

#[test]
fn what_is_written_is_read_back_and_replaced_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("new/store");
    // 20 January to 20 April 2020.
    let first = spec("binance", "BTC_USDT", &["1h", "1d"], 19..110);
    let report = write(&root, &first).unwrap();
    let hours = interval("1h");
    assert_eq!(
        report,
        SeedReport { series: vec![(hours, 91 * 24), (interval("1d"), 91)], files: 8, removed: 0 }
    );

    let store = CandleStore::open(&root).unwrap();
    assert_eq!(store.intervals("binance", &["BTCUSDT"]).unwrap(), ["1h", "1d"].map(interval));
    for (length, bars) in candles(&first).unwrap() {
        let loaded = store.load("binance", &["BTC_USDT", "BTCUSDT"], length, Check::Full).unwrap().unwrap();
        assert_eq!(loaded.bars, bars);
        assert!(loaded.report.synthetic);
        assert_eq!((loaded.report.gaps, loaded.files.len()), (0, 4));
    }
    let month = root.join("ohlcv_parquet/binance/BTCUSDT/1h/year=2020/month=02/data.parquet");
    let bytes = fs::read(&month).unwrap();
    assert_eq!(fs::read_dir(month.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");

    // From 10 February on: January is gone, and nothing is between the rest.
    let second = SeedSpec { from: day(40), intervals: vec![hours], ..first.clone() };
    let report = write(&root, &second).unwrap();
    assert_eq!((report.files, report.removed), (3, 1));
    let loaded = store.load("binance", &["BTCUSDT"], hours, Check::Full).unwrap().unwrap();
    assert_eq!(loaded.bars, only(&second));
    write(&root, &first).unwrap();
    assert_eq!(fs::read(&month).unwrap(), bytes, "the same spec writes the same bytes");
}

#[test]
fn what_a_seed_did_not_write_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let demo = spec("binance", "BTC_USDT", &["1h", "1d"], 19..110);
    write(root, &demo).unwrap();
    let path = |month: &str| {
        root.join("ohlcv_parquet/binance/BTCUSDT/1d/year=2020").join(month).join("data.parquet")
    };
    // A real file outside the new range guards its series, and the series beside it.
    let january = path("month=01");
    let batch = arrow_array::RecordBatch::try_from_iter([(
        "open_time",
        std::sync::Arc::new(arrow_array::Int64Array::from(vec![0])) as arrow_array::ArrayRef,
    )])
    .unwrap();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(fs::File::create(&january).unwrap(), batch.schema(), None)
            .unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let before = [fs::read(&january).unwrap(), fs::read(path("month=03")).unwrap()];
    let error = write(root, &SeedSpec { from: day(70), seed: 9, ..demo.clone() }).unwrap_err();
    assert!(!error.is_bad_data());
    assert!(matches!(&error, StoreError::NotSynthetic { path } if *path == january), "{error}");
    assert_eq!([fs::read(&january).unwrap(), fs::read(path("month=03")).unwrap()], before);

    fs::rename(root.join("ohlcv_parquet/binance"), root.join("binance")).unwrap();
    let error = write(root, &SeedSpec { intervals: vec![interval("1h")], ..demo }).unwrap_err();
    assert!(matches!(error, StoreError::Ambiguous { .. }), "{error}");
    assert!(!root.join("ohlcv_parquet/binance").exists());
}

#[cfg(unix)]
#[test]
fn others_may_read_the_candles() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &spec("binance", "BTC_USDT", &["1d"], 0..2)).unwrap();
    let file = folder.path().join("ohlcv_parquet/binance/BTCUSDT/1d/year=2020/month=01/data.parquet");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o444, 0o444);
}
