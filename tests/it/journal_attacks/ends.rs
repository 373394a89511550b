//! Journals that end too early, or go on as another one.

use hemiola_adapters::journal::verify::{Report, What};

use super::desk::{Journal, Kind, Look, Random, journal, name, verify};
use super::{INSTANCES, assert_found, assert_valid, instances};

fn cut(journal: &Journal, records: usize) -> Journal {
    let mut cut = journal.clone();
    while cut.len() > records {
        let last = cut.files.last_mut().unwrap();
        last.pop();
        if last.is_empty() {
            cut.files.pop();
        }
    }
    cut
}

fn last(journal: &Journal) -> (usize, usize) {
    (journal.files.len() - 1, journal.files.last().unwrap().len() - 1)
}

#[test]
fn a_tail_that_was_cut_off() {
    instances(30, |random, journal| {
        let cut = cut(&journal, random.between(1, journal.len()));
        assert_found(&cut.verify(Look::KEYS), What::NotClosed, 89, last(&cut));
        let report = cut.verify(Look::CHECKPOINTS);
        assert_found(&report, What::Truncated, 85, last(&cut));
        assert_eq!(report.findings[0].last_record, Some(journal.len() as u64 - 1));
        assert_valid(&cut.verify(Look { allow_open: true, ..Look::KEYS }));
    });
}

#[test]
fn a_close_record_that_was_dropped() {
    instances(31, |_, journal| {
        let cut = cut(&journal, journal.len() - 1);
        assert_found(&cut.verify(Look::KEYS), What::NotClosed, 89, last(&cut));
        assert_found(&cut.verify(Look::CHECKPOINTS), What::Truncated, 85, last(&cut));
    });
}

#[test]
fn a_line_that_was_cut_in_two() {
    instances(32, |random, journal| {
        let cut = cut(&journal, random.between(2, journal.len()));
        let mut files = cut.bytes();
        let gone = random.between(2, cut.files.last().unwrap().last().unwrap().len());
        let length = files.last().unwrap().len();
        files.last_mut().unwrap().truncate(length - gone);
        assert_found(&verify(&files, &[], Look::KEYS), What::Torn, 84, last(&cut));
    });
}

#[test]
fn a_tail_that_was_cut_off_and_closed_again_with_the_stolen_key() {
    for instance in 0..INSTANCES {
        let mut random = Random(33 << 32 | instance);
        let (long, short) = (random.between(120, 200), random.between(20, 100));
        let true_one = journal(&mut random.clone(), Kind::PLAIN, long);
        let mut closed_again = journal(&mut random, Kind::PLAIN, short);
        assert_eq!(closed_again.files[0][..=short], true_one.files[0][..=short], "the same up to there");
        closed_again.checkpoints = true_one.checkpoints;
        let report = closed_again.verify(Look::CHECKPOINTS);
        let found: Vec<_> = report.findings.iter().map(|finding| finding.what).collect();
        // The record that closes may stand where a checkpoint knows another one.
        let expected: &[_] =
            if (short + 2) % 10 == 0 { &[What::Forked, What::Truncated] } else { &[What::Truncated] };
        assert_eq!(found, expected);
        // Documented as not to be seen without checkpoints.
        assert_valid(&closed_again.verify(Look::KEYS));
    }
}

#[test]
fn everything_signed_again_with_the_stolen_key() {
    for instance in 0..INSTANCES {
        let mut random = Random(34 << 32 | instance);
        let kind = Kind { files: random.between(1, 4), ..Kind::PLAIN };
        let records = random.between(60, 200);
        let true_one = journal(&mut random, kind, records);
        let mut other = journal(&mut random, kind, records);
        other.checkpoints = true_one.checkpoints;
        // The first checkpoint is at ten records.
        assert_found(&other.verify(Look::CHECKPOINTS), What::Forked, 88, other.at(9));
        // Documented as not to be seen without checkpoints.
        assert_valid(&other.verify(Look::KEYS));
    }
}

#[test]
fn two_runs_spliced() {
    for instance in 0..INSTANCES * 3 {
        let mut random = Random(35 << 32 | instance);
        let records = random.between(60, 120);
        let first = journal(&mut random, Kind::PLAIN, records);
        let records = random.between(60, 120);
        let second = journal(&mut random, Kind::PLAIN, records);
        let keep = random.between(1, first.len());
        let from = match instance % 3 {
            0 if keep < second.len() => keep,
            1 => random.below(keep.min(second.len())),
            _ => random.below(second.len()),
        };
        let mut lines = first.files[0][..keep].to_vec();
        lines.extend_from_slice(&second.files[0][from..]);
        let spliced = Journal { files: vec![lines], checkpoints: first.checkpoints };
        let report = spliced.verify(Look::KEYS);
        if from > keep {
            // It looks as if records had been deleted, unless there are checkpoints.
            assert_found(&report, What::Deleted, 81, (0, keep));
        } else {
            assert_found(&report, What::Forked, 88, (0, keep));
        }
    }
}

#[test]
fn checkpoints_that_were_touched() {
    instances(36, |random, mut journal| {
        let at = random.below(journal.checkpoints.len() - 1);
        let touched = |report: &Report, line: usize, what: What| {
            let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
            let found = (finding.file.as_str(), finding.line, finding.what);
            assert_eq!(found, ("checkpoints-1.jsonl", line as u64, what));
        };
        let mut edited = journal.clone();
        edited.checkpoints[at] = edited.checkpoints[at].replacen("count\":\"", "count\":\"1", 1);
        touched(&edited.verify_alone(Look::CHECKPOINTS), at + 1, What::Edited);
        // The script cannot tell that nobody signed it, and believes that there were so many records.
        let count: usize = format!("1{}0", at + 1).parse().unwrap();
        let (file, line, what) = match journal.at(count - 1) {
            (file, line) if count <= journal.len() => (file, line, "forked"),
            _ => (last(&journal).0, last(&journal).1, "truncated"),
        };
        let says = format!("{}:{}: {what}", name(file), line + 1);
        assert!(edited.judged_by_python(Look::CHECKPOINTS).is_none_or(|answer| answer == says));
        journal.checkpoints.swap(at, at + 1);
        touched(&journal.verify(Look::CHECKPOINTS), at + 2, What::Reordered);
        journal.checkpoints.clear();
        assert_found(&journal.verify(Look::CHECKPOINTS), What::Truncated, 85, last(&journal));
    });
}
