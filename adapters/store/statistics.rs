//! What a footer says about the values of a column.

use std::ops::Range;

use hemiola_components::time::Nanos;
use parquet::file::statistics::Statistics;

use super::table::Table;

impl Table {
    /// Whether the footer proves that all values of a column are there and above zero.
    pub(super) fn is_positive(&self, column: &str) -> bool {
        let Some((leaf, _)) = self.leaf(column) else { return false };
        self.parquet().row_groups().iter().all(|group| {
            let statistics = group.column(leaf).statistics();
            statistics
                .is_some_and(|one| one.null_count_opt() == Some(0) && least(one).is_some_and(|min| min > 0.0))
        })
    }

    /// The first and the last time of a row group; `None` when the footer does not say.
    pub(super) fn time_span(&self, group: usize, column: &str, integer: i64) -> Option<Range<Nanos>> {
        let (leaf, unit) = self.counted(column, integer)?;
        let Statistics::Int64(statistics) = self.parquet().row_group(group).column(leaf).statistics()? else {
            return None;
        };
        let time = |count: &i64| Some(Nanos::new(count.checked_mul(unit)?));
        Some(time(statistics.min_opt()?)?..time(statistics.max_opt()?)?)
    }
}

fn least(statistics: &Statistics) -> Option<f64> {
    match statistics {
        Statistics::Double(statistics) => statistics.min_opt().copied(),
        Statistics::Float(statistics) => statistics.min_opt().map(|min| f64::from(*min)),
        Statistics::Int64(statistics) => statistics.min_opt().map(|min| *min as f64),
        Statistics::Int32(statistics) => statistics.min_opt().map(|min| f64::from(*min)),
        _ => None,
    }
}
