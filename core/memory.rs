//! How much memory the candles of a run may take.

use std::env;
use std::fs;
use std::path::PathBuf;

use hemiola_adapters::store::Scratch;

/// The memory for candles, and where they go when it is too little. Results do not depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Bytes that the columns of all candles of a run and their running sums may take; any number without one.
    pub limit: Option<u64>,
    /// The folder of temporary files.
    pub folder: PathBuf,
}

/// No limit.
impl Default for Memory {
    fn default() -> Self {
        Self { limit: None, folder: env::temp_dir() }
    }
}

impl Memory {
    /// Where columns of so many bytes go; `None` when that is memory.
    #[must_use]
    pub fn scratch(&self, bytes: u64) -> Option<Scratch> {
        self.limit.filter(|limit| bytes > *limit).map(|_| Scratch::new(self.folder.clone()))
    }
}

/// Half of the memory that programs could get, bytes; `None` where the system does not say.
#[must_use]
pub fn half_of_available() -> Option<u64> {
    available(&fs::read_to_string("/proc/meminfo").ok()?).map(|bytes| bytes / 2)
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1 << 10)
}

const UNITS: [(&str, u64); 5] =
    [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("B", 1)];

/// Bytes from a text such as `512MiB`.
///
/// # Errors
/// When it is not a whole number and a unit, or too much to count.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let size = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let bytes = size.and_then(|(count, factor)| count.trim().parse::<u64>().ok()?.checked_mul(factor));
    bytes.ok_or_else(|| "expected a whole number and one of B, KiB, MiB, GiB, TiB, such as 512MiB".to_owned())
}

/// Bytes in the largest unit that leaves a number of at least 1, rounded down to tenths.
#[must_use]
pub fn size(bytes: u64) -> String {
    let larger = UNITS[..4].iter().rev().find(|(_, factor)| bytes >= *factor);
    larger.map_or_else(
        || format!("{bytes} B"),
        |(unit, factor)| {
            let tenths = u128::from(bytes) * 10 / u128::from(*factor);
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_said() {
        let read = ["0B", "7B", "3KiB", "512MiB", "2 GiB", "1TiB"].map(|text| parse_size(text).unwrap());
        assert_eq!(read, [0, 7, 3 << 10, 512 << 20, 2 << 30, 1 << 40]);
        for odd in ["", "MiB", "12", "1.5GiB", "-1B", "1MB", "1mib", "99999999TiB"] {
            assert!(parse_size(odd).is_err(), "{odd}");
        }
        assert_eq!(
            [1_023, 1_024, (3 << 20) + (1 << 19), 5 << 40].map(size),
            ["1023 B", "1.0 KiB", "3.5 MiB", "5.0 TiB"]
        );
    }

    #[test]
    fn the_system_says_what_is_available() {
        let meminfo = "MemTotal:       24684528 kB\nMemAvailable:   22171848 kB\nBuffers: 1 kB\n";
        assert_eq!(available(meminfo), Some(22_171_848 << 10));
        assert_eq!(available("MemTotal: 5 kB\n"), None);
        assert_eq!(available("MemAvailable: many kB\n"), None);
    }

    #[test]
    fn what_is_within_the_limit_stays_in_memory() {
        let memory = Memory { limit: Some(100), ..Memory::default() };
        assert!(memory.scratch(100).is_none() && memory.scratch(101).is_some());
        assert!(Memory::default().scratch(u64::MAX).is_none());
    }
}
