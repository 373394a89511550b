//! How long it takes until something happens: a large configuration checked, the demo up to its first ticks.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use hemiola::config;
use hemiola::job::Job;
use hemiola::memory::Memory;
use hemiola_systems::signals::catalog::Catalog;

const CORE: &str = include_str!("../config/core.yaml");

/// The shipped file with one more scheduler, of so many schedules on four lines each.
fn large(schedules: u32) -> String {
    let (schedulers, others) =
        CORE.split_once("\nportfolio_governors:").expect("governors follow the schedulers");
    let mut text = format!("{schedulers}\n  large:\n    schedules:\n");
    for number in 0..schedules {
        write!(
            text,
            "      schedule_{number}:\n        strategy: crossing\n        interval: 1h\n        warmup_bars: 120\n"
        )
        .expect("a text takes everything");
    }
    text + "portfolio_governors:" + others
}

fn validation(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("core.yaml");
    fs::write(&path, large(5_000)).expect("it can be written");
    let engines = Catalog::built_in().specs();
    criterion.bench_function("validate a file of 20,000 lines with 5,000 schedules", |bencher| {
        bencher.iter(|| config::load(black_box(&path), &engines).expect("it is valid").warnings().len());
    });
}

fn demo(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("config/core.yaml");
    fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("a folder can be made");
    fs::write(&path, CORE).expect("it can be written");
    let catalog = Catalog::built_in();
    let job = Job { to: Some("2024-01-01T02:00:00".to_owned()), ..Job::of(path) };
    job.prepare(&catalog, &mut |_| {}).expect("the demo makes up its candles");
    criterion.bench_function("the demo: configuration, candles, world, first ticks", |bencher| {
        bencher.iter(|| {
            let prepared = job.prepare(&catalog, &mut |_| {}).expect("the demo can be read");
            prepared.run(&catalog, |_, _| {}).expect("the demo runs").passes
        });
    });
    let memory = Memory { limit: Some(u64::MAX), ..Memory::default() };
    criterion.bench_function("the same within a limit of memory", |bencher| {
        bencher.iter(|| {
            let prepared = job.prepare_within(&memory, &catalog, &mut |_| {}).expect("the demo can be read");
            prepared.run(&catalog, |_, _| {}).expect("the demo runs").passes
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = validation, demo
}
criterion_main!(benches);
