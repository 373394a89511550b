//! A desk on the wall clock: a venue on this machine, a configuration, and the program run over both.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Output};

use hemiola::clock;
use hemiola_adapters::feed::testing::FakeVenue;
use hemiola_components::candle::Candle;
use hemiola_components::time::Nanos;
use serde_json::Value;
use tempfile::TempDir;

/// What signs the journal.
pub(super) const KEY: &str = "8c1f0e5a7d92b346c05be1f8a37d6924e81b5c70fa2d4693";

/// The session's folder.
const SESSION: &str = "var/state/desk/paper/main";

const SYMBOLS: [&str; 5] = ["BTC", "ETH", "SOL", "BNB", "XRP"];

/// The strategies that its schedules share, in turns.
const STRATEGIES: &str = "  crossing_a: {engine: sma_cross, parameters: {fast: 3, slow: 9}}
  crossing_b: {engine: sma_cross, parameters: {fast: 5, slow: 20}}
  reversion: {engine: mean_reversion, parameters: {lookback: 12, entry_zscore: 1.5, exit_zscore: 0.3, max_holding_period: 20}}
  grid: {engine: grid_trading, parameters: {grid_size: 3, grid_spacing: 0.002}}
";

const NAMES: [&str; 4] = ["crossing_a", "crossing_b", "reversion", "grid"];

/// A venue, and a folder with what is run over it.
pub(super) struct Desk {
    folder: TempDir,
    pub(super) venue: FakeVenue,
    program: PathBuf,
}

