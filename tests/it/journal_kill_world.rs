//! A world that journals at the pace of paper mode is killed at any moment: what it acknowledged is there once, no order
//! is there twice, and the next start goes on.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{Write as _, stdout};
use std::path::Path;

use hemiola::assembly::{Options, assemble};
use hemiola::instant;
use hemiola::job::{Job, Prepared};
use hemiola::journal::{Opening, Scribe};
use hemiola_adapters::journal::Chain;
use hemiola_adapters::journal::verify::Verdict;
use hemiola_adapters::journal::writer::{Queue, Torn};
use hemiola_adapters::results::{Column, Table};
use hemiola_components::journal::Record;
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;

use crate::journal_attacks::Random;
use crate::journal_kill::{FOLDER, START, check_findings, copy, kill, open, pause, prepare, records, verify};
use crate::support::journals::checkpoint_key;

const JOURNALS: u64 = 10;
const KILLS: u64 = 20;
const HOUR: i64 = 3_600_000_000_000;
const BEGIN: i64 = 1_704_067_200_000_000_000;
/// Hours of candles that a process has before the next one begins; it is killed long before.
const HOURS: i64 = 400;

enum Item {
    Opened(Nanos, Option<Torn>),
    Happened(Box<Record>),
}

fn start(kill: u64) -> Nanos {
    Nanos::new(BEGIN + kill.cast_signed() * HOURS * HOUR)
}

/// A configuration whose strategy trades every few hours, and candles for all processes.
fn write_job(folder: &Path) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/bench/w1.yaml");
    let text = fs::read_to_string(shipped).unwrap();
    let text =
        text.replace("{fast: 20, slow: 50}", "{fast: 2, slow: 4}").replace("interval: 1m", "interval: 1h");
    fs::write(folder.join("run.yaml"), text).unwrap();
    let hours = HOURS * (KILLS.cast_signed() + 1);
    let price = |hour: i64| 100.0 + (hour.rem_euclid(10) - 5).abs() as f64;
    let opens: Vec<f64> = (0..hours).map(|hour| price(hour - 1)).collect();
    let closes: Vec<f64> = (0..hours).map(price).collect();
    let side = |pick: fn(f64, f64) -> f64| {
        Column::Float(opens.iter().zip(&closes).map(|(open, close)| pick(*open, *close)).collect())
    };
    let columns = vec![
        ("open_time", Column::Time((0..hours).map(|hour| Nanos::new(BEGIN + (hour - 10) * HOUR)).collect())),
        ("high", side(f64::max)),
        ("low", side(f64::min)),
        ("volume", Column::Float(vec![1.0; closes.len()])),
        ("open", Column::Float(opens.clone())),
        ("close", Column::Float(closes.clone())),
    ];
    fs::write(folder.join("candles.parquet"), Table::new(columns, Vec::new()).to_parquet().unwrap()).unwrap();
}

fn job(folder: &Path, kill: u64) -> Prepared {
    let job = Job {
        data: Some(folder.join("candles.parquet")),
        interval: Some("1h".to_owned()),
        from: Some(instant::text(start(kill))),
        ..Job::of(folder.join("run.yaml"))
    };
    job.prepare(&Catalog::built_in(), &mut |_| ()).unwrap()
}

fn seal(prepared: &'static Prepared) -> impl FnMut(&Item, &mut Chain, &mut Vec<u8>) + Send + 'static {
    let mut scribe = Scribe::new(prepared);
    move |item, chain, line| match item {
        Item::Opened(at, torn) => {
            let opening = Opening::new(prepared, Some(checkpoint_key().public().to_string()));
            opening.after(torn.clone()).write(&prepared.plan, *at, chain, line);
        }
        Item::Happened(record) => {
            assert!(scribe.record(record, chain, line), "only what has a line is journaled");
        }
    }
}

/// Says after each tick how many records of it are durable, the one that opens the journal included.
#[test]
#[ignore = "it is the process that the next test kills"]
fn runs_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let kill: u64 = env::var(START).unwrap().parse().unwrap();
    let prepared: &Prepared = Box::leak(Box::new(job(folder, kill)));
    let (writer, torn) = open(folder, seal(prepared));
    let mut queue = Queue::start(writer, 16).unwrap();
    let mut done = 1_u64;
    let mut journal = |at: Nanos, items: Vec<Item>, done: u64| {
        let batch = items.into_iter().map(|item| (at, item)).collect();
        let ticket = queue.submit(batch).unwrap();
        queue.wait(ticket).unwrap();
        let mut out = stdout().lock();
        writeln!(out, "durable {done}").unwrap();
        out.flush().unwrap();
    };
    journal(start(kill), vec![Item::Opened(start(kill), torn)], done);
    let plans = [(&prepared.plan, &prepared.data.market)];
    let options = Options { window: prepared.window, ..Options::default() };
    let (mut runtime, _) = assemble(&plans, &Catalog::built_in(), options).unwrap();
    let (mut twin, mut chain, mut line) =
        (Scribe::new(prepared), Chain::new(None, <_>::default()), Vec::new());
    while runtime.step().unwrap() {
        let now = runtime.timeline(0).now;
        let happened: Vec<Item> = runtime
            .outbox()
            .records
            .drain()
            .filter(|record| twin.record(record, &mut chain, &mut line))
            .map(|record| Item::Happened(Box::new(record)))
            .collect();
        line.clear();
        done += happened.len() as u64;
        if !happened.is_empty() {
            journal(now, happened, done);
        }
        pause(1_000);
    }
    pause(10_000_000);
}

#[test]
fn a_world_killed_at_any_moment_leaves_what_it_acknowledged_once() {
    let mut orders_of_all = 0;
    for journal in 0..JOURNALS {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        write_job(folder.path());
        let mut random = Random(100 + journal);
        let mut before = 0;
        for number in 0..KILLS {
            let test = "journal_kill_world::runs_until_it_is_killed";
            let acknowledged = kill(test, folder.path(), number, &mut random);
            check_findings(folder.path(), acknowledged);
            // The next start, in a copy: it goes on, and closes in good order.
            let copy = copy(folder.path());
            let prepared: &Prepared = Box::leak(Box::new(job(folder.path(), number + 1)));
            let (mut writer, torn) = open(copy.path(), seal(prepared));
            let at = start(number + 1);
            writer.append(at, &Item::Opened(at, torn)).unwrap();
            writer.commit().unwrap();
            let report = verify(copy.path(), true);
            assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.findings);
            let all = records(copy.path());
            let new = (all.len() - 1) as u64 - before;
            assert!(new >= acknowledged.unwrap_or_default(), "it said {acknowledged:?} and left {new}");
            let orders: Vec<&str> = all
                .iter()
                .filter(|record| record["event"] == "order_submitted")
                .map(|record| record["order_id"].as_str().unwrap())
                .collect();
            assert_eq!(orders.iter().collect::<BTreeSet<_>>().len(), orders.len(), "no order is there twice");
            before += new;
            orders_of_all += u64::from(number + 1 == KILLS) * orders.len() as u64;
        }
    }
    assert!(orders_of_all > JOURNALS * KILLS, "it trades between the kills: {orders_of_all}");
}
