//! Exact window sums: prices as whole ticks.
//!
//! A sum of f64 prices carries rounding that depends on where it started, which decides ties at random. Whole
//! ticks below 2^53 add up exactly in f64, so a window's sum is one subtraction without error.

use std::convert::Infallible;

use hemiola_components::column::Sink;
use hemiola_components::market::TickSums;

/// 2^53: whole numbers up to here are exact in f64.
pub const EXACT: f64 = 9_007_199_254_740_992.0;

/// 2^52: adding and taking it away again rounds a number below half of it to the nearest whole one, which unlike
/// `round` is two instructions on every processor.
const ROUNDING: f64 = 4_503_599_627_370_496.0;

/// No engine looks at more closes at once.
pub const WIDEST: f64 = 100_000.0;

const MOST_DECIMALS: usize = 10;
const BLOCK: usize = 64;

/// Closes that are added up side by side.
const LANES: usize = 8;

/// How many closes are looked at for the tick before all are.
const SAMPLE: usize = 1_000;

/// Running sums of `closes` in ticks of the configured size, or, when `tick` is zero, of the column's own: the
/// smallest power of ten from 1 to 1e-10 at which every price is whole, times the greatest common divisor.
///
/// `None` when the prices are not multiples of such a tick, when the sums would pass 2^53, or when those of a window of
/// [`WIDEST`] closes could in parts of the tick.
#[must_use]
pub fn tick_sums(closes: &[f64], tick: f64) -> Option<TickSums> {
    let Ok(sums) = tick_sums_in(closes, tick, |room| Ok::<_, Infallible>(Vec::with_capacity(room)));
    sums
}

/// The same in memory from elsewhere: `sink` opens a place for so many sums, and again when they are begun anew.
///
/// # Errors
/// What the place says.
pub fn tick_sums_in<S: Sink<f64>>(
    closes: &[f64],
    tick: f64,
    mut sink: impl FnMut(usize) -> Result<S, S::Error>,
) -> Result<Option<TickSums>, S::Error> {
    let mut sums_in = |scale, divisor| sums_in(closes, scale, divisor, sink(closes.len() + 1)?);
    if tick > 0.0 {
        let scale = powers_of_ten().find(|scale| is_whole(tick, *scale));
        return scale.map_or(Ok(None), |scale| sums_in(scale, count(tick, scale)));
    }
    // What no sampled price contradicts is the tick of all when all are multiples of it; else the rest is looked at.
    let sample: Vec<f64> = closes.iter().step_by(closes.len() / SAMPLE + 1).copied().collect();
    let Some((scale, divisor)) = own_tick(&sample) else { return Ok(None) };
    if let Some(sums) = sums_in(scale, divisor)? {
        return Ok(Some(sums));
    }
    own_tick(closes).map_or(Ok(None), |(scale, divisor)| sums_in(scale, divisor))
}

/// Goes on with the sums of a column that has grown: `closes` is all of it. Returns whether the new closes are multiples
/// of the tick and their sums fit; nothing has changed otherwise.
pub fn extend(sums: &mut TickSums, closes: &[f64]) -> bool {
    let TickSums { parts: divisor, scale, sums: all, largest } = sums;
    let before = all.len();
    let mut sum = all[before - 1];
    let mut most = *largest;
    for close in &closes[before - 1..] {
        let ticks = count(*close, *scale) / *divisor;
        let fits = is_whole(*close, *scale) && divides(*divisor, count(*close, *scale));
        (sum, most) = (sum + ticks, most.max(ticks));
        if !fits || sum >= EXACT || most * *divisor * WIDEST >= EXACT {
            all.to_mut().truncate(before);
            return false;
        }
        all.push(sum);
    }
    *largest = most;
    true
}

/// The smallest power of ten at which all of these are whole, and the greatest common divisor of their counts.
fn own_tick(closes: &[f64]) -> Option<(f64, f64)> {
    let scale = powers_of_ten().find(|scale| all(closes, |close| is_whole(close, *scale)))?;
    Some((scale, common_divisor(closes, scale)))
}

