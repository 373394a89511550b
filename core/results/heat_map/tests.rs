//! Pictures and texts of small and large tables.

use unicode_width::UnicodeWidthStr as _;

use super::*;

fn axis(name: &str, labels: &[&str]) -> Axis {
    Axis { name: name.to_owned(), labels: labels.iter().map(|label| (*label).to_owned()).collect() }
}

fn small(cells: Vec<Option<f64>>) -> HeatMap {
    let (x, y) = (axis("fast", &["5", "10", "20"]), axis("slow", &["60", "90"]));
    HeatMap::new("Sharpe by fast and slow", "sharpe", x, y, cells).unwrap()
}

fn numbered(name: &str, count: usize) -> Axis {
    Axis { name: name.to_owned(), labels: (0..count).map(|number| (5 * number).to_string()).collect() }
}

/// The value grows to the right and upwards, from 0 to 1.
fn large(columns: usize, rows: usize) -> HeatMap {
    let cells = (0..columns * rows).map(|cell| {
        let along = (cell % columns) as f64 / (columns - 1) as f64;
        Some(f64::midpoint(along, (cell / columns) as f64 / (rows - 1) as f64))
    });
    HeatMap::new("Large", "growth", numbered("x", columns), numbered("y", rows), cells.collect()).unwrap()
}

/// The attribute of every element of a kind, in order.
fn attributes(svg: &str, element: &str, attribute: &str) -> Vec<String> {
    let lines = svg.split('<').filter(|text| text.starts_with(&format!("{element} ")));
    lines
        .filter_map(|text| {
            Some(text.split_once(&format!(" {attribute}=\""))?.1.split_once('"')?.0.to_owned())
        })
        .collect()
}

/// Checks that tags are balanced, attributes quoted and nothing is left unescaped.
fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let text = |text: &str| {
        assert!(!text.contains('>'), "{text}");
        for entity in text.split('&').skip(1) {
            let name = entity.split_once(';').map(|(name, _)| name);
            assert!(matches!(name, Some("amp" | "lt" | "gt" | "quot")), "&{entity}");
        }
        assert!(text.chars().all(|one| one == '\n' || !one.is_control()), "{text:?}");
    };
    let mut parts = svg.split('<');
    assert_eq!(parts.next(), Some(""), "it begins with a tag");
    for part in parts {
        let (tag, after) = part.split_once('>').unwrap();
        text(after);
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(char::is_alphanumeric), "{name}");
        while let Some((key, rest)) = attributes.split_once("=\"") {
            assert!(key.trim_start().chars().all(|one| one.is_alphanumeric() || "-:".contains(one)), "{key}");
            let (value, rest) = rest.split_once('"').unwrap();
            text(value);
            attributes = rest;
        }
        assert_eq!(attributes.trim(), "");
        assert!(!open.is_empty() || name == "svg", "one root");
        if !closed {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} not closed");
}

/// Without escapes that colour.
fn uncoloured(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
}

#[test]
fn a_small_table_in_shades() {
    let map = small(vec![Some(0.0), Some(0.3), None, Some(0.6), Some(1.0), Some(0.9)]);
    let expected = "\
Sharpe by fast and slow
↑ slow
90 ▓▓████
60 ░░▒▒··
   5 10
   fast →
sharpe
0 ░▒▓█ 1  · no value
";
    // Labels are two wide and a gap: every other cell has room.
    let expected = expected.replace("   5 10\n", "   5   20\n");
    assert_eq!(to_terminal(&map, 80, false), expected);
}

#[test]
fn a_small_table_in_colours() {
    let text = to_terminal(&small(vec![Some(0.0), Some(0.0), None, None, Some(1.0), Some(0.5)]), 80, true);
    let [low, high, middle] =
        ["68;1;84", "253;231;37", "33;145;140"].map(|code| format!("\x1b[48;2;{code}m"));
    assert!(text.contains(&format!("\n60 {low}    \x1b[0m··\n")), "{text:?}");
    assert!(text.contains(&format!("\n90 ··{high}  {middle}  \x1b[0m\n")), "{text:?}");
    assert!(text.contains(&format!("0 {low} ")) && text.contains(&format!("{high} \x1b[0m 1  · no value\n")));
}

