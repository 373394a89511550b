//! Walk-forward windows: choose in one stretch of time, prove in the next.

use hemiola_components::time::Nanos;

use crate::assembly::Window;
use crate::duration;

/// Lengths of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// How long variants are compared.
    pub train: Nanos,
    /// How long the chosen one is then run.
    pub test: Nanos,
    /// How far apart the windows begin.
    pub step: Nanos,
}

/// One choice and its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where variants are compared.
    pub train: Window,
    /// Where the chosen one is run.
    pub test: Window,
}

impl Walk {
    /// Reads `train=365d,test=90d,step=90d`; without `step` it is as long as `test`.
    ///
    /// # Errors
    /// Says what cannot be read.
    pub fn read(text: &str) -> Result<Self, String> {
        let (mut train, mut test, mut step) = (None, None, None);
        for part in text.split(',').map(str::trim) {
            let Some((key, value)) = part.split_once('=') else {
                return Err(format!("`{part}`: expected train=365d,test=90d,step=90d"));
            };
            let length = length(value).ok_or_else(|| {
                format!("{}: `{}` is no length of time, such as 90d or 6h", key.trim(), value.trim())
            })?;
            let place = match key.trim() {
                "train" => &mut train,
                "test" => &mut test,
                "step" => &mut step,
                _ => return Err(format!("`{key}`: there are train, test and step")),
            };
            if place.replace(length).is_some() {
                return Err(format!("{key}: is there twice"));
            }
        }
        match (train, test) {
            (Some(train), Some(test)) => {
                let step = step.unwrap_or(test);
                if step < test {
                    return Err("step: is shorter than test, so that days would be counted twice".to_owned());
                }
                Ok(Self { train, test, step })
            }
            _ => Err("both train and test are needed, such as train=365d,test=90d".to_owned()),
        }
    }

    /// The windows between two instants, in order of time. The last test may be shorter than the others, but not empty.
    #[must_use]
    pub fn steps(&self, start: Nanos, end: Nanos) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut from = start;
        loop {
            let turn = Nanos::new(from.get().saturating_add(self.train.get()));
            if turn >= end {
                return steps;
            }
            let to = Nanos::new(turn.get().saturating_add(self.test.get())).min(end);
            // What closes at the turn is known in training already, and is traded on from there.
            steps.push(Step {
                train: Window { from: Some(from), to: Some(turn) },
                test: Window { from: Some(Nanos::new(turn.get() + 1)), to: Some(to) },
            });
            from = Nanos::new(from.get().saturating_add(self.step.get()));
        }
    }
}

/// Longer than nothing, and short enough to add up.
fn length(text: &str) -> Option<Nanos> {
    const LONGEST: f64 = 1e9;
    let seconds = duration::parse(text.trim()).filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST)?;
    #[expect(clippy::cast_possible_truncation, reason = "below 2^63")]
    let nanos = (seconds * 1e9) as i64;
    (nanos > 0).then(|| Nanos::new(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = Nanos::DAY.get();

    #[test]
    fn lengths_are_read() {
        let walk = Walk::read("train=365d, test=90d").unwrap();
        let days = |days| Nanos::new(days * DAY);
        assert_eq!(walk, Walk { train: days(365), test: days(90), step: days(90) });
        assert_eq!(Walk::read("train=1d,test=6h,step=2d").unwrap().step, days(2));
        for (text, says) in [
            ("365d", "expected train="),
            ("train=365d", "both train and test"),
            ("train=1d,test=2d,step=1d", "counted twice"),
            ("train=1d,test=1d,train=2d", "is there twice"),
            ("train=1d,prove=1d", "there are train, test and step"),
            ("train=x,test=1d", "train:"),
        ] {
            let error = Walk::read(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn tests_follow_each_other_and_see_nothing_of_what_was_trained_on() {
        let walk = Walk::read("train=10d,test=3d").unwrap();
        let steps = walk.steps(Nanos::ZERO, Nanos::new(18 * DAY));
        let days = |window: Window| (window.from.unwrap().get() / DAY, window.to.unwrap().get() / DAY);
        let shown: Vec<_> = steps.iter().map(|step| (days(step.train), days(step.test))).collect();
        assert_eq!(shown, [((0, 10), (10, 13)), ((3, 13), (13, 16)), ((6, 16), (16, 18))]);
        assert!(steps.iter().all(|step| step.test.from > step.train.to));
        assert_eq!(walk.steps(Nanos::ZERO, Nanos::new(10 * DAY)), []);
    }
}
