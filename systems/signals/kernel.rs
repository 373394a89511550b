//! Many candles side by side: cheap tests without branches, of which a compiler makes vector instructions, find the
//! candles at which something may happen. Only these go to an engine's own rule.

use std::ops::Range;

/// Knows candles at which surely nothing happens.
pub(super) trait Quiet {
    /// For the `N` candles from `bar` on, 0 where surely nothing happens, else 1, each found from itself and what
    /// came before it; `None` when the first of them cannot be told.
    fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]>;
}

/// The candles of a range that are not surely quiet, in order.
///
/// They are looked at in blocks, the first one of `FIRST` candles and the others of `N`, neither more than 32: few to
/// begin with where the end is often near. Nothing beyond the range is read; where fewer than a block are left,
/// candles before them fill it.
pub(super) struct Loud<Q, const FIRST: usize, const N: usize> {
    quiet: Q,
    /// Candles not looked at yet.
    bars: Range<usize>,
    is_first: bool,
    /// The candle of the lowest bit of `bits`, which are 1 for each loud one not yet given.
    block: usize,
    bits: u32,
}

impl<Q: Quiet, const FIRST: usize, const N: usize> Loud<Q, FIRST, N> {
    pub(super) const fn new(quiet: Q, bars: Range<usize>) -> Self {
        Self { quiet, bars, is_first: true, block: 0, bits: 0 }
    }

    #[inline]
    fn look<const COUNT: usize>(&mut self) {
        let filled = COUNT.saturating_sub(self.bars.len());
        let flags = self.bars.start.checked_sub(filled).and_then(|start| self.quiet.loud::<COUNT>(start));
        let (bits, count) = flags.map_or((1, 1), |flags| (word(&flags) >> filled, COUNT - filled));
        (self.block, self.bits) = (self.bars.start, bits);
        self.bars.start += count;
    }
}

impl<Q: Quiet, const FIRST: usize, const N: usize> Iterator for Loud<Q, FIRST, N> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            if self.bars.is_empty() {
                return None;
            }
            if self.is_first || self.bars.len() <= FIRST {
                self.look::<FIRST>();
            } else {
                self.look::<N>();
            }
            self.is_first = false;
        }
        let bar = self.block + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(bar)
    }
}

/// The flags as bits, the first one lowest. Not inlined: where the compiler sees both, it finds flags one by one to
/// make the word of them, instead of side by side.
#[inline(never)]
fn word<const N: usize>(flags: &[u8; N]) -> u32 {
    /// Moves the lowest bit of each byte to its place in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    const { assert!(N <= 32) };
    let (bytes, rest) = flags.as_chunks::<8>();
    let rest = rest.iter().rev().fold(0, |word, flag| word << 1 | u32::from(*flag));
    let bits = bytes.iter().map(|bytes| (u64::from_le_bytes(*bytes).wrapping_mul(GATHER) >> 56) as u32);
    bits.rev().fold(rest, |word, byte| word << 8 | byte)
}

/// The `N` values of a column from `from` on.
#[inline]
pub(super) fn chunk<const N: usize>(column: &[f64], from: usize) -> Option<&[f64; N]> {
    column.get(from..)?.first_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loud candles, and where the range that may be read ends.
    struct Listed<'a>(&'a [usize], usize);

    impl Quiet for Listed<'_> {
        fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]> {
            assert!(bar + N <= self.1, "{N} candles from {bar} on are beyond {}", self.1);
            (bar > 0).then(|| std::array::from_fn(|at| u8::from(self.0.contains(&(bar + at)))))
        }
    }

    #[test]
    fn every_flag_has_its_bit() {
        for at in 0..32 {
            let flags: [u8; 32] = std::array::from_fn(|place| u8::from(place == at));
            assert_eq!(word(&flags), 1 << at);
        }
        assert_eq!((word(&[1]), word(&[0, 1, 1, 0])), (1, 6));
    }

    #[test]
    fn what_is_loud_is_looked_at_in_order_and_nothing_beyond_the_range() {
        let listed = [3, 17, 31, 32, 33, 63, 64, 67, 68, 70, 71];
        for (start, end) in (0..72).flat_map(|start| (start..72).map(move |end| (start, end))) {
            let seen: Vec<usize> = Loud::<_, 8, 32>::new(Listed(&listed, end), start..end).collect();
            let expected = (start..end).filter(|bar| listed.contains(bar));
            assert!(seen.is_sorted() && expected.eq(seen.iter().copied().filter(|bar| listed.contains(bar))));
            let is_known = |bar: &usize| (start..end).contains(bar) && (listed.contains(bar) || *bar < 32);
            assert!(seen.iter().all(is_known), "{start}..{end}: {seen:?}");
        }
    }
}
