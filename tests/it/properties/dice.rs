//! Random numbers of a seed.

use std::ops::Range;

/// Splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub(super) fn between(&mut self, range: Range<f64>) -> f64 {
        let part = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        range.start + (range.end - range.start) * part
    }

    pub(super) fn happens(&mut self, chance: f64) -> bool {
        self.between(0.0..1.0) < chance
    }

    pub(super) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Zero, which switches most things off, or something in a range.
    pub(super) fn maybe(&mut self, chance: f64, range: Range<f64>) -> f64 {
        if self.happens(chance) { self.between(range) } else { 0.0 }
    }
}
