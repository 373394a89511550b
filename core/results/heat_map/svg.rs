//! A heat map as a picture that needs nothing else.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::HeatMap;
use super::colour::{Colour, STOPS};
use super::grid::{Grid, stride};
use super::text::{plain, short};

/// More cells along an axis could not be told apart, and browsers are slow with 100,000 of them.
const MOST_CELLS: usize = 160;

/// All lengths are in pixels. A letter of 11 pixels takes less in every common monospaced font.
const LETTER: usize = 7;
const LINE: usize = 16;
const GAP: usize = 12;
const BAR: usize = 16;
const SMALLEST_BAR: usize = 96;
const TICK: usize = 4;

/// Where the parts are.
struct Layout {
    cell: [usize; 2],
    left: usize,
    top: usize,
    /// Of the cells.
    size: [usize; 2],
}

impl Layout {
    fn of(grid: &Grid) -> Self {
        let cell = [pixels(grid.columns), pixels(grid.rows)];
        let widest = (0..grid.rows).map(|row| width(&grid.y_label(row))).max().unwrap_or(0);
        let half = (0..grid.columns).map(|column| width(&grid.x_label(column))).max().unwrap_or(0) / 2;
        Self {
            cell,
            left: GAP + LINE + (widest + TICK).max(half),
            top: GAP + 8 + 2 * LINE + GAP,
            size: [grid.columns * cell[0], grid.rows * cell[1]],
        }
    }

    fn right(&self) -> usize {
        self.left + self.size[0]
    }

    fn bottom(&self) -> usize {
        self.top + self.size[1]
    }

    /// The upper left corner of a cell; the first row is the lowest.
    fn corner(&self, column: usize, row: usize) -> [usize; 2] {
        [self.left + column * self.cell[0], self.bottom() - (row + 1) * self.cell[1]]
    }
}

/// The side of a cell, so that few are large and many still fit on a screen.
fn pixels(cells: usize) -> usize {
    (640 / cells).clamp(4, 40)
}

fn width(text: &str) -> usize {
    text.width() * LETTER
}

/// Draws a heat map as SVG. Cells show their exact value when pointed at. Tables of more than 160 columns or rows are
/// drawn in blocks.
#[must_use]
pub fn to_svg(map: &HeatMap) -> String {
    let grid = Grid::of(map, MOST_CELLS, MOST_CELLS);
    let layout = Layout::of(&grid);
    let mut svg = String::new();
    cells(&mut svg, &grid, &layout);
    x_ticks(&mut svg, &grid, &layout);
    y_ticks(&mut svg, &grid, &layout);
    let legend_right = legend(&mut svg, map, &grid, &layout);
    let bottom = layout.bottom() + TICK + LINE;
    let middle = layout.left + layout.size[0] / 2;
    text(&mut svg, [middle, bottom + LINE], "middle", &map.x.name);
    text(&mut svg, [GAP, layout.top - GAP], "start", &format!("↑ {}", map.y.name));
    let blocks = grid.blocks().unwrap_or_default();
    text(&mut svg, [GAP, GAP + LINE + 8], "start", &blocks);
    let mut title = String::new();
    text(&mut title, [GAP, GAP + 8], "start", &map.title);
    svg.push_str(&title.replacen("<text ", "<text font-weight=\"bold\" ", 1));
    let texts = [&map.title, &blocks, &map.y.name].map(|text| width(&plain(text)) + 3 * LETTER);
    let x_name = middle + width(&plain(&map.x.name)) / 2;
    let wide = texts.into_iter().chain([legend_right, x_name]).max().unwrap_or(0) + GAP;
    let high = (bottom + LINE).max(layout.top + SMALLEST_BAR + 3 * LINE) + GAP;
    format!("{}{svg}</svg>\n", head(wide, high))
}

