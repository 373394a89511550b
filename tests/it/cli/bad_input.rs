//! Input that cannot be used: an exit code, a message that says where, and nothing changed on disk.

use super::project::{BTC, CONFIG_FILE, ETH, Project};
use super::tables::{Candles, HOUR, integers, texts};

/// Something that makes a good project bad.
struct Case {
    spoil: fn(&Project),
    /// Of `backtest`.
    arguments: &'static str,
    code: i32,
    says: &'static [&'static str],
}

const fn case(
    spoil: fn(&Project),
    arguments: &'static str,
    code: i32,
    says: &'static [&'static str],
) -> Case {
    Case { spoil, arguments, code, says }
}

/// Each case is run against results of an earlier run, and against none.
fn check(cases: &[Case]) {
    for case in cases {
        let project = Project::new();
        project.succeeds("backtest --output earlier");
        (case.spoil)(&project);
        for output in ["earlier", "reports/fresh"] {
            project.refuses(&format!("backtest --output {output} {}", case.arguments), case.code, case.says);
        }
    }
}

fn nothing(_: &Project) {}

/// Spoils the configuration by a replacement.
macro_rules! edit {
    ($from:literal, $to:literal) => {
        |project| project.edit(CONFIG_FILE, $from, $to)
    };
}

/// Spoils the first instrument's candles.
macro_rules! candles {
    (|$candles:ident| $change:expr) => {
        |project| {
            let mut $candles = Candles::hours(200);
            $change;
            project.candles(BTC, &$candles);
        }
    };
}

#[test]
fn configurations() {
    check(&[
        case(
            |project| project.remove(CONFIG_FILE),
            "",
            2,
            &["cannot read the configuration config/core.yaml"],
        ),
        case(nothing, "--config config", 2, &["config:1:1: error[not_a_file]: this is a folder"]),
        case(|project| project.write(CONFIG_FILE, "a: ["), "", 2, &["config/core.yaml:1:", "error[syntax]"]),
        case(|project| project.write(CONFIG_FILE, [0xff]), "", 2, &["config/core.yaml:1:1: error[syntax]"]),
        case(|project| project.write(CONFIG_FILE, ""), "", 2, &["config/core.yaml:1:1: error["]),
        case(
            edit!("max_leverage", "max_levrage"),
            "",
            2,
            &["config/core.yaml:2:55: error[unknown_key]", "did you mean `max_leverage`?"],
        ),
        case(
            edit!("engine: sma_cross", "engine: sma_cros"),
            "",
            2,
            &["config/core.yaml:18:22: error[unknown_reference]", "did you mean `sma_cross`?"],
        ),
        case(
            edit!("fast: 2", "fast: 0"),
            "",
            2,
            &["config/core.yaml:18:52: error[", "strategies.crossing.parameters.fast"],
        ),
        case(edit!("fast: 2", "fast: 4"), "", 2, &["config/core.yaml:18:52: error[invalid_parameters]"]),
        case(
            edit!("taker_fee: 0.001", "taker_fee: 1.5"),
            "",
            2,
            &["config/core.yaml:16:66: error[", "taker_fee"],
        ),
        case(edit!("USDT: 1000", "USDT: .nan"), "", 2, &["config/core.yaml:16:", "initial_balances"]),
        case(
            |project| {
                let text = project.text(CONFIG_FILE);
                let lines = text.lines().filter(|line| !line.contains("_USDT: {base"));
                let text = lines.collect::<Vec<_>>().join("\n");
                project.write(CONFIG_FILE, text.replacen("instruments:", "instruments: {}", 1));
            },
            "",
            2,
            &["config/core.yaml:5:5: error[empty]", "instrument_universes.pair.instruments"],
        ),
        case(
            nothing,
            "--environment dest",
            2,
            &["config/core.yaml:8:", "there is no environment `dest`", "did you mean `desk`?"],
        ),
        case(nothing, "--scheduler other", 2, &["there is no scheduler `other` (known: main)"]),
    ]);
}

