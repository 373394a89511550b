//! A folder with a configuration and candles, and the program run inside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::tables::Candles;

/// Two instruments, one schedule, no costs and no limits. Paper, so an absent store is not filled with demo candles.
pub(super) const CONFIG: &str = "\
risk_profiles:
  open: {max_open_positions: 10, max_position_pct: 0, max_leverage: 0, preset: manual, portfolio_limit_pct: 0, daily_kill_switch_r_multiple: 0, daily_kill_switch_loss_pct: 0, weekly_kill_switch_loss_pct: 0, max_cost_to_profit_ratio: 0}
instrument_universes:
  pair:
    instruments:
      BTC_USDT: {base_asset: BTC, quote_asset: USDT, exchanges: {binance: BTCUSDT}, categories: [core], backfill: [{interval: 1h, lookback_days: 30}]}
      ETH_USDT: {base_asset: ETH, quote_asset: USDT, exchanges: {binance: ETHUSDT}, categories: [core], backfill: [{interval: 1h, lookback_days: 30}]}
environments:
  desk:
    exchange: binance
    environment: paper
    data_cache_path: ../data/ohlcv
    instrument_universe: pair
    risk_profile: open
    adapter_settings:
      paper_trading: {initial_balances: {USDT: 1000}, taker_fee: 0.001, slippage_bps: 0, fill_model: next_open}
strategies:
  crossing: {engine: sma_cross, parameters: {fast: 2, slow: 4}}
multi_strategy_schedulers:
  main:
    schedules:
      hourly: {strategy: crossing, interval: 1h}
";

pub(super) const CONFIG_FILE: &str = "config/core.yaml";
pub(super) const BTC: &str = "data/ohlcv/binance/BTC_USDT/1h.parquet";
pub(super) const ETH: &str = "data/ohlcv/binance/ETH_USDT/1h.parquet";

/// What is in a folder: the bytes of each file, and `None` for each folder, by path.
pub(super) type Snapshot = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// How a run of the program ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ended {
    /// Stdout as the one JSON document it is.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// The digest in the report for people.
    pub(super) fn digest(&self) -> &str {
        let line = self.stdout.lines().find_map(|line| line.strip_prefix("digest "));
        line.unwrap_or_else(|| panic!("no digest in {}", self.stdout)).trim()
    }
}

pub(super) struct Project {
    folder: TempDir,
}

impl Project {
    pub(super) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A project whose one schedule trades two venues against each other; the second has no candles yet.
    pub(super) fn pair() -> Self {
        let project = Self::new();
        project.edit(
            CONFIG_FILE,
            "exchanges: {binance: BTCUSDT}",
            "exchanges: {binance: BTCUSDT, kraken: XBTUSDT}",
        );
        project.edit(
            CONFIG_FILE,
            "{engine: sma_cross, parameters: {fast: 2, slow: 4}}",
            "{engine: cross_exchange_arbitrage, parameters: {primary_exchange: binance, secondary_exchange: kraken, max_notional: 100}}",
        );
        project.edit(
            CONFIG_FILE,
            "interval: 1h}",
            "interval: 1h, instruments: [binance:BTC_USDT, kraken:BTC_USDT]}",
        );
        project
    }

    /// [`CONFIG`] and 200 hours of candles for each of its instruments, in plain folders.
    pub(super) fn new() -> Self {
        let project = Self::empty();
        project.write(CONFIG_FILE, CONFIG);
        project.candles(BTC, &Candles::hours(200));
        project.candles(ETH, &Candles::hours(200).times(0.5));
        project
    }

    /// The configurations that come with the program, and no candles.
    pub(super) fn shipped() -> Self {
        let project = Self::empty();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join(CONFIG_FILE);
        project.write(CONFIG_FILE, fs::read_to_string(config).unwrap());
        project
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(super) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(super) fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Replaces a text that must be there.
    pub(super) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.text(name);
        assert!(text.contains(from), "{name} has no {from}");
        self.write(name, text.replacen(from, to, 1));
    }

    pub(super) fn remove(&self, name: &str) {
        let path = self.path(name);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }

    pub(super) fn candles(&self, name: &str, candles: &Candles) {
        candles.columns().write(&self.path(name));
    }

    /// Runs the program in this folder; the arguments are separated by blanks.
    pub(super) fn run(&self, arguments: &str) -> Ended {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ended =
            Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!ended.stderr.contains("panicked"), "{arguments}: {}", ended.stderr);
        ended
    }

    pub(super) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hemiola"));
        command.args(arguments.split_whitespace()).current_dir(self.folder.path());
        command
    }

    /// Runs the program, which must succeed.
    pub(super) fn succeeds(&self, arguments: &str) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments}: {}", ended.stderr);
        ended
    }

    /// Runs the program, which must end with `code`, say all of `says`, print nothing, and change nothing.
    pub(super) fn refuses(&self, arguments: &str, code: i32, says: &[&str]) -> Ended {
        let before = self.snapshot("");
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
        for needle in says {
            assert!(ended.stderr.contains(needle), "{arguments}: no {needle} in {}", ended.stderr);
        }
        let errors = ended.stderr.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(errors, 1, "{arguments}: {}", ended.stderr);
        assert!(self.snapshot("") == before, "{arguments} changed something on disk");
        ended
    }

    pub(super) fn snapshot(&self, name: &str) -> Snapshot {
        let mut snapshot = Snapshot::new();
        visit(&self.path(name), Path::new(""), &mut snapshot);
        snapshot
    }
}

fn visit(folder: &Path, name: &Path, snapshot: &mut Snapshot) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), name.join(entry.file_name()));
        if path.is_dir() {
            visit(&path, &name, snapshot);
            snapshot.insert(name, None);
        } else {
            snapshot.insert(name, Some(fs::read(path).unwrap()));
        }
    }
}
