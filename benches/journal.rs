//! The decision journal: how fast it is verified.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hemiola_adapters::journal::verify::{Rules, Verdict, Verifier};
use hemiola_adapters::journal::{Algorithm, Chain, DecisionBody, Field, Head, Lines, MacKey, Values};
use hemiola_components::time::Nanos;
use serde_json::json;
use zeroize::Zeroizing;

/// Bytes of a journal.
const SIZE: usize = 64 << 20;

fn secret() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(b"a key that nobody knows".to_vec())
}

/// Orders of about 400 signed bytes each, between an opening and a closing record.
fn journal(algorithm: Algorithm) -> Vec<u8> {
    let key = MacKey::new(algorithm, Some("desk-1".to_owned()), &secret());
    let mut chain = Chain::new(Some(key), Head::default());
    let (mut values, mut text) = (Values::default(), Vec::with_capacity(SIZE + 1_000));
    let mut write = |event: &str, text: &mut Vec<u8>| {
        let link = chain.begin(&mut values);
        let seq = chain.head().count;
        let time = values.timestamp(Nanos::new(1_704_067_200_000_000_000 + seq.cast_signed() * 1_000_000));
        let price = values.decimal(40_000.0 + (seq % 1_000) as f64 / 8.0);
        let mut body = DecisionBody::stamped(event, time, "paper", "main", "balanced");
        body.linked(&link);
        if event == "order_submitted" {
            body.text(Field::Symbol, "BTC_USDT").text(Field::Side, "buy").text(Field::Schedule, "hourly");
            body.text(Field::Strategy, "trend").text(Field::Status, "approved");
            body.parts(Field::Price, &[price]).metadata("order_id", &json!("1"));
        } else {
            body.metadata("algorithm", &json!(algorithm.name()));
        }
        let start = text.len();
        body.form().write(&values, text);
        chain.seal(text, start);
    };
    write("journal_opened", &mut text);
    while text.len() < SIZE {
        write("order_submitted", &mut text);
    }
    write("journal_closed", &mut text);
    text
}

fn verify(journal: &'static [u8]) -> u64 {
    let mut rules = Rules::default();
    rules.keys.add(Some("desk-1".to_owned()), &secret());
    let mut verifier =
        Verifier::new(rules, vec!["journal".to_owned()], None).expect("no files of checkpoints");
    let mut lines = Lines::of(journal).expect("memory can be read");
    verifier.file(&mut lines).expect("memory can be read");
    let report = verifier.finish().expect("no files of checkpoints");
    assert_eq!(report.verdict, Verdict::Valid);
    report.records
}

fn verification(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("journal_verify");
    group.sample_size(10);
    for algorithm in Algorithm::ALL {
        let journal: &'static [u8] = journal(algorithm).leak();
        group.throughput(Throughput::Bytes(journal.len() as u64));
        group.bench_function(algorithm.name(), |bencher| bencher.iter(|| black_box(verify(journal))));
    }
    group.finish();
}

criterion_group!(benches, verification);
criterion_main!(benches);