/// The running sums in this tick, in one go; `None` when a price is not a multiple of it, or the sums do not fit.
fn sums_in<S: Sink<f64>>(
    closes: &[f64],
    scale: f64,
    divisor: f64,
    mut sink: S,
) -> Result<Option<TickSums>, S::Error> {
    let per_divisor = 1.0 / divisor;
    sink.put(&[0.0])?;
    let (mut sum, mut largest) = (0.0, [0.0_f64; LANES]);
    let (blocks, rest) = closes.as_chunks::<BLOCK>();
    let mut take = |closes: &[f64; BLOCK], sums: &mut [f64; BLOCK]| {
        let mut odd = 0_u64;
        for (close, tick) in closes.iter().zip(sums.iter_mut()) {
            let count = count(*close, scale);
            // The quotient of a multiple below 2^51, however the product rounds: it is off by less than a half.
            let ticks = (count * per_divisor + ROUNDING) - ROUNDING;
            odd |= u64::from(!is_whole(*close, scale)) | u64::from(ticks * divisor != count);
            *tick = ticks;
        }
        for part in sums.as_chunks_mut::<LANES>().0 {
            for lane in 0..LANES {
                largest[lane] = if part[lane] > largest[lane] { part[lane] } else { largest[lane] };
            }
            let within = running(*part);
            *part = within.map(|within| sum + within);
            sum = part[LANES - 1];
        }
        odd == 0
    };
    let mut block = [0.0; BLOCK];
    for closes in blocks {
        if !take(closes, &mut block) {
            return Ok(None);
        }
        sink.put(&block)?;
    }
    // Zeros are multiples of every tick and add nothing.
    let mut last = [0.0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let fits = take(&last, &mut block);
    sink.put(&block[..rest.len()])?;
    let largest = largest.into_iter().fold(0.0, f64::max);
    let fits = fits && sum < EXACT && largest * divisor * WIDEST < EXACT;
    if !fits {
        return Ok(None);
    }
    Ok(Some(TickSums { parts: divisor, scale, sums: sink.finish()?, largest }))
}

/// Running sums of a few whole numbers: whole as well, so that the order of the additions does not matter.
fn running(mut values: [f64; LANES]) -> [f64; LANES] {
    for distance in [1, 2, 4] {
        let before = values;
        for lane in distance..LANES {
            values[lane] = before[lane] + before[lane - distance];
        }
    }
    values
}

/// 1, 10, 100 and so on to 10^10: how many parts a unit of price is divided into.
fn powers_of_ten() -> impl Iterator<Item = f64> {
    std::iter::successors(Some(1.0), |scale| Some(scale * 10.0)).take(MOST_DECIMALS + 1)
}

/// The nearest whole number of `1 / scale` to the price.
fn count(close: f64, scale: f64) -> f64 {
    (close * scale + ROUNDING) - ROUNDING
}

/// Whether that many of them are exactly the price: the nearest f64 to a decimal fraction is what reading its
/// digits gives, and what this division gives.
fn is_whole(close: f64, scale: f64) -> bool {
    (close * scale < ROUNDING / 2.0) & (count(close, scale) / scale == close)
}

/// Whether `fits` holds for all, a block at a time so that it can be computed side by side.
fn all(closes: &[f64], fits: impl Fn(f64) -> bool) -> bool {
    closes.chunks(BLOCK).all(|block| block.iter().fold(true, |all, close| all & fits(*close)))
}

/// The greatest common divisor of the counts. Once it is found, a block only has to confirm it.
fn common_divisor(closes: &[f64], scale: f64) -> f64 {
    let mut divisor = 0.0;
    for block in closes.chunks(BLOCK) {
        if divisor == 1.0 {
            break;
        }
        if divisor == 0.0 || !all(block, |close| divides(divisor, count(close, scale))) {
            divisor = block.iter().fold(divisor, |divisor, close| euclid(divisor, count(*close, scale)));
        }
    }
    if divisor > 0.0 { divisor } else { 1.0 }
}

fn divides(divisor: f64, count: f64) -> bool {
    ((count / divisor + ROUNDING) - ROUNDING) * divisor == count
}

fn euclid(mut a: f64, mut b: f64) -> f64 {
    while b > 0.0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(sums: &TickSums) -> f64 {
        sums.parts / sums.scale
    }

    #[test]
    fn the_tick_is_found_in_the_prices() {
        assert_eq!(tick(&tick_sums(&[20_000.37, 0.01, 5.0], 0.0).unwrap()), 0.01);
        assert_eq!(tick(&tick_sums(&[1.5, 2.25, 7.0], 0.0).unwrap()), 0.25);
        assert_eq!(tick(&tick_sums(&[1.0 / 64.0, 3.0], 0.0).unwrap()), 1.0 / 64.0);
        assert_eq!(tick(&tick_sums(&[100.0, 250.0], 0.0).unwrap()), 50.0);
        assert_eq!(tick_sums(&[0.1, 0.2, 0.3], 0.0).unwrap().sums, [0.0, 1.0, 3.0, 6.0]);
    }

    #[test]
    fn a_configured_tick_must_divide_every_price() {
        assert_eq!(tick_sums(&[1.5, 2.0], 0.5).unwrap().sums, [0.0, 3.0, 7.0]);
        assert_eq!(tick_sums(&[1.5, 2.1], 0.5), None);
        assert_eq!(tick_sums(&[20_000.35, 0.05], 0.05).unwrap().sums, [0.0, 400_007.0, 400_008.0]);
        assert_eq!(tick_sums(&[20_000.37], 0.01).unwrap().largest, 2_000_037.0);
    }

    #[test]
    fn columns_without_a_tick_or_beyond_exactness_have_no_sums() {
        assert_eq!(tick_sums(&[std::f64::consts::PI], 0.0), None);
        assert_eq!(tick_sums(&[EXACT / 4.0 + 1.0; 5], 1.0), None);
    }

    #[test]
    fn sums_that_go_on_are_those_of_the_whole_column() {
        let closes: Vec<f64> = (0..500).map(|i| f64::from(9_000 + 25 * (i * 7 % 41)) / 100.0).collect();
        let mut sums = tick_sums(&closes[..100], 0.0).unwrap();
        for until in [100, 101, 164, 500] {
            assert!(extend(&mut sums, &closes[..until]));
            let whole = tick_sums(&closes[..until], sums.parts / sums.scale).unwrap();
            assert_eq!((&sums.sums, sums.largest), (&whole.sums, whole.largest));
        }
        let before = sums.clone();
        let odd = [&closes[..], &[90.25, 90.01]].concat();
        assert!(!extend(&mut sums, &odd), "not a multiple of the tick");
        let large = [&closes[..], &[1e12]].concat();
        assert!(!extend(&mut sums, &large), "its windows would not be exact");
        assert_eq!(sums, before);
    }

    #[test]
    fn a_finer_tick_later_changes_no_sum() {
        let coarse: Vec<f64> = (1..200).map(|i| f64::from(10_000 + 5 * (i % 37)) / 100.0).collect();
        let fine = [&coarse[..], &[100.01]].concat();
        let [coarse, fine] = [coarse, fine].map(|closes| tick_sums(&closes, 0.0).unwrap());
        assert_ne!(tick(&coarse), tick(&fine));
        for bar in 50..199 {
            assert_eq!(coarse.sum(bar, 50), fine.sum(bar, 50));
        }
    }

    #[test]
    fn running_sums_are_those_of_one_after_another_whatever_the_length() {
        for length in [0, 1, 7, 8, 9, 16, 5_000, 5_003] {
            let closes: Vec<f64> = (0..length).map(|i| f64::from((i * 7_919) % 10_007 + 1) / 64.0).collect();
            let mut sums = tick_sums(&closes, 0.0).unwrap();
            let (mut sum, mut expected) = (0.0, vec![0.0]);
            for close in &closes {
                sum += close * sums.scale / sums.parts;
                expected.push(sum);
            }
            assert_eq!(sums.sums, expected);
            assert_eq!(sums.sums.to_mut().capacity(), closes.len() + 1);
            let ticks = closes.iter().map(|close| close * sums.scale / sums.parts);
            assert_eq!(sums.largest, ticks.fold(0.0, f64::max));
        }
    }

    #[test]
    fn a_tick_that_only_one_price_between_the_sampled_ones_shows_is_found() {
        for odd in [100.01, 100.25, std::f64::consts::PI] {
            let mut closes = vec![100.0; 10_000];
            closes[4_321] = odd;
            match tick_sums(&closes, 0.0) {
                Some(sums) => {
                    assert_eq!(tick(&sums), if odd == 100.01 { 0.01 } else { 0.25 });
                    assert_eq!(sums.sum(5_000, 1_000), 99_900.0 + odd);
                }
                None => assert_eq!(odd, std::f64::consts::PI),
            }
        }
    }

    #[test]
    fn windows_are_exact_where_plain_sums_are_not() {
        let closes: Vec<f64> = (0..1_000).map(|i| f64::from(11_000 + i % 7) / 10_000.0).collect();
        let sums = tick_sums(&closes, 0.0).unwrap();
        assert_eq!(tick(&sums), 0.0001);
        for bar in 100..1_000_usize {
            let exact: usize = (bar - 99..=bar).map(|i| 11_000 + i % 7).sum();
            assert_eq!(sums.window(bar, 100), exact as f64);
        }
    }
}
