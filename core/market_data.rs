//! Reads the candles, quotes and targets of a Plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use data_encoding::HEXLOWER;
use hemiola_adapters::journal::assets;
use hemiola_adapters::store::{
    self, CandleStore, Check, Demand, LoadedQuotes, LoadedSeries, OpenFile, QuotesReport, Scratch,
    SeriesReport, SourceFile, Stretch,
};
use hemiola_components::market::{Bars, Instrument, Quotes, Targets, TradingRules};
use hemiola_components::order::FillModel;
use hemiola_components::risk::RiskProfile;
use hemiola_components::strategy::{ParameterKind, ParameterValue};
use hemiola_components::time::Interval;
use hemiola_systems::allocation::VOLATILITY_CANDLES;
use hemiola_systems::indicators::snapshots::{Source, snapshots};
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::Columns;
use sha2::{Digest as _, Sha256};

use crate::assembly::{Market, Window};
use crate::config::plan::{Pair, Plan};
use crate::exit::{Exit, Failure};
use crate::memory::{self, Memory};

/// The market data of a Plan, with where it came from.
#[derive(Clone, Debug, Default)]
pub struct MarketData {
    /// What the world reads.
    pub market: Market,
    /// One entry per series, by instrument, then interval.
    pub series: Vec<SeriesSource>,
    /// One entry per instrument whose quotes are used.
    pub quotes: Vec<QuotesSource>,
    /// Every file that was read.
    pub files: Vec<SourceFile>,
    /// What is probably not meant.
    pub warnings: Vec<String>,
}

/// A series and what was found in it.
#[derive(Clone, Debug)]
pub struct SeriesSource {
    /// Index into the Plan's instruments.
    pub instrument: usize,
    /// The candles' length.
    pub interval: Interval,
    /// Counts.
    pub report: SeriesReport,
    /// Whether its candles were made from quotes, because there are no others.
    pub from_quotes: bool,
}

/// The quotes of an instrument and what was found in them.
#[derive(Clone, Copy, Debug)]
pub struct QuotesSource {
    /// Index into the Plan's instruments.
    pub instrument: usize,
    /// Counts.
    pub report: QuotesReport,
}

impl MarketData {
    /// Whether any of it was made up by `hemiola data seed`.
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        self.series.iter().any(|series| series.report.synthetic)
            || self.quotes.iter().any(|quotes| quotes.report.synthetic)
    }
}

/// A file of candles that stands in for a store: every symbol in it is an instrument.
#[derive(Clone, Debug)]
pub struct FlatFile {
    path: PathBuf,
    interval: Interval,
    series: Vec<(String, LoadedSeries)>,
    scratch: Option<Scratch>,
    warnings: Vec<String>,
}

/// The venue of instruments from a flat file.
const FILE_VENUE: &str = "file";

impl FlatFile {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read or holds bad candles; when there is no room for temporary files.
    pub fn load(
        path: &Path,
        interval: Interval,
        demand: Demand,
        memory: &Memory,
        notice: &mut dyn FnMut(&str),
    ) -> Result<Self, Failure> {
        let file = OpenFile::open(path, &demand)?;
        let bytes = file.bytes(&demand);
        let scratch = memory.scratch(bytes);
        let mut warnings = Vec::new();
        if scratch.is_some() && file.has_symbols() {
            warnings.push(format!(
                "{}: its candles take {}, more than the memory limit, and stay in memory: only those of a file with \
                 one symbol can be kept in temporary files; write a file per symbol",
                path.display(),
                memory::size(bytes)
            ));
        } else if scratch.is_some() {
            notice(&spilled(bytes, memory));
        }
        let series = file.load(interval, &demand, scratch.as_ref())?;
        Ok(Self { path: path.to_owned(), interval, series, scratch, warnings })
    }

    /// Its instruments; a symbol that does not end in a currency is quoted in `quote`.
    #[must_use]
    pub fn instruments(&self, quote: &str) -> Vec<Instrument> {
        let instrument = |(symbol, _): &(String, LoadedSeries)| {
            let (base, quote) = assets(symbol).unwrap_or((symbol.clone(), quote));
            Instrument {
                venue: FILE_VENUE.to_owned(),
                symbol: symbol.clone(),
                base,
                quote: quote.to_owned(),
                rules: TradingRules::default(),
            }
        };
        self.series.iter().map(instrument).collect()
    }

