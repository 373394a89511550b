//! What a configuration file may say, as data: the tables here check files, fill in what they leave out, and
//! write the JSON Schema and the reference.

use std::ops::{Bound, RangeBounds};

pub(crate) mod alerts;
pub(crate) mod environment;
pub(crate) mod exchange;
pub(crate) mod instruments;
pub(crate) mod limits;
pub(crate) mod policy;
pub(crate) mod reporting;
pub(crate) mod risk;
pub(crate) mod root;
pub(crate) mod runtime;
pub(crate) mod scheduler;
pub(crate) mod services;
pub(crate) mod strategy;

/// A section: a map with known keys.
#[derive(Debug)]
pub(crate) struct Shape {
    /// One sentence.
    pub(crate) summary: &'static str,
    pub(crate) keys: &'static [Key],
}

impl Shape {
    /// The same for the same section wherever it is used.
    pub(crate) fn identity(&self) -> String {
        let names: Vec<_> = self.keys.iter().map(|key| key.name).collect();
        format!("{}: {}", self.summary, names.join(" "))
    }
}

/// A key of a section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// Other spellings, preferred first.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) kind: Kind,
    pub(crate) presence: Presence,
    /// Checked, and used by nothing in this version.
    pub(crate) is_later: bool,
    pub(crate) doc: &'static str,
}

/// What a key is when the file does not have it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Presence {
    /// An error.
    Required,
    /// Nothing.
    Optional,
    /// What these words say.
    Otherwise(&'static str),
    /// This value.
    Default(Literal),
}

/// A value in a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Number(f64),
    Text(&'static str),
    Texts(&'static [&'static str]),
    /// A section of which everything is left out.
    Section,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A text that is not empty.
    Text,
    /// A text that must not stand in the file of anything but a demo.
    Secret,
    /// A name in the file system.
    Folder,
    /// A path relative to the configuration's folder.
    Path,
    /// The name of an environment variable.
    Variable,
    Bool,
    /// A boolean, or a word or a number that stands for one.
    Switch,
    Number(Range),
    /// A number that may stand in quotes; beyond a bound it counts as the bound, with a warning.
    Numeric(Range),
    /// A whole number; smaller ones are an error, or count as `min` with a warning.
    Count {
        min: u32,
        max: u32,
        raises: bool,
    },
    /// A whole number of either sign.
    Whole,
    /// A duration: seconds as a number, or a text such as `15m`; negative ones are an error, or count as `least`.
    Duration {
        least: f64,
        raises: bool,
    },
    /// The length of a candle; months are intervals too.
    Interval,
    /// The length of a candle that a schedule can read.
    Candle,
    /// A date or RFC 3339.
    Instant,
    /// A time of day, `21:00`.
    TimeOfDay,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A name that is defined elsewhere in the file.
    Reference(Names),
    List(&'static Kind),
    /// A list, or one item alone.
    OneOrMany(&'static Kind),
    /// A map whose keys are names of the user's.
    Map {
        what: &'static str,
        of: &'static Kind,
        may_be_empty: bool,
    },
    Section(&'static Shape),
    /// The first whose type fits.
    Either(&'static [Kind]),
    /// A text, a number or a boolean.
    Scalar,
    /// Not ours to check.
    Free,
    /// A risk profile: its preset fills in what it leaves out.
    RiskProfile,
    /// A strategy; in a specialised section its engine is known.
    Strategy {
        engine: Option<&'static str>,
    },
    /// Parameters of the strategy's engine.
    Parameters,
    /// A capital policy: its name, or a map.
    Policy,
    /// The same, or a word for none.
    Fallback,
    /// A policy of a mix, with its weight.
    Component,
    /// A table of weights: nested maps or a list.
    Weights,
}

/// What names a reference may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Names {
    Buckets,
    Controllers,
    Environments,
    Governors,
    PermissionProfiles,
    RiskProfiles,
    Strategies,
    Universes,
}

impl Names {
    /// What one of them is called in messages.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Buckets => "instrument bucket",
            Self::Controllers => "controller",
            Self::Environments => "environment",
            Self::Governors => "portfolio governor",
            Self::PermissionProfiles => "permission profile",
            Self::RiskProfiles => "risk profile",
            Self::Strategies => "strategy",
            Self::Universes => "instrument universe",
        }
    }
}

/// Which numbers are allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: Bound<f64>,
    pub(crate) high: Bound<f64>,
}

impl Range {
    pub(crate) const ANY: Self = Self { low: Bound::Unbounded, high: Bound::Unbounded };
    pub(crate) const NOT_NEGATIVE: Self = Self::from(0.0);
    pub(crate) const POSITIVE: Self = Self { low: Bound::Excluded(0.0), high: Bound::Unbounded };
    /// From 0 to 1.
    pub(crate) const SHARE: Self = Self::within(0.0, 1.0);

    pub(crate) const fn from(low: f64) -> Self {
        Self { low: Bound::Included(low), high: Bound::Unbounded }
    }

    pub(crate) const fn within(low: f64, high: f64) -> Self {
        Self { low: Bound::Included(low), high: Bound::Included(high) }
    }

