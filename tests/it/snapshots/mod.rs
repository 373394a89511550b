//! A world that was saved and restored goes on as if nothing had happened.

mod refusals;

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use hemiola::assembly::{Market, Options, Window, assemble};
use hemiola::config::plan::Plan;
use hemiola::modes::backtest::{Keep, Keeper as _, Outcome, Recorder};
use hemiola::runtime::Runtime;
use hemiola::snapshot::{Saved, restore};
use hemiola::streams::Arrival;
use hemiola_components::capital::{Policy, PolicyKind};
use hemiola_components::column::Column;
use hemiola_components::control::{Command, OperatorAction};
use hemiola_components::market::Instrument;
use hemiola_components::port::EquityCurve;
use hemiola_components::strategy::{ParameterValue, Parameters};
use hemiola_components::time::Nanos;
use hemiola_systems::digest::Digest;
use hemiola_systems::signals::catalog::Catalog;
use proptest::prelude::*;

use crate::growth::split;
use crate::support::controls::actions;
use crate::support::random::{RandomWorld, world};
use crate::support::{first_difference, market, minutes, plan, schedule, sma};

const RUN: &str = "a run";

/// When a world is saved and restored, and how much is kept.
#[derive(Clone, Copy, Debug)]
struct Stop {
    when: When,
    candles: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Never,
    BeforeCandles,
    BetweenCandlesAndTick,
    AfterTick,
}

/// A world that runs, with what is kept of it outside.
struct Session<'a> {
    plan: &'a Plan,
    runtime: Runtime,
    recorder: Recorder,
    digest: Digest,
}

impl<'a> Session<'a> {
    fn new(plan: &'a Plan, known: &Market, window: Window) -> Self {
        let options = Options { window, curve: EquityCurve::EveryBar, grows: true, ..Options::default() };
        let (runtime, _) = assemble(&[(plan, known)], &Catalog::built_in(), options).unwrap();
        let names: Vec<String> = plan.instruments.iter().map(Instrument::name).collect();
        let schedules = plan.schedules.iter().map(|schedule| schedule.name.as_str());
        Self {
            plan,
            recorder: Recorder::new(plan, Keep::Records, &runtime, 0),
            digest: Digest::new(schedules, names.iter().map(String::as_str)),
            runtime,
        }
    }

    fn step_to(&mut self, instant: Nanos) {
        self.runtime.step_to(instant).unwrap();
        self.take();
    }

    fn take(&mut self) {
        let outbox = self.runtime.outbox();
        for record in outbox.records.drain() {
            self.digest.record(&record);
            self.recorder.record(record);
        }
        outbox.equity.drain(..).for_each(|point| self.recorder.equity(point));
    }

    /// Goes on with another world, made from this one's bytes.
    fn interrupt(&mut self, candles: usize) {
        let bytes = self.bytes(candles);
        assert_eq!(bytes, self.bytes(candles), "saving changes nothing");
        let (saved, sequence) = Saved::from_bytes(&bytes, RUN).unwrap();
        assert_eq!((sequence, saved.instant()), (7, self.runtime.timeline(0).now));
        self.runtime = restore(self.plan, &Catalog::built_in(), &saved).unwrap();
        self.digest = saved.digest().unwrap().unwrap();
        assert_eq!(bytes, self.bytes(candles), "what was restored is what was saved");
    }

    fn bytes(&self, candles: usize) -> Vec<u8> {
        self.runtime.save(candles).unwrap().with_digest(&self.digest).to_bytes(RUN, 7)
    }

    /// Lets candles come, with commands between them; `stops` say when it is interrupted, over and over.
    fn run(&mut self, later: &BTreeMap<Nanos, Vec<Arrival>>, commands: &[OperatorAction], stops: &[Stop]) {
        let mut instants: Vec<Nanos> = later.keys().copied().collect();
        instants.extend(commands.iter().map(|action| action.at));
        instants.sort_unstable();
        instants.dedup();
        for (instant, stop) in instants.into_iter().zip(stops.iter().cycle()) {
            let stop_at = |session: &mut Self, when| {
                if stop.when == when {
                    session.interrupt(stop.candles);
                }
            };
            self.step_to(instant - Nanos::new(1));
            stop_at(self, When::BeforeCandles);
            for action in commands.iter().filter(|action| action.at == instant) {
                self.runtime.command(action.clone()).unwrap();
            }
            if let Some(arrivals) = later.get(&instant) {
                self.runtime.grow(arrivals, instant).unwrap();
            }
            self.take();
            stop_at(self, When::BetweenCandlesAndTick);
            self.step_to(instant);
            stop_at(self, When::AfterTick);
        }
    }

    fn finish(mut self) -> (Outcome, String) {
        while self.runtime.step().unwrap() {
            self.take();
        }
        let division =
            format!("{:?} {:?}", self.runtime.division(0).last(), self.runtime.division(0).policy());
        let desk = self.runtime.desk(0);
        let state = format!("{division} {:?} {:?} {:?}", desk.controls, desk.weights, desk.recent);
        let outcome = self.recorder.finish(&self.runtime, 0);
        let quantities = outcome.holdings.iter().map(|holding| holding.quantity);
        let digest = self.digest.finish(&outcome.account, quantities);
        assert_eq!(HEXLOWER.encode(&digest), outcome.digest, "the digest goes on where it was saved");
        (outcome, state)
    }
}

