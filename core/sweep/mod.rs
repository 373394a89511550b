//! Sweeps: one job with many settings, an account each, over candles that are read once.

pub mod axis;
pub mod constraint;
pub mod folder;
pub mod forward;
pub mod map;
pub mod order;
pub mod plans;
pub mod row;
pub mod run;
mod shard;
pub mod space;
pub mod spec;
pub mod table;
pub mod variant;
pub mod walk;
pub mod worth;

use std::path::PathBuf;

use data_encoding::HEXLOWER;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::assembly::Window;
use crate::config::Scalar;
use crate::config::plan::{Plan, SchedulePlan};
use crate::exit::{Exit, Failure};
use crate::job::{Configured, Prepared};
use crate::memory::Memory;
use crate::results::heat_map::{self, HeatMap};
use folder::Folder;
use forward::Forward;
use map::Sides;
use order::Rank;
use plans::Planner;
use row::Row;
use run::{Runner, SHARD};
use space::Space;
use spec::Spec;
use walk::Walk;
use worth::Worth;

/// A sweep and how it is run. Nothing but the [`Spec`] decides what it comes to.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is swept.
    pub spec: Spec,
    /// No more variants than this.
    pub max_variants: u64,
    /// The folder; `data/sweeps/<sweep id>` by default.
    pub output: Option<PathBuf>,
    /// Whether to go on with what is there.
    pub resume: bool,
    /// How many shards run at once; at least 1.
    pub threads: usize,
    /// The memory for candles.
    pub memory: Memory,
    /// The axes of the heat map, see [`Sides::read`].
    pub heat_map: Option<String>,
}

/// What hears of a sweep while it runs.
pub trait Observer {
    /// Something worth a line.
    fn notice(&mut self, line: &str);
    /// How many variants are to be run, all windows together, and how many candles each looks at.
    fn begin(&mut self, variants: usize, bars: u64);
    /// How many of them have been, parts of variants added up.
    fn progress(&mut self, variants: f64);
}

/// A sweep that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its variants.
    pub space: Space,
    /// One per variant.
    pub rows: Vec<Row>,
    /// What they are ranked by.
    pub rank: Rank,
    /// The best first.
    pub order: Vec<usize>,
    /// What the choice is worth, if that was to be worked out and there is one.
    pub worth: Option<Worth>,
    /// The walk forward, if there was to be one.
    pub forward: Option<Forward>,
    /// The best of it over two axes, if it has such.
    pub map: Option<HeatMap>,
    /// The document of what it came to.
    pub result: Value,
    /// Where it is.
    pub folder: PathBuf,
    /// Whether candles were made up.
    pub is_synthetic: bool,
    /// Equity at the start, in quote currency.
    pub cash: f64,
}

/// Runs a sweep, or what is left of it.
///
/// # Errors
/// When it cannot be used, before any data are read; when data cannot be read, or results not written.
pub fn run(request: &Request, catalog: &Catalog, observer: &mut dyn Observer) -> Result<Ended, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let spec = &request.spec;
    let rank = Rank::by(&spec.rank).map_err(usage)?;
    let walk = spec.walk_forward.as_deref().map(Walk::read).transpose();
    let walk = walk.map_err(|error| usage(format!("--walk-forward {error}")))?;
    let space = Space::of(&spec.wanted, request.max_variants).map_err(usage)?;
    let sides = Sides::read(request.heat_map.as_deref(), &space).map_err(usage)?;
    let engines = catalog.specs();
    {
        let Configured { config, selection, plan } = spec.job.configure(catalog)?;
        Planner::new(&config, &selection, &engines, &plan, &space).map_err(usage)?;
    }
    let (configured, prepared) =
        spec.job.prepare_for_variants(&request.memory, catalog, &mut |line| observer.notice(line))?;
    let Configured { config, selection, plan } = &configured;
    let planner = Planner::new(config, selection, &engines, plan, &space).map_err(usage)?;
    let steps = walk.map_or_else(Vec::new, |walk| {
        let (start, end) = stretch(&prepared);
        walk.steps(start, end)
    });
    if walk.is_some() && steps.is_empty() {
        return Err(usage(
            "--walk-forward: the candles end before the first training window does".to_owned(),
        ));
    }
    let mut manifest = spec::manifest(spec, &prepared, &space);
    let sweep_id = manifest["sweep_id"].as_str().unwrap_or_default().to_owned();
    let output = request.output.clone().unwrap_or_else(|| PathBuf::from("data/sweeps").join(&sweep_id[..16]));
    let folder = Folder::open(&output, &manifest, request.resume)?;
    let runner =
        Runner { base: &prepared, planner: &planner, space: &space, catalog, threads: request.threads };
    observer.begin(space.len() * (1 + steps.len()), bars(&prepared));
    let mut before = 0;
    let rows = stage(&runner, &folder, "all", prepared.window, &mut before, observer)?;
    let mut forward = walk.map(|_| Forward::default());
    for (number, step) in steps.into_iter().enumerate() {
        let trained =
            stage(&runner, &folder, &format!("train-{number:04}"), step.train, &mut before, observer)?;
        if let Some(forward) = &mut forward {
            forward.take(&runner, step, &trained, &rank)?;
        }
    }
    let order = rank.order(&rows);
    let best = order.first().copied().filter(|_| spec.selection_statistics);
    let worth = best.map(|best| Worth::of(&rows, best));
    let result = result(&space, &rows, &order, worth.as_ref(), forward.as_ref(), &rank, plan);
    folder.table("sweep.parquet", &table::table(&space, &rows, &sweep_id, prepared.data.is_synthetic()))?;
    if let Some(forward) = &forward {
        folder.table("walk_forward.parquet", &forward.table(&rank))?;
        folder.table("walk_forward_equity.parquet", &forward.equity_table())?;
    }
    let map = sides.and_then(|sides| sides.map(&space, &rows, &rank));
    if let Some(map) = &map {
        folder.bytes("heat_map.svg", heat_map::to_svg(map).as_bytes())?;
    }
    manifest["result"] = result.clone();
    folder.finish(&manifest)?;
    Ok(Ended {
        cash: plan.cash.get(),
        is_synthetic: prepared.data.is_synthetic(),
        folder: folder.path().to_owned(),
        space,
        rows,
        rank,
        order,
        worth,
        forward,
        map,
        result,
    })
}

