//! Numbers that carry their unit in the type.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[repr(transparent)]
        pub struct $name(f64);

        impl $name {
            /// Zero of this unit.
            pub const ZERO: Self = Self(0.0);

            /// Wraps a number already known to be in this unit.
            #[must_use]
            pub const fn new(value: f64) -> Self {
                Self(value)
            }

            /// The bare number.
            #[must_use]
            pub const fn get(self) -> f64 {
                self.0
            }

            /// The distance from zero.
            #[must_use]
            pub const fn abs(self) -> Self {
                Self(self.0.abs())
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }

        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

unit!(
    /// Quote currency per base unit.
    Price
);
unit!(
    /// Base units of an instrument; negative is short or sold.
    Quantity
);
unit!(
    /// An amount of quote currency.
    Notional
);
unit!(
    /// A fraction: 0.05 is five per cent.
    Ratio
);
unit!(
    /// Hundredths of a per cent: 5 is 0.0005.
    Bps
);

impl Quantity {
    /// The value of this quantity at `price`; keeps the sign.
    #[must_use]
    pub fn at(self, price: Price) -> Notional {
        Notional(self.0 * price.0)
    }

    /// Cut towards zero to a whole number of steps. A step of zero or less means any size is tradable.
    ///
    /// A quantity within 1e-9 of the next step counts as that step, so that 0.3 is three steps of 0.1.
    #[must_use]
    pub fn cut_to(self, step: Self) -> Self {
        if step.0 <= 0.0 {
            return self;
        }
        let steps = (self.0.abs() / step.0 + 1e-9).floor();
        Self((steps * step.0).copysign(self.0))
    }
}

impl Notional {
    /// How many base units this amount buys at `price`, costs aside.
    #[must_use]
    pub fn over(self, price: Price) -> Quantity {
        Quantity(self.0 / price.0)
    }

    /// This amount times a fraction.
    #[must_use]
    pub fn times(self, ratio: Ratio) -> Self {
        Self(self.0 * ratio.0)
    }
}

impl Bps {
    /// The same as a fraction.
    #[must_use]
    pub fn ratio(self) -> Ratio {
        Ratio(self.0 / 10_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_to_goes_towards_zero_and_keeps_whole_steps() {
        let cut = |q: f64, step: f64| Quantity::new(q).cut_to(Quantity::new(step)).get();
        assert_eq!(cut(0.29, 0.1), 0.2);
        assert_eq!(cut(-0.29, 0.1), -0.2);
        assert_eq!(cut(0.1 + 0.2, 0.1), 3.0 * 0.1);
        assert_eq!(cut(0.3, 0.1), 3.0 * 0.1, "0.3 / 0.1 is 2.9999999999999996");
        assert_eq!(cut(1.23, 0.0), 1.23);
    }

    #[test]
    fn amounts_and_quantities_convert_through_a_price() {
        let price = Price::new(50.0);
        assert_eq!(Quantity::new(-2.0).at(price), Notional::new(-100.0));
        assert_eq!(Notional::new(100.0).over(price), Quantity::new(2.0));
        assert_eq!(Bps::new(5.0).ratio(), Ratio::new(0.0005));
        assert_eq!(Notional::new(100.0).times(Ratio::new(0.25)), Notional::new(25.0));
    }
}