    /// From zero to below `high`.
    pub(crate) const fn below(high: f64) -> Self {
        Self { low: Bound::Included(0.0), high: Bound::Excluded(high) }
    }
}

impl RangeBounds<f64> for Range {
    fn start_bound(&self) -> Bound<&f64> {
        self.low.as_ref()
    }

    fn end_bound(&self) -> Bound<&f64> {
        self.high.as_ref()
    }
}

/// A whole number of at least `min`.
pub(crate) const fn count(min: u32) -> Kind {
    Kind::Count { min, max: u32::MAX, raises: false }
}

/// A whole number; smaller ones count as `min`.
pub(crate) const fn raised(min: u32) -> Kind {
    Kind::Count { min, max: u32::MAX, raises: true }
}

/// At least a millisecond.
pub(crate) const PERIOD: Kind = Kind::Duration { least: 0.001, raises: false };
pub(crate) const TEXTS: Kind = Kind::List(&Kind::Text);

/// A map of the user's names to sections; it may be empty.
pub(crate) const fn map(what: &'static str, of: &'static Kind) -> Kind {
    Kind::Map { what, of, may_be_empty: true }
}

/// A map of the user's names to sections, at least one.
pub(crate) const fn some(what: &'static str, of: &'static Kind) -> Kind {
    Kind::Map { what, of, may_be_empty: false }
}

/// An optional key.
pub(crate) const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, aliases: &[], kind, presence: Presence::Optional, is_later: false, doc }
}

impl Key {
    pub(crate) const fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
    }

    pub(crate) const fn is_required(&self) -> bool {
        matches!(self.presence, Presence::Required)
    }

    pub(crate) const fn otherwise(mut self, words: &'static str) -> Self {
        self.presence = Presence::Otherwise(words);
        self
    }

    pub(crate) const fn number(mut self, value: f64) -> Self {
        self.presence = Presence::Default(Literal::Number(value));
        self
    }

    pub(crate) const fn text(mut self, value: &'static str) -> Self {
        self.presence = Presence::Default(Literal::Text(value));
        self
    }

    pub(crate) const fn texts(mut self, value: &'static [&'static str]) -> Self {
        self.presence = Presence::Default(Literal::Texts(value));
        self
    }

    pub(crate) const fn flag(mut self, value: bool) -> Self {
        self.presence = Presence::Default(Literal::Bool(value));
        self
    }

    /// Left out, it is a section of which everything is left out.
    pub(crate) const fn filled(mut self) -> Self {
        self.presence = Presence::Default(Literal::Section);
        self
    }

    pub(crate) const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Nothing uses it in this version.
    pub(crate) const fn later(mut self) -> Self {
        self.is_later = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::policy::{COMMON, COMPONENT_KEYS, POLICIES};
    use super::root::ROOT;
    use super::*;
    use crate::config::check::is_secret_name;

    /// Every key of every section.
    fn each<'k>(keys: &'k [Key], seen: &mut BTreeMap<String, String>, visit: &mut impl FnMut(&'k Key)) {
        for key in keys {
            visit(key);
            each_kind(&key.kind, seen, visit);
        }
    }

    fn each_kind<'k>(kind: &'k Kind, seen: &mut BTreeMap<String, String>, visit: &mut impl FnMut(&'k Key)) {
        match kind {
            Kind::Section(shape) => {
                let content = format!("{shape:?}");
                match seen.insert(shape.identity(), content.clone()) {
                    Some(earlier) => assert_eq!(earlier, content, "two sections look the same from outside"),
                    None => each(shape.keys, seen, visit),
                }
            }
            Kind::List(of) | Kind::OneOrMany(of) | Kind::Map { of, .. } => each_kind(of, seen, visit),
            Kind::Either(kinds) => kinds.iter().for_each(|kind| each_kind(kind, seen, visit)),
            Kind::RiskProfile => each(risk::RISK_PROFILE.keys, seen, visit),
            Kind::Strategy { .. } => each(strategy::KEYS.keys, seen, visit),
            Kind::Component => each(COMPONENT_KEYS.keys, seen, visit),
            _ => {}
        }
    }

    #[test]
    fn the_tables_agree_with_themselves() {
        let (mut seen, mut count) = (BTreeMap::new(), 0);
        let mut visit = |key: &Key| {
            count += 1;
            assert!(key.doc.ends_with(['.', ')', '`']), "{}: {}", key.name, key.doc);
            assert!(!key.aliases.contains(&key.name), "{}", key.name);
            let is_secret = matches!(key.kind, Kind::Secret);
            assert_eq!(is_secret, is_secret_name(key.name), "{} is masked by its name", key.name);
            if let (Presence::Default(Literal::Section), Kind::Section(shape)) = (key.presence, key.kind) {
                assert!(shape.keys.iter().all(|key| !key.is_required()), "{} can be left out", key.name);
            }
        };
        each(ROOT.keys, &mut seen, &mut visit);
        each(&COMMON, &mut seen, &mut visit);
        for policy in &POLICIES {
            each(policy.shape.keys, &mut seen, &mut visit);
        }
        assert!(count > 300, "{count}");
    }
}
