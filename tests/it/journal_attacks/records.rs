//! Records that are changed, taken away, moved or put in by somebody without the key.

use hemiola_adapters::journal::Algorithm;
use hemiola_adapters::journal::verify::What;
use serde_json::{Value, json};

use super::desk::{Journal, Look, Random, key};
use super::{assert_found, instances};

/// Where the signed text ends.
fn signed(line: &str) -> usize {
    line.rfind(r#","signature":{"#).unwrap()
}

/// Replaces a byte by another one, in a range of a line.
fn edit(random: &mut Random, line: &mut String, range: std::ops::Range<usize>) {
    let mut bytes = std::mem::take(line).into_bytes();
    loop {
        let at = random.between(range.start, range.end);
        let other = u8::try_from(random.between(0x20, 0x7f)).unwrap();
        // A letter of two bytes stays text when neither is touched.
        if bytes[at].is_ascii() && bytes[at] != other {
            bytes[at] = other;
            break;
        }
    }
    *line = String::from_utf8(bytes).unwrap();
}

/// The same record with another key's signature.
fn signed_again(line: &str, secret: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut record: Value = serde_json::from_str(line).unwrap();
    let mut signature = record.as_object_mut().unwrap().remove("signature").unwrap();
    change(&mut record);
    let algorithm = Algorithm::named(signature["algorithm"].as_str().unwrap()).unwrap();
    let text = hemiola_adapters::journal::canonical::nested(&record);
    signature["value"] = json!(key(algorithm, secret).sign(&[text.as_bytes()]).text());
    format!("{},\"signature\":{signature}}}", &text[..text.len() - 1])
}

#[test]
fn an_edited_byte() {
    instances(10, |random, mut journal| {
        let index = random.below(journal.len());
        let end = signed(journal.line(index));
        edit(random, journal.line_mut(index), 0..end);
        for look in [Look::KEYS, Look::CHECKPOINTS] {
            assert_found(&journal.verify(look), What::Edited, 80, journal.at(index));
        }
    });
}

#[test]
fn an_edited_byte_of_a_signature() {
    instances(11, |random, mut journal| {
        let index = random.below(journal.len());
        let line = journal.line_mut(index);
        let start = line.rfind("\"value\":\"").unwrap() + 9;
        let end = line.len() - 3;
        edit(random, line, start..end);
        assert_found(&journal.verify(Look::CHECKPOINTS), What::Edited, 80, journal.at(index));
    });
}

#[test]
fn an_edited_record_that_is_signed_by_another_key() {
    instances(12, |random, mut journal| {
        let index = random.below(journal.len());
        let line = journal.line_mut(index);
        *line = signed_again(line, "a thief", |record| record["price"] = json!("1000000"));
        assert_found(&journal.verify(Look::CHECKPOINTS), What::Edited, 80, journal.at(index));
    });
}

#[test]
fn edited_records_one_after_the_other() {
    instances(13, |random, journal| {
        let mut journal = journal.joined();
        let count = random.between(2, 6);
        let first = random.below(journal.len() - count);
        for index in first..first + count {
            let end = signed(journal.line(index));
            let line = journal.line_mut(index);
            let price = line[..end].rfind('"').unwrap();
            line.insert(price, '9');
        }
        let report = journal.verify(Look::CHECKPOINTS);
        assert_found(&report, What::Edited, 80, (0, first));
        let finding = &report.findings[0];
        assert_eq!(
            (finding.record, finding.last_record),
            (Some(first as u64), Some((first + count) as u64 - 1))
        );
        assert_eq!(finding.last_line, (first + count) as u64);
    });
}

#[test]
fn deleted_records() {
    instances(14, |random, mut journal| {
        let count = if random.below(2) == 0 { 1 } else { random.between(1, 20) };
        let first = random.below(journal.len() - count);
        (0..count).for_each(|_| _ = journal.remove(first));
        for look in [Look::KEYS, Look::CHECKPOINTS] {
            let report = journal.verify(look);
            assert_found(&report, What::Deleted, 81, place_of(&journal, first));
            let finding = &report.findings[0];
            let records = (Some(first as u64), Some((first + count) as u64 - 1));
            assert_eq!((finding.record, finding.last_record), records);
        }
    });
}

/// The line that a record stands on now, by its number and that of what was taken away before it.
fn place_of(journal: &Journal, index: usize) -> (usize, usize) {
    let mut index = index;
    for (file, lines) in journal.files.iter().enumerate() {
        if index < lines.len() {
            return (file, index);
        }
        index -= lines.len();
    }
    panic!("there is no such line")
}

#[test]
fn two_swapped_records() {
    instances(15, |random, mut journal| {
        let near = random.below(3) == 0;
        let first = random.below(journal.len() - 3);
        let end = if near { first + 3 } else { journal.len() };
        let second = random.between(first + 1, end);
        let line = journal.line(first).clone();
        *journal.line_mut(first) = std::mem::replace(journal.line_mut(second), line);
        for look in [Look::KEYS, Look::CHECKPOINTS] {
            assert_found(&journal.verify(look), What::Reordered, 82, journal.at(first));
        }
    });
}

#[test]
fn a_moved_record() {
    instances(16, |random, mut journal| {
        let from = random.below(journal.len() - 1);
        let line = journal.remove(from);
        let to = loop {
            let to = random.below(journal.len() - 1);
            if to != from {
                break to;
            }
        };
        journal.insert(to, line);
        let near = from.abs_diff(to) == 1;
        let report = journal.verify(Look::KEYS);
        // Of two neighbours either may have moved.
        let at = if near { journal.at(from.min(to)) } else { journal.at(to) };
        assert_found(&report, What::Reordered, 82, at);
    });
}

#[test]
fn a_copied_record() {
    instances(17, |random, mut journal| {
        let of = random.below(journal.len());
        let line = journal.line(of).clone();
        let to = random.below(journal.len() + 1);
        journal.insert(to, line);
        // Of two equal lines beside each other the second one is the copy.
        let at = if to == of { of + 1 } else { to };
        for look in [Look::KEYS, Look::CHECKPOINTS] {
            assert_found(&journal.verify(look), What::Inserted, 83, journal.at(at));
        }
    });
}

#[test]
fn a_forged_record() {
    instances(18, |random, mut journal| {
        let of = random.below(journal.len());
        let to = random.below(journal.len() + 1);
        let like = journal.line(of).clone();
        let forged = signed_again(&like, "a thief", |record| record["seq"] = json!(to.to_string()));
        journal.insert(to, forged);
        for look in [Look::KEYS, Look::CHECKPOINTS] {
            assert_found(&journal.verify(look), What::Inserted, 83, journal.at(to));
        }
    });
}