    /// The market data of a Plan made for these instruments.
    ///
    /// # Errors
    /// When a schedule reads another interval than the file has, or targets cannot be read.
    pub fn market_data(self, plan: &Plan, catalog: &Catalog) -> Result<MarketData, Failure> {
        let interval = self.interval;
        if let Some(schedule) = plan.schedules.iter().find(|schedule| schedule.interval != interval) {
            let message = format!(
                "schedule `{}` reads {} candles, and {} is said to have {interval} candles: change its `interval` or --interval",
                schedule.name,
                schedule.interval,
                self.path.display()
            );
            return Err(Failure::new(Exit::Data, message));
        }
        let mut data = MarketData { warnings: self.warnings, ..MarketData::default() };
        data.market.scratch = self.scratch;
        let mut by_symbol: BTreeMap<String, LoadedSeries> = self.series.into_iter().collect();
        for (index, instrument) in plan.instruments.iter().enumerate() {
            let loaded = by_symbol.remove(&instrument.symbol);
            data.market.series.push(data_of(
                index,
                loaded.map(|one| (interval, one)),
                &mut data.series,
                &mut data.files,
            ));
        }
        data.read_targets(plan, catalog)?;
        Ok(data)
    }
}

/// Reads from a store what the schedules of a Plan need.
///
/// # Errors
/// When candles, quotes or targets cannot be read, are bad, or are absent; when there is no room for temporary files.
pub fn load(
    plan: &Plan,
    root: &Path,
    demand: impl Into<Demand>,
    catalog: &Catalog,
    memory: &Memory,
    notice: &mut dyn FnMut(&str),
) -> Result<MarketData, Failure> {
    let demand = demand.into();
    let mut store = CandleStore::open(root)?;
    let mut data = MarketData::default();
    if memory.limit.is_some() {
        let bytes = bytes(plan, &store, &demand);
        data.market.scratch = memory.scratch(bytes);
        if let Some(scratch) = data.market.scratch.clone() {
            notice(&spilled(bytes, memory));
            store = store.spilling_into(scratch);
        }
    }
    let mut quoted = BTreeMap::new();
    for (index, instrument) in plan.instruments.iter().enumerate() {
        let names = [instrument.symbol.as_str(), plan.venue_symbols[index].as_str()];
        let mut stored = Vec::new();
        for interval in intervals(plan, index) {
            stored.push((interval, store.load(&instrument.venue, &names, interval, demand)?));
        }
        let quotes = if is_in_a_pair(plan, index) || stored.iter().any(|(_, series)| series.is_none()) {
            store.quotes(&instrument.venue, &names, demand.check)?
        } else {
            None
        };
        let mut loaded = Vec::new();
        let mut made = Vec::new();
        for (interval, series) in stored {
            let series = match (series, &quotes) {
                (Some(series), _) => series,
                (None, Some(quotes)) => {
                    made.push(interval);
                    quotes.candles(interval)
                }
                (None, None) => return Err(missing(plan, root, index, interval)),
            };
            loaded.push((interval, series));
        }
        let first = data.series.len();
        data.market.series.push(data_of(index, loaded, &mut data.series, &mut data.files));
        for series in data.series[first..].iter_mut().filter(|series| made.contains(&series.interval)) {
            series.from_quotes = true;
            data.warnings.push(format!(
                "{} has no {} candles: {} were made from quotes, at the middle of bid and ask",
                instrument.name(),
                series.interval,
                series.report.bars
            ));
        }
        if let Some(quotes) = quotes {
            quoted.insert(index, data.take_quotes(&instrument.name(), index, quotes));
        }
    }
    data.join_pairs(plan, &quoted);
    data.read_targets(plan, catalog)?;
    Ok(data)
}

/// The bytes of all candles that the schedules read. What cannot be read counts nothing: loading it says why.
fn bytes(plan: &Plan, store: &CandleStore, demand: &Demand) -> u64 {
    let mut all = 0_u64;
    for (index, instrument) in plan.instruments.iter().enumerate() {
        let names = [instrument.symbol.as_str(), plan.venue_symbols[index].as_str()];
        for interval in intervals(plan, index) {
            let bytes = store.bytes(&instrument.venue, &names, interval, demand);
            all = all.saturating_add(bytes.unwrap_or_default());
        }
    }
    all
}

fn spilled(bytes: u64, memory: &Memory) -> String {
    format!(
        "the candles take {}, more than the memory limit of {}: they are kept in temporary files in {}",
        memory::size(bytes),
        memory::size(memory.limit.unwrap_or_default()),
        memory.folder.display()
    )
}

