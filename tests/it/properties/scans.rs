//! However far engines scan ahead, and whoever else is in the world, a sequence is the same: with every limit, and with
//! latches between two decisions.

use hemiola::assembly::{Market, Options};
use hemiola::config::plan::Plan;
use hemiola::modes::backtest::{self, Outcome};
use hemiola_components::journal::{Event, Record};
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::ScanLimit;

use super::sequence::sequence;
use super::{Playing, seeds};

const SEQUENCES: u64 = 3_000;

/// Accounts in a world, and how many of them are run alone as well.
const AT_ONCE: usize = 100;
const ALONE: usize = 10;

fn run(plans: &[(&Plan, &Market)], scan: ScanLimit) -> Vec<Outcome> {
    let options = Options { scan, ..Options::default() };
    backtest::run(plans, &Catalog::built_in(), options, |_, _| ()).unwrap().outcomes
}

/// The records of two runs, but for their portfolio's place in the world.
fn are_same(one: &Outcome, other: &Outcome) {
    let events = |outcome: &Outcome| {
        let records = outcome.records.iter();
        records.map(|Record { at, event, .. }| (*at, event.clone())).collect::<Vec<_>>()
    };
    let differ = events(one).into_iter().zip(events(other)).find(|(one, other)| one != other);
    assert_eq!(differ, None);
    assert_eq!((&one.digest, one.account), (&other.digest, other.account));
}

/// Latches at instants at which no engine of the account signalled.
fn latches_between(outcome: &Outcome) -> usize {
    let signals = outcome.records.iter().filter(|record| matches!(record.event, Event::Signal(_)));
    let signals: Vec<_> = signals.map(|record| record.at).collect();
    let is_latch = |record: &&Record| matches!(record.event, Event::Latch { entered: true, .. });
    outcome.records.iter().filter(is_latch).filter(|record| !signals.contains(&record.at)).count()
}

#[test]
fn a_sequence_depends_neither_on_how_far_a_scan_runs_nor_on_its_neighbours() {
    let all: Vec<u64> = seeds(SEQUENCES).collect();
    let mut between = 0;
    for seeds in all.chunks(AT_ONCE) {
        let worlds: Vec<(Plan, Market)> = seeds.iter().map(|seed| sequence(*seed)).collect();
        let plans: Vec<(&Plan, &Market)> = worlds.iter().map(|(plan, market)| (plan, market)).collect();
        let furthest = run(&plans, ScanLimit::Unlimited);
        between += furthest.iter().map(latches_between).sum::<usize>();
        for scan in [ScanLimit::Decisions(1), ScanLimit::Decisions(7), ScanLimit::Random(seeds[0])] {
            for ((seed, one), other) in seeds.iter().zip(&furthest).zip(run(&plans, scan)) {
                let _playing = Playing(*seed);
                are_same(one, &other);
            }
        }
        let places = (0..plans.len()).step_by(AT_ONCE / ALONE);
        for place in places.filter(|_| plans.len() > 1) {
            let _playing = Playing(seeds[place]);
            let alone = run(&plans[place..=place], ScanLimit::Unlimited);
            are_same(&furthest[place], &alone[0]);
        }
    }
    println!("{} sequences with {between} latches between decisions", all.len());
    assert!(between > 100 || all.len() == 1);
}