#[test]
fn the_extremes_have_the_extreme_colours() {
    let svg = to_svg(&small(vec![Some(-2.5), Some(0.0), Some(1.0), Some(7.5), Some(2.5), None]));
    let fills = attributes(&svg, "rect", "fill");
    assert_eq!(fills[..2], ["#eeeeee", "#ffffff"], "the hatching and the page");
    assert_eq!(fills[2..8], ["#440154", "#3b528b", "#2f6c8e", "#fde725", "#21918c", "url(#missing)"]);
    assert_eq!(fills[8..], ["url(#scale)", "url(#missing)"], "the legend");
    for text in [
        ">7.5</text>",
        ">-2.5</text>",
        ">no value</text>",
        ">sharpe</text>",
        ">↑ slow</text>",
        ">fast</text>",
    ] {
        assert!(svg.contains(text), "{text}");
    }
    well_formed(&svg);
}

#[test]
fn cells_say_what_they_are_exactly() {
    let svg = to_svg(&small(vec![Some(0.1 + 0.2), Some(1e300), Some(-0.0), Some(2.0), Some(1e-7), None]));
    for title in [
        "fast 5, slow 60: 0.30000000000000004",
        "fast 10, slow 60: 1e300",
        "fast 20, slow 60: -0.0",
        "fast 5, slow 90: 2.0",
        "fast 10, slow 90: 1e-7",
        "fast 20, slow 90: no value",
    ] {
        assert!(svg.contains(&format!("<title>{title}</title>")), "{title}");
    }
}

#[test]
fn the_first_row_is_the_lowest() {
    let svg = to_svg(&small(vec![Some(0.0); 6]));
    let heights: Vec<usize> =
        attributes(&svg, "rect", "y").iter().take(6).map(|y| y.parse().unwrap()).collect();
    assert!(heights[0] == heights[2] && heights[2] > heights[3], "{heights:?}");
}

#[test]
fn texts_are_escaped() {
    let hostile = "<b a=\"1\">&\u{1b}[31m\u{0}\u{ffff}\n]]>";
    let map =
        HeatMap::new(hostile, hostile, axis(hostile, &[hostile]), axis(hostile, &[hostile]), vec![Some(1.0)]);
    let map = map.unwrap();
    let svg = to_svg(&map);
    well_formed(&svg);
    assert!(
        svg.contains(">&lt;b a=&quot;1&quot;&gt;&amp;\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}]]&gt;</text>"),
        "{svg}"
    );
    assert!(to_terminal(&map, 80, false).chars().all(|one| one == '\n' || !one.is_control()));
}

#[test]
fn one_cell_or_equal_ones_are_in_the_middle() {
    let one = HeatMap::new("One", "m", axis("x", &["1"]), axis("y", &["2"]), vec![Some(-3.25)]).unwrap();
    let svg = to_svg(&one);
    well_formed(&svg);
    assert_eq!(attributes(&svg, "rect", "fill")[2], "#21918c");
    assert!(svg.contains("<title>x 1, y 2: -3.25</title>"));
    assert_eq!(to_terminal(&one, 80, false), "One\n↑ y\n2 ▓▓\n  1\n  x →\nm\n-3.25 ░▒▓█ -3.25\n");
}

#[test]
fn a_table_without_values() {
    let map = small(vec![None, Some(f64::NAN), Some(f64::INFINITY), None, None, None]);
    let svg = to_svg(&map);
    well_formed(&svg);
    let fills = attributes(&svg, "rect", "fill");
    assert!(fills[2..].iter().all(|fill| fill == "url(#missing)") && !svg.contains("NaN"), "{fills:?}");
    assert!(to_terminal(&map, 80, true).ends_with("sharpe\n· no value\n"));
}

