//! World assembly: Plans and their market data become entities, once, before the first tick.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bevy_ecs::prelude::{Entity, World};
use hemiola_adapters::store::{Scratch, StoreError};
use hemiola_components::candles::Candles;
use hemiola_components::capital::ScheduleView;
use hemiola_components::control::{Controls, OperatorAction};
use hemiola_components::id::{InstrumentIndex, PortfolioIndex, ScheduleIndex};
use hemiola_components::market::{
    Bars, Instrument, LogReturns, PriceLine, Series, Snapshots, Targets, TickSums,
};
use hemiola_components::metric::Metrics;
use hemiola_components::port::EquityCurve;
use hemiola_components::portfolio::{
    Account, Agenda, Book, BookLine, Desk, Portfolio, Recent, Sheet, Timeline,
};
use hemiola_components::position::{Cursor, Feed, Position};
use hemiola_components::risk::{Latches, RiskProfile, RiskState};
use hemiola_components::rows::Rows;
use hemiola_components::schedule::Schedule;
use hemiola_components::strategy::{ParameterError, Strategy};
use hemiola_components::time::{Interval, Nanos};
use hemiola_systems::allocation::division::{Division, Subject};
use hemiola_systems::control::turn::first_standings;
use hemiola_systems::growth::Growth;
use hemiola_systems::indicators::log_returns::{log_returns, log_returns_in};
use hemiola_systems::indicators::snapshots::{Source, snapshots, stale};
use hemiola_systems::indicators::tick_sums::{tick_sums, tick_sums_in};
use hemiola_systems::queue::Queue;
use hemiola_systems::risk::calendar::{day_of, midnight_that_matters};
use hemiola_systems::risk::latch::watch;
use hemiola_systems::schedule;
use hemiola_systems::signals::catalog::{Catalog, Kind, Needs};
use hemiola_systems::signals::engine::{Columns, ScanLimit};
use hemiola_systems::signals::explain::{Explain, Question};
use hemiola_systems::timeline::day_end;
use thiserror::Error;

use crate::config::plan::{Pair, Plan, SchedulePlan};
use crate::modes::backtest::Keep;
use crate::price_line::price_line;
use crate::runtime::{Block, Growing, Runtime};
use crate::streams::{Reader, Streams};

/// The market data of a Plan.
#[derive(Clone, Debug, Default)]
pub struct Market {
    /// Candles per instrument of the Plan, by interval.
    pub series: Vec<BTreeMap<Interval, Arc<Bars>>>,
    /// Targets per strategy of the Plan, by `venue:symbol`.
    pub targets: Vec<BTreeMap<String, Arc<Targets>>>,
    /// What is known of pairs beyond their candles, at the closes of the first leg's interval. A pair that is not
    /// here is quoted at its closes.
    pub snapshots: BTreeMap<(Pair, Interval), Arc<Snapshots>>,
    /// Where the columns that are computed go; into memory when there is nothing.
    pub scratch: Option<Scratch>,
}

/// The part of history that is traded. Candles before it warm the engines' state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Its first instant. Without one it begins with the data, and each series' first candles are its warm-up.
    pub from: Option<Nanos>,
    /// Its last instant; without one, the last close.
    pub to: Option<Nanos>,
}

/// How a world is built, apart from what it trades. None of this changes results, except the window.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What part of the data is traded.
    pub window: Window,
    /// How far engines scan ahead.
    pub scan: ScanLimit,
    /// Which equity points are kept.
    pub curve: EquityCurve,
    /// What else is kept.
    pub keep: Keep,
    /// Decisions that somebody asks about.
    pub explain: Option<Question>,
    /// Seed of another insertion order of the systems, for tests.
    pub shuffle: Option<u64>,
    /// Whether candles come while it runs. What there is has closed when the window begins, and engines look no further
    /// than the tick. There is one Plan, and the window has a first instant; without a last one it has no end.
    pub grows: bool,
}