/// The same candles, so much later; those of one series stay in order.
fn delayed(
    candles: BTreeMap<Nanos, Vec<Arrival>>,
    delays: &[i64],
    last: Nanos,
) -> BTreeMap<Nanos, Vec<Arrival>> {
    let (mut later, mut newest) = (BTreeMap::<_, Vec<Arrival>>::new(), BTreeMap::new());
    let arrivals =
        candles.into_iter().flat_map(|(at, all)| all.into_iter().map(move |arrival| (at, arrival)));
    for ((at, arrival), delay) in arrivals.zip(delays.iter().cycle()) {
        let newest = newest.entry(arrival.series).or_insert(at);
        *newest = (at + Nanos::new(delay * Nanos::SECOND.get())).max(*newest);
        if *newest <= last {
            later.entry(*newest).or_default().push(arrival);
        }
    }
    later
}

fn stops() -> impl Strategy<Value = Vec<Stop>> {
    let when = prop_oneof![
        8 => Just(When::Never),
        1 => Just(When::BeforeCandles),
        1 => Just(When::BetweenCandlesAndTick),
        1 => Just(When::AfterTick),
    ];
    let candles = prop_oneof![3 => Just(0_usize), 1 => 0_usize..100];
    prop::collection::vec((when, candles).prop_map(|(when, candles)| Stop { when, candles }), 1..150)
}

fn delays() -> impl Strategy<Value = Vec<i64>> {
    let delay = prop_oneof![20 => Just(0_i64), 2 => 1_i64..50, 1 => 50_i64..600];
    prop_oneof![1 => Just(vec![0]), 2 => prop::collection::vec(delay, 1..60)]
}

/// Lets an engine look at more candles than anybody else does.
fn look_far_back(parameters: &mut Parameters) {
    for (name, candles) in [("atr_window", 45.0), ("max_holding_period", 70.0)] {
        if let Some(value) = parameters.0.get_mut(name) {
            *value = ParameterValue::Number(candles);
        }
    }
}

/// The first and the last instant that a schedule's candles tell of.
fn span(plan: &Plan, market: &Market) -> (Nanos, Nanos) {
    let read = plan.schedules.iter().flat_map(|schedule| {
        schedule.instruments.iter().map(|instrument| &market.series[*instrument][&schedule.interval])
    });
    let read: Vec<_> = read.filter(|bars| !bars.is_empty()).collect();
    let first = read.iter().map(|bars| bars.open_time[0]).min().unwrap();
    let last = read.iter().map(|bars| bars.close_time(bars.len() - 1)).max().unwrap();
    (first, last)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn an_interrupted_world_goes_on_as_if_it_had_not_been(
        RandomWorld { mut plan, mut market } in world(),
        looks_far_back in any::<bool>(),
        share in 0_i64..500,
        delays in delays(),
        commands in actions(),
        stops in stops(),
    ) {
        market.snapshots.clear();
        if looks_far_back {
            plan.strategies.iter_mut().for_each(|strategy| look_far_back(&mut strategy.parameters));
        }
        let (first, last) = span(&plan, &market);
        let from = Nanos::new(first.get() + (last - first).get() / 1_000 * share);
        let window = Window { from: Some(from), to: Some(last) };
        let (known, later) = split(&market, from);
        let later = delayed(later, &delays, last);
        let begin = |action: OperatorAction| OperatorAction { at: from + action.at + Nanos::new(1), ..action };
        let commands: Vec<_> = commands.into_iter().map(begin).filter(|action| action.at <= last).collect();
        let run = |stops: &[Stop]| {
            let mut session = Session::new(&plan, &known, window);
            session.step_to(from);
            session.run(&later, &commands, stops);
            session.finish()
        };
        let (whole, state) = run(&ON);
        let (parts, state_of_parts) = run(&stops);
        prop_assert_eq!(first_difference(&whole.records, &parts.records), None);
        prop_assert_eq!(&whole.equity, &parts.equity);
        prop_assert_eq!(whole.account, parts.account);
        prop_assert_eq!(&whole.digest, &parts.digest);
        prop_assert_eq!(&whole.telemetry, &parts.telemetry);
        prop_assert_eq!(&whole.holdings, &parts.holdings);
        prop_assert_eq!(&whole.weights, &parts.weights);
        prop_assert_eq!(&whole.marks, &parts.marks);
        prop_assert_eq!(&whole.risk, &parts.risk);
        prop_assert_eq!(&whole.not_finite, &parts.not_finite);
        prop_assert_eq!(format!("{:?}", whole.signal_metrics), format!("{:?}", parts.signal_metrics));
        prop_assert_eq!(state, state_of_parts);
    }
}

