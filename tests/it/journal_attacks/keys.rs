//! Signatures that are taken off, weakened or another's.

use hemiola_adapters::journal::verify::{Verdict, What};
use hemiola_adapters::journal::{Algorithm, canonical};
use serde_json::{Value, json};

use super::desk::{Journal, Kind, Look, Random, journal, key};
use super::{INSTANCES, assert_found, instances};

const LENIENT: Look = Look { allow_unsigned: true, ..Look::KEYS };

fn stripped(line: &str) -> String {
    let end = line.rfind(r#","signature":{"#).unwrap();
    format!("{}}}", &line[..end])
}

#[test]
fn signatures_that_were_taken_off() {
    instances(50, |random, journal| {
        let mut journal = journal.joined();
        let count = match random.below(3) {
            0 => 1,
            1 => random.between(1, 20),
            _ => journal.len(),
        };
        let first = random.below(journal.len() - count + 1);
        for index in first..first + count {
            *journal.line_mut(index) = stripped(journal.line(index));
        }
        for look in [Look::KEYS, LENIENT, Look { checkpoints: true, ..LENIENT }] {
            assert_found(&journal.verify(look), What::Unsigned, 86, (0, first));
        }
    });
}

#[test]
fn a_stripped_journal_never_passes_without_its_key_either() {
    instances(51, |_, journal| {
        let mut journal = journal.joined();
        (0..journal.len()).for_each(|index| *journal.line_mut(index) = stripped(journal.line(index)));
        let report = journal.verify(Look { keys: false, ..LENIENT });
        assert_found(&report, What::Unsigned, 86, (0, 0));
    });
}

/// The record, signed by another algorithm with a key.
fn downgraded(line: &str, algorithm: Algorithm, secret: &str) -> String {
    let mut record: Value = serde_json::from_str(line).unwrap();
    let mut signature = record.as_object_mut().unwrap().remove("signature").unwrap();
    let text = canonical::nested(&record);
    signature["algorithm"] = json!(algorithm.name());
    signature["value"] = json!(key(algorithm, secret).sign(&[text.as_bytes()]).text());
    format!("{},\"signature\":{signature}}}", &text[..text.len() - 1])
}

#[test]
fn an_algorithm_that_was_not_announced() {
    for instance in 0..INSTANCES {
        let mut random = Random(52 << 32 | instance);
        let kind = Kind { algorithm: Algorithm::HmacSha384, files: random.between(1, 4), ..Kind::PLAIN };
        let mut journal = journal(&mut random, kind, 100);
        let index = random.below(journal.len());
        let line = journal.line_mut(index);
        *line = match random.below(3) {
            0 => downgraded(line, Algorithm::HmacSha256, "desk-1"),
            1 => downgraded(line, Algorithm::HmacSha256, "a thief"),
            _ => line.replacen("\"algorithm\":\"HMAC-SHA384\",\"key", "\"algorithm\":\"HMAC-SHA1\",\"key", 1),
        };
        for look in [Look::KEYS, LENIENT] {
            assert_found(&journal.verify(look), What::Downgraded, 86, journal.at(index));
        }
    }
}

#[test]
fn a_journal_that_was_replaced() {
    for instance in 0..INSTANCES {
        let mut random = Random(53 << 32 | instance);
        let true_one = journal(&mut random, Kind::PLAIN, 80);
        let other = journal(&mut random, Kind::PLAIN, 80);
        // By one of another key, whatever it calls it.
        let resign = |line: &String, id: &str| {
            let line = downgraded(line, Algorithm::HmacSha256, "a thief");
            line.replace("desk-1", id)
        };
        for id in ["desk-1", "desk-7"] {
            let lines = other.files[0].iter().map(|line| resign(line, id)).collect();
            let replaced = Journal { files: vec![lines], checkpoints: true_one.checkpoints.clone() };
            assert_found(&replaced.verify(Look::KEYS), What::UnknownKey, 87, (0, 0));
        }
        // By one of the same key: checkpoints tell.
        let replaced = Journal { checkpoints: true_one.checkpoints, ..other };
        assert_found(&replaced.verify(Look::CHECKPOINTS), What::Forked, 88, (0, 9));
    }
}

#[test]
fn the_old_key_does_not_sign_after_the_new_one() {
    for instance in 0..INSTANCES {
        let mut random = Random(54 << 32 | instance);
        let kind = Kind { rotates_key: true, ..Kind::PLAIN };
        let mut journal = journal(&mut random, kind, 80);
        let at = journal.files[0].iter().position(|line| line.contains("\"key_rotated\"")).unwrap();
        let index = random.between(at + 1, journal.len());
        let line = journal.line_mut(index);
        *line = downgraded(&line.replace("desk-2", "desk-1"), Algorithm::HmacSha256, "desk-1");
        assert_found(&journal.verify(Look::KEYS), What::UnknownKey, 87, (0, index));
    }
}

#[test]
fn without_a_key_nothing_is_proven() {
    for instance in 0..INSTANCES {
        let mut random = Random(55 << 32 | instance);
        let kind = Kind { is_signed: false, files: random.between(1, 3), ..Kind::PLAIN };
        let journal = journal(&mut random, kind, 60);
        let report = journal.verify(Look { keys: false, ..LENIENT });
        assert_eq!((report.verdict, report.unsigned), (Verdict::Unsigned, journal.len() as u64));
        let joined = journal.clone().joined();
        for look in [LENIENT, Look { keys: false, ..Look::KEYS }] {
            assert_found(&joined.verify(look), What::Unsigned, 86, (0, 0));
        }
        // Accidents still show.
        let index = random.between(1, journal.len() - 1);
        let mut edited = journal.clone();
        *edited.line_mut(index) = edited.line(index).replacen("\"calm\"", "\"wild\"", 1);
        let accident = Look { keys: false, ..LENIENT };
        assert_found(&edited.verify(accident), What::Edited, 80, edited.at(index));
        let mut deleted = joined;
        deleted.remove(index);
        assert_found(&deleted.verify(accident), What::Deleted, 81, (0, index));
    }
}
