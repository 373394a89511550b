//! A folder that grows while it is read.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use arrow_array::{ArrayRef, Float64Array};
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, Receiver};

use super::*;
use crate::store::fixture::{self, HOUR, MARCH, candles, hours, interval};
use hemiola_components::time::Nanos;

const EVERY: Duration = Duration::from_mins(1);
const HEADER: &str = "open_time,open,high,low,close,volume\n";

/// A folder, a feed of it, and what it tells.
struct Desk {
    folder: TempDir,
    feed: FolderFeed,
    news: Sender<News>,
    told: Receiver<News>,
}

fn wanted(symbol: &str, since: i64) -> Wanted {
    Wanted {
        venue: "binance".to_owned(),
        symbol: symbol.to_owned(),
        venue_symbol: symbol.replace('_', ""),
        interval: interval("1h"),
        since: Nanos::from_millis(since).unwrap(),
    }
}

fn desk(symbols: &[&str]) -> Desk {
    let folder = TempDir::new().unwrap();
    let wanted = symbols.iter().map(|symbol| wanted(symbol, MARCH)).collect();
    let feed = FolderFeed::new(folder.path().to_owned(), wanted, EVERY).unwrap();
    let (news, told) = mpsc::channel(100);
    Desk { folder, feed, news, told }
}

/// Says that a file was written at a time, in hours from the first of March on.
fn written(path: &Path, hours: i64) {
    let time = Duration::from_millis(u64::try_from(MARCH + hours * HOUR).unwrap());
    File::options().append(true).open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH + time).unwrap();
}

impl Desk {
    fn parquet(&self, path: &str, opens: &[i64], hour: i64) {
        self.columns(path, candles(opens), hour);
    }

    fn columns(&self, path: &str, columns: fixture::Columns, hour: i64) {
        let path = self.folder.path().join("binance").join(path);
        fixture::write(&path, columns);
        written(&path, hour);
    }

    fn append(&self, path: &str, text: &str, hour: i64) {
        let path = self.folder.path().join("binance").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = File::options().create(true).append(true).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        written(&path, hour);
    }

    /// Looks once: hours of the candles with their closes, and what else is told.
    fn look(&mut self) -> (Vec<(i64, f64)>, Vec<String>) {
        self.feed.look(&self.news).unwrap();
        let (mut told, mut said) = (Vec::new(), Vec::new());
        while let Ok(news) = self.told.try_recv() {
            match news {
                News::Candles { candles, .. } => told.extend(
                    candles.iter().map(|c| ((c.open_time.millis() - MARCH).div_euclid(HOUR), c.close)),
                ),
                News::Trouble { message, .. } => said.push(message),
                News::Recovered { .. } => said.push("recovered".to_owned()),
                other => panic!("{other:?}"),
            }
        }
        (told, said)
    }

    fn hours(&mut self) -> Vec<i64> {
        let (told, said) = self.look();
        assert_eq!(said, [""; 0]);
        told.into_iter().map(|(hour, _)| hour).collect()
    }
}

/// Lines of candles that open at these hours.
fn lines(hours: impl IntoIterator<Item = i64>) -> String {
    let row = |hour| format!("{},1,3,0.5,2,{hour}\n", MARCH + hour * HOUR);
    hours.into_iter().map(row).collect::<Vec<_>>().concat()
}

#[test]
fn a_file_that_is_replaced_tells_what_is_new_and_what_has_changed() {
    let mut desk = desk(&["BTC_USDT"]);
    desk.parquet("BTCUSDT/1h.parquet", &[MARCH - HOUR, MARCH, MARCH + HOUR], 2);
    assert_eq!(desk.hours(), [0, 1], "what came before is known");
    assert_eq!(desk.hours(), [0; 0]);
    desk.parquet("BTCUSDT/1h.parquet", &hours(4), 4);
    let changed = [(0, 101.0), (1, 102.0), (2, 103.0), (3, 104.0)];
    assert_eq!(desk.look(), (changed.to_vec(), vec![]), "prices by place: they have changed");
    desk.parquet("BTCUSDT/1h.parquet", &hours(5), 5);
    assert_eq!(desk.hours(), [4]);
}

#[test]
fn a_candle_waits_for_its_end_and_is_told_as_it_was_written_then() {
    let mut desk = desk(&["BTC_USDT"]);
    desk.parquet("BTC_USDT/1h.parquet", &hours(3), 2);
    desk.append("ETH_USDT/1h.csv", &(HEADER.to_owned() + &lines(0..3)), 2);
    assert_eq!(desk.hours(), [0, 1]);
    let last = fixture::with(candles(&hours(3)), "close", fixture::numbers([101.0, 102.0, 104.0]));
    desk.columns("BTC_USDT/1h.parquet", last, 3);
    assert_eq!(desk.look(), (vec![(2, 104.0)], vec![]));
}