#[test]
fn arguments() {
    check(&[
        case(nothing, "--interval 1h", 2, &["--data"]),
        case(
            nothing,
            "--data data/ohlcv/binance/BTC_USDT/1h.parquet",
            2,
            &["BTC_USDT/1h.parquet", "--interval"],
        ),
        case(
            nothing,
            "--data data/ohlcv/binance/BTC_USDT/1h.parquet --interval hourly",
            2,
            &["--interval", "`hourly`"],
        ),
        case(
            nothing,
            "--data data/ohlcv/binance/BTC_USDT/1h.parquet --interval 0h",
            2,
            &["--interval", "`0h`"],
        ),
        case(nothing, "--from yesterday", 2, &["--from", "`yesterday` is not an instant"]),
        case(nothing, "--to 2024-02-30", 2, &["--to", "`2024-02-30` is not an instant"]),
        case(nothing, "--from 2024-03-03 --to 2024-03-02", 2, &["2024-03-03", "2024-03-02", "--from"]),
        case(nothing, "--from 2024-03-03 --to 2024-03-03", 2, &["2024-03-03", "--from"]),
        case(nothing, "--equity hourly", 2, &["--equity", "hourly"]),
        case(nothing, "--format yaml", 2, &["--format", "yaml"]),
        case(nothing, "--verify earlier/manifest.json", 2, &["--verify"]),
        case(nothing, "--formt json", 2, &["--formt", "--format"]),
    ]);
}

#[test]
fn windows_without_data() {
    check(&[
        case(nothing, "--from 2025-01-01", 7, &["window", "--from"]),
        case(nothing, "--to 2023-01-01", 7, &["window", "--to"]),
        case(nothing, "--from 2024-03-01T00:10:00 --to 2024-03-01T00:50:00", 7, &["window"]),
    ]);
}

#[test]
fn stores() {
    check(&[
        case(
            nothing,
            "--data nowhere",
            1,
            &["there is no candle store at `nowhere`", "hemiola data seed", "--data"],
        ),
        case(
            |project| project.remove("data"),
            "",
            1,
            &["there is no candle store at `config/../data/ohlcv`"],
        ),
        case(nothing, "--data nowhere.parquet --interval 1h", 1, &["nowhere.parquet: cannot open"]),
        case(nothing, "--data data/ohlcv --interval 1h", 1, &["data/ohlcv: is a folder"]),
        case(
            |project| project.remove(ETH),
            "",
            7,
            &["schedule `hourly` needs 1h candles of binance:ETH_USDT", "data/ohlcv", "hemiola data seed"],
        ),
        case(
            |project| {
                project.candles("data/ohlcv/ohlcv_parquet/binance/BTC_USDT/1h.parquet", &Candles::hours(9));
            },
            "",
            7,
            &["stored twice", "data/ohlcv/binance/BTC_USDT/1h.parquet"],
        ),
        case(
            |project| project.candles("data/minutes.parquet", &Candles::hours(200)),
            "--data data/minutes.parquet --interval 1m",
            7,
            &["data/minutes.parquet", "schedule `hourly` reads 1h candles", "1m candles"],
        ),
    ]);
}

#[test]
fn files() {
    const FILE: &str = "data/ohlcv/binance/BTC_USDT/1h.parquet: ";
    check(&[
        case(|project| project.write(BTC, ""), "", 7, &[FILE, "is empty (no bytes)"]),
        case(|project| project.candles(BTC, &Candles::hours(0)), "", 7, &[FILE, "is empty (no rows)"]),
        case(
            |project| project.write(BTC, "time,open\n"),
            "",
            7,
            &[FILE, "not a Parquet file, or is damaged"],
        ),
        case(
            |project| {
                let bytes = project.read(BTC);
                project.write(BTC, &bytes[..bytes.len() / 2]);
            },
            "",
            7,
            &[FILE, "not a Parquet file, or is damaged"],
        ),
        case(
            |project| Candles::hours(9).columns().without("low").write(&project.path(BTC)),
            "",
            7,
            &[FILE, "has no column `low`", "`close`"],
        ),
        case(
            |project| Candles::hours(9).columns().without("open_time").write(&project.path(BTC)),
            "",
            7,
            &[FILE, "has no column `open_time` or `ts`"],
        ),
        case(
            |project| Candles::hours(2).columns().with("close", texts(&["1", "2"])).write(&project.path(BTC)),
            "",
            7,
            &[FILE, "column `close` is of type Utf8, expected float64"],
        ),
        case(
            |project| Candles::hours(2).columns().with("volume", integers([1, 2])).write(&project.path(BTC)),
            "",
            7,
            &[FILE, "column `volume` is of type Int64"],
        ),
    ]);
}

