//! Rotations, openings and checkpoints that are signed as they should be and say what does not fit.

use hemiola_adapters::journal::verify::What;

use super::desk::{Ended, Journal, Kind, Look, Random, journal, verify};
use super::python::IN_ORDER;
use super::{INSTANCES, assert_found, assert_valid};

/// A journal of this kind and one more number for each instance.
fn instances(attack: u64, kind: Kind, mut each: impl FnMut(&mut Random, Journal)) {
    for instance in 0..INSTANCES {
        let mut random = Random(attack << 32 | instance);
        let kind = Kind { files: random.between(1, 4), ..kind };
        let records = random.between(40, 100);
        let journal = journal(&mut random, kind, records);
        each(&mut random, journal);
    }
}

#[test]
fn a_rotation_that_the_new_key_did_not_sign() {
    instances(60, Kind { rotates_key: true, next_secret: "a thief", ..Kind::PLAIN }, |_, journal| {
        let rotates = |index: &usize| journal.line(*index).contains("\"key_rotated\"");
        let at = journal.at((0..journal.len()).find(rotates).unwrap());
        for look in [Look::KEYS, Look::CHECKPOINTS] {
            assert_found(&journal.verify(look), What::UnknownKey, 87, at);
        }
    });
}

#[test]
fn an_opening_record_that_names_another_key_of_checkpoints() {
    instances(61, Kind { named_key: 2, ..Kind::PLAIN }, |_, journal| {
        assert_found(&journal.verify_alone(Look::CHECKPOINTS), What::UnknownKey, 87, (0, 0));
        // Who gives no key of checkpoints has nothing to compare; so it is with the script, which takes none.
        assert_valid(&journal.verify(Look::KEYS));
        let answer = journal.judged_by_python(Look::CHECKPOINTS);
        assert!(answer.is_none_or(|answer| answer == IN_ORDER));
    });
}

#[test]
fn checkpoints_in_several_files() {
    instances(62, Kind::PLAIN, |random, journal| {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for checkpoint in &journal.checkpoints {
            if random.below(2) == 0 { &mut one } else { &mut other }.push(checkpoint.clone());
        }
        let files = journal.bytes();
        let report = verify(&files, &[&one, &other], Look::CHECKPOINTS);
        assert_valid(&report);
        let covered = report.checkpoints.unwrap();
        assert_eq!(covered.fit, journal.checkpoints.len() as u64);
        assert_eq!(covered.records, Some(journal.len() as u64));
        // Each of them is asked: the other one knows nothing of what was cut off or changed.
        let whole = journal.checkpoints.as_slice();
        let cut = Journal { files: vec![journal.files[0][..15].to_vec()], ..journal.clone() };
        for checkpoints in [[whole, &whole[..1]], [&whole[..1], whole]] {
            let report = verify(&cut.bytes(), &checkpoints, Look { allow_open: true, ..Look::CHECKPOINTS });
            assert_found(&report, What::Truncated, 85, (0, 14));
        }
        let swapped = [whole[1].clone(), whole[0].clone()];
        for (file, checkpoints) in [[&swapped, whole], [whole, &swapped]].iter().enumerate() {
            let report = verify(&files, checkpoints, Look::CHECKPOINTS);
            let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
            let found = (finding.file.as_str(), finding.line, finding.what);
            assert_eq!(found, (["checkpoints-1.jsonl", "checkpoints-2.jsonl"][file], 2, What::Reordered));
        }
    });
}

#[test]
fn checkpoints_of_two_runs_in_one_file() {
    for instance in 0..INSTANCES {
        let mut random = Random(63 << 32 | instance);
        let short = random.between(40, 60);
        let long = random.between(70, 100);
        let (short, long) =
            (journal(&mut random, Kind::PLAIN, short), journal(&mut random, Kind::PLAIN, long));
        // As runs write them that end: one each.
        let end = |journal: &Journal| journal.checkpoints.last().unwrap().clone();
        let (first, second) = ([end(&short), end(&long)], [end(&long), end(&short)]);
        let look = Look::CHECKPOINTS;
        let last = (0, short.len() - 1);
        assert_found(&verify(&short.bytes(), &[&first], look), What::Truncated, 85, last);
        assert_found(&verify(&long.bytes(), &[&first], look), What::Forked, 88, last);
        let report = verify(&long.bytes(), &[&second], look);
        let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
        let found = (finding.file.as_str(), finding.line, finding.what);
        assert_eq!(found, ("checkpoints-1.jsonl", 2, What::Reordered));
        let report = verify(&short.bytes(), &[&second], look);
        let found: Vec<_> = report.findings.iter().map(|finding| finding.what).collect();
        assert_eq!(found, [What::Truncated, What::Reordered]);
        // A file for each is in order.
        for journal in [&short, &long] {
            assert_valid(&verify(&journal.bytes(), &[&[end(journal)]], look));
        }
    }
}

#[test]
fn a_second_opening_record() {
    // By the key and in its place it is a restart, with or without a crash before it.
    for ended in [Ended::Closed, Ended::Killed] {
        instances(64, Kind { restarts: Some(ended), ..Kind::PLAIN }, |_, journal| {
            let report = journal.verify(Look::CHECKPOINTS);
            assert_valid(&report);
            assert_eq!((report.runs.len(), report.events["journal_opened"]), (2, 2));
        });
    }
    // That of another run of the same key was put in.
    instances(65, Kind::PLAIN, |random, mut journal| {
        let other = super::journal(random, Kind::PLAIN, 30);
        let to = random.between(1, journal.len() + 1);
        journal.insert(to, other.line(0).clone());
        assert_found(&journal.verify(Look::KEYS), What::Inserted, 83, journal.at(to));
    });
}
