//! The queue: it stops rather than drop, and tells everybody why.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::mpsc::channel;

use super::super::model::{Crash, Effect, Model};
use super::session::{
    CHECKPOINTS, FOLDER, Item, Seal, day, key, numbers, open, open_with, seal, settings, verify,
};
use crate::journal::Chain;
use crate::journal::verify::Verdict;
use crate::journal::writer::{Batch, Queue, Stopped, Writer};

fn writer(disk: &Model) -> Writer<Model, Seal> {
    open(disk, settings(Path::new(FOLDER), None, key("one")), Path::new(CHECKPOINTS)).unwrap().0
}

fn batch(number: u32) -> Batch<Item> {
    vec![(day(0), Item::Number(number))]
}

fn opened() -> Batch<Item> {
    vec![(day(0), Item::Opened(None))]
}

fn valid(disk: &Model) -> BTreeMap<String, Vec<u8>> {
    disk.crash(Crash::Power);
    let files = disk.files(Path::new(FOLDER));
    let checkpoints = disk.files(Path::new(CHECKPOINTS).parent().unwrap());
    let report = verify(&files, checkpoints["checkpoints.jsonl"].clone());
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.findings);
    files
}

#[test]
fn what_was_waited_for_is_durable() {
    let disk = Model::default();
    let mut queue = Queue::start(writer(&disk), 8).unwrap();
    let mut ticket = queue.submit(opened()).unwrap();
    for number in 0..20 {
        ticket = queue.submit(batch(number)).unwrap();
        if number % 3 == 0 {
            queue.wait(ticket).unwrap();
            let files = disk.files(Path::new(FOLDER));
            assert_eq!(numbers(&files).last(), Some(&number));
        }
        if number == 10 {
            queue.change_key(day(0), key("two")).unwrap();
        }
        queue.wait(ticket).unwrap();
    }
    queue.wait(ticket).unwrap();
    assert_eq!(queue.close(day(0), Item::Closed).unwrap().count, 23);
    assert_eq!(numbers(&valid(&disk)), (0..20).collect::<Vec<_>>());
}

#[test]
fn a_full_queue_stops_and_keeps_what_it_took() {
    let disk = Model::default();
    let (open_gate, gate) = channel();
    let (enter, entered) = channel();
    let slow = move |item: &Item, chain: &mut Chain, line: &mut Vec<u8>| {
        if matches!(item, Item::Number(0)) {
            enter.send(()).unwrap();
            gate.recv().unwrap();
        }
        seal(item, chain, line);
    };
    let settings = settings(Path::new(FOLDER), None, key("one"));
    let (writer, _) = open_with(&disk, settings, Path::new(CHECKPOINTS), slow).unwrap();
    let mut queue = Queue::start(writer, 3).unwrap();
    let first = queue.submit(opened()).unwrap();
    queue.wait(first).unwrap();
    let mut tickets = vec![queue.submit(batch(0)).unwrap()];
    entered.recv().unwrap();
    tickets.extend((1..=3).map(|number| queue.submit(batch(number)).unwrap()));
    let error = queue.submit(batch(4)).unwrap_err();
    assert!(error.to_string().starts_with("the journal's queue of 3 batches is full"), "{error}");
    open_gate.send(()).unwrap();
    for ticket in tickets {
        queue.wait(ticket).unwrap();
    }
    assert!(matches!(queue.submit(batch(5)), Err(Stopped::Full { batches: 3 })), "it stays stopped");
    assert!(queue.change_key(day(0), key("two")).is_err());
    queue.close(day(0), Item::Closed).unwrap();
    assert_eq!(numbers(&valid(&disk)), [0, 1, 2, 3]);
}

#[test]
fn an_error_of_the_writer_reaches_everybody() {
    let disk = Model::default();
    let mut queue = Queue::start(writer(&disk), 8).unwrap();
    let ticket = queue.submit(opened()).unwrap();
    queue.wait(ticket).unwrap();
    let sound = queue.submit(batch(0)).unwrap();
    queue.wait(sound).unwrap();
    let next = disk.operations().len();
    disk.fail(next, Effect::Half, ErrorKind::StorageFull);
    let lost = queue.submit(batch(1)).unwrap();
    let words = queue.wait(lost).unwrap_err().to_string();
    let expected =
        "/data/journal/2024-01-01.jsonl: cannot write: no storage space: free some space, then start again";
    assert_eq!(words, expected);
    assert!(queue.wait(sound).is_ok(), "what was durable still is");
    assert_eq!(queue.submit(batch(2)).unwrap_err().to_string(), words);
    assert_eq!(queue.change_key(day(0), key("two")).unwrap_err().to_string(), words);
    assert_eq!(queue.close(day(0), Item::Closed).unwrap_err().to_string(), words);

    let (mut writer, torn) =
        open(&disk, settings(Path::new(FOLDER), None, key("one")), Path::new(CHECKPOINTS)).unwrap();
    assert!(torn.is_some());
    writer.append(day(0), &Item::Opened(torn)).unwrap();
    writer.close(day(0), &Item::Closed).unwrap();
    assert_eq!(numbers(&valid(&disk)), [0]);
}

#[test]
fn a_thread_that_is_gone_keeps_nobody_waiting() {
    let disk = Model::default();
    let broken = |_: &Item, _: &mut Chain, _: &mut Vec<u8>| panic!("this panic is part of the test");
    let settings = settings(Path::new(FOLDER), None, key("one"));
    let (writer, _) = open_with(&disk, settings, Path::new(CHECKPOINTS), broken).unwrap();
    let mut queue = Queue::start(writer, 8).unwrap();
    let ticket = queue.submit(opened()).unwrap();
    assert!(matches!(queue.wait(ticket), Err(Stopped::Gone)));
    assert!(matches!(queue.submit(opened()), Err(Stopped::Gone)));
    assert!(matches!(queue.close(day(0), Item::Closed), Err(Stopped::Gone)));
}