/// What the run of a Plan reads of its candles.
///
/// Of pairs all candles are read: what is seen of one market at a candle of the other may be older than any warm-up.
#[must_use]
pub fn demand(plan: &Plan, catalog: &Catalog, check: Check, window: Window) -> Demand {
    let engines = plan.schedules.iter().map(|schedule| &plan.strategies[schedule.strategy].engine);
    let columns = engines.map(|engine| catalog.get(engine).map_or(Columns::CANDLES, |kind| kind.columns));
    // Orders that rest, or get a share of the volume, are held against whole candles.
    let venue = if plan.fill_model == FillModel::Realistic { Columns::CANDLES } else { Columns::PRICES };
    let columns = columns.fold(venue, Columns::or);
    // What a policy knows of volatility before the window must not depend on what anybody is warmed up with.
    let seen =
        if plan.capital_policy.is_static() && plan.operator.is_empty() { 0 } else { VOLATILITY_CANDLES };
    let warm_ups = plan.schedules.iter().map(|schedule| schedule.warmup_bars);
    let warm_up = warm_ups.fold(seen, usize::max);
    let stretch = Stretch { from: window.from, to: window.to, warm_up };
    let any_pairs = plan.schedules.iter().any(|schedule| !schedule.pairs.is_empty());
    // Stops that engines do not name are worked out from the candles.
    let needs_stops = plan.risk_profiles.iter().any(RiskProfile::needs_stops);
    Demand {
        high_low: columns.high_low || needs_stops,
        volume: columns.volume,
        stretch: if any_pairs { Stretch::default() } else { stretch },
        threads: thread::available_parallelism().map_or(1, |count| count.get().min(MOST_THREADS)),
        ..Demand::from(check)
    }
}

/// More threads than there are columns have nothing to decode.
const MOST_THREADS: usize = 4;

fn is_in_a_pair(plan: &Plan, instrument: usize) -> bool {
    let mut pairs = plan.schedules.iter().flat_map(|schedule| &schedule.pairs);
    pairs.any(|pair| [pair.primary, pair.secondary].contains(&instrument))
}

fn missing(plan: &Plan, root: &Path, instrument: usize, interval: Interval) -> Failure {
    let reader = plan
        .schedules
        .iter()
        .find(|schedule| schedule.interval == interval && schedule.instruments.contains(&instrument))
        .expect("an interval is read by a schedule");
    let message = format!(
        "schedule `{}` needs {interval} candles of {}, and {} has none: add them, or make some up with `hemiola data seed`",
        reader.name,
        plan.instruments[instrument].name(),
        root.display()
    );
    Failure::new(Exit::Data, message)
}

/// The intervals that the schedules read of an instrument.
#[must_use]
pub fn intervals(plan: &Plan, instrument: usize) -> BTreeSet<Interval> {
    let readers = plan.schedules.iter().filter(|schedule| schedule.instruments.contains(&instrument));
    readers.map(|schedule| schedule.interval).collect()
}

/// A market without a candle: a series for each that the schedules read.
#[must_use]
pub fn empty(plan: &Plan) -> Market {
    let series = |index| {
        let bars = |interval: Interval| (interval, Arc::new(Bars::empty(interval.length())));
        intervals(plan, index).into_iter().map(bars).collect()
    };
    Market { series: (0..plan.instruments.len()).map(series).collect(), ..Market::default() }
}

/// What a Plan reads beside candles: targets from outside.
///
/// # Errors
/// When they cannot be read.
pub fn without_candles(plan: &Plan, catalog: &Catalog) -> Result<MarketData, Failure> {
    let mut data = MarketData { market: empty(plan), ..MarketData::default() };
    data.read_targets(plan, catalog)?;
    Ok(data)
}

fn data_of(
    instrument: usize,
    loaded: impl IntoIterator<Item = (Interval, LoadedSeries)>,
    sources: &mut Vec<SeriesSource>,
    files: &mut Vec<SourceFile>,
) -> BTreeMap<Interval, Arc<Bars>> {
    let mut bars = BTreeMap::new();
    for (interval, series) in loaded {
        sources.push(SeriesSource { instrument, interval, report: series.report, from_quotes: false });
        files.extend(
            series
                .files
                .into_iter()
                .filter(|file| !files.iter().any(|known| known.path.as_os_str() == file.path.as_os_str()))
                .collect::<Vec<_>>(),
        );
        bars.insert(interval, Arc::new(series.bars));
    }
    bars
}