/// Runs the shards of a window that are not done, and gives all rows.
fn stage(
    runner: &Runner<'_>,
    folder: &Folder,
    stage: &str,
    window: Window,
    before: &mut usize,
    observer: &mut dyn Observer,
) -> Result<Vec<Row>, Failure> {
    let mut done: Vec<Option<Vec<Row>>> = (0..runner.shards())
        .map(|shard| {
            let range = runner.range(shard);
            folder.load(stage, shard, range.start, range.len(), &mut |line| observer.notice(line))
        })
        .collect();
    let missing: Vec<usize> = (0..done.len()).filter(|shard| done[*shard].is_none()).collect();
    *before += done.iter().flatten().map(Vec::len).sum::<usize>();
    let at = *before as f64;
    runner.run(
        &missing,
        window,
        |shard, rows| {
            *before += rows.len();
            done[shard] = Some(folder.store(stage, shard, shard * SHARD, rows)?);
            Ok(())
        },
        |variants| observer.progress(at + variants),
    )?;
    Ok(done.into_iter().flatten().flatten().collect())
}

/// The first instant and the last of what is traded.
fn stretch(prepared: &Prepared) -> (Nanos, Nanos) {
    let series = prepared.data.market.series.iter().flat_map(|series| series.values());
    let (mut start, mut end) = (Nanos::NEVER, Nanos::new(i64::MIN));
    for bars in series.filter(|bars| !bars.is_empty()) {
        start = start.min(bars.open_time[0]);
        end = end.max(bars.close_time(bars.len() - 1));
    }
    (prepared.window.from.unwrap_or(start), prepared.window.to.map_or(end, |to| to.min(end)))
}

/// How many candles the strategies of the account look at.
fn bars(prepared: &Prepared) -> u64 {
    let Prepared { plan, data, .. } = prepared;
    let of = |schedule: &SchedulePlan| -> u64 {
        let series = schedule.instruments.iter().map(|instrument| &data.market.series[*instrument]);
        series.filter_map(|series| series.get(&schedule.interval)).map(|bars| bars.len() as u64).sum()
    };
    plan.schedules.iter().map(of).sum()
}

fn result(
    space: &Space,
    rows: &[Row],
    order: &[usize],
    worth: Option<&Worth>,
    forward: Option<&Forward>,
    rank: &Rank,
    plan: &Plan,
) -> Value {
    let mut digest = Sha256::new();
    for row in rows {
        match row {
            Row::Ran(ran) => digest.update(&ran.digest),
            Row::Failed(error) => digest.update(error),
        }
    }
    let best = order.first().and_then(|best| {
        let ran = rows[*best].ran()?;
        let parameters: serde_json::Map<String, Value> =
            space.settings(*best).into_iter().map(|setting| (setting.path, scalar(&setting.value))).collect();
        let statistics: serde_json::Map<String, Value> = row::STATISTICS
            .iter()
            .map(|(name, _)| ((*name).to_owned(), json!(ran.statistic(name))))
            .collect();
        Some(json!({
            "variant": best,
            "parameters": parameters,
            "digest": ran.digest,
            "final_equity": ran.final_equity,
            "fills": ran.fills,
            "statistics": statistics,
        }))
    });
    json!({
        "digest": HEXLOWER.encode(&digest.finalize()),
        "ran": rows.iter().filter(|row| row.ran().is_some()).count(),
        "failed": rows.iter().filter(|row| row.ran().is_none()).count(),
        "ranked_by": rank.name(),
        "best": best,
        "selection": worth.map(Worth::to_json),
        "walk_forward": forward.map(|forward| forward.to_json(rank, plan.cash)),
    })
}

fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::Number(number) => json!(number),
        Scalar::Flag(flag) => json!(flag),
        Scalar::Text(text) => json!(text),
    }
}
