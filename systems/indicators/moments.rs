//! Mean and spread of a window that moves along a column: much cheaper than to sum each window anew, but rounded, so
//! good for what is surely so only.

use super::window::{fold, highest, lowest};

/// A window on its way along a column.
#[derive(Clone, Debug)]
pub struct Moments<'a> {
    values: &'a [f64],
    window: usize,
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
    pub const fn new(values: &'a [f64], window: usize) -> Self {
        Self { values, window, end: 0, origin: 0.0, sum: 0.0, squares: 0.0, largest: 0.0, moves: 0 }
    }

    /// Moves on to the window that ends with value `last`, never back.
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
        // Twice the worst case of so many roundings of sums of `window` distances, and of the mean of the values
        // themselves, which is what the place is compared with.
        let count = self.window as f64;
        let roundings = (count + 2.0 * self.most_moves() as f64 + 8.0) * f64::EPSILON;
        let mean = self.sum / count;
        let extent = self.origin.abs() + self.largest;
        let distance_error = if extent < MOST { 2.0 * roundings * extent } else { f64::INFINITY };
        let squared = self.largest * self.largest;
        Place {
            distance: (self.values[last] - self.origin) - mean,
            distance_error,
            spread: self.squares - self.sum * mean,
            spread_error: 4.0 * roundings * (count + 1.0) * squared + count * distance_error * distance_error,
            freedom: count - 1.0,
        }
    }

    const fn most_moves(&self) -> usize {
        self.window + 64
    }

    fn start(&mut self, end: usize) {
        let values = &self.values[end - self.window..end];
        let origin = values[0];
        self.origin = origin;
        self.sum = fold(values, |value| value - origin);
        self.squares = fold(values, |value| (value - origin) * (value - origin));
        self.largest = (highest(values) - origin).max(origin - lowest(values));
        (self.end, self.moves) = (end, self.most_moves());
    }

    fn step(&mut self) {
        let [old, new] = [self.end - self.window, self.end].map(|place| self.values[place] - self.origin);
        self.sum += new - old;
        self.squares += new * new - old * old;
        self.largest = if new.abs() > self.largest { new.abs() } else { self.largest };
        self.end += 1;
    }
}

/// From here on squares could be too large for an f64, and nothing is sure.
const MOST: f64 = 1e100;

/// Thresholds give way by this fraction, far more than the rounding of the few operations of a comparison.
const MARGIN: f64 = 1e-9;

impl Place {
    /// Whether the value is surely less than so many sample standard deviations from the mean.
    #[must_use]
    pub fn is_within(&self, deviations: f64) -> bool {
        let farthest = self.distance.abs() + self.distance_error;
        let least = (self.spread - self.spread_error) * (1.0 - MARGIN);
        farthest * farthest * self.freedom < deviations * deviations * least
    }

    /// Whether the value is surely more than so many sample standard deviations beyond the mean, in the direction
    /// of `sign`, where a variance below `least_variance` counts as that.
    #[must_use]
    pub fn is_beyond(&self, sign: f64, deviations: f64, least_variance: f64) -> bool {
        let nearest = sign * self.distance - self.distance_error;
        let floor = least_variance * self.freedom;
        let most = (self.spread + self.spread_error).max(floor) * (1.0 + MARGIN);
        nearest > 0.0 && nearest * nearest * self.freedom > deviations * deviations * most
    }
}
