//! What the risk engine and the venue never do, over many random sequences of events.
//!
//! A sequence depends on its seed alone. A failure names the seed, and `HEMIOLA_SEED` plays that sequence and no other.

mod books;
mod dice;
mod gate;
mod latches;
mod ledger;
mod money;
mod orders;
mod policies;
mod scans;
mod sequence;
mod sequences;

use std::ops::Range;
use std::{env, thread};

/// What an account begins with; amounts are compared relative to it.
const CASH: f64 = 1_000.0;

/// The seeds to play: the first `count`, or the one that was asked for.
fn seeds(count: u64) -> Range<u64> {
    match env::var("HEMIOLA_SEED") {
        Ok(seed) => {
            let seed = seed.parse().expect("HEMIOLA_SEED is a whole number");
            seed..seed + 1
        }
        Err(_) => 0..count,
    }
}

/// Names its seed when its sequence fails.
struct Playing(u64);

impl Drop for Playing {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("HEMIOLA_SEED={} plays this sequence", self.0);
        }
    }
}

/// Whether two amounts of an account are the same but for rounding.
fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * CASH
}