fn head(wide: usize, high: usize) -> String {
    let mut stops = String::new();
    for (number, stop) in STOPS.iter().enumerate() {
        let _ = write!(
            stops,
            "<stop offset=\"{}\" stop-color=\"{stop}\"/>",
            number as f64 / (STOPS.len() - 1) as f64
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" \
         font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"11\">\n\
         <defs>\n\
         <linearGradient id=\"scale\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">{stops}</linearGradient>\n\
         <pattern id=\"missing\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">\
         <rect width=\"4\" height=\"4\" fill=\"#eeeeee\"/><path d=\"M0 4L4 0\" stroke=\"#999999\"/></pattern>\n\
         </defs>\n\
         <rect width=\"{wide}\" height=\"{high}\" fill=\"#ffffff\"/>\n"
    )
}

fn cells(svg: &mut String, grid: &Grid, layout: &Layout) {
    let [wide, high] = layout.cell;
    svg.push_str("<g shape-rendering=\"crispEdges\">\n");
    for row in 0..grid.rows {
        for column in 0..grid.columns {
            let [x, y] = layout.corner(column, row);
            let fill = match grid.value(column, row) {
                Some(value) => Colour::at(grid.place(value)).to_string(),
                None => "url(#missing)".to_owned(),
            };
            let title = escaped(&grid.describe(column, row));
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\" fill=\"{fill}\"><title>{title}</title></rect>"
            );
        }
    }
    svg.push_str("</g>\n");
}

fn x_ticks(svg: &mut String, grid: &Grid, layout: &Layout) {
    let labels: Vec<String> = (0..grid.columns).map(|column| grid.x_label(column)).collect();
    let widest = labels.iter().map(|label| width(label)).max().unwrap_or(0);
    for (column, label) in labels.iter().enumerate().step_by(stride(widest + LETTER, layout.cell[0])) {
        let x = layout.corner(column, 0)[0] + layout.cell[0] / 2;
        line(svg, [x, layout.bottom()], [x, layout.bottom() + TICK]);
        text(svg, [x, layout.bottom() + LINE], "middle", label);
    }
}

fn y_ticks(svg: &mut String, grid: &Grid, layout: &Layout) {
    for row in (0..grid.rows).step_by(stride(LINE, layout.cell[1])) {
        let y = layout.corner(0, row)[1] + layout.cell[1] / 2;
        line(svg, [layout.left - TICK, y], [layout.left, y]);
        text(svg, [layout.left - TICK - 3, y + 4], "end", &grid.y_label(row));
    }
}

/// The scale with its range, and what a missing value looks like. Returns where it ends on the right.
fn legend(svg: &mut String, map: &HeatMap, grid: &Grid, layout: &Layout) -> usize {
    let widest_label = (0..grid.columns).map(|column| width(&grid.x_label(column))).max().unwrap_or(0);
    let left = layout.right() + (2 * GAP).max(widest_label / 2 + GAP);
    let side = left + BAR + TICK;
    let high = layout.size[1].max(SMALLEST_BAR);
    let bottom = layout.top + high;
    text(svg, [left, layout.top - GAP], "start", &map.measure);
    let mut right = left + width(&plain(&map.measure));
    let mut note = |svg: &mut String, y: usize, note: &str| {
        text(svg, [side, y], "start", note);
        right = right.max(side + width(note));
    };
    if let Some([lowest, highest]) = grid.range {
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{}\" width=\"{BAR}\" height=\"{high}\" fill=\"url(#scale)\"/>",
            layout.top
        );
        note(svg, layout.top + 8, &short(highest));
        note(svg, bottom, &short(lowest));
    }
    if grid.has_missing() {
        let y = bottom + GAP;
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{y}\" width=\"{BAR}\" height=\"{BAR}\" fill=\"url(#missing)\"/>"
        );
        note(svg, y + GAP, "no value");
    }
    right
}

fn line(svg: &mut String, [x1, y1]: [usize; 2], [x2, y2]: [usize; 2]) {
    let _ = writeln!(svg, "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"#333333\"/>");
}

fn text(svg: &mut String, [x, y]: [usize; 2], anchor: &str, text: &str) {
    let text = escaped(text);
    let _ =
        writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"#222222\">{text}</text>");
}

/// A text as XML has it between tags.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for one in plain(text).chars() {
        match one {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            one => escaped.push(one),
        }
    }
    escaped
}
