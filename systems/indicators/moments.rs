//! Mean and spread of a window that moves along a column: much cheaper than to sum each window anew, but rounded, so
//! good for what is surely so only.

use super::window::{fold, highest};

/// A window on its way along a column.
#[derive(Clone, Debug)]
pub struct Moments<'a> {
    values: &'a [f64],
    window: usize,
    count: f64,
    /// Twice the worst case of the roundings of as many operations as there are until a window is summed anew.
    roundings: f64,
    /// The place after the window; 0 before there is one.
    end: usize,
    /// Values are taken as distances from this one, so that little cancels.
    origin: f64,
    sum: f64,
    squares: f64,
    /// No distance that was ever added is larger; nor are those of the block at hand, so that one bound is for all of
    /// it.
    largest: f64,
    /// Moves until the window is summed anew, which forgets what rounding and large values have left behind.
    moves: usize,
}

/// Where the last values of windows that follow each other are, with bounds of what rounding can make of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Places<const N: usize> {
    /// Distances from the mean, above it or below.
    distances: [f64; N],
    distance_error: f64,
    /// Sums of all squared distances from the mean.
    spreads: [f64; N],
    spread_error: f64,
    /// Values less one.
    freedom: f64,
}

impl<'a> Moments<'a> {
    /// Windows of `window` values, at least 2.
    #[must_use]
    pub fn new(values: &'a [f64], window: usize) -> Self {
        let operations = window + 2 * most_moves(window) + 8;
        Self {
            values,
            window,
            count: window as f64,
            roundings: operations as f64 * f64::EPSILON,
            end: 0,
            origin: 0.0,
            sum: 0.0,
            squares: 0.0,
            largest: 0.0,
            moves: 0,
        }
    }

    /// Moves on to the `N` windows, at most 64, that end with value `first` and those after it. `None`
    /// when there are not as many, or there is no value before the first window.
    #[inline]
    #[must_use]
    pub fn places<const N: usize>(&mut self, first: usize) -> Option<Places<N>> {
        let chunk = |from: usize| self.values.get(from..)?.first_chunk::<N>();
        let (olds, news) = (chunk(first.checked_sub(self.window)?)?, chunk(first)?);
        if first != self.end || self.moves < N {
            self.start(first);
        }
        let origin = self.origin;
        let (mut distances, mut sums, mut squares) = ([0.0; N], [0.0; N], [0.0; N]);
        for at in 0..N {
            let [old, new] = [olds[at] - origin, news[at] - origin];
            distances[at] = new;
            sums[at] = new - old;
            squares[at] = new * new - old * old;
        }
        let (mut sum, mut square) = (self.sum, self.squares);
        for at in 0..N {
            sum += sums[at];
            square += squares[at];
            (sums[at], squares[at]) = (sum, square);
        }
        (self.sum, self.squares) = (sum, square);
        self.largest = self.largest.max(highest(&distances.map(f64::abs)));
        (self.end, self.moves) = (first + N, self.moves - N);
        // The mean of the values themselves, which a rule takes, is rounded in proportion to the values.
        let extent = origin.abs() + self.largest;
        let distance_error = if extent < MOST { 2.0 * self.roundings * extent } else { f64::INFINITY };
        let squared = self.largest * self.largest;
        let per = 1.0 / self.count;
        for at in 0..N {
            let mean = sums[at] * per;
            distances[at] -= mean;
            squares[at] -= sums[at] * mean;
        }
        Some(Places {
            distances,
            distance_error,
            spreads: squares,
            spread_error: 4.0 * self.roundings * (self.count + 1.0) * squared
                + self.count * distance_error * distance_error,
            freedom: self.count - 1.0,
        })
    }

    /// The window that ends before `end`.
    fn start(&mut self, end: usize) {
        let values = &self.values[end - self.window..end];
        let origin = values[0];
        self.origin = origin;
        self.sum = fold(values, |value| value - origin);
        self.squares = fold(values, |value| (value - origin) * (value - origin));
        self.largest = 2.0 * self.squares.sqrt();
        (self.end, self.moves) = (end, most_moves(self.window));
    }
}

const fn most_moves(window: usize) -> usize {
    window + 64
}

/// From here on squares could be too large for an f64, and nothing is sure.
const MOST: f64 = 1e100;

/// Thresholds give way by this fraction, far more than the rounding of the few operations of a comparison.
const MARGIN: f64 = 1e-9;

