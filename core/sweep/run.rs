//! Shards over threads.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hemiola_systems::signals::catalog::Catalog;

use super::plans::{Maker, Planner};
use super::row::Row;
use super::shard::{self, Ground};
use super::space::Space;
use crate::assembly::Window;
use crate::config::plan::Plan;
use crate::exit::Failure;
use crate::job::Prepared;

/// Variants of a shard: enough to share a world, few enough that threads end together.
pub const SHARD: usize = 250;

/// How often progress is shown while no shard ends.
const GLANCE: Duration = Duration::from_millis(100);

/// Everything that shards need. Nothing of it changes while they run.
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    /// The configuration as it is, with the candles.
    pub base: &'a Prepared,
    /// From values to Plans.
    pub planner: &'a Planner<'a>,
    /// The variants.
    pub space: &'a Space,
    /// The engines.
    pub catalog: &'a Catalog,
    /// How many shards run at once; at least 1.
    pub threads: usize,
}

impl Runner<'_> {
    /// How many shards there are.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.space.len().div_ceil(SHARD)
    }

    /// The variants of a shard.
    #[must_use]
    pub fn range(&self, shard: usize) -> Range<usize> {
        shard * SHARD..((shard + 1) * SHARD).min(self.space.len())
    }

    /// Runs shards in a window. `done` gets the rows of each as it ends, in any order; `glance` is shown now and then how
    /// many variants have come how far, added up.
    ///
    /// # Errors
    /// The first that `done` gives; shards that have begun end before.
    pub fn run(
        &self,
        shards: &[usize],
        window: Window,
        mut done: impl FnMut(usize, Vec<Row>) -> Result<(), Failure>,
        mut glance: impl FnMut(f64),
    ) -> Result<(), Failure> {
        let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
        let threads = self.threads.min(shards.len()).max(1);
        // Thousandths of a variant, per thread.
        let under_way: Vec<AtomicU64> = (0..threads).map(|_| AtomicU64::new(0)).collect();
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for share in &under_way {
                let (sender, next, stopped) = (sender.clone(), &next, &stopped);
                scope.spawn(move || {
                    let maker = self.planner.maker(&self.base.plan);
                    while !stopped.load(Ordering::Relaxed) {
                        let Some(shard) = shards.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                        let range = self.range(*shard);
                        let count = range.len() as f64;
                        #[expect(
                            clippy::cast_possible_truncation,
                            clippy::cast_sign_loss,
                            reason = "below 2^53"
                        )]
                        let progress =
                            |part: f64| share.store((part * count * 1e3) as u64, Ordering::Relaxed);
                        let rows = self.shard(&maker, range, window, &progress);
                        share.store(0, Ordering::Relaxed);
                        if sender.send((*shard, rows)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut ended = 0;
            loop {
                match receiver.recv_timeout(GLANCE) {
                    Ok((shard, rows)) => {
                        ended += rows.len();
                        done(shard, rows).inspect_err(|_| stopped.store(true, Ordering::Relaxed))?;
                    }
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
                }
                let moving: u64 = under_way.iter().map(|share| share.load(Ordering::Relaxed)).sum();
                glance(ended as f64 + moving as f64 / 1e3);
            }
        })
    }

    fn shard(
        &self,
        maker: &Maker<'_>,
        range: Range<usize>,
        window: Window,
        progress: &dyn Fn(f64),
    ) -> Vec<Row> {
        let mut plans: Vec<Plan> = Vec::with_capacity(range.len());
        let mut planned = Vec::with_capacity(range.len());
        for index in range {
            planned.push(maker.plan(self.space.settings(index)).map(|plan| plans.push(plan)));
        }
        let ground = Ground { market: &self.base.data.market, catalog: self.catalog, window };
        let mut rows = shard::run(&plans, ground, progress).into_iter();
        let row = |planned: Result<(), String>| match planned {
            Ok(()) => rows.next().expect("a row for each Plan"),
            Err(error) => Row::Failed(error),
        };
        planned.into_iter().map(row).collect()
    }
}