#[test]
fn a_range_that_is_not_finite() {
    let svg = to_svg(&small(vec![Some(-f64::MAX), Some(0.0), Some(f64::MAX), None, None, None]));
    assert_eq!(attributes(&svg, "rect", "fill")[2..5], ["#440154", "#21918c", "#fde725"]);
}

#[test]
fn a_thousand_by_a_thousand_is_drawn_in_blocks() {
    let map = large(1_000, 1_000);
    let svg = to_svg(&map);
    well_formed(&svg);
    let fills = attributes(&svg, "rect", "fill");
    let cells = &fills[2..fills.len() - 1];
    assert_eq!(cells.len(), 143 * 143);
    assert_eq!((cells[0].as_str(), cells[143 * 143 - 1].as_str()), ("#440154", "#fde725"));
    assert!(svg.contains("<title>x 0 to 30, y 0 to 30: 0.003003003003003"), "the mean of seven by seven");
    assert!(svg.contains(">each cell: the mean of up to 7 × 7</text>"));
    for width in [0, 40, 41, 60, 80, 120, 250] {
        for colour in [false, true] {
            let text = uncoloured(&to_terminal(&map, width, colour));
            assert!(text.lines().all(|line| line.width() <= width.max(40)), "{width}\n{text}");
            assert!(text.lines().count() <= 40 + 7, "{width}");
        }
    }
    let text = to_terminal(&map, 80, false);
    assert!(text.ends_with("each cell: the mean of up to 14 × 25\n"), "{text}");
}

#[test]
fn labels_never_overlap() {
    for (columns, rows) in [(2, 2), (7, 3), (50, 20), (161, 90), (400, 1_000)] {
        let svg = to_svg(&large(columns, rows));
        let texts: Vec<(usize, usize, &str, usize)> = svg
            .split("<text ")
            .skip(1)
            .map(|text| {
                let of = |name| text.split_once(&format!("{name}=\"")).unwrap().1.split_once('"').unwrap().0;
                let content = text.split_once('>').unwrap().1.split_once('<').unwrap().0;
                (of("x").parse().unwrap(), of("y").parse().unwrap(), of("text-anchor"), content.width() * 7)
            })
            .collect();
        let boxes: Vec<[usize; 4]> = texts
            .iter()
            .filter(|(.., width)| *width > 0)
            .map(|(x, y, anchor, width)| {
                let left = match *anchor {
                    "end" => x - width,
                    "middle" => x - width / 2,
                    _ => *x,
                };
                [left, left + width, y - 10, y + 3]
            })
            .collect();
        for (number, one) in boxes.iter().enumerate() {
            for other in &boxes[..number] {
                let apart =
                    one[1] <= other[0] || other[1] <= one[0] || one[3] <= other[2] || other[3] <= one[2];
                assert!(apart, "{columns} by {rows}: {one:?} over {other:?}");
            }
        }
    }
}

#[test]
fn long_labels_are_cut_and_fit() {
    let long = "a very long label of a schedule".repeat(3);
    let labels: Vec<&str> = vec![&long; 30];
    let map = HeatMap::new(&*long, &*long, axis(&long, &labels), axis(&long, &labels), vec![Some(1.0); 900])
        .unwrap();
    let text = to_terminal(&map, 40, false);
    assert!(text.lines().all(|line| line.width() <= 40), "{text}");
    assert!(text.contains("\na very long label o… ▓▓▓"), "{text}");
    well_formed(&to_svg(&map));
}

#[test]
fn cells_that_do_not_fill_a_table_are_refused() {
    let refused = |columns: usize, rows: usize, cells: usize| {
        let made = HeatMap::new("", "", numbered("x", columns), numbered("y", rows), vec![None; cells]);
        assert_eq!(made.unwrap_err(), NotATable { columns, rows, cells });
    };
    refused(2, 2, 3);
    refused(2, 2, 5);
    refused(0, 0, 0);
    refused(0, 2, 0);
    refused(2, 0, 2);
}
