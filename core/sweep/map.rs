//! A sweep over two of its axes.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

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
        let values: Vec<[Scalar; 2]> = (0..rows.len())
            .map(|variant| {
                let values = space.values(variant);
                [across, up].map(|axis| values[axis].clone())
            })
            .collect();
        let sides = [0, 1].map(|side| Side::of(values.iter().map(|pair| &pair[side])));
        let [columns, lines] = &sides;
        let mut cells = vec![None; columns.labels.len() * lines.labels.len()];
        // From the worst to the best, so that the best stays.
        for variant in rank.order(rows).into_iter().rev() {
            let [column, line] = [0, 1].map(|side| sides[side].place(&values[variant][side]));
            cells[line * columns.labels.len() + column] = rows[variant].ran().and_then(|ran| rank.value(ran));
        }
        let axis = |side: usize, axis: usize| Axis {
            name: space.axes[axis].path.clone(),
            labels: sides[side].labels.clone(),
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

/// The different values of an axis: numbers ascending, words in the order of the variants.
struct Side {
    labels: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl Side {
    fn of<'v>(values: impl Iterator<Item = &'v Scalar>) -> Self {
        let mut seen = BTreeSet::new();
        let mut different: Vec<(&Scalar, String)> = values
            .map(|value| (value, value.to_string()))
            .filter(|(_, text)| seen.insert(text.clone()))
            .collect();
        different.sort_by(|(one, _), (other, _)| match (one, other) {
            (Scalar::Number(one), Scalar::Number(other)) => one.total_cmp(other),
            _ => Ordering::Equal,
        });
        let labels: Vec<String> = different.into_iter().map(|(_, text)| text).collect();
        let places = labels.iter().enumerate().map(|(place, label)| (label.clone(), place)).collect();
        Self { labels, places }
    }

    fn place(&self, value: &Scalar) -> usize {
        self.places[&value.to_string()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::heat_map::to_svg;
    use crate::sweep::row::{Ran, STATISTICS};
    use crate::sweep::space::Wanted;

    fn space(grid: &[&str]) -> Space {
        let grid = grid.iter().map(|axis| (*axis).to_owned()).collect();
        Space::of(&Wanted { grid, constraints: Vec::new(), draws: None, seed: 0 }, 100).unwrap()
    }

    fn row(final_equity: f64) -> Row {
        Row::Ran(Box::new(Ran {
            digest: String::new(),
            fills: 0,
            fees: None,
            final_equity: Some(final_equity),
            statistics: vec![None; STATISTICS.len()],
            moments: None,
            blocks: None,
        }))
    }

    #[test]
    fn each_cell_is_the_best_of_its_variants() {
        let space = space(&["s.a=10,9", "s.b=1,2", "policy=x,y"]);
        let rows: Vec<Row> = [1.0, 5.0, 4.0, 2.0, 7.0, 7.5, 3.0, 0.5].map(row).into();
        let sides = Sides::read(Some("a,b"), &space).unwrap().unwrap();
        let map = sides.map(&space, &rows, &Rank::by("final_equity").unwrap()).unwrap();
        // Across: 9, then 10. Up: 1, then 2.
        let y = Axis { name: "s.b".into(), labels: vec!["1".into(), "2".into()] };
        let x = Axis { name: "s.a".into(), labels: vec!["9".into(), "10".into()] };
        let cells = vec![Some(7.5), Some(5.0), Some(3.0), Some(4.0)];
        let title = "final_equity, the best over 1 other axes";
        let expected = HeatMap::new(title, "final_equity", x, y, cells).unwrap();
        assert_eq!(to_svg(&map), to_svg(&expected));
    }

    #[test]
    fn two_axes_that_vary_need_not_be_named() {
        let both = Some(Sides { across: 0, up: 2 });
        assert_eq!(Sides::read(None, &space(&["s.a=1,2", "c=7", "s.b=1,2"])).unwrap(), both);
        assert_eq!(Sides::read(None, &space(&["s.a=1,2", "c=7,8", "s.b=1,2"])).unwrap(), None);
        assert_eq!(Sides::read(None, &space(&["s.a=1,2"])).unwrap(), None);
        for (text, says) in [("a,x", "no axis `x`"), ("a", "expected two axes"), ("a,a", "expected two axes")]
        {
            let error = Sides::read(Some(text), &space(&["s.a=1,2", "s.b=1,2"])).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