#[test]
fn rows() {
    const ROW: &str = "BTC_USDT/1h.parquet: row 8 (open_time 2024-03-01T07:00:00Z): ";
    check(&[
        case(candles!(|c| c.close[7] = f64::NAN), "", 7, &[ROW, "close is NaN"]),
        case(candles!(|c| c.high[7] = f64::INFINITY), "", 7, &[ROW, "high is inf"]),
        case(candles!(|c| c.open[7] = 0.0), "", 7, &[ROW, "open is 0, not above zero"]),
        case(candles!(|c| c.low[7] = -1.0), "", 7, &[ROW, "low is -1, not above zero"]),
        case(candles!(|c| (c.high[7], c.low[7]) = (90.0, 95.0)), "", 7, &[ROW, "high 90 is below low 95"]),
        case(candles!(|c| c.close[7] = 200.0), "", 7, &[ROW, "close 200 is above high"]),
        case(candles!(|c| c.volume[7] = -1.0), "", 7, &[ROW, "volume is -1, below zero"]),
        case(
            candles!(|c| (c.close[7], c.close[11]) = (f64::NAN, f64::NAN)),
            "",
            7,
            &[ROW, "2 bad rows in this file"],
        ),
        case(
            candles!(|c| c.open_time[8] = c.open_time[7]),
            "",
            7,
            &["1h.parquet: row 9 (open_time 2024-03-01T07:00:00Z): the same time as the row before it"],
        ),
        case(
            candles!(|c| c.open_time.swap(7, 8)),
            "",
            7,
            &["1h.parquet: row 9 (open_time 2024-03-01T07:00:00Z): out of order", "2024-03-01T08:00:00Z"],
        ),
        case(
            candles!(|c| c.open_time[7] += HOUR / 2),
            "",
            7,
            &["1h.parquet: row 8 (open_time 2024-03-01T07:30:00Z): not a whole number of 1h steps"],
        ),
        case(candles!(|c| c.open_time[7] = -1), "", 7, &["1h.parquet: row 8", "outside 1970 to 2200"]),
    ]);
}

#[test]
fn trusted_candles_are_still_in_order() {
    check(&[case(
        candles!(|c| c.open_time[8] = c.open_time[7]),
        "--trust-data",
        7,
        &["1h.parquet: row 9 (open_time 2024-03-01T07:00:00Z): the same time as the row before it"],
    )]);
}

#[test]
fn output_that_is_not_ours_is_left_alone() {
    let project = Project::new();
    project.write("notes/list.txt", "buy milk");
    project.write("other/manifest.json", r#"{"name": "web application"}"#);
    project.write("file", "a file");
    for output in ["notes", "other", "file"] {
        project.refuses(&format!("backtest --output {output}"), 1, &[output, "choose another output folder"]);
    }
    // A folder that cannot be made, whoever runs this.
    project.refuses("backtest --output file/below", 1, &["file"]);
    project.refuses("backtest --output ..", 1, &["choose another output folder"]);
}

#[test]
fn an_empty_folder_and_earlier_results_are_replaced() {
    let project = Project::new();
    std::fs::create_dir(project.path("out")).unwrap();
    let first = project.succeeds("backtest --output out");
    project.edit(CONFIG_FILE, "taker_fee: 0.001", "taker_fee: 0.002");
    let second = project.succeeds("backtest --output out");
    assert_ne!(first.digest(), second.digest());
    assert_eq!(project.json("out/manifest.json")["digest"], second.digest());
}
