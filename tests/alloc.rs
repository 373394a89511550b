//! A steady tick allocates nothing, and neither does one that trades or a re-allocation of capital; an account beside many others takes little.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unsafe_code, reason = "counting allocations takes a global allocator of one's own")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use hemiola::assembly::{Options, assemble};
use hemiola_components::capital::{Component, Memory, Policy, PolicyKind, Readings, ScheduleView};
use hemiola_components::schedule::Sizing;
use hemiola_systems::allocation::policies::Allocator;
use hemiola_systems::signals::catalog::Catalog;
use hemiola_systems::signals::engine::ScanLimit;

#[path = "../benches/support/mod.rs"]
mod support;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// Bytes that are allocated now, less those before this thread began.
    static LIVE: Cell<usize> = const { Cell::new(0) };
}

fn count(gained: usize, lost: usize) {
    // A thread that is ending has no counters any more, and nobody to report to.
    _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + u64::from(gained > 0)));
    _ = LIVE.try_with(|live| live.set(live.get().wrapping_add(gained).wrapping_sub(lost)));
}

// SAFETY: every call is handed to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations and fills during `ticks` ticks, after half as many to fill every queue's capacity.
fn allocations(options: Options, ticks: usize) -> (u64, usize) {
    let series = [support::walk(7, 50_000), support::walk(8, 50_000)];
    let (plan, market) = support::account(&series, 5, 12, Sizing::Weight);
    let (mut runtime, _) = assemble(&[(&plan, &market)], &Catalog::built_in(), options).unwrap();
    let mut records = 0;
    for _ in 0..ticks / 2 {
        assert!(runtime.step().unwrap(), "the data end too early");
        runtime.outbox().records.drain();
    }
    let before = ALLOCATIONS.get();
    for _ in 0..ticks {
        assert!(runtime.step().unwrap(), "the data end too early");
        records += runtime.outbox().records.len();
        runtime.outbox().records.drain();
    }
    (ALLOCATIONS.get() - before, records)
}

#[test]
fn ticks_that_look_at_one_candle_allocate_nothing() {
    let scan = ScanLimit::Decisions(1);
    let (allocations, records) = allocations(Options { scan, ..Options::default() }, 10_000);
    assert!(records > 1_000, "this has to include trading");
    assert_eq!(allocations, 0);
}

#[test]
fn ticks_that_jump_from_trade_to_trade_allocate_nothing() {
    let (allocations, records) = allocations(Options::default(), 2_000);
    assert!(records > 2_000);
    assert_eq!(allocations, 0);
}

/// A policy in each of the others, so that all of the tree is evaluated.
fn nested() -> Policy {
    let boxed = |kind| Box::new(Policy::of(kind));
    let smoothed = PolicyKind::Smoothed {
        base: boxed(PolicyKind::RiskParity),
        alpha: 0.3,
        min_delta: 0.0,
        floor_weight: 0.0,
    };
    let guard = PolicyKind::DrawdownGuard {
        warning_pct: 1.0,
        panic_pct: 9.0,
        pressure_weight: 0.7,
        min_weight: 0.05,
        max_weight: 1.0,
    };
    let component = |kind| Component { label: "part".to_owned(), weight: 1.0, policy: Policy::of(kind) };
    let blended = PolicyKind::Blended {
        components: vec![component(smoothed), component(guard), component(PolicyKind::SignalStrength)],
        normalize_components: true,
        fallback: None,
    };
    let quotas = PolicyKind::TagQuota {
        tags: [("a".to_owned(), 2.0)].into(),
        default_weight: Some(1.0),
        within_tag: boxed(blended),
        fallback: None,
        primary_only: true,
    };
    Policy::of(PolicyKind::RiskProfile {
        profiles: [("low".to_owned(), 1.0)].into(),
        profile_floor: 0.1,
        within_profile: boxed(quotas),
    })
}

#[test]
fn a_reallocation_allocates_nothing() {
    let view = |index: usize| ScheduleView {
        name: format!("schedule {index}"),
        strategy: "strategy".to_owned(),
        risk_profile: ["low", "high"][index % 2].to_owned(),
        tags: vec![["a", "b", "c"][index % 3].to_owned()],
        primary_tag: None,
    };
    let views: Vec<ScheduleView> = (0..60).map(view).collect();
    let names = ["avg_realized_volatility", "signals", "max_drawdown_pct"].map(ToOwned::to_owned);
    let mut readings = Readings::new(names.into(), views.len());
    let mut allocator = Allocator::bind(&nested(), &views, readings.names(), Memory::new());
    let before = ALLOCATIONS.get();
    for round in 0..100 {
        for schedule in 0..views.len() {
            (0..3).for_each(|column| readings.set(schedule, column, ((schedule * 7 + round) % 11) as f64));
        }
        assert!(allocator.allocate(&readings).effective[0] > 0.0);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
}

/// Bytes of a world of this many accounts over one series, at the end of its run.
fn live_bytes(accounts: usize) -> usize {
    let (plan, market) = support::account(&[support::walk(7, 2_000)], 5, 12, Sizing::AllIn);
    let plans = vec![(&plan, &market); accounts];
    let before = LIVE.get();
    let (mut runtime, _) = assemble(&plans, &Catalog::built_in(), Options::default()).unwrap();
    while runtime.step().unwrap() {
        runtime.outbox().records.drain();
    }
    LIVE.get().wrapping_sub(before)
}

#[test]
fn an_account_beside_others_takes_less_than_four_kibibytes() {
    const KIBIBYTE: usize = 1_024;
    // Tables grow by doubling: both sizes fill theirs to the same degree.
    let (few, many) = (live_bytes(256), live_bytes(1_024));
    let each = (many - few) / (1_024 - 256);
    assert!((KIBIBYTE / 2..4 * KIBIBYTE).contains(&each), "{each} bytes an account");
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(Vec::<u8>::with_capacity(16)));
    assert_eq!(ALLOCATIONS.get() - before, 1);
}