impl MarketData {
    /// Notes where quotes came from.
    fn take_quotes(&mut self, name: &str, instrument: usize, loaded: LoadedQuotes) -> Quotes {
        let LoadedQuotes { quotes, report, file, .. } = loaded;
        if report.received_early > 0 {
            self.warnings.push(format!(
                "{name}: {} of {} quotes were received before they were sent, by up to {} s: the receiver's clock is \
                 behind, and they seem known too early beside anything that another clock stamped",
                report.received_early,
                report.quotes + report.dropped,
                report.earliest.get() as f64 / 1e9
            ));
        }
        self.quotes.push(QuotesSource { instrument, report });
        if !self.files.iter().any(|known| known.path.as_os_str() == file.path.as_os_str()) {
            self.files.push(file);
        }
        quotes
    }

    /// What each pair with quotes on either side sees at the closes of its first leg.
    fn join_pairs(&mut self, plan: &Plan, quoted: &BTreeMap<usize, Quotes>) {
        for schedule in &plan.schedules {
            for &pair in &schedule.pairs {
                let Pair { primary, secondary } = pair;
                if !quoted.contains_key(&primary) && !quoted.contains_key(&secondary) {
                    continue;
                }
                let series = &self.market.series;
                let source =
                    |leg: usize| Source { bars: &series[leg][&schedule.interval], quotes: quoted.get(&leg) };
                let joined = Arc::new(snapshots(source(primary), source(secondary)));
                self.market.snapshots.insert((pair, schedule.interval), joined);
            }
        }
    }

    fn read_targets(&mut self, plan: &Plan, catalog: &Catalog) -> Result<(), Failure> {
        for (index, strategy) in plan.strategies.iter().enumerate() {
            let mut targets = BTreeMap::new();
            let specs = catalog.get(&strategy.engine).map_or(&[][..], |kind| kind.spec.parameters);
            for spec in specs.iter().filter(|spec| spec.kind == ParameterKind::TargetsFile) {
                if let Some(ParameterValue::Text(path)) = strategy.parameters.0.get(spec.name) {
                    let read = self.read_target_file(Path::new(path), &traded(plan, index))?;
                    targets.extend(read.into_iter().map(|(symbol, targets)| (symbol, Arc::new(targets))));
                }
            }
            self.market.targets.push(targets);
        }
        Ok(())
    }

    /// Reads a file of targets, which must have some for the instruments that are traded.
    fn read_target_file(
        &mut self,
        path: &Path,
        traded: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Targets>, Failure> {
        let targets = store::load_targets(path)?;
        if !targets.keys().any(|symbol| traded.contains(symbol)) {
            let message = format!(
                "{}: has targets for {}, and the schedules trade {}: a symbol is written venue:symbol",
                path.display(),
                listed(targets.keys()),
                listed(traded),
            );
            return Err(Failure::new(Exit::Data, message));
        }
        for symbol in targets.keys().filter(|symbol| !traded.contains(*symbol)) {
            self.warnings
                .push(format!("{}: nobody trades `{symbol}`; its targets are not used", path.display()));
        }
        if !self.files.iter().any(|file| file.path == path) {
            let rows = targets.values().map(|targets| targets.time.len()).sum();
            self.files.push(SourceFile { path: path.to_owned(), blake3: blake3_of(path)?, rows });
        }
        Ok(targets)
    }
}

/// The instruments that a strategy's schedules trade, as `venue:symbol`.
fn traded(plan: &Plan, strategy: usize) -> BTreeSet<String> {
    let schedules = plan.schedules.iter().filter(|schedule| schedule.strategy == strategy);
    schedules
        .flat_map(|schedule| &schedule.instruments)
        .map(|index| plan.instruments[*index].name())
        .collect()
}

fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The SHA-256 of a file's bytes, lower-case hex.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(path: &Path) -> Result<String, Failure> {
    Ok(HEXLOWER.encode(&Sha256::digest(bytes_of(path)?)))
}

/// The BLAKE3 hash of a file's bytes, lower-case hex.
///
/// # Errors
/// When it cannot be read.
pub fn blake3_of(path: &Path) -> Result<String, Failure> {
    Ok(store::blake3_hex(&bytes_of(path)?))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path)
        .map_err(|error| Failure::new(Exit::Operational, format!("{}: cannot read: {error}", path.display())))
}
