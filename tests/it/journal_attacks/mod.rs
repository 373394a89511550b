//! Attacks on the decision journal: each is found and called what it is, or is documented as one that cannot be.

mod bytes;
mod desk;
mod ends;
mod keys;
mod python;
mod records;
mod statements;

use hemiola::exit::Exit;
use hemiola_adapters::journal::verify::{Report, Verdict, What};

pub(crate) use desk::Random;
use desk::{Journal, Kind, Look, journal, name};

/// Instances of each attack.
const INSTANCES: u64 = 64;

/// A journal of some kind for each instance.
fn instances(attack: u64, mut each: impl FnMut(&mut Random, Journal)) {
    for instance in 0..INSTANCES {
        let mut random = Random(attack << 32 | instance);
        let kind = Kind::any(&mut random);
        let records = random.between(60, 200);
        let journal = journal(&mut random, kind, records);
        each(&mut random, journal);
    }
}

/// There is one finding: what, on which line of which file, and with which exit code.
#[track_caller]
fn assert_found(report: &Report, what: What, code: u8, (file, index): (usize, usize)) {
    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.findings.len(), 1, "one finding per problem: {found:#?}");
    let finding = &report.findings[0];
    assert_eq!(
        (finding.what, finding.line, &finding.file),
        (what, index as u64 + 1, &name(file)),
        "{found:#?}"
    );
    assert_eq!(Exit::from(finding.what) as u8, code);
}

#[track_caller]
fn assert_valid(report: &Report) {
    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(report.verdict, Verdict::Valid, "{found:#?}");
}

#[test]
fn an_untouched_journal_is_valid() {
    instances(0, |_, journal| {
        for look in [Look::KEYS, Look::CHECKPOINTS] {
            let report = journal.verify(look);
            assert_valid(&report);
            assert_eq!(report.records, journal.len() as u64);
            assert_eq!(report.events.values().sum::<u64>(), report.records);
            assert!(report.is_closed && report.unsigned == 0 && report.runs.len() == 1);
            let covered = report.checkpoints.map(|covered| covered.records);
            assert_eq!(covered, look.checkpoints.then_some(Some(report.records)));
        }
    });
}

#[test]
fn later_files_alone_say_where_they_begin() {
    instances(1, |_, mut journal| {
        for gone in 1..journal.files.len() {
            let before = journal.files.remove(0).len() as u64;
            for look in [Look::KEYS, Look::CHECKPOINTS] {
                let report = journal.verify(look);
                assert_valid(&report);
                assert_eq!(report.previous_file, Some(name(gone - 1)));
            }
            let report = journal.verify(Look::KEYS);
            assert_eq!(report.first_record.map(|first| first >= before), Some(true));
        }
    });
}

#[test]
fn white_space_and_the_order_of_keys_are_not_signed() {
    instances(2, |random, mut journal| {
        let index = random.below(journal.len());
        let object: serde_json::Value = serde_json::from_str(journal.line(index)).unwrap();
        let mut members: Vec<_> = object.as_object().unwrap().iter().collect();
        members.reverse();
        let members: Vec<_> = members.iter().map(|(name, value)| format!(" \"{name}\" : {value}")).collect();
        *journal.line_mut(index) = format!("{{{}}}\n ", members.join(","));
        assert_valid(&journal.verify(Look::CHECKPOINTS));
    });
}
