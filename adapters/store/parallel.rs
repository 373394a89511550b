//! Jobs on several threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does all jobs on up to `threads` threads, each taking the next when it is done; the results are in the order of the
/// jobs, whoever did them.
pub(super) fn map<J: Sync, R: Send>(threads: usize, jobs: &[J], work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    if threads <= 1 || jobs.len() <= 1 {
        return jobs.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(jobs.len()));
    let take = || {
        while let Some((place, job)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, jobs.get(n)?)))
        {
            let result = work(job);
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((place, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(jobs.len()) {
            scope.spawn(take);
        }
        take();
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_jobs_on_any_number_of_threads() {
        let jobs: Vec<usize> = (0..100).collect();
        for threads in [1, 2, 3, 200] {
            // On several threads the first job ends when the others have.
            let ended = AtomicUsize::new(0);
            let work = |job: &usize| {
                while *job == 0 && threads > 1 && ended.load(Ordering::Relaxed) < 99 {
                    thread::yield_now();
                }
                ended.fetch_add(1, Ordering::Relaxed);
                job * job
            };
            assert_eq!(map(threads, &jobs, work), jobs.iter().map(|job| job * job).collect::<Vec<_>>());
        }
    }
}