impl<const N: usize> Places<N> {
    /// Whether each value is surely less than so many sample standard deviations from the mean.
    #[inline]
    #[must_use]
    pub fn are_within(&self, deviations: f64) -> [bool; N] {
        let most = deviations * deviations * (1.0 - MARGIN);
        let mut within = [false; N];
        for ((within, distance), spread) in within.iter_mut().zip(&self.distances).zip(&self.spreads) {
            let farthest = distance.abs() + self.distance_error;
            let least = spread - self.spread_error;
            *within = farthest * farthest * self.freedom < most * least;
        }
        within
    }

    /// Whether each value is surely more than so many sample standard deviations beyond the mean, in the direction
    /// of `sign`, where a variance below `least_variance` counts as that.
    #[inline]
    #[must_use]
    pub fn are_beyond(&self, sign: f64, deviations: f64, least_variance: f64) -> [bool; N] {
        let floor = least_variance * self.freedom;
        let least = deviations * deviations * (1.0 + MARGIN);
        let mut beyond = [false; N];
        for ((beyond, distance), spread) in beyond.iter_mut().zip(&self.distances).zip(&self.spreads) {
            let nearest = sign * distance - self.distance_error;
            let spread = spread + self.spread_error;
            let most = if spread < floor { floor } else { spread };
            let (is_beyond, is_far) = (nearest > 0.0, nearest * nearest * self.freedom > least * most);
            *beyond = is_beyond & is_far;
        }
        beyond
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::indicators::window::mean_and_variance;

    const FLOOR: f64 = 1e-12;

    fn zscore(values: &[f64]) -> f64 {
        let (mean, variance) = mean_and_variance(values, values.len());
        (values[values.len() - 1] - mean) / variance.max(FLOOR).sqrt()
    }

    proptest! {
        /// Where a place is sure of itself, summing the window anew says the same.
        #[test]
        fn what_is_sure_is_so(
            moves in prop::collection::vec(-1.0..1.0_f64, 60..400),
            start in prop_oneof![Just(100.0), 1e-9..1e9_f64],
            size in prop_oneof![Just(0.0), Just(1e-12), 1e-9..0.05],
            jump in (1e-8..1e8_f64, 20_usize..60),
            window in 2_usize..50,
            deviations in 0.0..3.0_f64,
            gap in prop_oneof![3 => Just(0), 1 => 1_usize..9],
        ) {
            let mut price = start;
            let prices: Vec<f64> = moves
                .iter()
                .enumerate()
                .map(|(bar, number)| {
                    price *= (1.0 + size * number) * if bar == jump.1 { jump.0 } else { 1.0 };
                    price
                })
                .collect();
            let mut moments = Moments::new(&prices, window);
            let mut first = window;
            while let Some(places) = moments.places::<8>(first) {
                let within = places.are_within(deviations);
                let [above, below] = [1.0, -1.0].map(|sign| places.are_beyond(sign, deviations, FLOOR));
                for at in 0..8 {
                    let last = first + at;
                    let zscore = zscore(&prices[last + 1 - window..=last]);
                    prop_assert!(!within[at] || zscore.abs() < deviations, "{zscore} at {last}");
                    prop_assert!(!above[at] || zscore > deviations, "{zscore} at {last}");
                    prop_assert!(!below[at] || zscore < -deviations, "{zscore} at {last}");
                }
                first += 8 + gap;
            }
        }
    }

    #[test]
    fn on_ordinary_prices_it_is_sure() {
        let mut price = 20_000.0;
        let prices: Vec<f64> = (0..96 + 16 * 120_u32)
            .map(|bar| {
                price += f64::from(bar.wrapping_mul(2_654_435_761) >> 16) / 32_768.0 - 1.0;
                price
            })
            .collect();
        let mut moments = Moments::new(&prices, 96);
        assert!(moments.places::<1>(95).is_none(), "there is no value before the first window");
        for first in (96..prices.len()).step_by(16) {
            let places = moments.places::<16>(first).unwrap();
            let (within, below) = (places.are_within(1.8), places.are_beyond(-1.0, 0.4, FLOOR));
            for at in 0..16 {
                let last = first + at;
                let zscore = zscore(&prices[last - 95..=last]);
                assert_eq!(
                    (within[at], below[at]),
                    (zscore.abs() < 1.8, zscore < -0.4),
                    "{zscore} at {last}"
                );
            }
        }
        assert!(moments.places::<16>(prices.len() - 15).is_none());
    }

    #[test]
    fn it_is_sure_of_nothing_where_squares_overflow() {
        let prices = [1e154, 2e154, 3e154, 9e154, 1e155, 2e155];
        let mut moments = Moments::new(&prices, 3);
        for last in 3..prices.len() {
            let place = moments.places::<1>(last).unwrap();
            assert_eq!((place.are_within(1_000.0), place.are_beyond(1.0, 0.0, FLOOR)), ([false], [false]));
        }
    }
}
