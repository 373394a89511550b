//! The variants of a sweep: which there are, and in which order.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use super::axis::{Axis, Values};
use super::constraint::Constraint;
use crate::config::{Scalar, Setting};

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Axes, see [`Axis::read`].
    pub grid: Vec<String>,
    /// Constraints, see [`Constraint::read`].
    pub constraints: Vec<String>,
    /// How many variants are drawn; all there are without.
    pub draws: Option<u64>,
    /// What they are drawn from.
    pub seed: u64,
}

/// The variants, by index from 0.
#[derive(Clone, Debug)]
pub struct Space {
    /// What varies.
    pub axes: Vec<Axis>,
    picks: Picks,
}

#[derive(Clone, Debug)]
enum Picks {
    /// The first so many combinations.
    All(u64),
    /// These combinations.
    Some(Vec<u64>),
    /// These values.
    Drawn(Vec<Box<[Scalar]>>),
}

/// How often a draw is repeated until the constraints hold and it is a new one, for each that is wanted.
const TRIES: u64 = 1_000;

impl Space {
    /// Works out the variants, of which there may be `max_variants`. Nothing else is looked at.
    ///
    /// # Errors
    /// When what was asked for cannot be read, is empty, or is too much.
    pub fn of(wanted: &Wanted, max_variants: u64) -> Result<Self, String> {
        if wanted.grid.is_empty() {
            return Err("nothing varies: name an axis, such as --grid sma_cross.fast=5..54".to_owned());
        }
        let axes: Vec<Axis> = wanted
            .grid
            .iter()
            .map(|text| Axis::read(text))
            .collect::<Result<_, _>>()
            .map_err(|error| format!("--grid {error}"))?;
        for (index, axis) in axes.iter().enumerate() {
            if axes[..index].iter().any(|other| other.path == axis.path) {
                return Err(format!("--grid {}: is there twice; put all its values into one", axis.path));
            }
        }
        let constraints = wanted.constraints.iter().map(|text| Constraint::read(text, &axes));
        let constraints: Vec<Constraint> =
            constraints.collect::<Result<_, _>>().map_err(|error| format!("--where {error}"))?;
        let holds = |values: &[Scalar]| constraints.iter().all(|constraint| constraint.holds(values));
        let product = axes.iter().try_fold(1_u64, |product, axis| match axis.count() {
            Some(len) => product.checked_mul(len as u64),
            None => Some(product),
        });
        let count = wanted.draws.map_or(product, Some).filter(|count| *count <= max_variants);
        let Some(count) = count else {
            let sizes: Vec<String> =
                axes.iter().filter_map(|axis| Some(format!("{} of {}", axis.count()?, axis.path))).collect();
            return Err(format!(
                "these are more than {} variants ({}): ask for fewer values, draw some with --draws, or allow more with --max-variants",
                max_variants,
                wanted.draws.map_or_else(|| sizes.join(" x "), |draws| format!("{draws} draws")),
            ));
        };
        let mut space = Self { axes, picks: Picks::All(count) };
        if wanted.draws.is_some() {
            space.picks = space.draw(count, wanted.seed, holds)?;
        } else if let Some(drawn) = space.axes.iter().find(|axis| axis.count().is_none()) {
            return Err(format!(
                "--grid {}: is drawn from, so say how many variants with --draws",
                drawn.path
            ));
        } else if !constraints.is_empty() {
            space.picks = Picks::Some((0..count).filter(|index| holds(&space.combination(*index))).collect());
        }
        if space.is_empty() {
            return Err("there is no variant: no combination fulfils every --where".to_owned());
        }
        Ok(space)
    }

