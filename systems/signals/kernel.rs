//! Many candles side by side: cheap tests without branches, of which a compiler makes vector instructions, find the
//! candles at which something may happen. Only these go to an engine's own rule.

use std::ops::Range;

/// Knows candles at which surely nothing happens.
pub(super) trait Quiet {
    /// For the `N` candles from `bar` on, 0 where surely nothing happens, else 1, each found from itself and what
    /// came before it; `None` when the first of them cannot be told.
    fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]>;
}

/// Candles looked at side by side where fewer than a whole block are left.
const FEW: usize = 4;

/// Takes the candles of `bars` that are not surely quiet to `decide`, in order, up to the first for which it has an
/// answer. They are looked at in blocks of `N`, at most 32; nothing beyond `bars` is read.
pub(super) fn find<const N: usize, T>(
    quiet: &mut impl Quiet,
    mut bars: Range<usize>,
    mut decide: impl FnMut(usize) -> Option<T>,
) -> Option<(usize, T)> {
    while !bars.is_empty() {
        let (mut loud, count) = if bars.len() >= N {
            look::<N>(quiet, bars.start)
        } else if bars.len() >= FEW {
            look::<FEW>(quiet, bars.start)
        } else {
            look::<1>(quiet, bars.start)
        };
        while loud != 0 {
            let bar = bars.start + loud.trailing_zeros() as usize;
            if let Some(found) = decide(bar) {
                return Some((bar, found));
            }
            loud &= loud - 1;
        }
        bars.start += count;
    }
    None
}

/// The loud candles from `bar` on, and of how many they are.
#[inline]
fn look<const N: usize>(quiet: &mut impl Quiet, bar: usize) -> (u32, usize) {
    quiet.loud::<N>(bar).map_or((1, 1), |loud| (word(&loud), N))
}

/// The flags as bits, the first one lowest.
#[inline]
pub(super) fn word<const N: usize>(flags: &[u8; N]) -> u32 {
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

    struct Listed<'a>(&'a [usize]);

    impl Quiet for Listed<'_> {
        fn loud<const N: usize>(&mut self, bar: usize) -> Option<[u8; N]> {
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
            let mut seen = Vec::new();
            let found = find::<32, ()>(&mut Listed(&listed), start..end, |bar| {
                seen.push(bar);
                None
            });
            let expected = (start..end).filter(|bar| *bar == 0 || listed.contains(bar));
            assert_eq!((found, seen), (None, expected.collect()), "{start}..{end}");
        }
        let after =
            |least| find::<16, usize>(&mut Listed(&listed), 5..72, |bar| (bar >= least).then_some(bar));
        assert_eq!((after(0), after(32), after(72)), (Some((17, 17)), Some((32, 32)), None));
    }
}
