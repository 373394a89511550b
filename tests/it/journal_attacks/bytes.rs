//! Whatever happens to the bytes, a journal that says something else is not valid.

use hemiola_adapters::journal::verify::{Report, Verdict};
use proptest::prelude::*;
use serde_json::Value;

use super::desk::{Kind, Look, Random, journal, verify_alone};
use super::python;

/// The records that are in the files, read as anybody would; nothing when a line cannot be read.
fn records(files: &[Vec<u8>]) -> Option<Vec<Value>> {
    let lines = files.iter().flat_map(|bytes| bytes.split(|byte| *byte == b'\n'));
    lines.filter(|line| !line.trim_ascii().is_empty()).map(|line| serde_json::from_slice(line).ok()).collect()
}

/// The report of the program; the script's verdict is the same.
fn verdict(files: &[Vec<u8>], checkpoints: &[String], look: Look) -> Report {
    let report = verify_alone(files, &[checkpoints], look);
    python::assert_same_verdict(&report, files, &[checkpoints], look);
    report
}

/// Bytes taken out at a place, and those put there.
type Mutation = (prop::sample::Index, usize, Vec<u8>);

fn mutation() -> impl Strategy<Value = Mutation> {
    let byte = prop_oneof![any::<u8>(), Just(b'"'), Just(b'\n'), Just(b' '), Just(b','), Just(b'}')];
    let bytes = prop::collection::vec(byte, 0..4);
    (any::<prop::sample::Index>(), prop_oneof![0_usize..3, 0_usize..3_000], bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_shuffle_is_valid(seed in any::<u64>(), is_signed in any::<bool>(), steps in 1_usize..12) {
        let mut random = Random(seed);
        let any = Kind::any(&mut random);
        let kind = Kind { is_signed, rotates_key: is_signed && any.rotates_key, ..any };
        let mut journal = journal(&mut random, kind, 40);
        let before = records(&journal.bytes());
        for _ in 0..steps {
            let (from, to) = (random.below(journal.len()), random.below(journal.len()));
            match random.below(5) {
                0 => _ = journal.remove(from),
                1 => journal.insert(from, journal.line(to).clone()),
                2 => *journal.line_mut(from) = journal.line(to).clone(),
                3 => {
                    let line = journal.remove(from);
                    journal.insert(to.min(journal.len()), line);
                }
                // A number at the end of all numbers, and one beyond.
                _ => {
                    let number = ["9223372036854775807", "18446744073709551615"][random.below(2)];
                    let line = journal.line(from).replacen("\"seq\":\"", &format!("\"seq\":\"{number}"), 1);
                    let line = line.replace(&format!("{number}{from}\""), &format!("{number}\""));
                    journal.insert(to, line);
                }
            }
        }
        let look = Look { keys: is_signed, allow_unsigned: true, ..Look::KEYS };
        let report = verdict(&journal.bytes(), &journal.checkpoints, look);
        let is_same = records(&journal.bytes()) == before;
        prop_assert_eq!(report.verdict != Verdict::Failed, is_same, "{:?}", report.findings);
        let places: Vec<_> = report.findings.iter().map(|finding| (&finding.file, finding.line)).collect();
        prop_assert!(places.is_sorted(), "{:?}", report.findings);
    }

    #[test]
    fn no_mutation_is_valid(seed in any::<u64>(), (at, gone, put) in mutation()) {
        let mut random = Random(seed);
        let kind = Kind::any(&mut random);
        let journal = journal(&mut random, kind, 40);
        let before = journal.bytes();
        let mut after = before.clone();
        let file = random.below(after.len());
        let bytes = &mut after[file];
        let start = at.index(bytes.len());
        let end = (start + gone).min(bytes.len());
        bytes.splice(start..end, put);
        for look in [Look::KEYS, Look { allow_unsigned: true, ..Look::CHECKPOINTS }] {
            let report = verdict(&after, &journal.checkpoints, look);
            let is_same = records(&after) == records(&before);
            prop_assert_eq!(report.verdict == Verdict::Valid, is_same, "{:?}", report.findings);
        }
    }
}