    /// How many variants there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.picks {
            Picks::All(count) => usize::try_from(*count).unwrap_or(usize::MAX),
            Picks::Some(combinations) => combinations.len(),
            Picks::Drawn(values) => values.len(),
        }
    }

    /// Whether there are none; a space that could be made has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of a variant, one per axis.
    ///
    /// # Panics
    /// When there is no such variant.
    #[must_use]
    pub fn values(&self, index: usize) -> Vec<Scalar> {
        match &self.picks {
            Picks::All(_) => self.combination(index as u64),
            Picks::Some(combinations) => self.combination(combinations[index]),
            Picks::Drawn(values) => values[index].to_vec(),
        }
    }

    /// The settings that make a variant of the configuration.
    ///
    /// # Panics
    /// When there is no such variant.
    #[must_use]
    pub fn settings(&self, index: usize) -> Vec<Setting> {
        let values = self.values(index).into_iter();
        self.axes.iter().zip(values).map(|(axis, value)| Setting { path: axis.path.clone(), value }).collect()
    }

    /// A combination of listed values; the last axis changes first.
    fn combination(&self, mut index: u64) -> Vec<Scalar> {
        let mut values: Vec<Scalar> = self
            .axes
            .iter()
            .rev()
            .map(|axis| match &axis.values {
                Values::Listed(listed) => {
                    let count = listed.len() as u64;
                    let place = usize::try_from(index % count).expect("less than a length");
                    index /= count;
                    listed[place].clone()
                }
                Values::Between { low, .. } => Scalar::Number(*low),
            })
            .collect();
        values.reverse();
        values
    }

    fn draw(&self, count: u64, seed: u64, holds: impl Fn(&[Scalar]) -> bool) -> Result<Picks, String> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        // 53 bits, which a float holds exactly.
        let mut fraction = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let (mut seen, mut drawn) = (BTreeSet::new(), Vec::new());
        for _ in 0..count.saturating_mul(TRIES) {
            if drawn.len() as u64 == count {
                break;
            }
            let values = self.axes.iter().map(|axis| match &axis.values {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "below the length"
                )]
                Values::Listed(listed) => listed[(fraction() * listed.len() as f64) as usize].clone(),
                Values::Between { low, high, log: false } => Scalar::Number(low + (high - low) * fraction()),
                Values::Between { low, high, log: true } => {
                    let exponent = libm::log(*low) + libm::log(high / low) * fraction();
                    Scalar::Number(libm::exp(exponent).clamp(*low, *high))
                }
            });
            let values: Box<[Scalar]> = values.collect();
            let name: Vec<String> = values.iter().map(Scalar::to_string).collect();
            if holds(&values) && seen.insert(name) {
                drawn.push(values);
            }
        }
        if (drawn.len() as u64) < count {
            return Err(format!(
                "--draws {count}: only {} different variants were found that fulfil every --where; ask for so many",
                drawn.len()
            ));
        }
        Ok(Picks::Drawn(drawn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(grid: &[&str], constraints: &[&str], draws: Option<u64>) -> Wanted {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Wanted { grid: owned(grid), constraints: owned(constraints), draws, seed: 7 }
    }

    fn variants(grid: &[&str], constraints: &[&str], draws: Option<u64>) -> Result<Space, String> {
        Space::of(&wanted(grid, constraints, draws), 1_000)
    }

    fn shown(space: &Space) -> Vec<String> {
        let line = |index| {
            let settings: Vec<String> = space.settings(index).iter().map(Setting::to_string).collect();
            settings.join(" ")
        };
        (0..space.len()).map(line).collect()
    }

    #[test]
    fn the_last_axis_changes_first() {
        let space = variants(&["a=1,2", "b=x,y,z"], &[], None).unwrap();
        assert_eq!(shown(&space), ["a=1 b=x", "a=1 b=y", "a=1 b=z", "a=2 b=x", "a=2 b=y", "a=2 b=z"]);
    }

    #[test]
    fn constraints_leave_variants_out() {
        let space = variants(&["a=1..3", "b=1..3"], &["a<b"], None).unwrap();
        assert_eq!(shown(&space), ["a=1 b=2", "a=1 b=3", "a=2 b=3"]);
        let error = variants(&["a=1..3"], &["a>9"], None).unwrap_err();
        assert!(error.contains("there is no variant"), "{error}");
    }

    #[test]
    fn draws_repeat_with_their_seed_and_are_all_different() {
        let asked =
            wanted(&["a=1..20", "b=uniform(0..1)", "c=log_uniform(0.001..1000)"], &["a>3"], Some(500));
        let space = Space::of(&asked, 1_000).unwrap();
        assert_eq!(shown(&space), shown(&Space::of(&asked, 1_000).unwrap()));
        assert_ne!(shown(&space), shown(&Space::of(&Wanted { seed: 8, ..asked }, 1_000).unwrap()));
        let number = |index: usize, axis: usize| match space.values(index)[axis] {
            Scalar::Number(number) => number,
            _ => panic!(),
        };
        let small = (0..500).filter(|index| number(*index, 2) < 1.0).count();
        assert!((200..300).contains(&small), "half of them are below the middle of the logarithms: {small}");
        assert!((0..500).all(|index| number(index, 0) > 3.0 && (0.0..=1.0).contains(&number(index, 1))));

        let all = variants(&["a=1..5", "b=1..4"], &[], Some(20)).unwrap();
        assert_eq!(shown(&all).into_iter().collect::<BTreeSet<_>>().len(), 20);
        let error = variants(&["a=1..5"], &[], Some(6)).unwrap_err();
        assert!(error.contains("only 5 different"), "{error}");
    }

    #[test]
    fn too_many_and_unclear_ones_are_refused() {
        for (grid, draws, says) in [
            (&["a=1..100", "b=1..100"][..], None, "more than 1000 variants (100 of a x 100 of b)"),
            (
                &["a=1..1000", "b=1..1000", "c=1..100000", "d=1..100000", "e=1..100000"],
                None,
                "more than 1000",
            ),
            (&["a=1..9"], Some(1_001), "1001 draws"),
            (&["a=1", "a=2"], None, "is there twice"),
            (&["a=uniform(0..1)"], None, "with --draws"),
        ] {
            let error = variants(grid, &[], draws).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
