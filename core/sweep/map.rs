//! A sweep over two of its axes.

use super::order::Rank;
use super::row::Row;
use super::space::Space;
use crate::config::Scalar;
use crate::results::heat_map::{Axis, HeatMap};

/// The two axes of a heat map, as indices; across, then up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    across: usize,
    up: usize,
}

impl Sides {
    /// Reads `fast,slow`: axes by their path or the last part of it. Without a text, the only two axes with more than one
    /// value, if there are just two.
    ///
    /// # Errors
    /// Says which axis there is not.
    pub fn read(text: Option<&str>, space: &Space) -> Result<Option<Self>, String> {
        let axes = &space.axes;
        let Some(text) = text else {
            let varying: Vec<usize> =
                (0..axes.len()).filter(|axis| axes[*axis].count().is_some_and(|len| len > 1)).collect();
            let all = axes.iter().all(|axis| axis.count().is_some());
            let [across, up] = varying[..] else { return Ok(None) };
            return Ok(all.then_some(Self { across, up }));
        };
        let find = |name: &str| {
            let found = axes.iter().position(|axis| axis.path == name);
            let found = found.or_else(|| axes.iter().position(|axis| axis.name() == name));
            let known = || axes.iter().map(|axis| axis.path.as_str()).collect::<Vec<_>>().join(", ");
            found.ok_or_else(|| format!("--heat-map: there is no axis `{name}`; there are {}", known()))
        };
        match text.split(',').map(str::trim).collect::<Vec<_>>()[..] {
            [across, up] if across != up => Ok(Some(Self { across: find(across)?, up: find(up)? })),
            _ => Err(format!("--heat-map `{text}`: expected two axes, such as fast,slow")),
        }
    }

    /// The map: each cell is the best that any variant with its two values came to.
    #[must_use]
    pub fn map(self, space: &Space, rows: &[Row], rank: &Rank) -> Option<HeatMap> {
        let Self { across, up } = self;
        let mut sides: [Vec<Scalar>; 2] = [Vec::new(), Vec::new()];
        let mut places = Vec::with_capacity(rows.len());
        for variant in 0..rows.len() {
            let values = space.values(variant);
            places.push([across, up].map(|axis| values[axis].clone()));
        }
        for (side, values) in sides.iter_mut().enumerate() {
            for place in &places {
                if !values.contains(&place[side]) {
                    values.push(place[side].clone());
                }
            }
            sort(values);
        }
        let [columns, lines] = &sides;
        let mut cells = vec![None; columns.len() * lines.len()];
        // From the worst to the best, so that the best stays.
        for variant in rank.order(rows).into_iter().rev() {
            let column = columns.iter().position(|value| *value == places[variant][0])?;
            let line = lines.iter().position(|value| *value == places[variant][1])?;
            cells[line * columns.len() + column] = rows[variant].ran().and_then(|ran| rank.value(ran));
        }
        let axis = |side: usize, axis: usize| Axis {
            name: space.axes[axis].path.clone(),
            labels: sides[side].iter().map(Scalar::to_string).collect(),
        };
        let others = space.axes.len() - 2;
        let title = if others == 0 {
            rank.name().to_owned()
        } else {
            format!("{}, the best over {others} other axes", rank.name())
        };
        HeatMap::new(title, rank.name(), axis(0, across), axis(1, up), cells).ok()
    }
}

/// Numbers ascending; words stay in the order of the grid.
fn sort(values: &mut [Scalar]) {
    values.sort_by(|one, other| match (one, other) {
        (Scalar::Number(one), Scalar::Number(other)) => one.total_cmp(other),
        _ => std::cmp::Ordering::Equal,
    });
}
