//! The decision journal: how fast its records are written and signed, and how fast it is verified.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hemiola_adapters::journal::verify::{Rules, Verdict, Verifier};
use hemiola_adapters::journal::{
    Algorithm, Chain, DecisionBody, Field, Form, Head, Lines, Link, MacKey, Part, Values,
};
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
    let mut chain = Chain::new(Some(key(algorithm)), Head::default());
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

fn key(algorithm: Algorithm) -> MacKey {
    MacKey::new(algorithm, Some("desk-1".to_owned()), &secret())
}

/// What all records of such orders have in common, as those of a run's schedule and market have.
fn order(chain: &Chain, values: &mut Values) -> Form {
    let (link, [time, price, quantity]) = next(chain, values);
    let mut body = DecisionBody::stamped("order_submitted", time, "paper", "main", "balanced");
    body.linked(&link).parts(Field::Price, &[price]).parts(Field::Quantity, &[quantity]);
    body.text(Field::Symbol, "BTC_USDT").text(Field::Side, "buy").text(Field::Schedule, "hourly");
    body.text(Field::Strategy, "trend").text(Field::Status, "approved");
    body.text(Field::PrimaryExchange, "binance").text(Field::InstrumentType, "spot");
    body.form()
}

/// Where the next record stands, and its values: time, price and quantity.
fn next(chain: &Chain, values: &mut Values) -> (Link, [Part<'static>; 3]) {
    let link = chain.begin(values);
    let count = chain.head().count;
    let time = values.timestamp(Nanos::new(1_704_067_200_000_000_000 + count.cast_signed() * 1_000_000));
    let some = (count % 1_000) as f64;
    (link, [time, values.decimal(40_000.0 + some / 8.0), values.decimal(0.25 + some / 1_024.0)])
}

/// Appends the next order's record to a journal.
fn write(chain: &mut Chain, form: &Form, values: &mut Values, text: &mut Vec<u8>) {
    next(chain, values);
    let start = text.len();
    form.write(values, text);
    chain.seal(text, start);
}

/// Records of about 400 bytes: written and linked, written and signed, and beside it nothing but the code of one.
fn signing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("journal_sign");
    group.throughput(Throughput::Elements(1));
    let keys = [None].into_iter().chain(Algorithm::ALL.map(|algorithm| Some(key(algorithm))));
    for key in keys {
        let name = key.as_ref().map_or("none", |key| key.algorithm().name());
        let (mut chain, mut values) = (Chain::new(key.clone(), Head::default()), Values::default());
        let mut text = Vec::with_capacity(1 << 16);
        let form = order(&chain, &mut values);
        write(&mut chain, &form, &mut values, &mut text);
        next(&chain, &mut values);
        let mut record = Vec::new();
        form.write(&values, &mut record);
        assert!((360..=440).contains(&record.len()), "{} bytes", record.len());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                if text.len() > (1 << 16) - 1_000 {
                    text.clear();
                }
                write(&mut chain, &form, &mut values, black_box(&mut text));
            });
        });
        if let Some(key) = &key {
            group.bench_function(format!("{name} alone"), |bencher| {
                bencher.iter(|| key.sign(&[black_box(record.as_slice())]));
            });
        }
    }
    group.finish();
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

criterion_group!(benches, signing, verification);
criterion_main!(benches);