/// Why a world cannot be built.
#[derive(Debug, Error)]
pub enum AssemblyError {
    /// A schedule's candles are not there.
    #[error("schedule `{schedule}` needs {interval} candles of {instrument}, and there are none")]
    NoSeries {
        /// The schedule.
        schedule: String,
        /// `venue:symbol`.
        instrument: String,
        /// The interval.
        interval: Interval,
    },
    /// No candle closes inside the window.
    #[error("no candle of any schedule closes inside the window: choose another --from or --to")]
    EmptyWindow,
    /// No engine of that name.
    #[error("strategy `{strategy}` names the engine `{engine}`, which is not in the catalogue")]
    UnknownEngine {
        /// The strategy.
        strategy: String,
        /// The engine.
        engine: String,
    },
    /// Parameters that contradict each other.
    #[error("strategy `{strategy}`: {source}")]
    Parameters {
        /// The strategy.
        strategy: String,
        /// What is wrong.
        source: ParameterError,
    },
    /// There is no room for the columns that are computed.
    #[error(transparent)]
    Columns(#[from] StoreError),
    /// Two systems could run in either order, or portfolios are not where systems look for them.
    #[error("the order of the world is not settled: {0}")]
    Order(String),
}

/// A schedule that got fewer candles to warm up with than it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortWarmup {
    /// The schedule.
    pub schedule: String,
    /// `venue:symbol`.
    pub instrument: String,
    /// Candles asked for.
    pub wanted: usize,
    /// Candles there were.
    pub found: usize,
}

/// An engine that needs more candles before its first decision than there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortHistory {
    /// The schedule.
    pub schedule: String,
    /// `venue:symbol`.
    pub instrument: String,
    /// Candles the engine needs.
    pub needed: usize,
    /// Candles there are, warm-up included.
    pub found: usize,
}

/// A pair whose second leg was often silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleQuotes {
    /// The schedule.
    pub schedule: String,
    /// `venue:symbol` of the first leg.
    pub primary: String,
    /// `venue:symbol` of the second leg.
    pub secondary: String,
    /// The oldest quote an entry accepts.
    pub bound: Nanos,
    /// Candles of the first leg at whose close the second leg's quote is older.
    pub stale: usize,
    /// Candles of the first leg that close inside the window.
    pub candles: usize,
}

/// What assembly learned on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Too short warm-ups.
    pub short_warmups: Vec<ShortWarmup>,
    /// Engines that will never decide.
    pub short_histories: Vec<ShortHistory>,
    /// Pairs that cannot be entered at times.
    pub stale_quotes: Vec<StaleQuotes>,
    /// `venue:symbol@interval` of series whose sums are not exact, because their prices have no common tick.
    pub inexact_series: Vec<String>,
}

/// Builds a world with one portfolio per Plan. Portfolios never influence each other.
///
/// # Errors
/// See [`AssemblyError`].
pub fn assemble(
    plans: &[(&Plan, &Market)],
    catalog: &Catalog,
    options: Options,
) -> Result<(Runtime, Notes), AssemblyError> {
    let mut assembly = Assembly {
        world: World::new(),
        catalog,
        options,
        sums: BTreeMap::new(),
        returns: BTreeMap::new(),
        rows: BTreeMap::new(),
        lines: BTreeMap::new(),
        closes: BTreeMap::new(),
        kinds: BTreeMap::new(),
        subjects: Arc::default(),
        streams: None,
        notes: Notes::default(),
    };
    let mut portfolios = Vec::with_capacity(plans.len());
    for (index, (plan, market)) in plans.iter().enumerate() {
        portfolios.push(assembly.portfolio(PortfolioIndex::new(index), plan, market)?);
    }
    let Assembly { mut world, kinds, notes, streams, .. } = assembly;
    if !lie_in_order(&mut world, portfolios.len()) {
        return Err(AssemblyError::Order("portfolios do not lie in one table by their index".into()));
    }
    let queue = Queue {
        calendar: starts(&world, &portfolios),
        portfolios,
        scan: if options.grows { ScanLimit::Now } else { options.scan },
        explain: options.explain.map(|question| Box::new(Explain::from(question))),
        ..Queue::default()
    };
    let block = block(&world, &queue.portfolios);
    let all: Vec<Kind> = kinds.values().copied().collect();
    let pass =
        schedule::systems(&all).into_pass(&mut world, options.shuffle).map_err(AssemblyError::Order)?;
    let growing =
        streams.map(|streams| Box::new(Growing { growth: Growth::new(&mut world), streams, kinds }));
    Ok((Runtime::new(world, pass, queue, block, growing), notes))
}

