//! Dense indices. They order everything that is written; `Entity` values never leave the process.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The index as a position in the Plan's list.
            ///
            /// # Panics
            /// Beyond 2^32 entries, which no Plan holds.
            #[must_use]
            pub fn new(position: usize) -> Self {
                Self(u32::try_from(position).expect("a Plan has fewer than 2^32 entries"))
            }

            /// The position in the Plan's list.
            #[must_use]
            pub const fn get(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

index!(
    /// A portfolio's place in the world.
    PortfolioIndex
);
index!(
    /// A schedule's place among its portfolio's schedules.
    ScheduleIndex
);
index!(
    /// An instrument's place among its portfolio's instruments.
    InstrumentIndex
);
