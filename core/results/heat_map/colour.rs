//! Viridis, a perceptually uniform scale (van der Walt and Smith, for matplotlib, 2015; in the public domain).

use std::fmt::{self, Display};

/// Red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour(pub [u8; 3]);

/// Colours at every sixteenth of the scale; straight lines between them are within 6 of 255 of its 256 colours.
pub(super) const STOPS: [Colour; 17] = [
    Colour([0x44, 0x01, 0x54]),
    Colour([0x48, 0x18, 0x6a]),
    Colour([0x47, 0x2d, 0x7b]),
    Colour([0x42, 0x40, 0x86]),
    Colour([0x3b, 0x52, 0x8b]),
    Colour([0x33, 0x63, 0x8d]),
    Colour([0x2c, 0x72, 0x8e]),
    Colour([0x26, 0x82, 0x8e]),
    Colour([0x21, 0x91, 0x8c]),
    Colour([0x1f, 0x9f, 0x88]),
    Colour([0x27, 0xad, 0x81]),
    Colour([0x3d, 0xbc, 0x74]),
    Colour([0x5c, 0xc8, 0x63]),
    Colour([0x81, 0xd3, 0x4d]),
    Colour([0xaa, 0xdc, 0x32]),
    Colour([0xd5, 0xe2, 0x1a]),
    Colour([0xfd, 0xe7, 0x25]),
];

impl Colour {
    /// The colour of a place on the scale, from 0 to 1.
    pub(super) fn at(place: f64) -> Self {
        let along = place.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
        let last = STOPS.len() - 2;
        let stop = (0..last).find(|stop| along < *stop as f64 + 1.0).unwrap_or(last);
        let part = along - stop as f64;
        let (Self(from), Self(to)) = (STOPS[stop], STOPS[stop + 1]);
        let mut mixed = [0; 3];
        for (mixed, (from, to)) in mixed.iter_mut().zip(from.into_iter().zip(to)) {
            let value = f64::from(from) + (f64::from(to) - f64::from(from)) * part;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
            let value = value.round() as u8;
            *mixed = value;
        }
        Self(mixed)
    }
}

impl Display for Colour {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([red, green, blue]) = self;
        write!(to, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_through_its_stops() {
        for (number, stop) in STOPS.into_iter().enumerate() {
            assert_eq!(Colour::at(number as f64 / 16.0), stop);
        }
        assert_eq!((Colour::at(-1.0), Colour::at(2.0)), (STOPS[0], STOPS[16]));
        assert_eq!(Colour::at(1.0 / 32.0).to_string(), "#460d5f");
    }
}