/// Whether all portfolios are in one table, a row each, in the order of their index.
fn lie_in_order(world: &mut World, count: usize) -> bool {
    let mut query = world.query::<(&Portfolio, &Desk)>();
    let portfolios = query.query(world);
    let mut tables = portfolios.contiguous_iter().into_iter().flatten();
    let first = tables.next().map(|(portfolios, _)| portfolios).unwrap_or_default();
    let in_order = first.iter().enumerate().all(|(row, portfolio)| portfolio.index.get() == row);
    in_order && first.len() == count && tables.next().is_none()
}

/// Each portfolio's first tick.
fn starts(world: &World, portfolios: &[Entity]) -> Vec<Nanos> {
    let start =
        |portfolio: &Entity| world.get::<Desk>(*portfolio).map_or(Nanos::NEVER, |desk| desk.timeline.start);
    portfolios.iter().map(start).collect()
}

/// Blocks of about a thousand of the densest line's candles; a single portfolio needs none.
fn block(world: &World, portfolios: &[Entity]) -> Block {
    const CANDLES: i64 = 1_000;
    let spacing = |portfolio: &Entity| {
        let Desk { timeline: line, book, .. } = world.get::<Desk>(*portfolio)?;
        let most = book.lines.iter().map(|line| line.bars.len()).max()?;
        Some((line.end - line.start).get() / i64::try_from(most).ok()?.max(1))
    };
    let densest = portfolios.iter().filter_map(spacing).min().filter(|_| portfolios.len() > 1);
    Block::of(densest.map_or(Nanos::NEVER, |spacing| Nanos::new(spacing.max(1).saturating_mul(CANDLES))))
}

struct Assembly<'a> {
    world: World,
    catalog: &'a Catalog,
    options: Options,
    /// Running sums by the address of their candles, so that every reader of a column shares them.
    sums: BTreeMap<*const Bars, Option<Arc<TickSums>>>,
    /// Logarithmic returns, likewise.
    returns: BTreeMap<*const Bars, Arc<LogReturns>>,
    /// Rows by the addresses of their lines.
    rows: BTreeMap<Vec<*const Bars>, Option<Arc<Rows>>>,
    /// Price lines by the addresses of the series that they are made of.
    lines: BTreeMap<Vec<*const Bars>, Arc<Bars>>,
    /// Pairs that are quoted at their closes, by the addresses of the two series.
    closes: BTreeMap<[*const Bars; 2], Arc<Snapshots>>,
    kinds: BTreeMap<&'static str, Kind>,
    /// Those of the last portfolio.
    subjects: Arc<[Subject]>,
    /// The columns of the last portfolio, when they grow.
    streams: Option<Streams>,
    notes: Notes,
}

/// What the parts of one portfolio refer to.
struct Owner<'a> {
    entity: Entity,
    index: PortfolioIndex,
    plan: &'a Plan,
    market: &'a Market,
    start: Nanos,
    end: Nanos,
}