#[test]
fn a_candle_whose_file_does_not_change_any_more_is_told_after_its_end() {
    for path in ["BTC_USDT/1h.parquet", "BTC_USDT/1h.csv"] {
        let mut desk = desk(&["BTC_USDT"]);
        if path.ends_with("csv") {
            desk.append(path, &(HEADER.to_owned() + &lines(0..3)), 2);
        } else {
            desk.parquet(path, &hours(3), 2);
        }
        assert_eq!(desk.hours(), [0, 1]);
        for _ in 1..60 {
            assert_eq!(desk.hours(), [0; 0], "{path}: the hour is not over");
        }
        assert_eq!(desk.hours(), [2], "{path}");
        assert_eq!(desk.hours(), [0; 0]);
    }
}

#[test]
fn lines_that_are_appended_are_told_and_a_torn_one_waits() {
    let mut desk = desk(&["BTC_USDT"]);
    desk.append("BTC_USDT/1h.csv", "open_t", 900);
    assert_eq!(desk.hours(), [0; 0]);
    desk.append("BTC_USDT/1h.csv", &HEADER["open_t".len()..], 901);
    desk.append("BTC_USDT/1h.csv", &lines(-1..2), 901);
    let next = lines([2]);
    desk.append("BTC_USDT/1h.csv", &next[..20], 902);
    assert_eq!(desk.hours(), [0, 1]);
    desk.append("BTC_USDT/1h.csv", &next[20..], 903);
    assert_eq!(desk.hours(), [2]);
    desk.append("BTC_USDT/1h.csv", &lines([2, 1, 3]), 904);
    assert_eq!(desk.hours(), [2, 1, 3], "who takes them says that they are known");
}

#[test]
fn a_csv_file_that_is_another_one_is_read_anew_and_tells_what_is_new() {
    let mut desk = desk(&["BTC_USDT"]);
    let path = desk.folder.path().join("binance/BTC_USDT/1h.csv");
    desk.append("BTC_USDT/1h.csv", &(HEADER.to_owned() + &lines(0..3)), 900);
    assert_eq!(desk.hours(), [0, 1, 2]);
    let row = |hour: i64| format!("2,0.5,3,1,{hour},{},\"a, b\"\n", (MARCH + hour * HOUR) * 1_000_000);
    let other =
        "close,low,high,open,volume,ts,note\n".to_owned() + &(1..5).map(row).collect::<Vec<_>>().concat();
    fs::write(&path, other).unwrap();
    assert_eq!(desk.hours(), [3, 4], "other columns, the same candles");
    fs::write(&path, "open_time,open,high,low,close,volume\n2024-03-01T05:00:00Z,1,3,0.5,2,1\n").unwrap();
    assert_eq!(desk.hours(), [5], "shorter");
}

#[test]
fn a_large_csv_file_is_told_in_full_and_once() {
    let mut desk = desk(&["BTC_USDT"]);
    let path = desk.folder.path().join("binance/BTC_USDT/1h.csv");
    let mut text = HEADER.to_owned();
    text.extend(
        (0..30_000).map(|hour| format!("{},1,3,0.5,2,{hour}{}\n", MARCH + hour * HOUR, "0".repeat(150))),
    );
    assert!(text.len() > 5 << 20);
    desk.append("BTC_USDT/1h.csv", &text, 40_000);
    assert_eq!(desk.hours(), (0..30_000).collect::<Vec<_>>());
    fs::write(&path, text.replace(HEADER, "open_time, open,high,low,close,volume\n")).unwrap();
    written(&path, 40_001);
    assert_eq!(desk.hours(), [0; 0], "what was told long ago is not told again either");
}

