//! Mean and spread of a window that moves along a column: much cheaper than to sum each window anew, but rounded, so
//! good for what is surely so only.

use super::window::fold;

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
    /// No distance that was ever added is larger.
    largest: f64,
    /// Moves until the window is summed anew, which forgets what rounding and large values have left behind.
    moves: usize,
}

/// Where the last value of a window is, with bounds of what rounding can make of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Distance from the mean, above it or below.
    distance: f64,
    distance_error: f64,
    /// Sum of all squared distances from the mean.
    spread: f64,
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

    /// Moves on to the window that ends with value `last`, never back.
    #[inline]
    pub fn place(&mut self, last: usize) -> Place {
        let ahead = last + 1 - self.end;
        if ahead > self.moves {
            self.start(last + 1);
        } else {
            self.moves -= ahead;
            while self.end <= last {
                self.step();
            }
        }
        // The mean of the values themselves, which a rule takes, is rounded in proportion to the values.
        let extent = self.origin.abs() + self.largest;
        let distance_error = if extent < MOST { 2.0 * self.roundings * extent } else { f64::INFINITY };
        let squared = self.largest * self.largest;
        let mean = self.sum / self.count;
        Place {
            distance: (self.values[last] - self.origin) - mean,
            distance_error,
            spread: self.squares - self.sum * mean,
            spread_error: 4.0 * self.roundings * (self.count + 1.0) * squared
                + self.count * distance_error * distance_error,
            freedom: self.count - 1.0,
        }
    }

    fn start(&mut self, end: usize) {
        let values = &self.values[end - self.window..end];
        let origin = values[0];
        self.origin = origin;
        self.sum = fold(values, |value| value - origin);
        self.squares = fold(values, |value| (value - origin) * (value - origin));
        self.largest = 2.0 * self.squares.sqrt();
        (self.end, self.moves) = (end, most_moves(self.window));
    }

    #[inline]
    fn step(&mut self) {
        let [old, new] = [self.end - self.window, self.end].map(|place| self.values[place] - self.origin);
        self.sum += new - old;
        self.squares += new * new - old * old;
        self.largest = if new.abs() > self.largest { new.abs() } else { self.largest };
        self.end += 1;
    }
}

const fn most_moves(window: usize) -> usize {
    window + 64
}

/// From here on squares could be too large for an f64, and nothing is sure.
const MOST: f64 = 1e100;

/// Thresholds give way by this fraction, far more than the rounding of the few operations of a comparison.
const MARGIN: f64 = 1e-9;

impl Place {
    /// Whether the value is surely less than so many sample standard deviations from the mean.
    #[inline]
    #[must_use]
    pub fn is_within(&self, deviations: f64) -> bool {
        let farthest = self.distance.abs() + self.distance_error;
        let least = (self.spread - self.spread_error) * (1.0 - MARGIN);
        farthest * farthest * self.freedom < deviations * deviations * least
    }

    /// Whether the value is surely more than so many sample standard deviations beyond the mean, in the direction
    /// of `sign`, where a variance below `least_variance` counts as that.
    #[inline]
    #[must_use]
    pub fn is_beyond(&self, sign: f64, deviations: f64, least_variance: f64) -> bool {
        let nearest = sign * self.distance - self.distance_error;
        let floor = least_variance * self.freedom;
        let most = (self.spread + self.spread_error).max(floor) * (1.0 + MARGIN);
        nearest > 0.0 && nearest * nearest * self.freedom > deviations * deviations * most
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
            skip in 1_usize..9,
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
            for last in (window - 1..prices.len()).step_by(skip) {
                let place = moments.place(last);
                let zscore = zscore(&prices[last + 1 - window..=last]);
                prop_assert!(!place.is_within(deviations) || zscore.abs() < deviations, "{zscore} at {last}");
                prop_assert!(!place.is_beyond(1.0, deviations, FLOOR) || zscore > deviations, "{zscore} at {last}");
                prop_assert!(!place.is_beyond(-1.0, deviations, FLOOR) || zscore < -deviations, "{zscore} at {last}");
            }
        }
    }

    #[test]
    fn on_ordinary_prices_it_is_sure() {
        let mut price = 20_000.0;
        let prices: Vec<f64> = (0..2_000_u32)
            .map(|bar| {
                price += f64::from(bar.wrapping_mul(2_654_435_761) >> 16) / 32_768.0 - 1.0;
                price
            })
            .collect();
        let mut moments = Moments::new(&prices, 96);
        for last in 95..prices.len() {
            let (place, zscore) = (moments.place(last), zscore(&prices[last - 95..=last]));
            assert_eq!(place.is_within(1.8), zscore.abs() < 1.8, "{zscore}");
            assert_eq!(place.is_beyond(-1.0, 0.4, FLOOR), zscore < -0.4, "{zscore}");
        }
    }

    #[test]
    fn it_is_sure_of_nothing_where_squares_overflow() {
        let prices = [1e154, 2e154, 3e154, 9e154, 1e155, 2e155];
        let mut moments = Moments::new(&prices, 3);
        for last in 2..prices.len() {
            let place = moments.place(last);
            assert!(!place.is_within(1_000.0) && !place.is_beyond(1.0, 0.0, FLOOR));
        }
    }
}
