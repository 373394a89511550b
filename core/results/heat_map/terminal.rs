//! A heat map as text.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::HeatMap;
use super::colour::Colour;
use super::grid::{Grid, stride};
use super::text::{cut, label, plain, short};

/// There is always room for a label and some cells, and for the legend.
const NARROWEST: usize = 40;

/// What fits on a screen with the lines around it.
const MOST_ROWS: usize = 40;

const SHADES: [&str; 4] = ["░", "▒", "▓", "█"];
const MISSING: &str = "·";
const RESET: &str = "\x1b[0m";

/// Cells of the scale in the legend.
const SCALE: usize = 6;

/// Draws a heat map in lines of at most `width` columns, or 40 if that is more, and at most 40 rows of cells; larger
/// tables are drawn in blocks. With `colour` in 24-bit colours, else in four shades.
#[must_use]
pub fn to_terminal(map: &HeatMap, width: usize, colour: bool) -> String {
    let width = width.max(NARROWEST);
    let margin = map.y.labels.iter().map(|text| label(text).width()).max().unwrap_or(0) + 1;
    let room = width - margin;
    let cell = if 2 * map.x.labels.len() <= room { 2 } else { 1 };
    let grid = Grid::of(map, room / cell, MOST_ROWS);
    let fitting = |text: &str| cut(&plain(text), width);
    let mut lines = vec![fitting(&map.title), fitting(&format!("↑ {}", map.y.name))];
    lines.extend((0..grid.rows).rev().map(|row| {
        let label = grid.y_label(row);
        let places = (0..grid.columns).map(|column| grid.value(column, row).map(|value| grid.place(value)));
        format!("{}{label} {}", " ".repeat(margin - 1 - label.width()), cells(places, cell, colour))
    }));
    let indent = " ".repeat(margin);
    lines.push(format!("{indent}{}", ticks(&grid, cell, room)));
    lines.push(fitting(&format!("{indent}{} →", map.x.name)));
    lines.push(fitting(&map.measure));
    lines.push(legend(&grid, colour));
    lines.extend(grid.blocks());
    lines.iter().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// Cells of so many columns of the terminal, from their places on the scale.
fn cells(places: impl Iterator<Item = Option<f64>>, width: usize, colour: bool) -> String {
    let mut text = String::new();
    let mut current = None;
    for place in places {
        let next = place.filter(|_| colour).map(Colour::at);
        if next != current {
            match next {
                Some(Colour([red, green, blue])) => {
                    let _ = write!(text, "\x1b[48;2;{red};{green};{blue}m");
                }
                None => text.push_str(RESET),
            }
            current = next;
        }
        let drawn = match place {
            Some(_) if colour => " ",
            Some(place) => shade(place),
            None => MISSING,
        };
        text.push_str(&drawn.repeat(width));
    }
    if current.is_some() {
        text.push_str(RESET);
    }
    text
}

fn shade(place: f64) -> &'static str {
    let above = [0.25, 0.5, 0.75].iter().filter(|bound| place >= **bound).count();
    SHADES[above]
}

/// Labels of the x axis, each from the left edge of its cell.
fn ticks(grid: &Grid, cell: usize, room: usize) -> String {
    let labels: Vec<String> = (0..grid.columns).map(|column| cut(&grid.x_label(column), room)).collect();
    let widest = labels.iter().map(|label| label.width()).max().unwrap_or(0);
    let mut text = String::new();
    for (column, label) in labels.iter().enumerate().step_by(stride(widest + 1, cell)) {
        if column * cell + label.width() <= room {
            text.push_str(&" ".repeat(column * cell - text.width()));
            text.push_str(label);
        }
    }
    text
}

fn legend(grid: &Grid, colour: bool) -> String {
    let mut text = match grid.range {
        Some([lowest, highest]) => {
            let places = (0..SCALE).map(|step| Some(step as f64 / (SCALE - 1) as f64));
            let scale = if colour { cells(places, 1, true) } else { SHADES.concat() };
            format!("{} {scale} {}  ", short(lowest), short(highest))
        }
        None => String::new(),
    };
    if grid.has_missing() {
        let _ = write!(text, "{MISSING} no value");
    }
    text
}
