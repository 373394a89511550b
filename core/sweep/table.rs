//! `sweep.parquet`: one row per variant.

use std::borrow::Cow;

use hemiola_adapters::results::{Column, Table, Texts};

use super::row::{Ran, Row, STATISTICS};
use super::space::Space;
use crate::config::Scalar;

/// The table of all variants; what is not defined for a run is NaN, and a digest or error that is not there is empty.
#[must_use]
pub fn table(space: &Space, rows: &[Row], sweep_id: &str, is_synthetic: bool) -> Table {
    let floats = |value: &dyn Fn(&Ran) -> Option<f64>| {
        Column::Float(rows.iter().map(|row| row.ran().and_then(value).unwrap_or(f64::NAN)).collect())
    };
    let texts =
        |text: &dyn for<'r> Fn(&'r Row) -> &'r str| Column::Text(rows.iter().map(text).collect::<Texts>());
    let index = |index: usize| i64::try_from(index).unwrap_or(i64::MAX);
    let fills = |row: &Row| row.ran().map_or(0, |ran| i64::try_from(ran.fills).unwrap_or(i64::MAX));
    let mut columns: Vec<(Cow<'static, str>, Column)> =
        vec![("variant".into(), Column::Integer((0..rows.len()).map(index).collect()))];
    for (axis, values) in space.axes.iter().zip(by_axis(space)) {
        columns.push((axis.path.clone().into(), values));
    }
    columns.push(("error".into(), texts(&|row| if let Row::Failed(error) = row { error } else { "" })));
    columns.push(("digest".into(), texts(&|row| row.ran().map_or("", |ran| ran.digest.as_str()))));
    columns.push(("final_equity".into(), floats(&|ran| ran.final_equity)));
    columns.push(("fills".into(), Column::Integer(rows.iter().map(fills).collect())));
    columns.push(("fees".into(), floats(&|ran| ran.fees)));
    for (name, _) in STATISTICS {
        columns.push((name.into(), floats(&|ran| ran.statistic(name))));
    }
    columns.push(("daily_skewness".into(), floats(&|ran| ran.moments().map(|moments| moments.skewness))));
    columns.push(("daily_kurtosis".into(), floats(&|ran| ran.moments().map(|moments| moments.kurtosis))));
    let metadata =
        vec![("sweep_id".into(), sweep_id.to_owned()), ("synthetic".into(), is_synthetic.to_string())];
    Table { columns, metadata }
}

/// A column per axis: of numbers where all its values are, else of texts.
fn by_axis(space: &Space) -> Vec<Column> {
    let mut values: Vec<Vec<Scalar>> = vec![Vec::with_capacity(space.len()); space.axes.len()];
    for variant in 0..space.len() {
        for (column, value) in values.iter_mut().zip(space.values(variant)) {
            column.push(value);
        }
    }
    let column = |values: Vec<Scalar>| {
        let numbers: Option<Vec<f64>> = values
            .iter()
            .map(|value| if let Scalar::Number(number) = value { Some(*number) } else { None })
            .collect();
        numbers.map_or_else(
            || {
                let texts: Vec<String> = values.iter().map(Scalar::to_string).collect();
                Column::labels(texts.iter().map(String::as_str))
            },
            Column::Float,
        )
    };
    values.into_iter().map(column).collect()
}