/// Runs of a Plan over candles that have the same opening and closing price; 20 minutes are known.
struct Flat {
    plan: Plan,
    known: Market,
    later: BTreeMap<Nanos, Vec<Arrival>>,
    window: Window,
}

impl Flat {
    fn new(plan: Plan, closes: &[Vec<f64>]) -> Self {
        let candles =
            closes.iter().map(|closes| closes.iter().map(|close| (*close, *close)).collect::<Vec<_>>());
        let candles: Vec<_> = candles.map(|closes| minutes(&closes)).collect();
        let market = market(&plan, &candles);
        let (first, last) = span(&plan, &market);
        let from = first + minute(20);
        let (known, later) = split(&market, from);
        Self { plan, known, later, window: Window { from: Some(from), to: Some(last) } }
    }

    fn run(&self, commands: &[OperatorAction], stops: &[Stop]) -> (Outcome, String) {
        let mut session = Session::new(&self.plan, &self.known, self.window);
        session.run(&self.later, commands, stops);
        session.finish()
    }
}

const ON: [Stop; 1] = [Stop { when: When::Never, candles: 0 }];
const OFTEN: [Stop; 1] = [Stop { when: When::AfterTick, candles: 0 }];

fn minute(count: i64) -> Nanos {
    Nanos::new(count * 60 * Nanos::SECOND.get())
}

fn swing(minute: usize) -> f64 {
    100.0 + [0.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0][minute / 3 % 8] + (minute % 2) as f64
}

/// A mean cross on a price that swings.
fn swinging(candles: usize) -> Flat {
    let plan = plan(&["A"], vec![sma("s", 2.0, 5.0)], vec![schedule("a", 0, &[0])]);
    Flat::new(plan, &[(0..candles).map(swing).collect()])
}

#[test]
fn sums_that_are_not_exact_stay_so_when_what_made_them_so_is_gone() {
    let plan = plan(&["A"], vec![sma("s", 2.0, 6.0)], vec![schedule("a", 0, &[0])]);
    let tenths = |minute: usize| f64::from([1, 2, 3, 3, 2, 1, 7, 1, 4][minute * minute % 9]) / 10.0;
    let closes = (0..300).map(|minute| if minute == 0 { 1.0 / 3.0 } else { tenths(minute) });
    let flat = Flat::new(plan, &[closes.collect()]);
    let (whole, parts) = (flat.run(&[], &ON).0, flat.run(&[], &OFTEN).0);
    assert!(whole.records.len() > 100);
    assert_eq!(first_difference(&whole.records, &parts.records), None);
}

#[test]
fn a_policy_divides_by_nothing_older_than_the_grid_of_its_instants() {
    let schedules = vec![schedule("a", 0, &[0]), schedule("b", 0, &[1])];
    let plan = plan(&["A", "B"], vec![sma("s", 2.0, 5.0)], schedules);
    let calm = |minute| 100.0 + (swing(minute) - 100.0) / 10.0;
    let flat = Flat::new(plan, &[(0..200).map(swing).collect(), (0..200).map(calm).collect()]);
    let command = |at, what| OperatorAction {
        at: flat.window.from.unwrap() + minute(at),
        who: "somebody".to_owned(),
        why: None,
        what,
    };
    let policy = Box::new(Policy::of(PolicyKind::RiskParity));
    let commands = [
        command(100, Command::SetInterval { cool_down: Some(Nanos::DAY) }),
        command(103, Command::SetPolicy { policy, rebalances: false }),
    ];
    let (whole, parts) = (flat.run(&commands, &ON).0, flat.run(&commands, &OFTEN).0);
    assert!(whole.weights[0].share < 0.2, "{:?}", whole.weights);
    assert_eq!(first_difference(&whole.records, &parts.records), None);
}

#[test]
fn candles_that_nobody_looks_at_any_more_take_no_memory() {
    // A line that nobody holds is looked at once a day.
    const MOST: usize = 24 * 60 + 20;
    let flat = swinging(6 * 24 * 60);
    let whole = flat.run(&[], &ON);
    let Flat { plan, known, later, window } = flat;
    let mut parts = Session::new(&plan, &known, window);
    for (number, (at, arrivals)) in later.iter().enumerate() {
        parts.step_to(*at - Nanos::new(1));
        parts.runtime.grow(arrivals, *at).unwrap();
        parts.step_to(*at);
        if number % 97 == 96 {
            parts.interrupt(30);
            let bars = parts.runtime.streams().unwrap().bars(0);
            let capacities =
                [&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume].map(Column::capacity);
            assert!((30..MOST).contains(&bars.len()), "{}", bars.len());
            assert_eq!((bars.open_time.capacity(), capacities), (bars.len(), [bars.len(); 5]));
            let desk = parts.runtime.desk(0);
            assert!(std::ptr::eq(&raw const **desk.book.lines[0].bars.shared(), &raw const **bars));
        }
    }
    let parts = parts.finish();
    assert!(whole.0.records.len() > 1_000 && whole.0.digest == parts.0.digest && whole.1 == parts.1);
}
