//! What the process itself has used.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Processor time of all threads since the process began.
#[must_use]
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanos)
}

/// The most memory that was resident at once, bytes, since the process began or [`forget_peak_memory`]; `None` where
/// the system does not tell.
#[must_use]
pub fn peak_memory() -> Option<u64> {
    status("VmHWM:")
}

/// The memory that is resident now, bytes; `None` where the system does not tell.
#[must_use]
pub fn resident_memory() -> Option<u64> {
    status("VmRSS:")
}

/// A line of the system's account of the process, bytes.
fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

/// What the process has moved from and to storage, bytes since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Read from storage; what was in the system's cache is not counted.
    pub read: u64,
    /// Written, or to be written, to storage.
    pub written: u64,
}

/// What has been moved so far; `None` where the system does not tell.
#[must_use]
pub fn transfer() -> Option<Transfer> {
    transfer_in(&fs::read_to_string("/proc/self/io").ok()?)
}

fn transfer_in(account: &str) -> Option<Transfer> {
    let bytes = |name| account.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
    Some(Transfer { read: bytes("read_bytes:")?, written: bytes("write_bytes:")? })
}

/// Begins the peak anew at what is resident now, where the system can.
pub fn forget_peak_memory() {
    const PEAK: &str = "5";
    // Without it the peak is that of the whole process, which is still an upper bound.
    _ = fs::write("/proc/self/clear_refs", PEAK);
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn work_takes_processor_time() {
        let before = cpu_time();
        let mut sum = 0_u64;
        while cpu_time() == before {
            sum = black_box(sum.wrapping_add(1));
        }
        assert!(cpu_time() > before, "{sum}");
    }

    #[test]
    fn storage_is_told_apart_from_calls() {
        let account =
            "rchar: 7\nwchar: 8\nsyscr: 1\nread_bytes: 4096\nwrite_bytes: 512\ncancelled_write_bytes: 3\n";
        assert_eq!(transfer_in(account), Some(Transfer { read: 4_096, written: 512 }));
        assert_eq!(transfer_in("rchar: 7\nread_bytes: 1\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_held_is_resident() {
        const BYTES: usize = 64 << 20;
        let held = black_box(vec![1_u8; BYTES]);
        assert!(resident_memory().unwrap() >= held.len() as u64);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_peak_remembers_memory_that_is_free_again() {
        const BYTES: usize = 64 << 20;
        let before = peak_memory().unwrap();
        drop(black_box(vec![1_u8; BYTES]));
        assert!(peak_memory().unwrap() >= before.max(BYTES as u64));
    }
}