impl Assembly<'_> {
    fn portfolio(
        &mut self,
        index: PortfolioIndex,
        plan: &Plan,
        market: &Market,
    ) -> Result<Entity, AssemblyError> {
        let (start, end) = self.window(plan, market)?;
        let mut book = Book::default();
        self.streams = self.options.grows.then(Streams::new);
        for (instrument, series) in plan.instruments.iter().zip(&market.series) {
            let addresses = series.values().map(Arc::as_ptr).collect();
            let line = self.lines.entry(addresses).or_insert_with(|| price_line(series));
            let bars = Arc::clone(line);
            let columns: Vec<(Interval, Entity, Arc<Bars>)> = series
                .iter()
                .map(|(interval, bars)| {
                    let entity = self.world.spawn(Series { bars: Arc::clone(bars) }).id();
                    (*interval, entity, Arc::clone(bars))
                })
                .collect();
            let entity = self.world.spawn((instrument.clone(), PriceLine { bars: Arc::clone(&bars) })).id();
            if let Some(streams) = &mut self.streams {
                streams.instrument(entity, &bars, instrument.rules.tick, columns);
            }
            let mut line = BookLine::new(Candles::new(bars), instrument.rules);
            line.closed = line.bars.closed_at(start, 0);
            book.lines.push(line);
        }
        let day_end = day_end(&mut book, start);
        book.sheet = self.sheet(&book, market);
        let entity = self
            .world
            .spawn(Portfolio {
                name: plan.scheduler.clone(),
                index,
                costs: plan.costs,
                fill_model: plan.fill_model,
                liquidity: plan.liquidity,
                margin: plan.margin,
                shortfall: plan.shortfall,
                curve: self.options.curve,
                risk_profiles: plan.risk_profiles.clone(),
                risk_policy: plan.risk_policy.clone(),
            })
            .id();
        if let Some(streams) = &mut self.streams {
            streams.belong_to(entity);
        }
        let owner = Owner { entity, index, plan, market, start, end };
        let strategies =
            (0..plan.strategies.len()).map(|i| self.strategy(&owner, i)).collect::<Result<Vec<_>, _>>()?;
        let mut agenda = Agenda::default();
        let ranks = ranks(plan);
        for (index, schedule) in plan.schedules.iter().enumerate() {
            self.schedule(&owner, ScheduleIndex::new(index), (schedule, &ranks), &strategies, &mut agenda)?;
        }
        let risk = risk_states(plan);
        let mut account = Account { day: Some(day_of(start)), ..Account::new(plan.cash) };
        watch(&mut account, &plan.risk_profiles, &risk);
        let midnight = midnight_that_matters(&plan.risk_profiles, &risk, start);
        let subjects = self.subjects(plan, &agenda);
        let (policy, governor) = (plan.capital_policy.clone(), plan.governor.clone());
        let division = Division::new(policy, subjects, governor, plan.cash, start);
        let weights = division.first_weights(plan.cool_down);
        let controls = Controls {
            pending: pending(plan, start),
            standings: first_standings(&division),
            ..Controls::default()
        };
        let desk = Desk {
            timeline: Timeline { now: start, day_end, start, end },
            account,
            book,
            resting: Vec::with_capacity(agenda.positions.len()),
            agenda,
            weights,
            controls,
            turn: start,
            risk,
            recent: Recent::default(),
            look_at: Nanos::NEVER,
            midnight,
        };
        self.world.entity_mut(entity).insert((desk, division));
        Ok(entity)
    }

    /// What an account of several instruments is marked from, unless every mark of what is held is wanted or the
    /// lines have too little in common, or there is no memory for it.
    fn sheet(&mut self, book: &Book, market: &Market) -> Option<Sheet> {
        /// Closes in the rows for each close in the lines.
        const MOST: usize = 4;
        let Options { curve, grows, .. } = self.options;
        if book.lines.len() < 2 || curve == EquityCurve::EveryBar || market.scratch.is_some() || grows {
            return None;
        }
        let bars = || book.lines.iter().map(|line| line.bars.shared());
        let closes: usize = bars().map(|bars| bars.len()).sum();
        let key = bars().map(Arc::as_ptr).collect();
        let build = || Rows::new(bars().map(AsRef::as_ref), closes * MOST + 1_000).map(Arc::new);
        self.rows.entry(key).or_insert_with(build).clone().map(Sheet::new)
    }

    /// First and last instant of a portfolio's time line.
    fn window(&self, plan: &Plan, market: &Market) -> Result<(Nanos, Nanos), AssemblyError> {
        let Window { from, to } = self.options.window;
        let mut read = Vec::new();
        for schedule in &plan.schedules {
            for &instrument in &schedule.instruments {
                read.push(series(plan, market, schedule, instrument)?);
            }
        }
        if let (true, Some(from)) = (self.options.grows, from) {
            return Ok((from, to.unwrap_or(Nanos::NEVER)));
        }
        read.retain(|bars| !bars.is_empty());
        let first = read.iter().map(|bars| bars.open_time[0]).min().ok_or(AssemblyError::EmptyWindow)?;
        let last = read.iter().map(|bars| bars.close_time(bars.len() - 1)).max();
        let last = last.expect("the same series have a first candle");
        let (start, end) = (from.map_or(first, |from| from.max(first)), to.map_or(last, |to| to.min(last)));
        let any_closes = read.iter().any(|bars| bars.closed_at(start, 0) < bars.closed_at(end, 0));
        if any_closes { Ok((start, end)) } else { Err(AssemblyError::EmptyWindow) }
    }

    fn strategy(&mut self, account: &Owner<'_>, index: usize) -> Result<(Entity, Kind), AssemblyError> {
        let strategy = &account.plan.strategies[index];
        let kind = *self.catalog.get(&strategy.engine).ok_or_else(|| AssemblyError::UnknownEngine {
            strategy: strategy.name.clone(),
            engine: strategy.engine.clone(),
        })?;
        self.kinds.insert(kind.spec.name, kind);
        let mut entity = self.world.spawn(Strategy { name: strategy.name.clone(), engine: kind.spec.name });
        kind.insert_settings(&mut entity, &strategy.parameters)
            .map_err(|source| AssemblyError::Parameters { strategy: strategy.name.clone(), source })?;
        Ok((entity.id(), kind))
    }

    fn schedule(
        &mut self,
        account: &Owner<'_>,
        index: ScheduleIndex,
        (plan, ranks): (&SchedulePlan, &[u32]),
        strategies: &[(Entity, Kind)],
        agenda: &mut Agenda,
    ) -> Result<(), AssemblyError> {
        let (strategy, kind) = strategies[plan.strategy];
        let schedule = self
            .world
            .spawn((
                Schedule {
                    name: plan.name.clone(),
                    index,
                    strategy,
                    portfolio: account.entity,
                    instruments: plan.instruments.len(),
                    sizing: plan.sizing,
                    entry_order: plan.entry_order,
                    risk_profile: plan.risk_profile,
                    windows: plan.windows.clone(),
                    stands_in_for: stands_in_for(account.plan, index),
                },
                Metrics::new(kind.metrics),
            ))
            .id();
        agenda.schedules.push(schedule);
        let needs = needs(account, plan.strategy, kind)?;
        let mut slots = BTreeMap::new();
        for &instrument in &plan.instruments {
            let bars = Arc::clone(series(account.plan, account.market, plan, instrument)?);
            let pair = plan.pairs.iter().find(|pair| pair.primary == instrument);
            let decides = pair.is_some() || !kind.spec.trades_pairs;
            let mut cursor = self.cursor(account, plan, instrument, &bars);
            if decides {
                self.check_history(account, plan, instrument, &cursor, needs.candles);
            } else {
                cursor.seen = cursor.end;
            }
            let identity = &account.plan.instruments[instrument];
            let Columns { tick_sums, log_returns, .. } = kind.columns;
            let scratch = account.market.scratch.as_ref();
            let ticks = if tick_sums { self.sums(identity, plan.interval, &bars, scratch)? } else { None };
            let feed = Feed {
                cadence: plan.cadence,
                ticks,
                returns: if log_returns { Some(self.returns(&bars, scratch)?) } else { None },
                snapshots: match pair {
                    Some(pair) => Some(self.snapshots(account, plan, *pair, needs.quote_age)?),
                    None => None,
                },
                targets: account.market.targets[plan.strategy].get(&identity.name()).map(Arc::clone),
                costs: account.plan.costs,
                bars: Candles::new(bars),
            };
            let position = Position {
                portfolio: account.index,
                schedule,
                strategy,
                schedule_index: index,
                instrument_index: InstrumentIndex::new(instrument),
                slot: agenda.positions.len(),
                rank: ranks[agenda.positions.len()],
                hedge: None,
                feed,
            };
            let mut entity = self.world.spawn((position, cursor));
            if let (Some(streams), Some(position)) = (&mut self.streams, entity.get::<Position>()) {
                let secondary = pair.map(|pair| pair.secondary);
                let (entity, interval) = (entity.id(), plan.interval);
                streams.reader(&Reader { entity, position, interval, secondary });
            }
            if decides {
                kind.insert_state(&mut entity);
            }
            agenda.deciders.push(agenda.positions.len());
            agenda.risk_profiles.push(plan.risk_profile);
            slots.insert(instrument, agenda.positions.len());
            agenda.positions.push(entity.id());
            agenda.next.push(account.start);
        }
        for pair in &plan.pairs {
            let [primary, secondary] = [pair.primary, pair.secondary].map(|leg| slots[&leg]);
            agenda.deciders[secondary] = primary;
            let mut decider = self.world.entity_mut(agenda.positions[primary]);
            if let Some(position) = decider.get::<Position>().cloned() {
                decider.insert(Position { hedge: Some(agenda.positions[secondary]), ..position });
            }
        }
        Ok(())
    }

    /// The schedules as capital is divided between them; their positions are those of `agenda`.
    /// Accounts that differ in parameters only share them.
    fn subjects(&mut self, plan: &Plan, agenda: &Agenda) -> Arc<[Subject]> {
        let mut end = 0;
        let subject = |(schedule, entity): (&SchedulePlan, &Entity)| {
            let slots = end..end + schedule.instruments.len();
            end = slots.end;
            let metrics = self.world.get::<Metrics>(*entity);
            Subject {
                view: view(plan, schedule),
                cadence: schedule.cadence,
                slots,
                max_signals: schedule.max_signals,
                on_suspend: schedule.on_suspend,
                signal_metrics: metrics.into_iter().flat_map(Metrics::names).collect(),
                metrics: schedule.metrics.clone(),
            }
        };
        let subjects: Vec<Subject> = plan.schedules.iter().zip(&agenda.schedules).map(subject).collect();
        if *self.subjects != *subjects {
            self.subjects = subjects.into();
        }
        Arc::clone(&self.subjects)
    }

    fn check_history(
        &mut self,
        account: &Owner<'_>,
        schedule: &SchedulePlan,
        instrument: usize,
        cursor: &Cursor,
        needed: usize,
    ) {
        let found = cursor.end - cursor.first;
        if found < needed {
            self.notes.short_histories.push(ShortHistory {
                schedule: schedule.name.clone(),
                instrument: account.plan.instruments[instrument].name(),
                needed,
                found,
            });
        }
    }

    /// The quotes of a pair, with a note when the second leg's are too old at times.
    fn snapshots(
        &mut self,
        account: &Owner<'_>,
        schedule: &SchedulePlan,
        pair: Pair,
        bound: Option<Nanos>,
    ) -> Result<Arc<Snapshots>, AssemblyError> {
        let bars = |instrument| series(account.plan, account.market, schedule, instrument);
        let (primary, secondary) = (bars(pair.primary)?, bars(pair.secondary)?);
        let known = account.market.snapshots.get(&(pair, schedule.interval)).cloned();
        let joined = known.unwrap_or_else(|| {
            let source = |bars| Source { bars, quotes: None };
            let addresses = [Arc::as_ptr(primary), Arc::as_ptr(secondary)];
            let joined = || Arc::new(snapshots(source(primary), source(secondary)));
            Arc::clone(self.closes.entry(addresses).or_insert_with(joined))
        });
        if let Some(bound) = bound {
            let traded = primary.closed_at(account.start, 0)..primary.closed_at(account.end, 0);
            let candles = traded.len();
            let stale = stale(primary, &joined, traded, bound);
            if stale > 0 {
                let name = |index: usize| account.plan.instruments[index].name();
                self.notes.stale_quotes.push(StaleQuotes {
                    schedule: schedule.name.clone(),
                    primary: name(pair.primary),
                    secondary: name(pair.secondary),
                    bound,
                    stale,
                    candles,
                });
            }
        }
        Ok(joined)
    }

    fn cursor(
        &mut self,
        account: &Owner<'_>,
        schedule: &SchedulePlan,
        instrument: usize,
        bars: &Bars,
    ) -> Cursor {
        let end = bars.closed_at(account.end, 0);
        let wanted = schedule.warmup_bars;
        let before = self.options.window.from.map_or(wanted, |_| bars.closed_at(account.start, 0));
        let decide_from = before.min(end);
        let first = decide_from.saturating_sub(wanted);
        let found = decide_from - first;
        if found < wanted {
            self.notes.short_warmups.push(ShortWarmup {
                schedule: schedule.name.clone(),
                instrument: account.plan.instruments[instrument].name(),
                wanted,
                found,
            });
        }
        let last_due = match decide_from.checked_sub(1) {
            Some(bar) => account.start.max(bars.close_time(bar)),
            None => account.start,
        };
        Cursor {
            first,
            seen: first,
            decide_from,
            until: account.end,
            end,
            last_due,
            found: None,
            in_flight: 0,
            answer: None,
            not_finite: 0,
            recalled: false,
            failure: None,
        }
    }

    fn sums(
        &mut self,
        instrument: &Instrument,
        interval: Interval,
        bars: &Arc<Bars>,
        scratch: Option<&Scratch>,
    ) -> Result<Option<Arc<TickSums>>, AssemblyError> {
        if let Some(sums) = self.sums.get(&Arc::as_ptr(bars)) {
            return Ok(sums.clone());
        }
        let (closes, tick) = (&bars.close, instrument.rules.tick);
        let sums = match scratch {
            Some(scratch) => tick_sums_in(closes, tick, |_| scratch.column())?,
            None => tick_sums(closes, tick),
        };
        let sums = sums.map(Arc::new);
        if sums.is_none() {
            self.notes.inexact_series.push(format!("{}@{interval}", instrument.name()));
        }
        self.sums.insert(Arc::as_ptr(bars), sums.clone());
        Ok(sums)
    }

    fn returns(
        &mut self,
        bars: &Arc<Bars>,
        scratch: Option<&Scratch>,
    ) -> Result<Arc<LogReturns>, AssemblyError> {
        if let Some(returns) = self.returns.get(&Arc::as_ptr(bars)) {
            return Ok(Arc::clone(returns));
        }
        let returns = match scratch {
            Some(scratch) => log_returns_in(&bars.close, |_| scratch.column())?,
            None => log_returns(&bars.close),
        };
        Ok(Arc::clone(self.returns.entry(Arc::as_ptr(bars)).or_insert(Arc::new(returns))))
    }
}