impl Desk {
    /// Of so many schedules that decide once a second, on candles of a second.
    pub(super) fn new(program: PathBuf, schedules: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let venue = FakeVenue::start(clock::now, market).unwrap();
        fs::create_dir(folder.path().join("config")).unwrap();
        fs::write(folder.path().join("config/core.yaml"), config(&venue.url(), schedules)).unwrap();
        Self { folder, venue, program }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program in its folder.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.folder.path()).env("DESK_JOURNAL_KEY", KEY);
        command
    }

    pub(super) fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts a session; what it says is added to `stdout.txt` and `stderr.txt`.
    pub(super) fn start(&self) -> Child {
        self.run().spawn().unwrap()
    }

    /// The same, not started yet.
    pub(super) fn run(&self) -> Command {
        let open = |name| File::options().create(true).append(true).open(self.path(name)).unwrap();
        let mut command = self.command(&["run", "--environment", "desk", "--on-stop", "keep", "--json"]);
        command.stdout(open("stdout.txt")).stderr(open("stderr.txt"));
        command
    }

    /// Ends a session in good order, and gives its last words.
    pub(super) fn stop(&self, mut session: Child) -> Value {
        signal(&session, "INT");
        let status = session.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.told());
        let said = fs::read_to_string(self.path("stdout.txt")).unwrap();
        serde_json::from_str(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// What sessions told on stderr.
    pub(super) fn told(&self) -> String {
        fs::read_to_string(self.path("stderr.txt")).unwrap_or_default()
    }

    /// The replay of what sessions wrote down agrees with them, and comes to `digest`.
    pub(super) fn check_replay(&self, digest: &Value) {
        let replay = self.output(&["replay", SESSION, "--json"]);
        let said = String::from_utf8_lossy(&replay.stdout).into_owned();
        assert!(replay.status.success(), "{said} {}", String::from_utf8_lossy(&replay.stderr));
        let read: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(&read["digest"], digest, "{read}");
    }

    /// The journal is sound, and no order is in it twice. Gives its lines.
    pub(super) fn check_journal(&self) -> Vec<Value> {
        let verified = self.output(&["journal", "verify", "journal", "--hmac-key-env", "DESK_JOURNAL_KEY"]);
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        let lines = self.journal();
        let orders = lines.iter().filter(|line| line["event"] == "order_submitted");
        let ids: Vec<&str> = orders.map(|order| order["order_id"].as_str().unwrap()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an order is there twice");
        lines
    }

    /// The lines of its journal.
    pub(super) fn journal(&self) -> Vec<Value> {
        let mut files: Vec<_> =
            fs::read_dir(self.path("journal")).unwrap().map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        files.sort();
        let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        texts.iter().flat_map(|text| text.lines()).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What sessions wrote into the runtime log.
    pub(super) fn log(&self) -> String {
        let files = fs::read_dir(self.path("logs/runtime")).unwrap().map(|file| file.unwrap().path());
        files.map(|file| fs::read_to_string(file).unwrap()).collect()
    }

    /// Bytes of the files of its session and its journal.
    pub(super) fn size(&self) -> u64 {
        let size = |folder: &str| -> u64 {
            let files = fs::read_dir(self.path(folder)).into_iter().flatten();
            files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
        };
        size(SESSION) + size("journal")
    }
}

/// Sends a signal to a process.
pub(super) fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Prices that go up and down by a hundredth, each symbol in a time of its own, with a little noise.
fn market(symbol: &str, open_time: Nanos) -> Candle {
    let place = (0..).zip(SYMBOLS).find(|(_, base)| symbol.starts_with(base)).map_or(0, |(place, _)| place);
    let second = open_time.get() / Nanos::SECOND.get();
    let price = |second: i64| {
        let (period, base) = (70 + 13 * place, 100.0 * (place + 1) as f64);
        let way = ((second + 17 * place).rem_euclid(2 * period) - period).abs() as f64 / period as f64;
        let noise = (second.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(place) >> 40 & 1_023) as f64;
        base * (1.0 + 0.01 * way + 0.001 * (noise / 1_024.0 - 0.5))
    };
    let (open, close) = (price(second), price(second + 1));
    let (high, low) = (open.max(close) * 1.0002, open.min(close) * 0.9998);
    Candle { open_time, open, high, low, close, volume: 1e6 }
}

fn config(url: &str, schedules: usize) -> String {
    let mut instruments = String::new();
    for base in SYMBOLS {
        _ = writeln!(
            instruments,
            "      {base}_USDT: {{base_asset: {base}, quote_asset: USDT, exchanges: {{binance: {base}USDT}}, categories: [core], backfill: [{{interval: 1s, lookback_days: 1}}]}}"
        );
    }
    let mut rows = String::new();
    for schedule in 0..schedules {
        let (strategy, base) = (NAMES[schedule % NAMES.len()], SYMBOLS[schedule % SYMBOLS.len()]);
        _ = writeln!(
            rows,
            "      s{schedule:02}: {{strategy: {strategy}, interval: 1s, cadence_seconds: 1, warmup_bars: 24, instruments: [{base}_USDT]}}"
        );
    }
    format!(
        "\
risk_profiles:
  open: {{max_open_positions: 100, max_position_pct: 0, max_leverage: 0, preset: manual, portfolio_limit_pct: 0, daily_kill_switch_r_multiple: 0, daily_kill_switch_loss_pct: 0, weekly_kill_switch_loss_pct: 0, max_cost_to_profit_ratio: 0}}
instrument_universes:
  five:
    instruments:
{instruments}environments:
  desk:
    exchange: binance
    environment: paper
    data_cache_path: ../data
    instrument_universe: five
    risk_profile: open
    feed: {{kind: klines, base_url: \"{url}\", grace_seconds: 0.5}}
    decision_journal: {{backend: file, directory: ../journal, signing_key_env: DESK_JOURNAL_KEY, signing_key_id: desk-1}}
    adapter_settings:
      paper_trading: {{initial_balances: {{USDT: 1000000}}, taker_fee: 0.0005, slippage_bps: 1}}
strategies:
{STRATEGIES}multi_strategy_schedulers:
  main:
    capital_policy: equal_weight
    schedules:
{rows}"
    )
}
