//! The reference of a configuration in Markdown, written from the same tables that check files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Bound;

use super::shape::policy::{COMMON, COMPONENT_KEYS, POLICIES};
use super::shape::risk::{GIVEN, PRESETS, QUALITY, RISK_PROFILE, STATED};
use super::shape::root::ROOT;
use super::shape::strategy::KEYS;
use super::shape::{Key, Kind, Literal, Presence, Range, Shape};

const PREFACE: &str = "\
# Configuration

Every key that `core.yaml` may hold. This page is written from the tables that check the file \
(`hemiola config reference`), so it says what the program does.

- `hemiola config validate` reports everything that is wrong with a file in one run, each problem with file, line and \
column. `--strict` turns warnings into a failure.
- `hemiola config show --resolved` prints the file as the program understands it: one spelling, defaults filled in.
- `hemiola config schema` prints a JSON Schema for editors.
- Paths are relative to the folder of the file.
- Durations are seconds, or a number with `s`, `m`, `h` or `d`: `90`, `90s`, `1.5h`. Intervals of candles are a whole \
number with `s`, `m`, `h`, `d`, `w` or `M` (month).
- Where a key takes a text or a list, `NONE`, `NULL` and the empty text clear it, and `DEFAULT` gives it its default.
- A key that stands twice in a map is a warning; the last one counts.
- *Later* marks what is checked and has no effect in this version.
";

/// The whole reference.
#[must_use]
pub fn reference() -> String {
    let mut writer = Writer { text: PREFACE.to_owned(), written: BTreeMap::new() };
    writer.section("The file", "", &ROOT);
    writer.presets();
    writer.policies();
    writer.text
}

struct Writer {
    text: String,
    /// Where a section that is used in several places is described, by identity.
    written: BTreeMap<String, String>,
}

/// What is described below a table.
struct Below {
    path: String,
    shape: &'static Shape,
}

impl Writer {
    fn section(&mut self, title: &str, path: &str, shape: &'static Shape) {
        self.heading(title, shape.summary);
        let below = self.table(path, shape.keys);
        for Below { path, shape } in below {
            self.section(&format!("`{path}`"), &path, shape);
        }
    }

    fn heading(&mut self, title: &str, summary: &str) {
        write!(self.text, "\n## {title}\n\n{summary}\n").expect("a text takes everything");
    }

    /// Writes a table of keys and hands out the sections that it mentions for the first time.
    fn table(&mut self, path: &str, keys: &[Key]) -> Vec<Below> {
        let mut below = Vec::new();
        self.text.push_str("\n| key | value | left out | meaning |\n| --- | --- | --- | --- |\n");
        for key in keys {
            let here = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
            let value = self.words(&key.kind, &here, &mut below);
            let left_out = match key.presence {
                Presence::Required => "**required**".to_owned(),
                Presence::Optional => String::new(),
                Presence::Otherwise(words) => words.to_owned(),
                Presence::Default(Literal::Section) if !matches!(key.kind, Kind::Section(_)) => {
                    "none".to_owned()
                }
                Presence::Default(literal) => default(literal),
            };
            let also = match key.aliases {
                [] => String::new(),
                aliases => format!(" Also `{}`.", aliases.join("`, `")),
            };
            let later = if key.is_later { "*Later.* " } else { "" };
            let (name, doc) = (key.name, key.doc);
            writeln!(self.text, "| `{name}` | {value} | {left_out} | {later}{doc}{also} |")
                .expect("a text takes everything");
        }
        below
    }