/// The schedules that name a schedule as their fallback.
fn stands_in_for(plan: &Plan, index: ScheduleIndex) -> Vec<ScheduleIndex> {
    let names = |schedule: &SchedulePlan| schedule.fallbacks.contains(&index.get());
    let places = plan.schedules.iter().enumerate().filter(|(_, schedule)| names(schedule));
    places.map(|(place, _)| ScheduleIndex::new(place)).collect()
}

/// What an engine with a strategy's parameters needs of the data.
fn needs(account: &Owner<'_>, strategy: usize, kind: Kind) -> Result<Needs, AssemblyError> {
    let strategy = &account.plan.strategies[strategy];
    kind.needs(&strategy.parameters)
        .map_err(|source| AssemblyError::Parameters { strategy: strategy.name.clone(), source })
}

fn series<'a>(
    plan: &Plan,
    market: &'a Market,
    schedule: &SchedulePlan,
    instrument: usize,
) -> Result<&'a Arc<Bars>, AssemblyError> {
    market.series[instrument].get(&schedule.interval).ok_or_else(|| AssemblyError::NoSeries {
        schedule: schedule.name.clone(),
        instrument: plan.instruments[instrument].name(),
        interval: schedule.interval,
    })
}

/// The states of the risk profiles before the first tick.
fn risk_states(plan: &Plan) -> Vec<RiskState> {
    let latches = plan.latches.iter().copied().chain(std::iter::repeat(Latches::default()));
    let state = |(profile, latches): (&RiskProfile, Latches)| RiskState {
        latches,
        month: (profile.max_cost_to_profit > 0.0).then(Box::default),
        ..RiskState::default()
    };
    plan.risk_profiles.iter().zip(latches).map(state).collect()
}

