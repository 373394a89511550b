//! Plays sequences, many accounts in a world, and holds each against everything that must be so.

use std::ops::Range;
use std::sync::Mutex;
use std::thread;

use hemiola::assembly::{Market, Options, assemble};
use hemiola::config::plan::Plan;
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{OrderStatus, Origin};
use hemiola_components::portfolio::{Account, Timeline};
use hemiola_components::position::Holding;
use hemiola_components::units::{Notional, Price};
use hemiola_systems::signals::catalog::Catalog;

use super::sequence::sequence;
use super::{Playing, books, latches, ledger, money, orders, seeds};

const SEQUENCES: u64 = 100_000;

/// Accounts in a world.
const AT_ONCE: u64 = 100;

/// A sequence that was played to its end.
pub(super) struct Played {
    pub(super) seed: u64,
    pub(super) plan: Plan,
    pub(super) records: Vec<Record>,
    pub(super) account: Account,
    pub(super) holdings: Vec<Holding>,
    pub(super) marks: Vec<Price>,
}

/// What happened how often: a property of what never happens says nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    fills: u64,
    parts: u64,
    makers: u64,
    clipped: u64,
    realised: u64,
    borrow: u64,
    liquidations: u64,
    closed_by_risk: u64,
    latches: u64,
    releases: u64,
    refusals: u64,
    adjusted: u64,
}

impl Seen {
    fn count(&mut self, records: &[Record]) {
        for Record { event, .. } in records {
            match event {
                Event::Fill { fill, realised, .. } => {
                    self.fills += 1;
                    self.parts += u64::from(fill.status == OrderStatus::PartiallyFilled);
                    self.makers += u64::from(fill.maker);
                    self.clipped += u64::from(fill.clipped);
                    self.realised += u64::from(*realised != Notional::ZERO);
                    self.liquidations += u64::from(fill.order.origin == Origin::Venue);
                    self.closed_by_risk += u64::from(fill.order.origin == Origin::Risk);
                }
                Event::Borrow { .. } => self.borrow += 1,
                Event::Latch { entered, .. } => {
                    *(if *entered { &mut self.latches } else { &mut self.releases }) += 1;
                }
                Event::Refused { .. } => self.refusals += 1,
                Event::Adjusted { .. } => self.adjusted += 1,
                _ => {}
            }
        }
    }

    fn least(&self) -> u64 {
        let all = [self.fills, self.parts, self.makers, self.clipped, self.realised, self.borrow];
        let risk = [self.liquidations, self.closed_by_risk, self.latches, self.releases, self.refusals];
        all.into_iter().chain(risk).chain([self.adjusted]).min().unwrap_or_default()
    }
}

/// Plays the sequences of some seeds in one world; after each pass time has to go on and every account's books are looked
/// at.
fn play(seeds: Range<u64>) -> Vec<Played> {
    let worlds: Vec<(Plan, Market)> = seeds.clone().map(sequence).collect();
    let plans: Vec<(&Plan, &Market)> = worlds.iter().map(|(plan, market)| (plan, market)).collect();
    let (mut runtime, _) = assemble(&plans, &Catalog::built_in(), Options::default()).unwrap();
    let mut records = vec![Vec::new(); plans.len()];
    while runtime.step().unwrap() {
        for record in runtime.outbox().records.drain() {
            records[record.portfolio.get()].push(record);
        }
        for (index, seed) in seeds.clone().enumerate() {
            let _playing = Playing(seed);
            let Timeline { now, start, .. } = runtime.timeline(index);
            assert!(runtime.next_tick(index) > now || now == start, "time stands still at {now:?}");
            books::are_right(runtime.desk(index), &runtime.holdings(index));
        }
    }
    let played = seeds.zip(worlds).zip(records).enumerate();
    played
        .map(|(index, ((seed, (plan, _)), records))| Played {
            seed,
            plan,
            records,
            account: runtime.account(index),
            holdings: runtime.holdings(index),
            marks: runtime.marks(index),
        })
        .collect()
}

#[test]
fn every_sequence_keeps_its_money_its_orders_and_its_latches() {
    let all = seeds(SEQUENCES);
    let batches: Vec<Range<u64>> = all
        .clone()
        .step_by(usize::try_from(AT_ONCE).unwrap())
        .map(|first| first..(first + AT_ONCE).min(all.end))
        .collect();
    let (left, seen) = (Mutex::new(batches), Mutex::new(Seen::default()));
    let worker = || {
        while let Some(batch) = { left.lock().unwrap().pop() } {
            for played in play(batch) {
                let _playing = Playing(played.seed);
                money::is_conserved(&played);
                ledger::replays(&played);
                orders::keep_their_terms(&played);
                latches::let_only_reducing_orders_pass(&played);
                latches::never_refuse_an_exit(&played);
                seen.lock().unwrap().count(&played.records);
            }
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| _ = scope.spawn(worker));
    });
    let seen = seen.into_inner().unwrap();
    println!("{all:?}: {seen:?}");
    assert!(seen.least() > 100 || all.end - all.start < SEQUENCES, "{seen:?}");
}