    /// What a value may be, in words.
    fn words(&mut self, kind: &Kind, path: &str, below: &mut Vec<Below>) -> String {
        match kind {
            Kind::Text | Kind::Secret => "text".to_owned(),
            Kind::Folder => "name in the file system".to_owned(),
            Kind::Path => "path".to_owned(),
            Kind::Variable => "name of an environment variable".to_owned(),
            Kind::Bool | Kind::Switch => "`true` or `false`".to_owned(),
            Kind::Number(range) | Kind::Numeric(range) => format!("number{}", range_words(*range)),
            Kind::Count { min: 0, max: u32::MAX, .. } => "whole number".to_owned(),
            Kind::Count { min, max: u32::MAX, .. } => format!("whole number, at least {min}"),
            Kind::Count { min, max, .. } => format!("whole number, {min} to {max}"),
            Kind::Whole => "whole number of either sign".to_owned(),
            Kind::Duration { .. } => "duration".to_owned(),
            Kind::Interval => "interval".to_owned(),
            Kind::Candle => "interval, no month".to_owned(),
            Kind::Instant => "date, or RFC 3339".to_owned(),
            Kind::TimeOfDay => "time of day".to_owned(),
            Kind::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            Kind::Reference(names) => {
                let what = names.what();
                let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                format!("name of {article} {what}")
            }
            Kind::List(item) => format!("list: {}", self.words(item, &format!("{path}[]"), below)),
            Kind::OneOrMany(item) => {
                format!("one or a list: {}", self.words(item, &format!("{path}[]"), below))
            }
            Kind::Map { what, of, .. } => {
                format!("map of {what}: {}", self.words(of, &format!("{path}.<name>"), below))
            }
            Kind::Section(shape) => self.link(path, shape, below),
            Kind::Either(kinds) => {
                kinds.iter().map(|kind| self.words(kind, path, below)).collect::<Vec<_>>().join("; or ")
            }
            Kind::Scalar => "text, number or boolean".to_owned(),
            Kind::Free => "anything".to_owned(),
            Kind::RiskProfile => self.link(path, &RISK_PROFILE, below),
            Kind::Strategy { .. } => self.link("strategies.<name>", &KEYS, below),
            Kind::Parameters => "the engine's parameters".to_owned(),
            Kind::Policy => "[capital policy](#capital-policies)".to_owned(),
            Kind::Fallback => "[capital policy](#capital-policies), or `none`".to_owned(),
            Kind::Component => self.link("components", &COMPONENT_KEYS, below),
            Kind::Weights => "map or list of weights".to_owned(),
        }
    }

    fn link(&mut self, path: &str, shape: &'static Shape, below: &mut Vec<Below>) -> String {
        let described = self.written.entry(shape.identity()).or_insert_with(|| {
            below.push(Below { path: path.to_owned(), shape });
            path.to_owned()
        });
        let anchor: String =
            described.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').collect();
        format!("[section](#{})", anchor.to_lowercase())
    }

    fn presets(&mut self) {
        self.heading(
            "Presets of risk profiles",
            "What `preset` fills in; without one, a profile that is called like a preset gets the rows from \
             `instrument_alert_pct` on, and any other profile those of `manual`.",
        );
        writeln!(self.text, "\n| key | {} |\n| --- |{}", PRESETS.join(" | "), " --- |".repeat(PRESETS.len()))
            .expect("a text takes everything");
        for (name, values) in STATED.into_iter().chain(GIVEN).chain(QUALITY) {
            let values = values.map(|value| value.to_string()).join(" | ");
            writeln!(self.text, "| `{name}` | {values} |").expect("a text takes everything");
        }
    }

    fn policies(&mut self) {
        self.heading(
            "Capital policies",
            "A policy is its name alone, or a map with `name` and the keys of the policy. Upper and lower case, and `-` and \
             `_`, do not differ in names. Keys of every policy:",
        );
        let mut below = self.table("capital_policy", &COMMON);
        for policy in &POLICIES {
            let [name, others @ ..] = policy.names else { continue };
            let also =
                if others.is_empty() { String::new() } else { format!(" Also `{}`.", others.join("`, `")) };
            write!(self.text, "\n### `{name}`\n\n{}{also}\n", policy.shape.summary)
                .expect("a text takes everything");
            if !policy.shape.keys.is_empty() {
                below.extend(self.table(name, policy.shape.keys));
            }
        }
        for Below { path, shape } in below {
            self.section(&format!("`{path}`"), &path, shape);
        }
    }
}

fn default(literal: Literal) -> String {
    match literal {
        Literal::Bool(value) => format!("`{value}`"),
        Literal::Number(value) => format!("`{value}`"),
        Literal::Text(text) => format!("`{text}`"),
        Literal::Texts([]) => "none".to_owned(),
        Literal::Texts(texts) => format!("`{}`", texts.join("`, `")),
        Literal::Section => "its defaults".to_owned(),
    }
}

fn range_words(range: Range) -> String {
    match (range.low, range.high) {
        (Bound::Unbounded, Bound::Unbounded) => String::new(),
        (Bound::Included(low), Bound::Included(high)) => format!(", {low} to {high}"),
        (Bound::Included(low), Bound::Excluded(high)) => format!(", {low} to below {high}"),
        (Bound::Included(low), Bound::Unbounded) => format!(", at least {low}"),
        (Bound::Excluded(low), _) => format!(", above {low}"),
        (Bound::Unbounded, Bound::Included(high) | Bound::Excluded(high)) => format!(", at most {high}"),
    }
}
