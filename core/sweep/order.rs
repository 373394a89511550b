//! Which variant is best.

use super::row::{Ran, Row, STATISTICS};
use crate::config::nearest;

/// Statistics of which less is better.
const LESS: [&str; 3] = ["annualised_volatility", "max_drawdown", "max_drawdown_days"];

/// What variants are ranked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank {
    name: String,
}

impl Rank {
    /// By one of [`STATISTICS`] or by `final_equity`.
    ///
    /// # Errors
    /// Says what there is.
    pub fn by(name: &str) -> Result<Self, String> {
        let known: Vec<&str> = names().collect();
        if known.contains(&name) {
            return Ok(Self { name: name.to_owned() });
        }
        let near = nearest(name, known.iter().copied());
        let hint = near.map_or_else(
            || format!("there are {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        Err(format!("--rank: there is no statistic `{name}`; {hint}"))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of a row.
    #[must_use]
    pub fn value(&self, ran: &Ran) -> Option<f64> {
        if self.name == FINAL_EQUITY { ran.final_equity } else { ran.statistic(&self.name) }
    }

    /// The variants that have a value, best first; of equal ones the earlier one first.
    #[must_use]
    pub fn order(&self, rows: &[Row]) -> Vec<usize> {
        let sign = if LESS.contains(&self.name.as_str()) { 1.0 } else { -1.0 };
        let value = |row: &Row| row.ran().and_then(|ran| self.value(ran));
        let mut valued: Vec<(f64, usize)> =
            rows.iter().enumerate().filter_map(|(index, row)| Some((sign * value(row)?, index))).collect();
        valued.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        valued.into_iter().map(|(_, index)| index).collect()
    }
}

const FINAL_EQUITY: &str = "final_equity";

/// What variants can be ranked by.
pub fn names() -> impl Iterator<Item = &'static str> {
    STATISTICS.iter().map(|(name, _)| *name).chain([FINAL_EQUITY])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sharpe: Option<f64>, drawdown: f64) -> Row {
        let mut statistics = vec![None; STATISTICS.len()];
        statistics[4] = sharpe;
        statistics[6] = Some(drawdown);
        let digest = String::new();
        let nothing = (None, None, None, None);
        let (fees, final_equity, moments, blocks) = nothing;
        Row::Ran(Box::new(Ran { digest, fills: 0, fees, final_equity, statistics, moments, blocks }))
    }

    #[test]
    fn the_best_comes_first_and_what_has_no_value_is_left_out() {
        let rows = [
            row(Some(1.0), 0.3),
            row(None, 0.1),
            Row::Failed("no".into()),
            row(Some(2.0), 0.2),
            row(Some(1.0), 0.3),
        ];
        assert_eq!(Rank::by("sharpe").unwrap().order(&rows), [3, 0, 4]);
        assert_eq!(Rank::by("max_drawdown").unwrap().order(&rows), [1, 3, 0, 4]);
        let error = Rank::by("sharp").unwrap_err();
        assert!(error.contains("did you mean `sharpe`?"), "{error}");
    }
}