#[test]
fn a_row_that_is_none_is_told_with_file_and_line_and_the_others_are_candles() {
    let mut desk = desk(&["BTC_USDT"]);
    let text = format!("{HEADER}{}{},1,x,0.5,2,1\nrubbish\n\n{}", lines([0]), MARCH + HOUR, lines([3]));
    desk.append("BTC_USDT/1h.csv", &text, 900);
    let (told, said) = desk.look();
    assert_eq!(told, [(0, 2.0), (3, 2.0)]);
    assert!(said[0].contains("1h.csv: line 3: high `x` is not a number; 2 such lines"), "{said:?}");
    assert_eq!(desk.look(), (vec![], vec![]), "it is told once");
    desk.append("BTC_USDT/1h.csv", &lines([4]), 901);
    assert_eq!(desk.look(), (vec![(4, 2.0)], vec!["recovered".to_owned()]));

    let null: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(f64::NAN)]));
    desk.columns("ETH_USDT/1h.parquet", fixture::with(candles(&hours(3)), "volume", null), 900);
    desk.feed.watches = vec![Watch::new(0, wanted("ETH_USDT", MARCH), EVERY)];
    let (told, said) = desk.look();
    assert_eq!(told, [(0, 101.0), (2, 103.0)], "who takes it checks what is no number");
    assert!(said[0].contains("1h.parquet: row 2: volume is null; 1 such row"), "{said:?}");
    desk.parquet("ETH_USDT/1h.parquet", &hours(3), 901);
    assert_eq!(desk.look().1, ["recovered"]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_once_and_read_when_it_has_changed_and_others_go_on() {
    let mut desk = desk(&["BTC_USDT", "ETH_USDT"]);
    desk.append("BTC_USDT/1h.parquet", "PAR1 not really PAR1", 900);
    desk.append("ETH_USDT/1h.csv", "open_time,open\n1,2\n", 900);
    let (told, said) = desk.look();
    assert_eq!((told.len(), said.len()), (0, 2));
    assert!(said[0].contains("1h.parquet: is not a Parquet file"), "{said:?}");
    assert!(
        said[1].contains("1h.csv: has no column `high`; its columns are `open_time`, `open`"),
        "{said:?}"
    );
    assert_eq!(desk.look(), (vec![], vec![]));
    desk.parquet("BTC_USDT/1h.parquet", &hours(2), 901);
    assert_eq!(desk.look(), (vec![(0, 101.0), (1, 102.0)], vec!["recovered".to_owned()]));
    fs::remove_file(desk.folder.path().join("binance/ETH_USDT/1h.csv")).unwrap();
    let (_, said) = desk.look();
    assert!(said[0].contains("there are no 1h candles of binance:ETH_USDT yet"), "{said:?}");
    desk.append("ETH_USDT/1h.csv", &(HEADER.to_owned() + &lines(0..1)), 902);
    assert_eq!(desk.look(), (vec![(0, 2.0)], vec!["recovered".to_owned()]));
}

#[test]
fn months_are_read_in_order_as_either_kind_and_a_month_or_series_of_both_is_refused() {
    let mut desk = desk(&["BTC_USDT"]);
    let series = "BTC_USDT/1h/year=2024";
    desk.parquet(&format!("{series}/month=03/data.parquet"), &[MARCH + 743 * HOUR], 900);
    desk.append(&format!("{series}/month=04/data.csv"), &(HEADER.to_owned() + &lines(744..746)), 900);
    assert_eq!(desk.hours(), [743, 744, 745]);
    desk.parquet(&format!("{series}/month=04/data.parquet"), &[MARCH + 746 * HOUR], 900);
    let (told, said) = desk.look();
    assert!(told.is_empty() && said[0].contains("the same month is stored twice"), "{said:?}");
    desk.append("BTC_USDT/1h.csv", HEADER, 900);
    assert!(desk.look().1[0].contains("the 1h candles are stored twice"));
}

#[test]
fn a_folder_that_is_gone_is_told_and_none_is_refused() {
    let mut desk = desk(&["BTC_USDT"]);
    desk.append("BTC_USDT/1h.csv", &(HEADER.to_owned() + &lines(0..2)), 900);
    assert_eq!(desk.hours(), [0, 1]);
    let (folder, away) = (desk.folder.path().to_owned(), desk.folder.path().with_extension("away"));
    fs::rename(&folder, &away).unwrap();
    let (_, said) = desk.look();
    assert!(said.len() == 1 && said[0].contains("cannot list"), "{said:?}");
    let refused = FolderFeed::new(folder.clone(), vec![], EVERY).unwrap_err().to_string();
    assert!(refused.contains("make it, or name another one"), "{refused}");
    fs::rename(&away, &folder).unwrap();
    assert_eq!(desk.look(), (vec![], vec!["recovered".to_owned()]));
}

#[test]
fn a_full_channel_loses_nothing_and_nobody_who_listens_ends_it() {
    let Desk { folder, feed, .. } = desk(&["BTC_USDT"]);
    let path = folder.path().join("binance/BTC_USDT/1h.csv");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, HEADER.to_owned() + &lines(0..5_500)).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let told = runtime.block_on(async {
        let (news, mut told) = mpsc::channel(1);
        let task = tokio::spawn(feed.run(news));
        let mut hours = Vec::new();
        while hours.len() < 5_500 {
            let Some(News::Candles { candles, .. }) = told.recv().await else { panic!("candles") };
            assert!(candles.len() <= 1_000);
            hours.extend(candles.iter().map(|candle| (candle.open_time.millis() - MARCH) / HOUR));
        }
        drop(told);
        task.await.unwrap();
        hours
    });
    assert_eq!(told, (0..5_500).collect::<Vec<_>>());
}