/// What a schedule is to policies, limits and suspensions.
#[must_use]
pub fn view(plan: &Plan, schedule: &SchedulePlan) -> ScheduleView {
    let strategy = &plan.strategies[schedule.strategy];
    let tags = &strategy.definition.tags;
    ScheduleView {
        name: schedule.name.clone(),
        strategy: strategy.name.clone(),
        risk_profile: plan.risk_profiles[schedule.risk_profile].name.clone(),
        tags: tags.clone(),
        primary_tag: tags.first().cloned(),
    }
}

/// What is to be done while a run goes on; what the scheduler starts with is done at its first instant.
fn pending(plan: &Plan, start: Nanos) -> VecDeque<OperatorAction> {
    let initial = plan.initial.iter().map(|action| OperatorAction { at: start, ..action.clone() });
    initial.chain(plan.operator.iter().cloned()).collect()
}

/// By schedule and instrument, the place of a position among those that signal together: by priority, then slot.
fn ranks(plan: &Plan) -> Vec<u32> {
    let priorities: Vec<i32> = plan
        .schedules
        .iter()
        .flat_map(|schedule| std::iter::repeat_n(schedule.priority, schedule.instruments.len()))
        .collect();
    let mut slots: Vec<usize> = (0..priorities.len()).collect();
    slots.sort_by_key(|slot| Reverse(priorities[*slot]));
    let mut ranks = vec![0; slots.len()];
    for (rank, slot) in (0..).zip(slots) {
        ranks[slot] = rank;
    }
    ranks
}
